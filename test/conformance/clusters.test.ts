import { beforeAll, describe, expect, test } from 'vitest';
import { brief, configMap } from '../http/client.ts';
import { CRDS, crdOf, useMember } from './suite.ts';

const fixture = useMember();
let other = '';

beforeAll(async () => {
  other = await fixture.server.createCluster('other');
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

// One path of every kind of route.
const PATHS = [
  '',
  '/',
  '/api',
  '/api/v1',
  '/apis',
  '/apis/coordination.k8s.io',
  '/apis/coordination.k8s.io/v1',
  '/apis/no.such',
  '/version',
  '/healthz',
  '/livez',
  '/readyz/ping',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/metrics',
  '/no/such',
  '/api/v1/namespaces',
  '/api/v1/namespaces/default',
  '/api/v1/namespaces/default/status',
  '/api/v1/pods',
  '/api/v1/watch/configmaps',
  '/api/v1/configmaps?watch=1',
  '/api/v1/configmaps?labelSelector=x+y',
  CONFIG_MAPS,
  `${CONFIG_MAPS}/a`,
  CRDS,
];

const HEALTH = ['/healthz', '/livez'];

describe('a logical cluster that does not exist', () => {
  test.each(['nope', 'root:nope', 'Root', 'no%70e', '%72oot', '..', '.', 'root;x', 'a'.repeat(600), ''])(
    '%j is 403 on every path, as if it were forbidden',
    async (cluster) => {
      for (const path of PATHS) {
        const reply = await fixture.client.call(`/clusters/${cluster}${path}`);
        // Who asks for the member's health under a name that there could be is told it, whether there is one or not.
        if (HEALTH.includes(path) && reply.status === 200) continue;
        expect(reply.status, `${cluster}${path}: ${reply.text}`).toBe(403);
        expect(JSON.parse(reply.text)).toMatchObject({
          kind: 'Status',
          reason: 'Forbidden',
          message: expect.stringMatching(/forbidden: User "[^"]+" cannot .*: access denied$/),
        });
      }
    },
  );

  test('is 403 for every method and fault, so that nothing tells whether it is there', async () => {
    const faults = [
      { method: 'POST', body: '{' },
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' },
      { method: 'PUT', body: configMap('a') },
      { method: 'PATCH', body: {} },
      { method: 'DELETE' },
      { method: 'OPTIONS' },
      { headers: { accept: 'text/html' } },
    ];
    for (const call of faults) {
      for (const path of [CONFIG_MAPS, `${CONFIG_MAPS}/a`, '/api', '/no/such']) {
        const reply = await fixture.client.call(`/clusters/nope${path}`, call);
        expect(reply.status, `${JSON.stringify(call)} ${path}: ${reply.text}`).toBe(403);
      }
    }
  });
});

describe('without a credential that counts', () => {
  test.each(['', '/clusters/root', '/clusters/nope', '/clusters/..'])(
    'every path below %j is 403 for nobody, and 401 for who claims to be somebody',
    async (prefix) => {
      const open = ['/version', '/healthz', '/livez', '/readyz/ping'];
      for (const path of PATHS) {
        if (prefix === '' && open.includes(path)) continue;
        const url = `${prefix}${path}` || '/';
        const isOpen = prefix !== '/clusters/..' && HEALTH.includes(path);
        if (!isOpen && !(prefix === '/clusters/root' && open.includes(path))) {
          const nobody = await fixture.client.call(url, { token: null });
          expect(nobody.status, url).toBe(403);
          expect(JSON.parse(nobody.text).message).toContain('User "system:anonymous" cannot ');
        }
        const reply = await fixture.client.call(url, { token: 'wrong' });
        expect(reply.status, url).toBe(401);
        expect(JSON.parse(reply.text)).toMatchObject({
          kind: 'Status',
          reason: 'Unauthorized',
          message: 'Unauthorized',
          code: 401,
        });
      }
    },
  );

  test('every method is refused, and nothing is done', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      for (const path of [CONFIG_MAPS, `${CONFIG_MAPS}/a`, '/api', '/version', '/healthz', '/no/such']) {
        const body = method === 'TRACE' ? undefined : configMap('a');
        const nobody = await fixture.client.call(path, { method, token: null, body });
        expect([403, 405], `${method} ${path}: ${nobody.status}`).toContain(nobody.status);
        const liar = await fixture.client.call(path, { method, token: 'wrong', body });
        expect(liar.status, `${method} ${path}`).toBe(401);
      }
    }
    await fixture.client.refuse(404, `${CONFIG_MAPS}/a`);
  });

  test('every scheme but Bearer is as good as none', async () => {
    const { token } = fixture.server;
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${token}`,
      token,
      `Bearer  ${token}`,
      `Bearer${token}`,
    ]) {
      const reply = await fixture.client.call('/api', { token: null, headers: { authorization } });
      expect(reply.status, authorization).toBe(403);
    }
  });
});

describe('two logical clusters', () => {
  test('have namespaces of their own', async () => {
    const names = async (prefix: string) =>
      (await fixture.client.list(`${prefix}/api/v1/namespaces`)).items.map(({ metadata }) => metadata.name);
    const metadata = { name: 'only-here' };
    const created = await fixture.client.create(`${other}/api/v1/namespaces`, { metadata });
    expect(created.metadata.annotations).toEqual({ 'kcp.io/cluster': 'other' });
    expect(await names(other)).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
      'only-here',
    ]);
    expect(await names('')).not.toContain('only-here');
    await fixture.client.refuse(404, '/api/v1/namespaces/only-here');
  });

  test('keep objects of the same name apart, in reads, writes, deletions and watches', async () => {
    const here = CONFIG_MAPS;
    const there = `${other}${CONFIG_MAPS}`;
    const { metadata } = await fixture.client.list(here);
    const watches = await Promise.all(
      [here, there].map((path) =>
        fixture.client.watch(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}&labelSelector=t`),
      ),
    );
    const labels = { t: 'x' };
    const first = await fixture.client.create(here, configMap('same', { labels, data: { at: 'here' } }));
    const second = await fixture.client.create(there, configMap('same', { labels, data: { at: 'there' } }));
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    expect(await fixture.client.get(`${here}/same`)).toEqual(first);
    expect(await fixture.client.get(`${there}/same`)).toEqual(second);
    await fixture.client.refuse(409, `${there}/same`, { method: 'PUT', body: first });
    await fixture.client.delete(`${there}?labelSelector=t`);
    await fixture.client.refuse(404, `${there}/same`);
    expect(await fixture.client.get(`${here}/same`)).toEqual(first);
    await fixture.client.delete(`${here}/same`);
    for (const [index, watch] of watches.entries()) {
      const events = await watch.take(2);
      expect(events.map(brief)).toEqual(['ADDED same', 'DELETED same']);
      const at = { data: { at: index === 0 ? 'here' : 'there' } };
      for (const { object } of events) expect(object).toMatchObject(at);
      watch.close();
    }
  });

  test('do not take each other’s continue tokens', async () => {
    for (const prefix of ['', other]) {
      for (const name of ['p1', 'p2'])
        await fixture.client.create(`${prefix}${CONFIG_MAPS}`, configMap(name));
    }
    const page = await fixture.client.list(`${CONFIG_MAPS}?limit=1`);
    const token = encodeURIComponent(page.metadata.continue ?? '');
    const status = await fixture.client.refuse(400, `${other}${CONFIG_MAPS}?limit=1&continue=${token}`);
    expect(status.message).toContain('invalid continue token');
  });

  test('have definitions, discovery and OpenAPI of their own', async () => {
    const group = 'apart.example.com';
    const custom = { group, plural: 'things', kind: 'Thing' };
    await fixture.client.create(`${other}${CRDS}`, crdOf(custom));
    const things = `/apis/${group}/v1/namespaces/default/things`;
    await fixture.client.until(`${other}${things}`, (_list, status) => status === 200);
    expect((await fixture.client.call(things)).text).toBe('404 page not found\n');
    expect((await fixture.client.call(`/apis/${group}`)).status).toBe(404);
    const headers = { accept: AGGREGATED };
    const [mine, its] = await Promise.all(
      ['', other].map((prefix) => fixture.client.call(`${prefix}/apis`, { headers })),
    );
    expect(its!.headers['etag']).not.toBe(mine!.headers['etag']);
    expect(mine!.text).not.toContain(group);
    expect(its!.text).toContain(group);
    const index = JSON.parse((await fixture.client.call(`${other}/openapi/v3`)).text) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const { serverRelativeURL } = index.paths[`apis/${group}/v1`]!;
    expect(serverRelativeURL).toMatch(
      new RegExp(`^${other}/openapi/v3/apis/${group}/v1\\?hash=[0-9A-F]{128}$`),
    );
    expect((await fixture.client.call(serverRelativeURL)).status).toBe(200);
    const moved = await fixture.client.call(`${other}/openapi/v3/apis/${group}/v1?hash=OLD`);
    expect(moved.headers['location']).toBe(serverRelativeURL);
    expect((await fixture.client.call('/openapi/v3')).text).not.toContain(group);
    // The same definition elsewhere has objects of its own.
    await fixture.client.create(`${other}${things}`, {
      apiVersion: `${group}/v1`,
      kind: 'Thing',
      metadata: { name: 'a' },
    });
    await fixture.define(custom);
    expect((await fixture.client.list(things)).items).toEqual([]);
    await fixture.client.delete(`${CRDS}/things.${group}`);
    await fixture.client.untilGone(`${CRDS}/things.${group}`);
    expect((await fixture.client.list(`${other}${things}`)).items).toHaveLength(1);
  });

  test('delete their namespaces apart', async () => {
    const metadata = { name: 'twin' };
    for (const prefix of ['', other]) {
      await fixture.client.create(`${prefix}/api/v1/namespaces`, { metadata });
      await fixture.client.create(`${prefix}/api/v1/namespaces/twin/configmaps`, configMap('a'));
    }
    await fixture.client.delete(`${other}/api/v1/namespaces/twin`);
    await fixture.client.untilGone(`${other}/api/v1/namespaces/twin`);
    await fixture.client.get('/api/v1/namespaces/twin/configmaps/a');
  });

  test('collect their garbage apart: an owner in another cluster is no owner', async () => {
    const owner = await fixture.client.create(CONFIG_MAPS, configMap('owner'));
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    const dependent = { metadata: { name: 'dependent', ownerReferences } };
    await fixture.client.create(CONFIG_MAPS, dependent);
    await fixture.client.create(`${other}${CONFIG_MAPS}`, dependent);
    await fixture.client.untilGone(`${other}${CONFIG_MAPS}/dependent`);
    await fixture.client.get(`${CONFIG_MAPS}/dependent`);
  });

  test('are there for the bare URL’s cluster by name, with the same objects', async () => {
    const created = await fixture.client.create(`/clusters/root${CONFIG_MAPS}`, configMap('by-name'));
    expect(await fixture.client.get(`${CONFIG_MAPS}/by-name`)).toEqual(created);
  });
});

