import { expect, it } from 'vitest';
import { CORE, refusal, TENANCY, useTree } from './suite.ts';

const tree = useTree();

it('is ready in the answer to its creation, with its own URL and cluster', async () => {
  const created = await tree.workspace('root', 'first', { as: 'alice' });
  expect(created.status).toEqual({
    phase: 'Ready',
    conditions: [
      { type: 'WorkspaceInitialized', status: 'True', lastTransitionTime: expect.any(String) },
      { type: 'WorkspaceScheduled', status: 'True', lastTransitionTime: expect.any(String) },
    ],
  });
  expect(created.spec).toEqual({
    type: { name: 'organization', path: 'root' },
    cluster: expect.stringMatching(/^[a-z0-9]{16}$/),
    URL: `${tree.server.url}/clusters/root:first`,
  });
  const { cluster = '' } = created.spec;
  expect(created.metadata).toMatchObject({
    finalizers: ['core.kcp.io/logicalcluster'],
    labels: { 'tenancy.kcp.io/phase': 'Ready' },
    annotations: {
      'experimental.tenancy.kcp.io/owner': '{"username":"alice"}',
      'internal.tenancy.kcp.io/cluster': cluster,
      'core.kcp.io/shard': 'root',
      'internal.tenancy.kcp.io/shard': '1pfxsevk',
      'kcp.io/cluster': 'root',
    },
  });
  const logicalCluster = await tree.client.get(`/clusters/root:first${CORE}/logicalclusters/cluster`);
  expect(logicalCluster).toMatchObject({
    metadata: {
      finalizers: ['core.kcp.io/logicalcluster-deletion'],
      annotations: {
        'kcp.io/cluster': cluster,
        'kcp.io/path': 'root:first',
        'internal.tenancy.kcp.io/type': 'root:organization',
        'core.kcp.io/shard': 'root',
      },
    },
    spec: {
      directlyDeletable: false,
      owner: {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        resource: 'workspaces',
        name: 'first',
        cluster: 'root',
        uid: created.metadata.uid,
      },
      createdBy: {
        username: 'alice',
        uid: 'uid-of-alice',
        groups: ['system:authenticated', 'team-alice'],
      },
    },
    status: { phase: 'Ready', URL: `${tree.server.url}/clusters/${cluster}` },
  });
});

it('makes its creator the administrator, and lets nobody else in', async () => {
  const { spec } = await tree.workspace('root', 'private', { as: 'alice' });
  const namespaces = (where: string) => `/clusters/${where}/api/v1/namespaces`;
  const body = { metadata: { name: 'mine' } };
  const made = await tree.as('alice', namespaces('root:private'), { method: 'POST', body });
  expect(made.status).toBe(201);
  for (const where of ['root:private', spec.cluster!]) {
    const refused = await tree.as('bob', namespaces(where));
    const missing = await tree.as('bob', namespaces('root:nothing-here'));
    expect(refused.status).toBe(403);
    expect(refused.text).toBe(missing.text);
  }
  await tree.grant(
    'root:private',
    'visitors',
    [
      { nonResourceURLs: ['/'], verbs: ['access'] },
      { apiGroups: [''], resources: ['namespaces'], verbs: ['list'] },
    ],
    ['bob'],
  );
  expect((await tree.as('bob', namespaces('root:private'))).status).toBe(200);
});

it('is reached by every form of its path, and nests', async () => {
  await tree.workspace('root', 'org', { as: 'alice' });
  const team = await tree.workspace('root:org', 'team', { as: 'alice' });
  const { items } = await tree.client.list(`/clusters/root${TENANCY}/workspaces`);
  const org = items.find(({ metadata }) => metadata.name === 'org') as unknown as typeof team;
  for (const path of ['root:org:team', `${org.spec.cluster}:team`, team.spec.cluster]) {
    const { metadata } = await tree.client.get(`/clusters/${path}${CORE}/logicalclusters/cluster`);
    expect(metadata.annotations).toMatchObject({
      'kcp.io/cluster': team.spec.cluster,
      'kcp.io/path': 'root:org:team',
    });
  }
});

it('commits nothing in a dry run', async () => {
  const path = `/clusters/root${TENANCY}/workspaces`;
  const body = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'dry' },
    spec: {},
  };
  const reply = await tree.client.call(`${path}?dryRun=All`, { method: 'POST', body });
  expect([reply.status, JSON.parse(reply.text).status.phase]).toEqual([201, 'Ready']);
  expect((await tree.client.call(`${path}/dry`)).status).toBe(404);
});

