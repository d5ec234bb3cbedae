import { expect, it } from 'vitest';
import { CORE, refusal, TENANCY, useTree, type Workspace } from './suite.ts';

const tree = useTree();

const MERGE = { 'content-type': 'application/merge-patch+json' };
const workspacePath = (parent: string, name: string) => `/clusters/${parent}${TENANCY}/workspaces/${name}`;

/** A type that waits for a controller, and a workspace of it. */
async function waiting(name: string, spec: object = { initializer: true }): Promise<Workspace> {
  await tree.type('root', name, { extend: { with: [{ name: 'universal', path: 'root' }] }, ...spec });
  return tree.workspace('root', `of-${name}`, { as: 'alice', spec: { type: { name, path: 'root' } } });
}

async function patchSelf(cluster: string, subresource: '' | '/status', body: object, as?: 'alice') {
  const path = `/clusters/${cluster}${CORE}/logicalclusters/cluster${subresource}`;
  const call = { method: 'PATCH', headers: MERGE, body };
  return as === undefined ? tree.client.call(path, call) : tree.as(as, path, call);
}

it('is ready, and its Workspace with it, with the commit that takes its last initializer away', async () => {
  const created = await waiting('prepared');
  expect(created.status).toMatchObject({ phase: 'Initializing', initializers: ['root:prepared'] });
  const cluster = created.spec.cluster!;
  const self = `/clusters/${cluster}${CORE}/logicalclusters/cluster`;
  const before = await tree.client.get(self);
  const label = Object.keys(before.metadata.labels ?? {}).find((key) =>
    key.startsWith('initializer.internal'),
  );
  expect(label).toMatch(/^initializer\.internal\.kcp\.io\/[0-9a-f]{35}$/);
  const owner = 'experimental.tenancy.kcp.io/owner';
  expect(before.metadata.annotations?.[owner]).toContain('team-alice');

  const reply = await patchSelf(cluster, '/status', { status: { initializers: [] } });
  expect([reply.status, reply.text]).toEqual([200, reply.text]);
  const ready = JSON.parse(reply.text);
  expect(ready.status).toMatchObject({
    phase: 'Ready',
    conditions: [{ type: 'WorkspaceInitialized', status: 'True' }],
  });
  expect(ready.metadata.labels).toEqual({ 'tenancy.kcp.io/phase': 'Ready' });
  expect(ready.metadata.annotations[owner]).toBe('{"username":"alice"}');
  const workspace = await tree.client.get(workspacePath('root', 'of-prepared'));
  expect(workspace).toMatchObject({
    metadata: {
      labels: { 'tenancy.kcp.io/phase': 'Ready' },
      annotations: { [owner]: '{"username":"alice"}' },
    },
    status: {
      phase: 'Ready',
      conditions: [
        { type: 'WorkspaceInitialized', status: 'True' },
        { type: 'WorkspaceScheduled', status: 'True' },
      ],
    },
  });
  expect((workspace as Workspace).status.initializers).toBeUndefined();
});

