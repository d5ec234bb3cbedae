import { vi } from 'vitest';
import { describeAsks } from '../../src/replication/transport/ask-transport.suite.ts';
import { describeLogs } from '../../src/replication/transport/log-transport.suite.ts';
import { describeWithNats } from '../support/nats-server.ts';
import { startOneServer } from './nats-worlds.ts';

// Servers are started for each test, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithNats('the transport', () => {
  describeLogs('on one NATS server', startOneServer);
  describeAsks('on one NATS server', startOneServer);
});
