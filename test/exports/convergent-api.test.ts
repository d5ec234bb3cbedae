import { describe, expect, test } from 'vitest';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { collectionOf } from '../../src/definitions/mod.ts';
import { isOfSharedApi } from '../../src/facade/forwarding.ts';
import { routePath } from '../../src/facade/path.ts';
import { useMember } from '../conformance/suite.ts';
import { configMap, type KubeObject } from '../http/client.ts';
import {
  APIS,
  conditionOf,
  ExportsFixture,
  exportOf,
  SCHEMAS,
  type SchemaSource,
  schemaOf,
  statusOf,
  version,
  WIDGETS,
} from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const CONSISTENCY = 'planet.antipode.dev/consistency';
const SHARED: SchemaSource = { ...WIDGETS, annotations: { [CONSISTENCY]: 'Convergent' } };
/** Positions of a member are above all revisions of a shard. */
const POSITIONS_FROM = 2n ** 53n;

function isPosition({ metadata }: { readonly metadata: { readonly resourceVersion?: string } }): boolean {
  return BigInt(metadata.resourceVersion ?? '0') >= POSITIONS_FROM;
}

/** Where the server keeps the widgets of a logical cluster. */
function placeOf(cluster: string) {
  const { registry, store } = fixture.server.api;
  const { definition } = registry.find(cluster as LogicalCluster, 'example.com', 'widgets')!;
  const collection = collectionOf(cluster as LogicalCluster, definition);
  return {
    collection,
    log: store.logOf({ ...collection, namespace: 'default', name: 'a' }),
    async count(): Promise<number> {
      const snapshot = store.snapshot();
      try {
        return await snapshot.count({ collection }, 1_000);
      } finally {
        snapshot.close();
      }
    },
  };
}

function change(provider: string, source: SchemaSource) {
  return fixture.client.call(`/clusters/${provider}/${APIS}/apiexports/widgets`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { spec: { resources: (exportOf('widgets', [source])['spec'] as KubeObject)['resources'] } },
  });
}

