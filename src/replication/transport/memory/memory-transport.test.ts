import { vi } from 'vitest';
import { describeAsks } from '../ask-transport.suite.ts';
import { describeLinks } from '../link-transport.suite.ts';
import { describeLogs } from '../log-transport.suite.ts';
import { MemoryWorld } from './memory-world.suite.ts';

// Megabytes of messages take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

describeLogs('on one server in memory', async () => new MemoryWorld({ regions: ['eu'] }));
describeLogs('between two regions in memory', async () => new MemoryWorld({ regions: ['eu', 'us'] }));
describeLogs('on one server in memory that looks at sequences first', async () => {
  return new MemoryWorld({ regions: ['eu'], order: 'sequence-first' });
});
describeAsks('on one server in memory', async () => new MemoryWorld({ regions: ['eu'] }));
describeAsks('between two regions in memory', async () => new MemoryWorld({ regions: ['eu', 'us'] }));
describeLinks('in memory', async () => new MemoryWorld({ regions: ['eu', 'us'] }));
