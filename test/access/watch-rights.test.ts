import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { Caller, CLUSTER_ROLE_BINDINGS, clusterRoleBinding, userOf } from './suite.ts';

const ALICE = 'alices-token-0123456789';
const WATCH = '/clusters/watched/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=30';

let server: InProcessServer;
let client: Client;
beforeAll(async () => {
  server = await startInProcess({ users: { [ALICE]: userOf('alice') } });
  client = new Client(server);
  await server.createCluster('watched');
});
afterAll(async () => {
  client.close();
  await server.stop();
});

test('a watch ends when the right to it is taken away, and goes on when others change', async () => {
  const owner = new Caller(server.api, 'watched');
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('alice', 'cluster-admin', ['alice']));
  const watching = client.call(WATCH, { token: ALICE });
  const isOver = watching.then(() => true);
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('bob', 'cluster-admin', ['bob']));
  const second = new Promise<boolean>((resolve) => server.api.clock.after(2_000, () => resolve(false)));
  expect(await Promise.race([isOver, second])).toBe(false);
  await owner.delete({ ...CLUSTER_ROLE_BINDINGS, name: 'alice' });
  const { text } = await watching;
  const last = JSON.parse(text.trim().split('\n').at(-1)!);
  expect(last).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 403 } });
});
