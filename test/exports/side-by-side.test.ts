import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CRDS, crdOf, useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import { APIS, bindingOf, ExportsFixture, SCHEMAS, statusOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

describe('the same group and kind', () => {
  const LENGTH = { ...WIDGETS, spec: { properties: { length: { type: 'integer' } } } };
  const COLOR = { ...WIDGETS, spec: { properties: { color: { type: 'string' } } } };
  const spec = { length: 5, color: 'red', free: true };

  test('of two providers and of a CRD live side by side, and nobody sees the others', async () => {
    const [one, two] = [await fixture.cluster('provider'), await fixture.cluster('provider')];
    const [first, second, third] = [
      await fixture.cluster('consumer'),
      await fixture.cluster('consumer'),
      await fixture.cluster('own'),
    ];
    const exports = [
      await fixture.offer(one, 'widgets', [LENGTH]),
      await fixture.offer(two, 'widgets', [COLOR]),
    ];
    const identities = exports.map((object) => (object['status'] as { identityHash: string }).identityHash);
    await fixture.bind(first, 'widgets', { path: one, name: 'widgets' });
    await fixture.bind(second, 'widgets', { path: two, name: 'widgets' });
    await fixture.client.create(`/clusters/${third}${CRDS}`, crdOf(WIDGETS));
    await fixture.client.until(fixture.widgets(third), (_list, status) => status === 200);
    const specs = [];
    for (const cluster of [first, second, third])
      specs.push((await fixture.widget(cluster, 'a', { spec }))['spec']);
    expect(specs).toEqual([{ length: 5 }, { color: 'red' }, spec]);
    await fixture.client.refuse(422, fixture.widgets(first), {
      method: 'POST',
      body: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'b' }, spec: { length: 'x' } },
    });
    // Each provider's objects are one range, and nobody else's are in it.
    const { store } = fixture.server.api;
    const snapshot = store.snapshot();
    try {
      const keysOf = async (identity: string) => {
        const found: string[] = [];
        for (const cluster of [one, two, first, second, third]) {
          const collection = {
            cluster: cluster as never,
            group: 'example.com',
            resource: 'widgets',
            identity,
          };
          for await (const batch of snapshot.list({ collection })) {
            for (const { key } of batch) found.push(`${key.cluster}/${key.name}`);
          }
        }
        return found;
      };
      expect(await keysOf(identities[0]!)).toEqual([`${first}/a`]);
      expect(await keysOf(identities[1]!)).toEqual([`${second}/a`]);
      expect(await keysOf('')).toEqual([`${third}/a`]);
    } finally {
      snapshot.close();
    }
    // A change or an end in one place is none in the others.
    await fixture.client.delete(`${fixture.widgets(first)}/a`);
    await fixture.client.delete(fixture.binding(first, 'widgets'));
    await fixture.client.untilGone(fixture.binding(first, 'widgets'));
    for (const cluster of [second, third])
      expect((await fixture.client.list(fixture.widgets(cluster))).items).toHaveLength(1);
  });

  test('may be in another version in each workspace', async () => {
    const versions = ['v1', 'v2', 'v3'];
    const consumers: string[] = [];
    for (const name of versions) {
      const provider = await fixture.cluster('provider');
      const consumer = await fixture.cluster('consumer');
      const version = {
        name,
        served: true,
        storage: true,
        schema: { type: 'object', properties: { spec: { type: 'object' } } },
      };
      await fixture.offer(provider, 'widgets', [{ ...WIDGETS, versions: [version] }]);
      await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
      consumers.push(consumer);
    }
    for (const [index, consumer] of consumers.entries()) {
      const group = await fixture.client.get(`/clusters/${consumer}/apis/example.com`);
      expect(group['versions']).toMatchObject([{ version: versions[index] }]);
    }
  });

  test('is one thing in two workspaces that bind the same export, and its objects are two', async () => {
    const { provider, consumer } = await fixture.pair();
    const neighbour = await fixture.cluster('consumer');
    await fixture.bind(neighbour, 'widgets', { path: provider, name: 'widgets' });
    const here = await fixture.widget(consumer, 'same', { spec: { at: 'here' } });
    const there = await fixture.widget(neighbour, 'same', { spec: { at: 'there' } });
    expect(there.metadata.uid).not.toBe(here.metadata.uid);
    await fixture.client.delete(`${fixture.widgets(consumer)}/same`);
    const left = await fixture.client.get(`${fixture.widgets(neighbour)}/same`);
    expect(left['spec']).toEqual({ at: 'there' });
  });
});