describe('a path that cannot name anything', () => {
  test.each([
    '/api/v1/namespaces/default/configmaps/a%2Fb',
    '/api/v1/namespaces/default/configmaps/%2e%2e',
    '/api/v1/namespaces/default/../kube-system/configmaps',
    '/api/v1/namespaces/default/configmaps/%00',
    '/api/v1/namespaces/default/configmaps/%zz',
    '/api/v1/namespaces/default/configmaps/%ff',
    '/api/v1/namespaces//configmaps',
    '/api/v1/namespaces/default/namespaces',
    '/api/v1/namespaces/default/namespaces/default',
    '/api/v1/watch/namespaces/default/namespaces/default',
    '//api/v1/namespaces',
    '/api/v1/namespaces/default/configmaps/a/b/c/d',
    '/api%2Fv1%2Fnamespaces',
    `/${'x/'.repeat(40)}`,
    '/clusters/root/clusters/other/api/v1/namespaces',
    '/clusters/root/../other/api/v1/namespaces',
    '/clusters/root%2F..%2Fother/api/v1/namespaces',
  ])('%s finds nothing, for reading and for writing', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const reply = await fixture.client.call(path, {
        method,
        body: method === 'PUT' ? configMap('a') : undefined,
      });
      expect([403, 404], `${method} ${path}: ${reply.text}`).toContain(reply.status);
    }
  });

  test('is text 404 for who is known and 403 for who is not', async () => {
    const path = '/api/v1/namespaces/default/configmaps/a%2Fb';
    expect((await fixture.client.call(path)).text).toBe('404 page not found\n');
    expect((await fixture.client.call(path, { token: null })).status).toBe(403);
  });
});

