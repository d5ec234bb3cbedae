import { describe, expect, test } from 'vitest';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { useMember } from '../conformance/suite.ts';
import { APIS, bindingOf, ExportsFixture, exportOf, SCHEMAS, schemaOf, statusOf } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const TENANCY = 'apis/tenancy.kcp.io/v1alpha1';
const WORKSPACES = {
  group: 'tenancy.kcp.io',
  plural: 'workspaces',
  kind: 'Workspace',
  scope: 'Cluster',
} as const;

async function workspace(parent: string, type = 'universal'): Promise<string> {
  const object = await fixture.client.create(`/clusters/${parent}/${TENANCY}/workspaces`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: fixture.name('w-') },
    spec: { type: { name: type, path: 'root' } },
  });
  return (object['spec'] as { cluster: string }).cluster;
}

async function tenancyIdentity(): Promise<string> {
  const object = await fixture.client.get(`/clusters/root/${APIS}/apiexports/tenancy.kcp.io`);
  return (object['status'] as { identityHash: string }).identityHash;
}

async function bindingsOf(cluster: string) {
  return (await fixture.client.list(`/clusters/${cluster}/${APIS}/apibindings`)).items;
}

/** The objects of a logical cluster that take up a row. */
async function rowsOf(cluster: string): Promise<readonly string[]> {
  const rows: string[] = [];
  const snapshot = fixture.server.api.store.snapshot();
  try {
    for await (const batch of snapshot.rowsOfCluster(cluster as LogicalCluster))
      rows.push(...batch.map(({ key }) => key.resource));
  } finally {
    snapshot.close();
  }
  return rows;
}

async function bareWorkspace(): Promise<string> {
  const type = fixture.name('bare-');
  await fixture.client.create(`/clusters/root/${TENANCY}/workspacetypes`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name: type },
    spec: {},
  });
  return workspace('root', type);
}

describe('workspaces, their types and the topology', () => {
  test('come through bindings of their own to the exports of root, which take up no rows', async () => {
    const [one, other] = [await workspace('root'), await workspace('root')];
    const [mine, theirs] = [await bindingsOf(one), await bindingsOf(other)];
    expect(mine.map(({ metadata }) => metadata.name)).toEqual(theirs.map(({ metadata }) => metadata.name));
    expect(mine[0]!.metadata.uid).not.toBe(theirs[0]!.metadata.uid);
    const bound = mine.flatMap((binding) => statusOf(binding).boundResources ?? []);
    expect(bound.map(({ group, resource }) => `${resource}.${group}`).sort()).toEqual([
      'partitions.topology.kcp.io',
      'partitionsets.topology.kcp.io',
      'workspaceauthenticationconfigurations.tenancy.kcp.io',
      'workspaces.tenancy.kcp.io',
      'workspacetypes.tenancy.kcp.io',
    ]);
    expect(await rowsOf(one)).not.toContain('apibindings');
  });

  test('lie under the identity of the export, by which they are found everywhere', async () => {
    const cluster = await workspace('root');
    const child = await workspace(cluster);
    const identity = await tenancyIdentity();
    expect(identity).toMatch(/^[0-9a-f]{64}$/);
    const { items } = await fixture.client.list(`/clusters/*/${TENANCY}/workspaces:${identity}`);
    const clusters = items.map((item) => (item['spec'] as { cluster: string }).cluster);
    expect(clusters).toEqual(expect.arrayContaining([cluster, child]));
    const bare = await fixture.client.call(`/clusters/*/${TENANCY}/workspaces`);
    expect(bare.status).toBe(404);
  });

  test('are in root, and shards and regions are there alone', async () => {
    const cluster = await workspace('root');
    const shards = 'apis/core.kcp.io/v1alpha1/shards';
    const regions = 'apis/planet.antipode.dev/v1alpha1/regions';
    const phases = (await bindingsOf('root')).map((one) => statusOf(one).phase);
    expect(phases).toEqual(['Bound', 'Bound', 'Bound', 'Bound']);
    expect((await fixture.client.list(`/clusters/root/${shards}`)).items).toHaveLength(1);
    expect((await fixture.client.list(`/clusters/root/${regions}`)).items).toHaveLength(0);
    for (const path of [shards, regions])
      expect((await fixture.client.call(`/clusters/${cluster}/${path}`)).status).toBe(404);
  });

  test('are not served where the type does not bind them', async () => {
    const cluster = await bareWorkspace();
    expect((await fixture.client.call(`/clusters/${cluster}/${TENANCY}/workspaces`)).status).toBe(404);
  });

  test('go with their binding, and what is in them', async () => {
    const cluster = await workspace('root');
    const child = await workspace(cluster);
    const [binding] = await bindingsOf(cluster);
    const path = fixture.binding(cluster, binding!.metadata.name!);
    await fixture.client.delete(path);
    await fixture.client.untilGone(path);
    expect((await fixture.client.call(`/clusters/${cluster}/${TENANCY}/workspaces`)).status).toBe(404);
    await expect.poll(() => rowsOf(child), { timeout: 10_000 }).toEqual([]);
  });
});

test('a kind of somebody else that is called like workspaces makes no logical clusters, and finds none', async () => {
  const victim = await workspace('root');
  const [provider, consumer] = [await bareWorkspace(), await bareWorkspace()];
  const source = {
    ...WORKSPACES,
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    ],
  };
  await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(source));
  await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, exportOf('false', [source]));
  await fixture.client.create(
    `/clusters/${consumer}/${APIS}/apibindings`,
    bindingOf('false', { path: provider, name: 'false' }),
  );
  const place = `/clusters/${consumer}/${TENANCY}/workspaces`;
  const made = await fixture.client.call(place, {
    method: 'POST',
    body: JSON.stringify({
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'false' },
      spec: { cluster: victim, type: { name: 'universal', path: 'root' } },
    }),
  });
  expect(made.status).toBe(201);
  expect(made.text).not.toContain('"phase"');
  expect((await fixture.client.call(`/clusters/${consumer}:false/api/v1/namespaces`)).status).toBe(403);
  await fixture.client.delete(`${place}/false`);
  expect((await fixture.client.list(`/clusters/${victim}/api/v1/namespaces`)).items.length).toBeGreaterThan(
    0,
  );
});

test('a changed export of root reaches the workspaces that there are, and the new ones', async () => {
  const before = await workspace('root');
  const child = await workspace(before);
  const path = `/clusters/root/${APIS}/apiexports/topology.kcp.io`;
  const found = await fixture.client.get(path);
  const { resources } = found['spec'] as { resources: readonly Record<string, string>[] };
  const old = resources.find(({ name }) => name === 'partitions')!;
  const schema = await fixture.client.get(`/clusters/root/${SCHEMAS}/${old['schema']}`);
  const name = `v2.partitions.topology.kcp.io`;
  await fixture.client.create(`/clusters/root/${SCHEMAS}`, {
    apiVersion: schema['apiVersion'],
    kind: schema['kind'],
    metadata: { name },
    spec: schema['spec'],
  });
  await fixture.client.patch(path, {
    spec: { resources: resources.map((one) => (one === old ? { ...one, schema: name } : one)) },
  });
  const schemaIn = async (cluster: string) => {
    const bound = (await bindingsOf(cluster)).flatMap((one) => statusOf(one).boundResources ?? []);
    return bound.find(({ resource }) => resource === 'partitions')?.schema.name;
  };
  expect(await schemaIn(await workspace('root'))).toBe(name);
  for (const cluster of ['root', before, child])
    await expect.poll(() => schemaIn(cluster), { timeout: 10_000 }).toBe(name);
});