describe('a bound kind', () => {
  test('has status, scale, protobuf refusals and watches as those of a CRD', async () => {
    const { consumer } = await fixture.pair();
    const path = fixture.widgets(consumer);
    const watch = await fixture.client.watch(`${path}?watch=1`);
    const widget = await fixture.widget(consumer, 'a', { spec: { size: 1 }, status: { no: true } });
    expect(widget['status']).toBeUndefined();
    await fixture.client.put(`${path}/a/status`, { ...widget, spec: { size: 2 }, status: { ready: true } });
    const found = await fixture.client.get(`${path}/a`);
    expect(found).toMatchObject({ spec: { size: 1 }, status: { ready: true } });
    expect((await watch.next()).type).toBe('ADDED');
    expect((await watch.next()).object['status']).toEqual({ ready: true });
    watch.close();
    const accept = 'application/vnd.kubernetes.protobuf';
    expect((await fixture.client.call(path, { headers: { accept } })).status).toBe(406);
  });

  test('has field selectors, and no others than its schema names', async () => {
    const version = {
      name: 'v1',
      served: true,
      storage: true,
      selectableFields: [{ jsonPath: '.spec.color' }],
      schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { color: { type: 'string' } } } },
      },
    };
    const { consumer } = await fixture.pair({ ...WIDGETS, versions: [version] });
    await fixture.widget(consumer, 'red', { spec: { color: 'red' } });
    await fixture.widget(consumer, 'blue', { spec: { color: 'blue' } });
    const path = fixture.widgets(consumer);
    const { items } = await fixture.client.list(`${path}?fieldSelector=spec.color%3Dred`);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['red']);
    await fixture.client.refuse(400, `${path}?fieldSelector=spec.size%3D1`);
  });

  test('may be in the core group', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'services', [
      { group: '', plural: 'services', kind: 'Service', shortNames: ['svc'] },
    ]);
    const binding = await fixture.bind(consumer, 'services', { path: provider, name: 'services' });
    expect(statusOf(binding).phase).toBe('Bound');
    const path = `/clusters/${consumer}/api/v1/namespaces/default/services`;
    await fixture.client.create(path, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a' },
      spec: { x: 1 },
    });
    expect((await fixture.client.list(path)).items).toHaveLength(1);
    const core = await fixture.client.get(`/clusters/${consumer}/api/v1`);
    const names = (core['resources'] as unknown as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('services');
    expect(names).toContain('secrets');
    const document = await fixture.client.get(`/clusters/${consumer}/openapi/v3/api/v1`);
    expect(Object.keys(document['paths'] as object)).toContain(
      '/api/v1/namespaces/{namespace}/services/{name}',
    );
    const quota = `/clusters/${consumer}/api/v1/namespaces/default/resourcequotas`;
    await fixture.client.create(quota, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'few' },
      spec: { hard: { 'count/services': '2' } },
    });
    const used = (object: KubeObject) =>
      (object['status'] as { used?: Record<string, string> } | undefined)?.used?.['count/services'];
    await fixture.client.until(`${quota}/few`, (object) => used(object) === '1');
    await fixture.client.create(path, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'b' } });
    const refusal = await fixture.client.refuse(403, path, {
      method: 'POST',
      body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'c' } },
    });
    expect(refusal.message).toContain('exceeded quota: few');
    // What is unbound is counted no more.
    await fixture.client.delete(fixture.binding(consumer, 'services'));
    await fixture.client.untilGone(fixture.binding(consumer, 'services'));
    await fixture.client.until(`${quota}/few`, (object) => used(object) === '0');
  });

  test('of a protected group is served when its schema is approved', async () => {
    const annotations = { 'api-approved.kubernetes.io': 'https://example.com/approved' };
    const tls = { group: 'gateway.networking.k8s.io', plural: 'tlsroutes', kind: 'TLSRoute', annotations };
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    await fixture.offer(provider, 'tls', [tls]);
    await fixture.bind(consumer, 'tls', { path: provider, name: 'tls' });
    const group = await fixture.client.get(`/clusters/${consumer}/apis/gateway.networking.k8s.io`);
    expect(group['name']).toBe('gateway.networking.k8s.io');
  });

  test('owns and is owned as any other, and goes with its owner and its namespace', async () => {
    const { consumer } = await fixture.pair();
    const owner = await fixture.widget(consumer, 'owner');
    const reference = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      name: 'owner',
      uid: owner.metadata.uid,
    };
    await fixture.widget(consumer, 'dependent').then(() =>
      fixture.client.patch(`${fixture.widgets(consumer)}/dependent`, {
        metadata: { ownerReferences: [reference] },
      }),
    );
    const maps = `/clusters/${consumer}/api/v1/namespaces/default/configmaps`;
    await fixture.client.create(maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'dependent', ownerReferences: [reference] },
    });
    await fixture.client.create(maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'orphan', ownerReferences: [{ ...reference, uid: 'nobody' }] },
    });
    await fixture.client.untilGone(`${maps}/orphan`);
    await fixture.client.delete(`${fixture.widgets(consumer)}/owner`);
    await fixture.client.untilGone(`${fixture.widgets(consumer)}/dependent`);
    await fixture.client.untilGone(`${maps}/dependent`);
    const namespaces = `/clusters/${consumer}/api/v1/namespaces`;
    await fixture.client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'full' },
    });
    const inside = fixture.widgets(consumer, { namespace: 'full' });
    await fixture.client.create(inside, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a' },
    });
    await fixture.client.delete(`${namespaces}/full`);
    await fixture.client.untilGone(`${namespaces}/full`);
    expect((await fixture.client.list(inside)).items).toEqual([]);
  });
});