describe('the prefix of a logical cluster', () => {
  const self = '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster/status';

  test('comes once', async () => {
    const prefix = '/clusters/root';
    expect((await fixture.client.call(`${prefix}${self}`)).status).toBe(200);
    for (const times of [2, 3]) {
      expect((await fixture.client.call(`${prefix.repeat(times)}${self}`)).status).toBe(404);
    }
  });

  test('is not what a kind of that name has in its path', async () => {
    const group = 'fleet.example.com';
    await fixture.define({
      group,
      plural: 'clusters',
      kind: 'Cluster',
      versions: [{ name: 'v1', subresources: { status: {} } }],
    });
    const path = `/apis/${group}/v1/namespaces/default/clusters`;
    const object = { apiVersion: `${group}/v1`, kind: 'Cluster', metadata: { name: 'root' } };
    for (const prefix of ['', '/clusters/root']) {
      const made = await fixture.client.create(`${prefix}${path}`, object);
      const status = { phase: 'Ready' };
      await fixture.client.put(`${prefix}${path}/root/status`, { ...made, status });
      expect((await fixture.client.get(`${prefix}${path}/root/status`))['status']).toEqual(status);
      expect((await fixture.client.list(`${prefix}/apis/${group}/v1/clusters`)).items).toHaveLength(1);
      await fixture.client.delete(`${prefix}${path}/root`);
    }
  });
});

test('none of this was a failure of the server', () => {
  expect(fixture.server.errors).toEqual([]);
});