describe('an API whose provider has chosen that it converges', () => {
  test('is written and read as any other, in the log of the region and by its positions', async () => {
    const { consumer } = await fixture.pair(SHARED);
    const { client } = fixture;
    const path = fixture.widgets(consumer);
    const watch = await client.watch(`${path}?watch=1`);
    const created = await fixture.widget(consumer, 'a', { spec: { size: 1 }, status: { ignored: true } });
    expect(isPosition(created)).toBe(true);
    expect(created['status']).toBeUndefined();
    expect(created.metadata['generation']).toBe(1);
    const sized = await client.patch(`${path}/a`, { spec: { size: 2 } });
    expect(sized.metadata['generation']).toBe(2);
    await client.refuse(409, `${path}/a`, { method: 'PUT', body: created });
    const told = await client.patch(`${path}/a/status`, { status: { phase: 'Ready' }, spec: { size: 9 } });
    expect(told).toMatchObject({ spec: { size: 2 }, status: { phase: 'Ready' } });
    expect(await client.get(`${path}/a`)).toEqual(told);
    const list = await client.list(path);
    expect(list.items).toHaveLength(1);
    expect(isPosition(list)).toBe(true);
    await client.delete(`${path}/a`);
    const events = await watch.take(4);
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED']);
    watch.close();
    expect(placeOf(consumer).log).toMatch(/^convergent-/);
  });

  test('is written in the region that is asked, which its logical cluster says', async () => {
    const { consumer } = await fixture.pair(SHARED);
    const { consumer: other } = await fixture.pair();
    const { api } = fixture.server;
    const isShared = (cluster: string, path: string) =>
      isOfSharedApi(
        api,
        {
          cluster: cluster as LogicalCluster,
          home: cluster as LogicalCluster,
          view: undefined,
          isUnavailable: false,
        },
        routePath(`/clusters/${cluster}${path}`),
      );
    expect(isShared(consumer, '/apis/example.com/v1/namespaces/default/widgets/a/status')).toBe(true);
    expect(isShared(consumer, '/api/v1/namespaces/default/configmaps/a')).toBe(false);
    expect(isShared(consumer, '/api/v1')).toBe(false);
    expect(isShared(other, '/apis/example.com/v1/namespaces/default/widgets/a')).toBe(false);
  });

  test('has objects with finalizers, which stay until somebody takes these off', async () => {
    const { consumer } = await fixture.pair(SHARED);
    const path = `${fixture.widgets(consumer)}/a`;
    await fixture.client.create(fixture.widgets(consumer), {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a', finalizers: ['example.com/hold'] },
    });
    await fixture.client.delete(path);
    expect((await fixture.client.get(path)).metadata.deletionTimestamp).toBeDefined();
    await fixture.client.patch(path, { metadata: { finalizers: null } });
    await fixture.client.untilGone(path);
  });

  test('is shown to its provider in one stream, and written through it', async () => {
    const { provider, consumer } = await fixture.pair(SHARED);
    const { client } = fixture;
    await fixture.widget(consumer, 'a');
    const view = `/services/apiexport/${provider}/widgets/clusters`;
    const everywhere = `${view}/*/apis/example.com/v1/widgets`;
    const list = await client.list(everywhere);
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['a']);
    const watch = await client.watch(
      `${everywhere}?watch=1&resourceVersion=${list.metadata.resourceVersion}`,
    );
    const own = `${view}/${consumer}/apis/example.com/v1/namespaces/default/widgets/a`;
    await client.patch(`${own}/status`, { status: { phase: 'Served' } });
    expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { status: { phase: 'Served' } } });
    watch.close();
    expect(await client.get(`${fixture.widgets(consumer)}/a`)).toMatchObject({ status: { phase: 'Served' } });
    const { identity } = placeOf(consumer).collection;
    const hash = identity.slice(identity.indexOf('.') + 1);
    expect(await client.list(`/clusters/*/apis/example.com/v1/widgets:${hash}`)).toMatchObject({
      items: [{ metadata: { name: 'a' } }],
    });
  });

  test('loses its objects with their namespace, their binding, their owner and their workspace', async () => {
    const { client } = fixture;
    const { consumer } = await fixture.pair(SHARED);
    const core = `/clusters/${consumer}/api/v1`;
    await client.create(`${core}/namespaces`, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'short' },
    });
    const short = fixture.widgets(consumer, { namespace: 'short' });
    const plain = { apiVersion: 'example.com/v1', kind: 'Widget' };
    await client.create(short, { ...plain, metadata: { name: 'in-namespace' } });
    await client.delete(`${core}/namespaces/short`);
    await client.untilGone(`${core}/namespaces/short`);
    expect(await placeOf(consumer).count()).toBe(0);
    const owner = await client.create(`${core}/namespaces/default/configmaps`, configMap('owner'));
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    await client.create(fixture.widgets(consumer), {
      ...plain,
      metadata: { name: 'owned', ownerReferences },
    });
    await client.delete(`${core}/namespaces/default/configmaps/owner`);
    await client.untilGone(`${fixture.widgets(consumer)}/owned`);
    const kept = placeOf(consumer);
    await fixture.widget(consumer, 'bound');
    await client.delete(fixture.binding(consumer, 'widgets'));
    await client.untilGone(fixture.binding(consumer, 'widgets'));
    expect(await kept.count()).toBe(0);
  });

  test('goes with the workspace that has bound it', async () => {
    const { client } = fixture;
    const provider = await fixture.cluster('provider');
    await fixture.offer(provider, 'widgets', [SHARED]);
    const workspaces = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';
    const { spec } = await client.create(workspaces, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'sharing' },
      spec: { type: { name: 'universal', path: 'root' } },
    });
    const { cluster } = spec as { cluster: string };
    await fixture.bind(cluster, 'widgets', { path: provider, name: 'widgets' });
    await fixture.widget(cluster, 'a');
    const place = placeOf(cluster);
    expect(await place.count()).toBe(1);
    await client.delete(`${workspaces}/sharing`);
    await client.untilGone(`${workspaces}/sharing`);
    expect(await place.count()).toBe(0);
  });

  test('is counted by quotas', async () => {
    const { client } = fixture;
    const { consumer } = await fixture.pair(SHARED);
    const quotas = `/clusters/${consumer}/api/v1/namespaces/default/resourcequotas`;
    const hard = { 'count/widgets.example.com': '1' };
    await client.create(quotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few' },
      spec: { hard },
    });
    const usedOf = ({ status }: KubeObject) =>
      (status as { used?: Record<string, string> } | undefined)?.used?.['count/widgets.example.com'];
    await client.until(`${quotas}/few`, (quota) => usedOf(quota) === '0');
    await fixture.widget(consumer, 'a');
    await client.until(`${quotas}/few`, (quota) => usedOf(quota) === '1');
    const next = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'b' } };
    const refused = await client.refuse(403, fixture.widgets(consumer), { method: 'POST', body: next });
    expect(refused.message).toContain('exceeded quota');
  });
});

