import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { KubeObject, Reply } from '../http/client.ts';
import { CRDS, useMember } from './suite.ts';

const fixture = useMember();

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const BETA = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

interface Resource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return fixture.client.call(path, { headers });
}

function sha512(text: string | Buffer): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase();
}

describe('legacy discovery', () => {
  test('/api and /apis list what is there, with and without a slash behind', async () => {
    for (const slash of ['', '/']) {
      expect(await fixture.client.get(`/api${slash}`)).toMatchObject({
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [
          { clientCIDR: '0.0.0.0/0', serverAddress: `127.0.0.1:${fixture.server.port}` },
        ],
      });
      const groups = await fixture.client.get(`/apis${slash}`);
      expect(groups).toMatchObject({ kind: 'APIGroupList', apiVersion: 'v1' });
      expect((groups['groups'] as { name: string }[]).map(({ name }) => name)).toEqual([
        'events.k8s.io',
        'authentication.k8s.io',
        'authorization.k8s.io',
        'rbac.authorization.k8s.io',
        'apiextensions.k8s.io',
        'coordination.k8s.io',
        'apis.kcp.io',
        'core.kcp.io',
        'tenancy.kcp.io',
        'topology.kcp.io',
        'planet.antipode.dev',
        'apis.kcp.dev',
      ]);
    }
  });

  test('every group and version that is listed can be read, and every resource does what its verbs say', async () => {
    const { groups } = (await fixture.client.get('/apis')) as unknown as {
      groups: { name: string; versions: { groupVersion: string }[]; preferredVersion: object }[];
    };
    const paths = [
      '/api/v1',
      ...groups.flatMap(({ versions }) => versions.map((v) => `/apis/${v.groupVersion}`)),
    ];
    for (const { name, preferredVersion } of groups) {
      expect(await fixture.client.get(`/apis/${name}`)).toMatchObject({
        kind: 'APIGroup',
        name,
        preferredVersion,
      });
    }
    for (const path of paths) {
      const list = (await fixture.client.get(path)) as unknown as { kind: string; resources: Resource[] };
      expect(list.kind).toBe('APIResourceList');
      for (const { name, namespaced, singularName, verbs } of list.resources) {
        expect(typeof singularName).toBe('string');
        if (name.includes('/')) continue;
        const collection = `${path}/${namespaced ? 'namespaces/default/' : ''}${name}`;
        expect((await get(collection)).status, collection).toBe(verbs.includes('list') ? 200 : 405);
        const item = await get(`${collection}/no-such`);
        expect(item.status, collection).toBe(verbs.includes('get') ? 404 : 405);
        const reply = await fixture.client.call(collection, { method: 'DELETE', body: { dryRun: ['All'] } });
        // What makes the logical cluster exist goes with its workspace, and by nothing else.
        const deleted = name === 'logicalclusters' ? 403 : 200;
        expect(reply.status, collection).toBe(verbs.includes('deletecollection') ? deleted : 405);
      }
    }
  });

  test.each([
    '/apis/apps',
    '/apis/apps/v1',
    '/apis/apps/v1/deployments',
    '/api/v2',
    '/api/v1/pods',
    '/api/v1/namespaces/default/pods/x',
    '/apis/rbac.authorization.k8s.io/v1beta1',
    '/apis/metrics.k8s.io/v1beta1/nodes',
    '/no/such/path',
  ])('%s is 404 in text, which clients tell from a missing object', async (path) => {
    const reply = await get(path);
    expect(reply.status).toBe(404);
    expect(reply.text).toBe('404 page not found\n');
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(reply.headers['x-content-type-options']).toBe('nosniff');
  });

  test('speaks YAML and protobuf too', async () => {
    for (const path of [
      '/api',
      '/apis',
      '/api/v1',
      '/apis/coordination.k8s.io',
      '/apis/coordination.k8s.io/v1',
    ]) {
      const yaml = await get(path, { accept: 'application/yaml' });
      expect(yaml.headers['content-type']).toBe('application/yaml');
      const protobuf = await get(path, { accept: PROTOBUF });
      expect(protobuf.status, path).toBe(200);
      expect(protobuf.headers['content-type']).toBe(PROTOBUF);
      expect(protobuf.bytes.subarray(0, 4).toString('latin1')).toBe('k8s\0');
      expect((await get(path, { accept: 'text/html' })).status).toBe(406);
    }
    // What is no API object is JSON for everybody.
    expect((await get('/', { accept: PROTOBUF })).headers['content-type']).toBe('application/json');
  });
});