it('refuses what would set it back or forge it', async () => {
  const { spec } = await waiting('guarded', { initializer: true, terminator: true });
  const cluster = spec.cluster!;
  const refused = async (subresource: '' | '/status', body: object) => {
    const reply = await patchSelf(cluster, subresource, body, 'alice');
    expect(reply.status).toBe(403);
    return refusal(reply).message.replace('logicalclusters.core.kcp.io "cluster" is forbidden: ', '');
  };
  const names = ['root:guarded', 'root:other'];
  expect(await refused('/status', { status: { initializers: names } })).toBe(
    'status.initializers must not grow',
  );
  expect(await refused('/status', { status: { terminators: names } })).toBe(
    'status.terminators must not grow',
  );
  expect(await refused('/status', { status: { phase: 'Ready' } })).toBe('status.initializers is not empty');
  expect(await refused('', { spec: { initializers: [] } })).toBe('spec.initializers is immutable');
  expect(await refused('', { spec: { terminators: [] } })).toBe('spec.terminators is immutable');
  // Controllers of the type act as whoever this names.
  const createdBy = { username: 'root', groups: ['system:masters'] };
  expect(await refused('', { spec: { createdBy } })).toBe('spec.createdBy is immutable');
  expect(await refused('', { spec: { owner: { cluster: 'root', name: 'x' } } })).toBe(
    'spec.owner is immutable',
  );
  for (const name of ['kcp.io/path', 'internal.tenancy.kcp.io/type', 'experimental.tenancy.kcp.io/owner']) {
    expect(await refused('', { metadata: { annotations: { [name]: 'root' } } })).toBe(
      `annotation ${name} is immutable`,
    );
  }
  const body = { apiVersion: 'core.kcp.io/v1alpha1', kind: 'LogicalCluster', metadata: { name: 'cluster' } };
  const path = `/clusters/${cluster}${CORE}/logicalclusters`;
  expect((await tree.as('alice', path, { method: 'POST', body })).status).toBeGreaterThanOrEqual(403);
  await patchSelf(cluster, '/status', { status: { initializers: [] } });
  expect(await refused('/status', { status: { phase: 'Scheduling' } })).toBe(
    'cannot transition from "Ready" to "Scheduling"',
  );
  expect(await refused('/status', { status: { initializers: ['root:guarded'] } })).toBe(
    'status.initializers is immutable after initilization',
  );
});

it('restores the labels that views select by, whoever changes them', async () => {
  const { spec } = await waiting('labelled');
  const self = `/clusters/${spec.cluster}${CORE}/logicalclusters/cluster`;
  const { metadata } = await tree.client.get(self);
  const labels = { 'tenancy.kcp.io/phase': 'Ready', 'initializer.internal.kcp.io/forged': 'x', mine: 'y' };
  const reply = await patchSelf(spec.cluster!, '', { metadata: { labels } }, 'alice');
  expect(JSON.parse(reply.text).metadata.labels).toEqual({ ...metadata.labels, mine: 'y' });
});

it('waits for its terminators before anything goes', async () => {
  const { spec } = await waiting('cleaned', { terminator: true });
  const cluster = spec.cluster!;
  const inside = `/clusters/${cluster}/api/v1/namespaces/default/configmaps`;
  await tree.as('alice', inside, { method: 'POST', body: { metadata: { name: 'content' } } });
  await tree.client.call(workspacePath('root', 'of-cleaned'), { method: 'DELETE' });
  const self = `/clusters/${cluster}${CORE}/logicalclusters/cluster`;
  const going = await tree.client.get(self);
  expect(going).toMatchObject({
    metadata: {
      finalizers: ['core.kcp.io/logicalcluster-deletion', 'kcp.io/has-terminators'],
      labels: { 'tenancy.kcp.io/phase': 'Terminating' },
    },
    status: { phase: 'Terminating', terminators: ['root:cleaned'] },
  });
  const workspace = (await tree.client.get(workspacePath('root', 'of-cleaned'))) as Workspace;
  expect(workspace.status.phase).toBe('Terminating');
  expect((await tree.as('alice', `${inside}/content`)).status).toBe(200);
  const reply = await patchSelf(cluster, '/status', { status: { terminators: [] } });
  expect(JSON.parse(reply.text)).toMatchObject({
    metadata: { finalizers: ['core.kcp.io/logicalcluster-deletion'] },
    status: { phase: 'Deleting' },
  });
  await tree.client.untilGone(workspacePath('root', 'of-cleaned'));
});