const FIXTURES = process.env['ANTIPODE_FIXTURES'];

describe.skipIf(FIXTURES === undefined)('published schemas [fixtures]', () => {
  async function documents(...path: string[]): Promise<Record<string, unknown>[]> {
    const text = await readFile(join(FIXTURES!, ...path), 'utf8');
    return parseAllDocuments(text)
      .map((document) => document.toJS() as Record<string, unknown> | null)
      .filter((document) => document !== null);
  }

  test('of the wild west work between two workspaces', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    const [schema] = await documents('wildwest', 'apiresourceschema.yaml');
    const [offered] = await documents('wildwest', 'apiexport.yaml');
    const [cowboy] = await documents('wildwest', 'cowboy.yaml');
    await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schema);
    await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, offered);
    await fixture.client.create(
      `/clusters/${consumer}/${APIS}/apibindings`,
      bindingOf('cowboys', { path: provider, name: 'cowboys' }),
    );
    const path = `/clusters/${consumer}/apis/wildwest.dev/v1alpha1/namespaces/default/cowboys`;
    await fixture.client.create(path, cowboy);
    expect((await fixture.client.list(path)).items.map(({ spec }) => spec)).toEqual([{ intent: 'good' }]);
    expect((await fixture.client.call(path.replace(consumer, provider))).status).toBe(404);
    const [crd] = await documents('wildwest', 'crd-cowboys.yaml');
    await fixture.client.refuse(403, `/clusters/${provider}${CRDS}`, { method: 'POST', body: crd });
  });

  test('of cert-manager are bound by the first form of bindings', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await fixture.cluster('consumer');
    const names: string[] = [];
    for (const plural of ['certificates', 'certificaterequests', 'issuers', 'clusterissuers']) {
      const [crd] = await documents('cert-manager', `cert-manager.io_${plural}.yaml`);
      const {
        versions,
        conversion: _,
        ...spec
      } = crd!['spec'] as {
        versions: { schema: { openAPIV3Schema: unknown } }[];
        conversion?: unknown;
      };
      const name = `today.${plural}.cert-manager.io`;
      names.push(name);
      await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, {
        apiVersion: 'apis.kcp.io/v1alpha1',
        kind: 'APIResourceSchema',
        metadata: { name },
        spec: {
          ...spec,
          versions: versions.map((version) => ({ ...version, schema: version.schema.openAPIV3Schema })),
        },
      });
    }
    await fixture.client.create(`/clusters/${provider}/apis/apis.kcp.io/v1alpha1/apiexports`, {
      apiVersion: 'apis.kcp.io/v1alpha1',
      kind: 'APIExport',
      metadata: { name: 'stable' },
      spec: { latestResourceSchemas: names },
    });
    await fixture.client.create(`/clusters/${consumer}/apis/apis.kcp.dev/v1alpha1/apibindings`, {
      apiVersion: 'apis.kcp.dev/v1alpha1',
      kind: 'APIBinding',
      metadata: { name: 'cert-manager' },
      spec: { reference: { workspace: { path: provider, exportName: 'stable' } } },
    });
    const binding = await fixture.client.get(fixture.binding(consumer, 'cert-manager'));
    expect(statusOf(binding).phase).toBe('Bound');
    expect(statusOf(binding).boundResources).toHaveLength(4);
    const certificates = `/clusters/${consumer}/apis/cert-manager.io/v1/namespaces/default/certificates`;
    await fixture.client.create(certificates, {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web' },
      spec: { secretName: 'web', issuerRef: { name: 'ca' }, dnsNames: ['example.com'] },
    });
    expect((await fixture.client.list(certificates)).items).toHaveLength(1);
  });
});