describe('aggregated discovery', () => {
  test.each(['/api', '/apis'])(
    '%s is chosen by the first clause that can be served, and echoes it',
    async (path) => {
      for (const [accept, type] of [
        [`${AGGREGATED},${BETA},application/json`, AGGREGATED],
        [`${BETA},application/json`, BETA],
        [`${AGGREGATED};profile=nopeer,${AGGREGATED}`, AGGREGATED],
        ['application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io', AGGREGATED],
        [`${AGGREGATED.replace('v=v2', 'v=v9')},${AGGREGATED}`, AGGREGATED],
        [`application/json,${AGGREGATED}`, 'application/json'],
        ['*/*', 'application/json'],
      ]) {
        const reply = await get(path, { accept: accept! });
        expect(reply.headers['content-type']).toBe(type);
        const kind = type === 'application/json' ? /^API(Versions|GroupList)$/ : /^APIGroupDiscoveryList$/;
        expect(JSON.parse(reply.text).kind).toMatch(kind);
      }
    },
  );

  test('is tagged by its content, and answers 304 without a body', async () => {
    for (const path of ['/api', '/apis']) {
      const { headers, text } = await get(path, { accept: AGGREGATED });
      expect(headers['etag']).toBe(`"${sha512(text)}"`);
      expect(headers).toMatchObject({ vary: 'Accept', 'cache-control': 'public' });
      const again = await get(path, { accept: AGGREGATED, 'if-none-match': headers['etag']! });
      expect(again.status).toBe(304);
      expect(again.headers['content-length'] ?? '0').toBe('0');
      expect(again.headers['etag']).toBe(headers['etag']);
      expect((await get(path, { accept: AGGREGATED, 'if-none-match': '"other"' })).status).toBe(200);
    }
  });

  test('says the same as the legacy form', async () => {
    const aggregated = JSON.parse((await get('/apis', { accept: AGGREGATED })).text) as {
      items: {
        metadata: { name: string };
        versions: { version: string; freshness: string; resources: Record<string, unknown>[] }[];
      }[];
    };
    for (const { metadata, versions } of aggregated.items) {
      for (const { version, freshness, resources } of versions) {
        expect(freshness).toBe('Current');
        const legacy = (await fixture.client.get(`/apis/${metadata.name}/${version}`)) as unknown as {
          resources: Resource[];
        };
        const main = legacy.resources.filter(({ name }) => !name.includes('/'));
        expect(resources.map(({ resource, verbs, scope }) => ({ resource, verbs, scope }))).toEqual(
          main.map(({ name, verbs, namespaced }) => ({
            resource: name,
            verbs,
            scope: namespaced ? 'Namespaced' : 'Cluster',
          })),
        );
        for (const { responseKind } of resources) {
          expect(responseKind).toMatchObject({
            group: expect.any(String),
            version: expect.any(String),
            kind: expect.any(String),
          });
        }
      }
    }
  });

  test('changes, and its tag too, as soon as a definition is Established and when it goes', async () => {
    const tag = async () => (await get('/apis', { accept: AGGREGATED })).headers['etag'];
    const before = await tag();
    const group = 'tags.example.com';
    await fixture.client.create(CRDS, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing', categories: ['all'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object' } },
            subresources: { status: {} },
          },
        ],
      },
    });
    await fixture.client.until(`${CRDS}/things.${group}`, (crd) => {
      const { conditions } = crd['status'] as { conditions: { type: string; status: string }[] | null };
      return conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
    });
    const after = await get('/apis', { accept: AGGREGATED });
    expect(after.headers['etag']).not.toBe(before);
    const { items } = JSON.parse(after.text) as {
      items: { metadata: { name: string }; versions: unknown[] }[];
    };
    // Groups of definitions come last, but for the first form of kcp's.
    expect(items.map(({ metadata }) => metadata.name).slice(-2)).toEqual([group, 'apis.kcp.dev']);
    expect(items.at(-2)).toMatchObject({
      metadata: { name: group },
      versions: [
        {
          version: 'v1',
          resources: [
            {
              resource: 'things',
              responseKind: { group, version: 'v1', kind: 'Thing' },
              scope: 'Namespaced',
              singularResource: 'thing',
              categories: ['all'],
              subresources: [{ subresource: 'status', verbs: ['get', 'patch', 'update'] }],
            },
          ],
        },
      ],
    });
    await fixture.client.delete(`${CRDS}/things.${group}`);
    await fixture.client.untilGone(`${CRDS}/things.${group}`);
    expect(await tag()).toBe(before);
  });
});

