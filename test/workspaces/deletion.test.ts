import { expect, it } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { CORE, refusal, TENANCY, useTree, type Workspace } from './suite.ts';

const tree = useTree();

const workspacePath = (parent: string, name: string) => `/clusters/${parent}${TENANCY}/workspaces/${name}`;
const MERGE = { 'content-type': 'application/merge-patch+json' };

async function remove(parent: string, name: string): Promise<Workspace> {
  const reply = await tree.client.call(workspacePath(parent, name), { method: 'DELETE' });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  return JSON.parse(reply.text);
}

/** What is left of a logical cluster in the store, besides history. */
async function rowsOf(cluster: string): Promise<string[]> {
  const { store } = tree.server.api;
  const snapshot = store.snapshot();
  try {
    const rows: string[] = [];
    for await (const batch of snapshot.rowsOfCluster(cluster as never)) {
      for (const { key } of batch) rows.push(`${key.resource}/${key.namespace}/${key.name}`);
    }
    return [...rows, ...(snapshot.defaultsOf(cluster as never) === undefined ? [] : ['defaults'])];
  } finally {
    snapshot.close();
  }
}

function conditionOf(object: KubeObject, type: string) {
  const { conditions = [] } = object['status'] as { conditions?: { type: string }[] };
  return conditions.find((condition) => condition.type === type);
}

it('takes a workspace and all that is in it, at once for its users', async () => {
  const { spec } = await tree.workspace('root', 'short', { as: 'alice' });
  const cluster = spec.cluster!;
  const inside = `/clusters/${cluster}/api/v1/namespaces/default/configmaps`;
  const body = { metadata: { name: 'content' } };
  expect((await tree.as('alice', inside, { method: 'POST', body })).status).toBe(201);
  expect(await rowsOf(cluster)).toContain('configmaps/default/content');

  const deleted = await remove('root', 'short');
  expect(deleted.metadata.deletionTimestamp).toBeDefined();
  expect(deleted.metadata.labels).toMatchObject({ 'tenancy.kcp.io/phase': 'Deleting' });
  expect((await tree.as('alice', inside)).status).toBe(403);
  await tree.client.untilGone(workspacePath('root', 'short'));
  expect(await rowsOf(cluster)).toEqual([]);
  expect((await tree.as('alice', inside)).status).toBe(403);

  const again = await tree.workspace('root', 'short', { as: 'bob' });
  expect(again.spec.cluster).not.toBe(cluster);
});

it('tells every watch of each object, also of those that nobody has written', async () => {
  const { spec } = await tree.workspace('root', 'watched');
  const cluster = spec.cluster!;
  const namespaces = `/clusters/${cluster}/api/v1/namespaces`;
  await tree.client.create(namespaces, { metadata: { name: 'mine' } });
  const { items, metadata } = await tree.client.list(namespaces);
  const watch = tree.server.api.store.feed;
  const gone: string[] = [];
  const stop = watch.subscribeToGroups(({ events }) => {
    for (const { key, oldRow, newRow } of events) {
      if (key.cluster !== cluster || newRow !== undefined) continue;
      expect(oldRow?.json.length).toBeGreaterThan(0);
      gone.push(`${key.resource}/${key.namespace}/${key.name}`);
    }
  });
  await remove('root', 'watched');
  await tree.client.untilGone(workspacePath('root', 'watched'));
  stop();
  expect(new Set(gone).size).toBe(gone.length);
  for (const { metadata: namespace } of items) expect(gone).toContain(`namespaces//${namespace.name}`);
  expect(gone).toContain('logicalclusters//cluster');
  expect(gone).toContain('serviceaccounts/kube-system/default');
  expect(Number(metadata.resourceVersion)).toBeGreaterThan(0);
});

