import { afterEach, beforeAll, expect, it } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import { CORE, TENANCY, useTree, type Workspace } from './suite.ts';

const UNSCHEDULABLE = 'experimental.core.kcp.io/unschedulable';
const SHARD = `/clusters/root${CORE}/shards/root`;

const tree = useTree();
beforeAll(async () => {
  const { status } = await tree.client.call(SHARD);
  if (status === 404) {
    await tree.client.create(`/clusters/root${CORE}/shards`, {
      apiVersion: 'core.kcp.io/v1alpha1',
      kind: 'Shard',
      metadata: { name: 'root' },
      spec: { baseURL: tree.server.url },
    });
  }
  await mark({ labels: { region: 'eu' } });
});
afterEach(() => mark({ annotations: { [UNSCHEDULABLE]: null }, labels: { disk: null } }));

async function mark(metadata: object): Promise<void> {
  await tree.client.patch(SHARD, { metadata });
}

async function untilReady(name: string): Promise<Workspace> {
  return tree.client.until(`/clusters/root${TENANCY}/workspaces/${name}`, (object) => {
    return (object as Workspace).status.phase === 'Ready';
  }) as Promise<Workspace>;
}

it('waits while the only shard is marked unschedulable, and is ready when it is not any more', async () => {
  await mark({ annotations: { [UNSCHEDULABLE]: '' } });
  const made = await tree.workspace('root', 'patient', { as: 'alice' });
  expect(made.metadata.finalizers).toBeUndefined();
  expect(made.metadata.labels).toMatchObject({ 'tenancy.kcp.io/phase': 'Scheduling' });
  expect(made.status).toMatchObject({
    phase: 'Scheduling',
    conditions: [
      {
        type: 'WorkspaceScheduled',
        status: 'False',
        severity: 'Error',
        reason: 'Unschedulable',
        message: 'No available shards to schedule the workspace.',
      },
    ],
  });
  expect((await tree.as('alice', '/clusters/root:patient/api/v1/namespaces')).status).toBe(403);
  await mark({ annotations: { [UNSCHEDULABLE]: null } });
  const ready = await untilReady('patient');
  expect(ready.status.conditions).toMatchObject([
    { type: 'WorkspaceInitialized', status: 'True' },
    { type: 'WorkspaceScheduled', status: 'True' },
  ]);
  expect(ready.metadata).toMatchObject({ labels: { region: 'eu' }, generation: 2 });
  expect((await tree.as('alice', '/clusters/root:patient/api/v1/namespaces')).status).toBe(200);
});

it('comes only to shards that its selector matches, also when their labels change', async () => {
  const spec = { location: { selector: { matchLabels: { disk: 'fast' } } } };
  const made = await tree.workspace('root', 'choosy', { as: 'alice', spec });
  expect(made.status.phase).toBe('Scheduling');
  await mark({ labels: { disk: 'fast' } });
  await untilReady('choosy');
  const at = await tree.workspace('root', 'at-once', { as: 'alice', spec });
  expect([at.status.phase, at.metadata.labels?.['region']]).toEqual(['Ready', 'eu']);
});

it('keeps the name of its creator while it waits, whatever somebody writes there', async () => {
  await mark({ annotations: { [UNSCHEDULABLE]: '' } });
  await tree.workspace('root', 'stolen', { as: 'alice' });
  const change = { metadata: { annotations: { 'experimental.tenancy.kcp.io/owner': '{"username":"bob"}' } } };
  const reply = await tree.as('bob', `/clusters/root${TENANCY}/workspaces/stolen`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: change,
  });
  expect(reply.status).toBe(200);
  await mark({ annotations: { [UNSCHEDULABLE]: null } });
  await untilReady('stolen');
  const entered = async (user: 'alice' | 'bob') =>
    (await tree.as(user, '/clusters/root:stolen/api/v1/namespaces')).status;
  expect([await entered('alice'), await entered('bob')]).toEqual([200, 403]);
});

it('can be deleted while it waits', async () => {
  await mark({ annotations: { [UNSCHEDULABLE]: '' } });
  await tree.workspace('root', 'given-up', { as: 'alice' });
  const path = `/clusters/root${TENANCY}/workspaces/given-up`;
  await tree.client.delete(path);
  expect((await tree.client.call(path)).status).toBe(404);
});

it('schedules what waits behind one that somebody has filled up to the limit', async () => {
  await mark({ annotations: { [UNSCHEDULABLE]: '' } });
  for (const name of ['full-a', 'full-b']) await tree.workspace('root', name, { as: 'alice' });
  const path = `/clusters/root${TENANCY}/workspaces/full-a`;
  const say = async (length: number) => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const message = 'x'.repeat(length);
    const condition = { type: 'Mine', status: 'True', message, lastTransitionTime: '2026-01-01T00:00:00Z' };
    const body = { status: { conditions: [condition] } };
    return (await tree.client.call(`${path}/status`, { method: 'PATCH', headers, body })).status;
  };
  let [fits, over] = [limits.objectBytesMax - 4 * 1024, limits.objectBytesMax];
  while (over - fits > 1) {
    const length = Math.floor((fits + over) / 2);
    if ((await say(length)) === 200) fits = length;
    else over = length;
  }
  expect(await say(fits)).toBe(200);
  await mark({ annotations: { [UNSCHEDULABLE]: null } });
  await untilReady('full-b');
  await tree.client.delete(path);
}, 60_000);
