import { vi } from 'vitest';
import { describeAsks } from '../../src/replication/transport/ask-transport.suite.ts';
import { describeLinks } from '../../src/replication/transport/link-transport.suite.ts';
import { describeLogs } from '../../src/replication/transport/log-transport.suite.ts';
import { describeWithNats } from '../support/nats-server.ts';
import { startTwoRegions } from './leaf-world.ts';

// Servers are started for each test, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithNats('the transport', () => {
  describeLogs('between two regions behind a core server', startTwoRegions);
  describeAsks('between two regions behind a core server', startTwoRegions);
  describeLinks('between a region and the core server', startTwoRegions);
});