describe('the consistency of a schema', () => {
  test('is one that there is', async () => {
    const provider = await fixture.cluster('provider');
    const body = schemaOf({ ...WIDGETS, annotations: { [CONSISTENCY]: 'Eventual' } });
    const refused = await fixture.client.refuse(422, `/clusters/${provider}/${SCHEMAS}`, {
      method: 'POST',
      body,
    });
    expect(refused.message).toBe(
      'APIResourceSchema.apis.kcp.io "v1.widgets.example.com" is invalid: metadata.annotations[planet.antipode.dev/consistency]: Unsupported value: "Eventual": supported values: "Convergent"',
    );
  });

  test.each([
    ['taken away', SHARED, null],
    ['changed', SHARED, 'Eventual'],
    ['added', WIDGETS, 'Convergent'],
  ])('is never %s', async (_what, source, value) => {
    const provider = await fixture.cluster('provider');
    const schemas = `/clusters/${provider}/${SCHEMAS}`;
    await fixture.client.create(schemas, schemaOf(source));
    const body = { metadata: { annotations: { [CONSISTENCY]: value } } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const path = `${schemas}/v1.widgets.example.com`;
    const refused = await fixture.client.refuse(422, path, { method: 'PATCH', headers, body });
    expect(refused.message).toContain('is immutable: offer another schema');
    await fixture.client.patch(path, { metadata: { annotations: { other: 'yes' } } });
  });

  test.each([
    ['ordinary', WIDGETS, { ...SHARED, prefix: 'v2' }],
    ['convergent', SHARED, { ...WIDGETS, prefix: 'v2' }],
    ['stored in one version', SHARED, { ...SHARED, prefix: 'v2', versions: [version('v2')] }],
  ])('is kept by an export whose objects are %s', async (_what, first, second) => {
    const { provider, consumer } = await fixture.pair(first);
    await fixture.widget(consumer, 'a');
    await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(second));
    const refused = await change(provider, second);
    expect(refused.status, refused.text).toBe(422);
    expect(refused.text).toContain('spec.resources[0].schema');
  });

  test('is kept by a binding whose export has gone on, which says so, until it is bound anew', async () => {
    const { client } = fixture;
    const { provider, consumer } = await fixture.pair();
    await fixture.widget(consumer, 'kept');
    const before = placeOf(consumer);
    const second = { ...SHARED, prefix: 'v2' };
    // Nobody can tell what a schema says that is not there.
    expect((await change(provider, second)).status).toBe(200);
    await client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(second));
    const path = fixture.binding(consumer, 'widgets');
    const binding = await client.until(
      path,
      (object) => conditionOf(object, 'BindingUpToDate')?.reason === 'ConsistencyChanged',
    );
    expect(conditionOf(binding, 'BindingUpToDate')).toMatchObject({
      status: 'False',
      message:
        'Unable to follow the APIExport: widgets.example.com: its objects are not Convergent, which cannot be changed while it is bound',
    });
    expect(conditionOf(binding, 'Ready')).toMatchObject({ status: 'True' });
    expect(statusOf(binding).boundResources?.[0]?.schema.name).toBe('v1.widgets.example.com');
    expect(isPosition(await client.get(`${fixture.widgets(consumer)}/kept`))).toBe(false);
    await client.delete(path);
    await client.untilGone(path);
    expect(await before.count()).toBe(0);
    await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    expect(isPosition(await fixture.widget(consumer, 'new'))).toBe(true);
    expect((await client.list(fixture.widgets(consumer))).items).toHaveLength(1);
  });

  test('is followed from one schema to the next where it is the same', async () => {
    const { client } = fixture;
    const { provider, consumer } = await fixture.pair(SHARED);
    await fixture.widget(consumer, 'a', { spec: { size: 1 } });
    const second = { ...SHARED, prefix: 'v2' };
    await client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(second));
    expect((await change(provider, second)).status).toBe(200);
    await client.until(
      fixture.binding(consumer, 'widgets'),
      (object) => statusOf(object).boundResources?.[0]?.schema.name === 'v2.widgets.example.com',
    );
    expect(await client.patch(`${fixture.widgets(consumer)}/a`, { spec: { size: 2 } })).toMatchObject({
      spec: { size: 2 },
    });
  });

  test('is for providers of APIs alone: a CRD that says it is an ordinary one', async () => {
    const cluster = await fixture.cluster('consumer');
    const { spec } = schemaOf(WIDGETS) as { spec: Record<string, unknown> };
    const crds = `/clusters/${cluster}/apis/apiextensions.k8s.io/v1/customresourcedefinitions`;
    const versions = [version('v1')].map((one) => ({ ...one, schema: { openAPIV3Schema: one['schema'] } }));
    await fixture.client.create(crds, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com', annotations: { [CONSISTENCY]: 'Convergent' } },
      spec: { ...spec, versions, consistency: 'Convergent' },
    });
    await fixture.client.until(fixture.widgets(cluster), (_list, status) => status === 200);
    expect(isPosition(await fixture.widget(cluster, 'a'))).toBe(false);
    expect(placeOf(cluster).log).toBe('root');
  });
});
