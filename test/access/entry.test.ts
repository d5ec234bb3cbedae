import { afterAll, beforeAll, expect, test } from 'vitest';
import { logicalClusterKey } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { Caller, CLUSTER_ROLE_BINDINGS, clusterRoleBinding, userOf } from './suite.ts';

const cluster = 'entered' as LogicalCluster;
const alice = userOf('alice', ['night']);

let server: InProcessServer;
beforeAll(async () => {
  server = await startInProcess();
  await server.createCluster(cluster);
  const owner = new Caller(server.api, cluster);
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('alice', 'cluster-admin', ['alice']));
});
afterAll(() => server.stop());

async function mayAlice(): Promise<string> {
  const what = { group: '', resource: 'secrets', subresource: '', namespace: 'default', name: 's' };
  return (await server.api.access.decide({ ...what, user: alice, cluster, verb: 'get' })).verdict;
}

/** Stores another record of the logical cluster. */
async function record(change: { readonly phase?: string; readonly requiredGroups?: string }): Promise<void> {
  const { store } = server.api;
  const key = logicalClusterKey(cluster);
  const row = store.get(key)!;
  const object = JSON.parse(row.json.toString());
  object.metadata.annotations =
    change.requiredGroups === undefined
      ? {}
      : { 'authorization.kcp.io/required-groups': change.requiredGroups };
  const changed = {
    uid: row.uid,
    definitionHash: row.definitionHash,
    json: Buffer.from(JSON.stringify(object)),
    metadataOffset: row.metadataOffset,
    isAnnotated: false,
    labels: row.labels,
    fields: { 'status.phase': change.phase ?? 'Ready' },
    owners: row.owners,
  };
  await store.commit({ mutations: [{ key, row: changed }], actor: 'test', originRegion: '' });
}

test('whoever may enter may no more from when the record of the logical cluster says so', async () => {
  expect(await mayAlice()).toBe('allow');
  await record({ requiredGroups: 'staff' });
  expect(await mayAlice()).toBe('deny');
  await record({ requiredGroups: 'staff;night' });
  expect(await mayAlice()).toBe('allow');
  await record({ phase: 'Scheduling' });
  expect(await mayAlice()).toBe('no-opinion');
  // As kcp: a workspace that is going away still serves those who may enter it, so that they see what holds it.
  await record({ phase: 'Terminating' });
  expect(await mayAlice()).toBe('allow');
  await record({});
  expect(await mayAlice()).toBe('allow');
});

test('a role that is gone from the workspace is not found in the cache of those who had it', async () => {
  const owner = new Caller(server.api, cluster);
  expect(await mayAlice()).toBe('allow');
  await owner.delete({ ...CLUSTER_ROLE_BINDINGS, name: 'alice' });
  expect(await mayAlice()).toBe('no-opinion');
});