it('refuses a name that is taken, and makes no second logical cluster for it', async () => {
  const { spec } = await tree.workspace('root', 'once');
  const again = refusal(await tree.tryWorkspace('root', 'once', {}));
  expect(again).toMatchObject({ code: 409, reason: 'AlreadyExists' });
  const kept = await tree.client.get(`/clusters/root${TENANCY}/workspaces/once`);
  expect(kept).toMatchObject({ spec });
});

it.each([
  ['spec.cluster', { cluster: 'stolen' }, 'spec.Cluster can only be set by system privileged users'],
  ['spec.URL', { URL: 'https://x' }, 'spec.URL can only be set by system privileged users'],
])('lets nobody choose %s', async (_field, spec, message) => {
  const refused = refusal(await tree.tryWorkspace('root', 'chosen', { as: 'alice', spec }));
  expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
  expect(refused.message).toContain(message);
});

it.each([
  ['spec.cluster', { spec: { cluster: 'other' } }],
  ['spec.URL', { spec: { URL: 'https://elsewhere' } }],
  ['spec.type', { spec: { type: { name: 'other' } } }],
])('lets nobody change %s', async (_field, change) => {
  const name = tree.name('fixed');
  await tree.workspace('root', name, { as: 'alice' });
  const reply = await tree.as('alice', `/clusters/root${TENANCY}/workspaces/${name}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: change,
  });
  expect([403, 422]).toContain(reply.status);
});

it('hands on the groups that the parent requires', async () => {
  const { spec } = await tree.workspace('root', 'guarded', { as: 'alice' });
  await tree.client.patch(`/clusters/${spec.cluster}${CORE}/logicalclusters/cluster`, {
    metadata: { annotations: { 'authorization.kcp.io/required-groups': 'team-alice' } },
  });
  const child = await tree.workspace('root:guarded', 'inner', {
    as: 'alice',
    metadata: { annotations: { 'authorization.kcp.io/required-groups': 'anybody' } },
  });
  expect(child.metadata.annotations).toMatchObject({ 'authorization.kcp.io/required-groups': 'team-alice' });
  const self = `/clusters/${child.spec.cluster}${CORE}/logicalclusters/cluster`;
  const inside = await tree.client.get(self);
  expect(inside.metadata.annotations).toMatchObject({ 'authorization.kcp.io/required-groups': 'team-alice' });
  for (const groups of [null, '', 'team-alice;system:authenticated']) {
    const dropped = await tree.as('alice', self, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { annotations: { 'authorization.kcp.io/required-groups': groups } } },
    });
    expect([dropped.status, refusal(dropped).message]).toEqual([
      403,
      'logicalclusters.core.kcp.io "cluster" is forbidden: annotation authorization.kcp.io/required-groups is for administrators',
    ]);
  }
});

it('shows its URL in lists, tables and watches, and takes it back in an update', async () => {
  await tree.workspace('root', 'shown', { as: 'alice' });
  const url = `${tree.server.url}/clusters/root:shown`;
  const collection = `/clusters/root${TENANCY}/workspaces`;
  const { items } = await tree.client.list(`${collection}?fieldSelector=metadata.name=shown`);
  expect(items).toMatchObject([{ spec: { URL: url } }]);
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const table = JSON.parse((await tree.client.call(`${collection}/shown`, { headers: { accept } })).text);
  expect(table.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
    'Name',
    'Type',
    'Region',
    'Phase',
    'URL',
    'Age',
  ]);
  const { cells } = table.rows[0];
  expect([cells[0], cells[1], cells[3], cells[4]]).toEqual(['shown', 'organization', 'Ready', url]);
  const watch = await tree.client.watch(`${collection}?watch=true&fieldSelector=metadata.name=shown`);
  expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { spec: { URL: url } } });
  const object = await tree.client.get(`${collection}/shown`);
  const metadata = { ...object.metadata, labels: { ...object.metadata.labels, mine: 'yes' } };
  expect(await tree.client.put(`${collection}/shown`, { ...object, metadata })).toMatchObject({
    metadata: { labels: { mine: 'yes', 'tenancy.kcp.io/phase': 'Ready' } },
    spec: { URL: url },
  });
  const steps = [
    { op: 'test', path: '/spec/URL', value: url },
    { op: 'add', path: '/metadata/labels/more', value: 'yes' },
  ];
  const headers = { 'content-type': 'application/json-patch+json' };
  const patched = await tree.client.call(`${collection}/shown`, { method: 'PATCH', headers, body: steps });
  expect([patched.status, JSON.parse(patched.text).spec.URL]).toEqual([200, url]);
});
