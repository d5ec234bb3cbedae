import { describe, expect, test } from 'vitest';
import { userOf } from '../access/suite.ts';
import { configMap, type KubeList } from '../http/client.ts';
import { placeOf, useServices } from './suite.ts';

const services = useServices({ administrator: userOf('somebody', ['system:kcp:admin']) });
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const PARTIAL = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const EVERYWHERE = '/clusters/*/api/v1/configmaps';

async function withConfigMaps(count: number): Promise<{ label: string; clusters: string[] }> {
  const clusters: string[] = [];
  for (let index = 0; index < count; index++) clusters.push(await services.cluster('wild'));
  const label = clusters[0]!;
  for (const cluster of clusters)
    for (const name of ['a', 'b'])
      await services.create(cluster, CONFIG_MAPS, configMap(name, { labels: { of: label } }));
  return { label, clusters };
}

describe('a list of all logical clusters', () => {
  test('has the objects of each, and says where they are', async () => {
    const { label, clusters } = await withConfigMaps(3);
    const list = await services.client.list(`${EVERYWHERE}?labelSelector=of%3D${label}`);
    expect(list.items.map(placeOf)).toEqual(clusters.flatMap((cluster) => [`${cluster}/a`, `${cluster}/b`]));
    expect(BigInt(list.metadata.resourceVersion)).toBeGreaterThan(2n ** 53n);
    const all = await services.client.list(EVERYWHERE);
    expect(all.items.map(placeOf)).toEqual(expect.arrayContaining(list.items.map(placeOf)));
    expect(all.items.map(placeOf)).toContain(`root/kube-root-ca.crt`);
  });

  test('in one namespace has no other objects', async () => {
    const { clusters } = await withConfigMaps(2);
    const path = '/clusters/*/api/v1/namespaces/kube-system/configmaps';
    const items = (await services.client.list(path)).items;
    expect(items.length).toBeGreaterThan(0);
    expect(new Set(items.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['kube-system']));
    expect(items.map(placeOf)).not.toContain(`${clusters[0]}/a`);
    expect(items.map(placeOf)).toContain(`${clusters[1]}/kube-root-ca.crt`);
  });

  test('comes in pages, all of the state of the first one', async () => {
    const { label, clusters } = await withConfigMaps(3);
    const query = `?labelSelector=of%3D${label}&limit=2`;
    const first = await services.client.list(`${EVERYWHERE}${query}`);
    // What comes, changes and goes meanwhile is not seen.
    await services.create(clusters[1]!, CONFIG_MAPS, configMap('ab', { labels: { of: label } }));
    await services.client.patch(`/clusters/${clusters[2]}${CONFIG_MAPS}/a`, { metadata: { labels: null } });
    await services.client.delete(`/clusters/${clusters[1]}${CONFIG_MAPS}/b`);
    const places = first.items.map(placeOf);
    let page = first;
    while (page.metadata.continue) {
      page = await services.client.list(`${EVERYWHERE}${query}&continue=${page.metadata.continue}`);
      expect(page.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      places.push(...page.items.map(placeOf));
    }
    expect(places).toEqual(clusters.flatMap((cluster) => [`${cluster}/a`, `${cluster}/b`]));
    // The very state can be asked for as well.
    const exact = `?labelSelector=of%3D${label}&resourceVersionMatch=Exact&resourceVersion=${first.metadata.resourceVersion}`;
    expect((await services.client.list(`${EVERYWHERE}${exact}`)).items.map(placeOf)).toEqual(places);
    const now = await services.client.list(`${EVERYWHERE}?labelSelector=of%3D${label}`);
    expect(now.items.map(placeOf)).toEqual([
      ...['a', 'b'].map((name) => `${clusters[0]}/${name}`),
      `${clusters[1]}/a`,
      `${clusters[1]}/ab`,
      `${clusters[2]}/b`,
    ]);
  });

  test('has a token for its pages that is good nowhere else', async () => {
    const { label, clusters } = await withConfigMaps(1);
    const { metadata } = await services.client.list(`${EVERYWHERE}?labelSelector=of%3D${label}&limit=1`);
    const path = `/clusters/${clusters[0]}/api/v1/configmaps?limit=1&continue=${metadata.continue}`;
    expect((await services.client.refuse(400, path)).message).toContain('invalid continue token');
    const own = await services.client.list(`/clusters/${clusters[0]}/api/v1/configmaps?limit=1`);
    await services.client.refuse(400, `${EVERYWHERE}?limit=1&continue=${own.metadata.continue}`);
  });

  test('can be a table', async () => {
    const { label } = await withConfigMaps(2);
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
    const reply = await services.client.call(`${EVERYWHERE}?labelSelector=of%3D${label}`, {
      headers: { accept },
    });
    const table = JSON.parse(reply.text) as { kind: string; rows: { object: { metadata: object } }[] };
    expect([table.kind, table.rows.length]).toEqual(['Table', 4]);
  });
});

describe('a watch of all logical clusters', () => {
  test('begins with what is there, goes on from any revision, and says what comes and goes anywhere', async () => {
    const { label, clusters } = await withConfigMaps(2);
    const query = `?watch=true&allowWatchBookmarks=true&labelSelector=of%3D${label}`;
    const list = await services.client.list(`${EVERYWHERE}?labelSelector=of%3D${label}`);
    const fresh = await services.client.watch(
      `${EVERYWHERE}${query}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
    );
    const initial = await fresh.until(({ type }) => type === 'BOOKMARK');
    expect(initial.slice(0, -1).map(({ object }) => placeOf(object))).toEqual(list.items.map(placeOf));
    expect(initial.at(-1)!.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });

    const live = await services.client.watch(
      `${EVERYWHERE}${query}&resourceVersion=${list.metadata.resourceVersion}`,
    );
    const late = await services.cluster('wild');
    await services.create(late, CONFIG_MAPS, configMap('new', { labels: { of: label } }));
    await services.client.patch(`/clusters/${clusters[0]}${CONFIG_MAPS}/a`, { data: { a: 'b' } });
    await services.client.delete(`/clusters/${clusters[1]}${CONFIG_MAPS}/b`);
    const expected = [`ADDED ${late}/new`, `MODIFIED ${clusters[0]}/a`, `DELETED ${clusters[1]}/b`];
    for (const watch of [live, fresh]) {
      const events = await watch.take(3);
      expect(events.map(({ type, object }) => `${type} ${placeOf(object)}`)).toEqual(expected);
    }
    // From before all that, out of the stored log.
    const past = await services.client.watch(
      `${EVERYWHERE}${query}&resourceVersion=${list.metadata.resourceVersion}`,
    );
    const events = await past.take(3);
    expect(events.map(({ type, object }) => `${type} ${placeOf(object)}`)).toEqual(expected);
    const revisions = events.map(({ object }) => BigInt(object.metadata.resourceVersion));
    expect([...revisions].sort((a, b) => (a < b ? -1 : 1))).toEqual(revisions);
    // Any event's revision is a place to go on from.
    const rest = await services.client.watch(`${EVERYWHERE}${query}&resourceVersion=${revisions[1]}`);
    expect((await rest.next()).type).toBe('DELETED');
  });
});

describe('metadata of all logical clusters', () => {
  test('is shown of CRDs whatever their schemas and versions are, and the rest is not', async () => {
    const [one, two] = [await services.cluster('meta'), await services.cluster('meta')];
    const forces = { group: 'wars.example', plural: 'theforces', kind: 'TheForce' };
    const properties = (name: string) => ({
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { [name]: { type: 'boolean' } } } },
      },
    });
    await services.define(one, {
      ...forces,
      scope: 'Cluster',
      versions: [{ name: 'v1', schema: properties('dark') }],
    });
    await services.define(two, { ...forces, versions: [{ name: 'v2', schema: properties('light') }] });
    const force = (version: string, spec: object) => ({
      apiVersion: `wars.example/${version}`,
      kind: 'TheForce',
      metadata: { name: 'with-you' },
      spec,
    });
    await services.create(one, '/apis/wars.example/v1/theforces', force('v1', { dark: true }));
    const inTwo = '/apis/wars.example/v2/namespaces/default/theforces';
    await services.create(two, inTwo, force('v2', { light: true }));
    for (const version of ['v1', 'v2']) {
      const path = `/clusters/*/apis/wars.example/${version}/theforces`;
      const reply = await services.client.call(path, { headers: { accept: PARTIAL_LIST } });
      const list = JSON.parse(reply.text) as KubeList;
      expect(list.kind).toBe('PartialObjectMetadataList');
      expect(list.items.map(placeOf)).toEqual([`${one}/with-you`, `${two}/with-you`]);
      expect(list.items.every((item) => item.kind === 'PartialObjectMetadata' && !('spec' in item))).toBe(
        true,
      );
      // Nobody knows which schema the whole objects are to have.
      expect((await services.client.call(path)).status).toBe(404);
      expect((await services.client.call(`${path}?watch=true`)).status).toBe(404);
    }
    const watch = await services.client.watch(`/clusters/*/apis/wars.example/v1/theforces?watch=true`, {
      headers: { accept: PARTIAL },
    });
    await watch.take(2);
    await services.client.delete(`/clusters/${two}${inTwo}/with-you`);
    const event = await watch.next();
    expect([event.type, placeOf(event.object), 'spec' in event.object]).toEqual([
      'DELETED',
      `${two}/with-you`,
      false,
    ]);
    // What is stored stays whole.
    const whole = await services.client.get(`/clusters/${one}/apis/wars.example/v1/theforces/with-you`);
    expect(whole['spec']).toEqual({ dark: true });
  });

  test('is shown of built-in kinds', async () => {
    const { label } = await withConfigMaps(2);
    const path = `${EVERYWHERE}?labelSelector=of%3D${label}`;
    const reply = await services.client.call(path, { headers: { accept: PARTIAL_LIST } });
    const list = JSON.parse(reply.text) as KubeList;
    expect(list.items).toHaveLength(4);
    expect(list.items.every((item) => !('data' in item))).toBe(true);
  });
});

describe('all logical clusters at once', () => {
  test('can be listed and watched, and nothing else', async () => {
    const { clusters } = await withConfigMaps(1);
    const path = '/clusters/*/api/v1/namespaces/default/configmaps';
    const merge = { 'content-type': 'application/merge-patch+json' };
    const calls: readonly [string, string, object?][] = [
      ['GET', `${path}/a`],
      ['POST', path, configMap('x')],
      ['PUT', `${path}/a`, configMap('a')],
      ['DELETE', `${path}/a`],
      ['DELETE', path],
      ['PATCH', `${path}/a`, { metadata: { labels: { a: 'b' } } }],
    ];
    for (const [method, url, body] of calls) {
      const headers = method === 'PATCH' ? merge : {};
      const status = await services.client.refuse(405, url, { method, headers, ...(body && { body }) });
      expect(status.reason).toBe('MethodNotAllowed');
      expect(status.message).toMatch(
        / is not supported on resources of kind "configmaps" in the `\*` logical cluster$/,
      );
    }
    expect((await services.client.list(`/clusters/${clusters[0]}${CONFIG_MAPS}`)).items).toHaveLength(3);
  });

  test('are for nobody but those who may do everything everywhere', async () => {
    const { label } = await withConfigMaps(1);
    const path = `${EVERYWHERE}?labelSelector=of%3D${label}`;
    // Also not for an administrator of every single one.
    const refusal = await services.client.refuse(403, path, { token: 'administrator' });
    expect(refusal.message).toContain('User "somebody" cannot list resource "configmaps"');
    for (const url of ['/clusters/*', '/clusters/*/apis', '/clusters/*/openapi/v2', '/clusters/*/version'])
      await services.client.refuse(403, url, { token: 'administrator' });
    // Whoever is made somebody else is so in one logical cluster only.
    const headers = { 'impersonate-user': 'x', 'impersonate-group': 'system:masters' };
    await services.client.refuse(403, path, { headers });
    await services.client.refuse(403, path, { token: null });
  });

  test('have the kinds that all of them have', async () => {
    const { groups } = await services.client.get<never>('/clusters/*/apis');
    const names = (groups as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('rbac.authorization.k8s.io');
    expect(names).not.toContain('wars.example');
  });

  test('are named as Go’s programs name them, too', async () => {
    const { items } = await services.client.list('/clusters/%2A/api/v1/configmaps');
    expect(items).toEqual((await services.client.list('/clusters/*/api/v1/configmaps')).items);
    await services.client.refuse(403, '/clusters/%2A/api/v1/configmaps', { token: null });
  });

  test.each([
    '/clusters/*%20',
    '/clusters/%2a/api/v1/configmaps',
    '/clusters/%252A/api/v1/configmaps',
    '/clusters/**/api/v1/configmaps',
    '/clusters/*:root/api/v1/configmaps',
    '/clusters/root:*/api/v1/configmaps',
    '/clusters/*;/api/v1/configmaps',
    '/clusters//api/v1/configmaps',
  ])('are not named by %s', async (path) => {
    expect((await services.client.call(path)).status).toBe(403);
  });

  test.each([
    '/clusters/root/clusters/root/api/v1/configmaps',
    '/clusters/*/clusters/root/api/v1/configmaps',
    '/clusters/root/clusters/*/api/v1/configmaps',
    '/clusters/root/services/apiexport/root/x/clusters/*/api',
    '/services',
    '/services/',
    '/services/nothing/clusters/*/api',
    '/services/apiexport/clusters/*/api',
    '/services/apiexport/root/clusters/*/api',
    '/services/apiexport/root/x/api',
    '/services/apiexport/root/x/y/clusters/*/api',
    '/services/apiexport/ro%6ft/x/clusters/*/api',
    '/services/apiexport/root/%78/clusters/*/api',
    '/services/apiexport/root/../clusters/*/api',
    '/services/apiexport//x/clusters/*/api',
    '/services/apiexport/*/x/clusters/*/api',
    '/services/apiexport/root/x/clusters/root%3Ax/api',
    '/services/apiexport/root/x/clusters/root/clusters/*/api',
    '/services/__proto__/x/clusters/*/api',
    '/services/constructor/x/clusters/*/api',
  ])('nothing is found at %s', async (path) => {
    expect((await services.client.call(path)).status).toBe(404);
  });
});

test('a watch of all logical clusters ends when one of them is switched off', async () => {
  const cluster = await services.cluster('sleepy');
  const { metadata } = await services.client.list(EVERYWHERE);
  const from = `${EVERYWHERE}?watch=true&resourceVersion=${metadata.resourceVersion}`;
  const watch = await services.client.watch(from);
  const self = `/clusters/${cluster}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
  const switched = (value: string | null) =>
    services.client.patch(self, { metadata: { annotations: { 'core.kcp.io/inactive': value } } });
  await switched('true');
  await watch.ended;
  // A new one goes on from there, without what is switched off.
  const next = await services.client.watch(from);
  const other = await services.cluster('awake');
  await services.create(other, CONFIG_MAPS, configMap('seen'));
  const events = await next.until(({ object }) => placeOf(object as never) === `${other}/seen`);
  expect(events.some(({ object }) => placeOf(object as never).startsWith(`${cluster}/`))).toBe(false);
  next.close();
  await switched(null);
});