describe('OpenAPI v3', () => {
  async function index(): Promise<Readonly<Record<string, { serverRelativeURL: string }>>> {
    return ((await fixture.client.get('/openapi/v3')) as KubeObject & { paths: never })['paths'];
  }

  test('has an index whose URLs name their content', async () => {
    const paths = await index();
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['api', 'api/v1', 'apis', 'apis/coordination.k8s.io/v1', 'version']),
    );
    for (const [name, { serverRelativeURL }] of Object.entries(paths)) {
      const reply = await get(serverRelativeURL);
      const hash = sha512(reply.text.trimEnd());
      expect([sha512(reply.text), hash]).toContain(serverRelativeURL.split('hash=')[1]);
      expect(serverRelativeURL.startsWith(`/openapi/v3/${name}?hash=`)).toBe(true);
      expect(reply.headers).toMatchObject({ vary: 'Accept', 'cache-control': 'public, immutable' });
      expect(new Date(reply.headers['expires']!).getTime()).toBeGreaterThan(Date.now() + 300 * 86_400_000);
    }
  });

  test('sends whoever has an old hash to the new one, and answers 304 to who has the content', async () => {
    const { serverRelativeURL } = (await index())['api/v1']!;
    const moved = await get('/openapi/v3/api/v1?hash=OLD');
    expect(moved.status).toBe(301);
    expect(moved.headers['location']).toBe(serverRelativeURL);
    const plain = await get('/openapi/v3/api/v1');
    expect(plain.headers['cache-control']).not.toContain('immutable');
    const same = await get(serverRelativeURL, { 'if-none-match': plain.headers['etag']! });
    expect(same.status).toBe(304);
    expect(same.bytes).toHaveLength(0);
    expect(same.headers['content-length'] ?? '0').toBe('0');
  });

  test('compressed, still varies with the media type, or caches would mix JSON and protobuf', async () => {
    for (const path of ['/openapi/v2', '/openapi/v3/api/v1']) {
      const reply = await get(path, { 'accept-encoding': 'gzip' });
      expect(reply.headers['content-encoding']).toBe('gzip');
      expect(reply.headers['vary']).toBe('Accept, Accept-Encoding');
    }
  });

  test('is protobuf for both spellings, 406 without a body for what is neither, 404 for no such version', async () => {
    for (const spelling of ['v3@v1.0', 'v3.v1.0']) {
      const accept = `application/com.github.proto-openapi.spec.${spelling}+protobuf`;
      const reply = await get('/openapi/v3/api/v1', { accept });
      expect(reply.headers['content-type']).toBe(
        'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
      );
    }
    const none = await get('/openapi/v3/api/v1', { accept: 'text/html' });
    expect(none.status).toBe(406);
    expect((await get('/openapi/v3/apis/no.such/v1')).status).toBe(404);
  });

  test('tells kubectl that PATCH takes fieldValidation, for built-in kinds and definitions', async () => {
    const group = 'explain.example.com';
    await fixture.define({ group, plural: 'things', kind: 'Thing' });
    for (const [name, path] of [
      ['api/v1', '/api/v1/namespaces/{namespace}/configmaps/{name}'],
      [`apis/${group}/v1`, `/apis/${group}/v1/namespaces/{namespace}/things/{name}`],
    ] as const) {
      const { paths } = JSON.parse((await get((await index())[name]!.serverRelativeURL)).text);
      const { patch } = paths[path];
      expect(patch.parameters.map(({ name: parameter }: { name: string }) => parameter)).toEqual(
        expect.arrayContaining(['fieldValidation', 'fieldManager', 'dryRun', 'force']),
      );
      expect(patch['x-kubernetes-group-version-kind']).toMatchObject({ version: 'v1' });
      const isBuiltin = name === 'api/v1';
      expect('application/strategic-merge-patch+json' in patch.requestBody.content).toBe(isBuiltin);
    }
  });
});

describe('OpenAPI v2', () => {
  test('is JSON by default, tagged, and protobuf for both spellings', async () => {
    const json = await get('/openapi/v2');
    expect(json.headers['content-type']).toBe('application/json');
    expect(json.headers['etag']).toMatch(/^"[0-9A-F]{128}"$/);
    expect(JSON.parse(json.text)).toMatchObject({ swagger: '2.0' });
    const same = await get('/openapi/v2', { 'if-none-match': json.headers['etag']! });
    expect(same.status).toBe(304);
    expect(same.headers['content-length'] ?? '0').toBe('0');
    for (const spelling of ['v2@v1.0', 'v2.v1.0']) {
      const accept = `application/com.github.proto-openapi.spec.${spelling}+protobuf`;
      const reply = await get('/openapi/v2', { accept });
      expect(reply.headers['content-type']).toBe(
        'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
      );
    }
    expect((await get('/openapi/v2', { accept: 'text/html' })).status).toBe(406);
  });
});