it.each(['core.kcp.io/inactive', 'internal.kcp.io/inactive'])(
  'is switched off by %s, and on again',
  async (name) => {
    const { spec } = await tree.workspace('root', tree.name('sleepy'), { as: 'alice' });
    const cluster = spec.cluster!;
    const inside = `/clusters/${cluster}/api/v1/namespaces`;
    const { metadata } = await tree.client.list(inside);
    const watch = await tree.client.watch(`${inside}?watch=true&resourceVersion=${metadata.resourceVersion}`);
    const off = await patchSelf(cluster, '', { metadata: { annotations: { [name]: 'true' } } }, 'alice');
    expect(JSON.parse(off.text).status.phase).toBe('Inactive');
    await watch.ended;
    for (const path of [
      inside,
      `/clusters/${cluster}/apis`,
      `/clusters/${cluster}/version`,
      `${inside}/default`,
    ]) {
      for (const reply of [await tree.as('alice', path), await tree.client.call(path)]) {
        expect([path, reply.status]).toEqual([path, 403]);
        expect(refusal(reply).message).toBe(
          `logicalclusters.core.kcp.io "${cluster}" is forbidden: logical cluster is marked inactive`,
        );
      }
    }
    expect((await tree.as('bob', inside)).text).toBe(
      (await tree.as('bob', '/clusters/nowhere/api/v1/namespaces')).text,
    );
    expect((await tree.as('alice', `/clusters/${cluster}/openapi/v3`)).status).toBe(200);
    expect((await tree.as('alice', `/clusters/${cluster}${CORE}/logicalclusters/cluster`)).status).toBe(200);
    const on = await patchSelf(cluster, '', { metadata: { annotations: { [name]: null } } }, 'alice');
    expect(JSON.parse(on.text).status.phase).toBe('Ready');
    expect((await tree.as('alice', inside)).status).toBe(200);
    const again = await tree.client.watch(`${inside}?watch=true&resourceVersion=0`);
    again.close();
  },
);

it('is as if it were not there to all who may not enter, when it is unavailable', async () => {
  const name = tree.name('ill');
  await tree.workspace('root', name, { as: 'alice' });
  const path = (of: string) => `/clusters/root:${of}/api/v1/namespaces`;
  const ill = { type: 'WorkspaceIll', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' };
  await tree.client.patch(`${workspacePath('root', name)}/status`, { status: { conditions: [ill] } });
  expect((await tree.as('alice', path(name))).status).toBe(503);
  const [closed, missing] = [await tree.as('bob', path(name)), await tree.as('bob', path('none'))];
  expect([closed.status, closed.text]).toEqual([403, missing.text]);
  for (const check of ['healthz', 'livez', 'readyz', 'readyz/ping']) {
    const ask = (of: string) => tree.as('bob', `/clusters/root:${of}/${check}`);
    const [one, other] = [await ask(name), await ask('none')];
    expect([check, one.status, one.text]).toEqual([check, other.status, other.text]);
  }
});

it('ends the watches of all logical clusters too, when it is switched off and not later', async () => {
  const { spec } = await tree.workspace('root', tree.name('sleepy'), { as: 'alice' });
  const inside = `/clusters/${spec.cluster}/api/v1/namespaces/default/configmaps`;
  const self = `/clusters/${spec.cluster}${CORE}/logicalclusters`;
  const everywhere = '/clusters/*/api/v1/configmaps';
  const { metadata } = await tree.client.list(everywhere);
  const path = `${everywhere}?watch=true&resourceVersion=${metadata.resourceVersion}`;
  const watch = await tree.client.watch(path);
  const mark = async (annotations: object) =>
    expect((await patchSelf(spec.cluster!, '', { metadata: { annotations } }, 'alice')).status).toBe(200);
  await mark({ 'core.kcp.io/inactive': 'true' });
  await watch.ended;
  const again = await tree.client.watch(path);
  const own = await tree.client.watch(`${self}?watch=true`);
  for (const value of ['yes', 'twice']) {
    await mark({ seen: value });
    await own.until(({ object }) => object.metadata.annotations?.['seen'] === value);
  }
  own.close();
  await mark({ 'core.kcp.io/inactive': null });
  await tree.client.create(inside, { metadata: { name: 'awake' } });
  await again.until(({ object }) => object.metadata.name === 'awake');
  again.close();
});