it('keeps what finalizers of others hold in sight of its owner, and says so, until it is released', async () => {
  const { spec } = await tree.workspace('root', 'held', { as: 'alice' });
  const inside = `/clusters/${spec.cluster}/api/v1/namespaces/default/configmaps`;
  const finalizers = ['example.com/keep'];
  const make = (name: string, metadata: object = {}) =>
    tree.as('alice', inside, { method: 'POST', body: { metadata: { name, ...metadata } } });
  expect((await make('kept', { finalizers })).status).toBe(201);
  expect((await make('free')).status).toBe(201);
  await remove('root', 'held');
  const held = await tree.client.until(
    workspacePath('root', 'held'),
    (object) => conditionOf(object, 'WorkspaceContentDeleted') !== undefined,
  );
  expect(conditionOf(held, 'WorkspaceContentDeleted')).toMatchObject({
    status: 'False',
    severity: 'Info',
    reason: 'SomeResourcesRemain',
    message:
      'Some resources are remaining: configmaps. has 1 resource instances; Some content in the logical cluster has finalizers remaining: example.com/keep in 1 resource instances',
  });
  expect((held as Workspace).status.phase).toBe('Deleting');

  const kept = await tree.as('alice', `${inside}/kept`);
  expect(JSON.parse(kept.text)).toMatchObject({
    metadata: { finalizers, deletionTimestamp: expect.any(String) },
  });
  expect((await tree.as('alice', `${inside}/free`)).status).toBe(404);
  const refused = refusal(await make('new'));
  expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
  expect(refused.message).toContain('because it is being deleted');
  expect((await tree.as('bob', `${inside}/kept`)).status).toBe(403);

  const release = { method: 'PATCH', headers: MERGE, body: { metadata: { finalizers: null } } };
  expect((await tree.as('alice', `${inside}/kept`, release)).status).toBe(200);
  await tree.client.untilGone(workspacePath('root', 'held'));
  expect(await rowsOf(spec.cluster!)).toEqual([]);
});

it('keeps the namespace default as long as the workspace lives', async () => {
  await tree.workspace('root', 'living');
  const reply = await tree.client.call('/clusters/root:living/api/v1/namespaces/default', {
    method: 'DELETE',
  });
  expect(refusal(reply)).toMatchObject({
    code: 403,
    message: expect.stringContaining('this namespace may not be deleted'),
  });
  await remove('root', 'living');
  await tree.client.untilGone(workspacePath('root', 'living'));
});

it('takes a whole tree, and nobody gets in anywhere from the first moment', async () => {
  const clusters: string[] = [];
  const grow = async (parent: string, name: string, depth: number): Promise<void> => {
    const { spec } = await tree.workspace(parent, name, { as: 'alice' });
    clusters.push(spec.cluster!);
    if (depth > 0) for (const child of ['a', 'b', 'c']) await grow(`${parent}:${name}`, child, depth - 1);
  };
  await grow('root', 'tree', 2);
  expect(clusters).toHaveLength(13);
  const deepest = `/clusters/${clusters.at(-1)}/api/v1/namespaces`;
  expect((await tree.as('alice', deepest)).status).toBe(200);
  await remove('root', 'tree');
  for (const cluster of clusters) {
    expect((await tree.as('alice', `/clusters/${cluster}/api/v1/namespaces`)).status).toBe(403);
  }
  await tree.client.untilGone(workspacePath('root', 'tree'));
  for (const cluster of clusters) expect(await rowsOf(cluster)).toEqual([]);
});

it('shows up the tree what holds something far down', async () => {
  await tree.workspace('root', 'top', { as: 'alice' });
  await tree.workspace('root:top', 'middle', { as: 'alice' });
  const { spec } = await tree.workspace('root:top:middle', 'low', { as: 'alice' });
  const inside = `/clusters/${spec.cluster}/api/v1/namespaces/default/configmaps`;
  const body = { metadata: { name: 'kept', finalizers: ['example.com/keep'] } };
  expect((await tree.as('alice', inside, { method: 'POST', body })).status).toBe(201);
  await remove('root', 'top');
  const held = await tree.client.until(
    workspacePath('root', 'top'),
    (object) => conditionOf(object, 'WorkspaceContentDeleted') !== undefined,
  );
  expect(conditionOf(held, 'WorkspaceContentDeleted')).toMatchObject({
    reason: 'SomeResourcesRemain',
    message: expect.stringContaining('workspaces.tenancy.kcp.io has 1 resource instances'),
  });
  const low = await tree.as('alice', `/clusters/root:top:middle${TENANCY}/workspaces/low`);
  expect(JSON.parse(low.text)).toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } });
  const release = { method: 'PATCH', headers: MERGE, body: { metadata: { finalizers: null } } };
  expect((await tree.as('alice', `${inside}/kept`, release)).status).toBe(200);
  await tree.client.untilGone(workspacePath('root', 'top'));
  expect(await rowsOf(spec.cluster!)).toEqual([]);
});

it('keeps the Workspace until its LogicalCluster is really gone', async () => {
  const { spec } = await tree.workspace('root', 'related');
  const self = `/clusters/${spec.cluster}${CORE}/logicalclusters/cluster`;
  const { metadata } = await tree.client.get(self);
  const finalizers = [...(metadata.finalizers ?? []), 'example.com/keep'];
  await tree.client.call(self, { method: 'PATCH', headers: MERGE, body: { metadata: { finalizers } } });
  await remove('root', 'related');
  const left = await tree.client.until(
    self,
    (object) => object.metadata.finalizers?.includes('core.kcp.io/logicalcluster-deletion') === false,
  );
  expect(left.metadata).toMatchObject({
    deletionTimestamp: expect.any(String),
    finalizers: ['example.com/keep'],
  });
  const workspace = await tree.client.get(workspacePath('root', 'related'));
  expect(workspace.metadata.finalizers).toEqual(['core.kcp.io/logicalcluster']);
  expect(conditionOf(workspace, 'WorkspaceContentDeleted')).toMatchObject({ status: 'True' });
  expect(await rowsOf(spec.cluster!)).toEqual(['logicalclusters//cluster']);
  await tree.client.call(self, { method: 'PATCH', headers: MERGE, body: { metadata: { finalizers: null } } });
  await tree.client.untilGone(workspacePath('root', 'related'));
  expect(await rowsOf(spec.cluster!)).toEqual([]);
});

it('waits for finalizers of others on the Workspace before it touches what is in it', async () => {
  const metadata = { finalizers: ['example.com/first'] };
  const { spec } = await tree.workspace('root', 'patient', { as: 'alice', metadata });
  const inside = `/clusters/${spec.cluster}/api/v1/namespaces`;
  await remove('root', 'patient');
  expect((await tree.as('alice', inside)).status).toBe(200);
  const body = { metadata: { finalizers: ['core.kcp.io/logicalcluster'] } };
  await tree.client.call(workspacePath('root', 'patient'), { method: 'PATCH', headers: MERGE, body });
  await tree.client.untilGone(workspacePath('root', 'patient'));
  expect(await rowsOf(spec.cluster!)).toEqual([]);
});

it('deletes no LogicalCluster but through its Workspace, unless it may be deleted directly', async () => {
  const { spec } = await tree.workspace('root', 'direct', { as: 'alice' });
  const self = `/clusters/${spec.cluster}${CORE}/logicalclusters/cluster`;
  const refused = refusal(await tree.as('alice', self, { method: 'DELETE' }));
  expect(refused).toMatchObject({
    code: 403,
    message: 'logicalclusters.core.kcp.io "cluster" is forbidden: LogicalCluster cannot be deleted',
  });
  for (const cluster of ['root', 'system:admin']) {
    const path = `/clusters/${cluster}${CORE}/logicalclusters/cluster`;
    expect((await tree.client.call(path, { method: 'DELETE' })).status).toBe(403);
  }
  const body = { spec: { directlyDeletable: true } };
  expect((await tree.as('alice', self, { method: 'PATCH', headers: MERGE, body })).status).toBe(200);
  expect((await tree.as('alice', self, { method: 'DELETE' })).status).toBe(200);
  const left = await tree.client.until(
    workspacePath('root', 'direct'),
    (object) => (object as Workspace).status.phase === 'Unavailable',
  );
  expect(conditionOf(left, 'WorkspaceInitialized')).toMatchObject({
    status: 'False',
    reason: 'WorkspaceDisappeared',
  });
  expect(await rowsOf(spec.cluster!)).toEqual([]);
  await tree.client.call(workspacePath('root', 'direct'), { method: 'DELETE' });
  await tree.client.untilGone(workspacePath('root', 'direct'));
});

it('leaves nothing behind of what was under way, and lets no write through that was judged before', async () => {
  const { spec } = await tree.workspace('root', 'busy', { as: 'alice' });
  const inside = `/clusters/${spec.cluster}/api/v1/namespaces/default/configmaps`;
  const make = (index: number) =>
    tree.as('alice', inside, { method: 'POST', body: { metadata: { name: `c${index}` } } });
  const before = Array.from({ length: 20 }, (_, index) => make(index));
  const deletion = remove('root', 'busy');
  const after = Array.from({ length: 20 }, (_, index) => make(20 + index));
  const { metadata } = await deletion;
  const marked = BigInt(metadata.resourceVersion);
  for (const reply of await Promise.all([...before, ...after])) {
    expect([201, 403]).toContain(reply.status);
    // What was let in has its place in the log before the mark.
    if (reply.status === 201)
      expect(BigInt(JSON.parse(reply.text).metadata.resourceVersion) < marked).toBe(true);
  }
  await tree.client.untilGone(workspacePath('root', 'busy'));
  expect(await rowsOf(spec.cluster!)).toEqual([]);
});
