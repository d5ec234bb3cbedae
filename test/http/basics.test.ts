import { expect, test } from 'vitest';
import type { Status } from './client.ts';
import { useServer } from './suite.ts';

const fixture = useServer();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('version answers without credentials, in numbers that clients can parse', async () => {
  const calls = [
    ['/version', { token: null }],
    ['/version/', { token: null }],
    ['/clusters/root/version', {}],
  ] as const;
  for (const [path, call] of calls) {
    const reply = await fixture.client.call(path, call);
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    const version = JSON.parse(reply.text) as Record<string, string>;
    expect(version['major']).toBe('1');
    expect(version['minor']).toMatch(/^\d+$/);
    // A pre-release suffix would break the version constraints of Helm charts.
    expect(version['gitVersion']).toMatch(/^v1\.\d+\.\d+(\+[0-9A-Za-z.-]+)?$/);
    expect(version['gitVersion']).toContain(`v1.${version['minor']}.`);
    expect(version['platform']).toMatch(/^\w+\/\w+$/);
    for (const key of ['gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler']) {
      expect(version[key], key).toBeTypeOf('string');
    }
  }
});

test.each(['/healthz', '/livez', '/readyz'])('%s answers ok without credentials', async (path) => {
  const reply = await fixture.client.call(path, { token: null });
  expect(reply.status).toBe(200);
  expect(reply.text).toBe('ok');
  expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(reply.headers['x-content-type-options']).toBe('nosniff');
});

test('health checks can be listed, left out and asked one by one', async () => {
  const { client } = fixture;
  const verbose = await client.call('/readyz?verbose');
  expect(verbose.text).toMatch(/^(\[\+\]\S+ ok\n)+readyz check passed\n$/);
  expect(verbose.text).toContain('[+]ping ok\n');
  expect((await client.call('/livez?verbose=1')).text).toMatch(/livez check passed\n$/);
  const excluded = await client.call('/livez?verbose&exclude=ping');
  expect(excluded.text).toContain('[+]ping excluded: ok\n');
  const unknown = await client.call('/livez?verbose&exclude=nothing');
  expect(unknown.status).toBe(200);
  expect(unknown.text).toContain('warn: some health checks cannot be excluded: no matches for "nothing"');
  const one = await client.call('/livez/ping');
  expect([one.status, one.text]).toEqual([200, 'ok']);
});

test('a request with an unknown token is Unauthorized', async () => {
  const token = 'wrong';
  for (const path of ['/api', '/api/v1/namespaces', '/apis/none/v1/x', '/openapi/v2', '/clusters/root/api']) {
    const reply = await fixture.client.call(path, { token });
    expect(reply.status, path).toBe(401);
    expect(reply.headers['content-type'], path).toBe('application/json');
    expect(JSON.parse(reply.text), path).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
  }
});

test.each([
  ['no credential', null, {}],
  ['an empty token', '', {}],
  ['a scheme that is not Bearer', null, { authorization: 'Basic YTpi' }],
])('a request with %s is that of the anonymous user', async (_case, token, headers) => {
  const status = await fixture.client.refuse(403, '/openapi/v2', { token, headers });
  expect(status.message).toContain('User "system:anonymous" cannot get path "/openapi/v2"');
});

test('the scheme of a bearer token is case-insensitive', async () => {
  const headers = { authorization: `bEARER ${fixture.server.token}` };
  expect((await fixture.client.call('/api', { token: null, headers })).status).toBe(200);
});

test('every answer carries an audit id, forbids caching and says its type', async () => {
  const { client } = fixture;
  const paths = ['/api/v1/namespaces', '/api/v1/namespaces/none', '/api/v1/nothing', '/api/v1'];
  for (const path of paths) {
    const reply = await client.call(path);
    expect(reply.headers['audit-id'], path).toMatch(UUID);
    expect(reply.headers['cache-control'], path).toBe('no-cache, private');
    expect(reply.headers['content-type'], path).toBeTruthy();
    expect(reply.headers.date, path).toBeTruthy();
  }
  const headers = { 'audit-id': 'mine-1' };
  expect((await client.call('/api/v1/namespaces', { headers })).headers['audit-id']).toBe('mine-1');
  const [first, second] = await Promise.all([client.call('/api'), client.call('/api')]);
  expect(first.headers['audit-id']).not.toBe(second.headers['audit-id']);
});

test.each([
  '/nothing',
  '/api/v2',
  '/api/v1/pods',
  '/api/v1/namespaces/default/pods/x',
  '/apis/apps/v1/deployments',
  '/apis/rbac.authorization.k8s.io/v9/roles',
  '/apis/rbac.authorization.k8s.io/v1/nothing',
])('%s, which nothing serves, is a 404 in plain text', async (path) => {
  const reply = await fixture.client.call(path);
  expect(reply.status).toBe(404);
  expect(reply.text).toBe('404 page not found\n');
  expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(reply.headers['x-content-type-options']).toBe('nosniff');
});

test('an object that does not exist is a 404 with a Status', async () => {
  const path = '/api/v1/namespaces/default/configmaps/none';
  const status = await fixture.client.refuse(404, path);
  expect(status).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'configmaps "none" not found',
    reason: 'NotFound',
    details: { name: 'none', kind: 'configmaps' },
    code: 404,
  });
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles/none';
  expect(await fixture.client.refuse(404, roles)).toMatchObject({
    message: 'clusterroles.rbac.authorization.k8s.io "none" not found',
    details: { name: 'none', group: 'rbac.authorization.k8s.io', kind: 'clusterroles' },
  });
});

test.each([
  ['POST', '/api/v1/namespaces/default/configmaps/x'],
  ['PUT', '/api/v1/namespaces/default/configmaps'],
  ['PATCH', '/api/v1/namespaces/default/configmaps'],
  ['DELETE', '/api/v1/namespaces'],
  ['DELETE', '/version'],
])('%s %s is a method that is not allowed', async (method, path) => {
  const reply = await fixture.client.call(path, { method, body: '{}' });
  expect(reply.status).toBe(405);
  if (reply.headers['content-type'] === 'application/json') {
    expect(JSON.parse(reply.text) as Status).toMatchObject({ reason: 'MethodNotAllowed', code: 405 });
  }
});

test('a workspace that does not exist cannot be told from one that is forbidden', async () => {
  const status = await fixture.client.refuse(403, '/clusters/none/api/v1/namespaces');
  expect(status.reason).toBe('Forbidden');
});

test('the bare URL and the prefix of the root workspace show the same objects', async () => {
  const bare = await fixture.client.get('/api/v1/namespaces/kube-system');
  const prefixed = await fixture.client.get('/clusters/root/api/v1/namespaces/kube-system');
  expect(prefixed.metadata.uid).toBe(bare.metadata.uid);
});

test('a new member has the namespaces that clients look for', async () => {
  const { client } = fixture;
  for (const namespace of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    const object = await client.get(`/api/v1/namespaces/${namespace}`);
    expect(object).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': namespace } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }
});

test('a name that is escaped in the path is decoded once', async () => {
  const { client } = fixture;
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  await client.create(path, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'test:Reader' },
    rules: [],
  });
  expect((await client.get(`${path}/test%3AReader`)).metadata.name).toBe('test:Reader');
  expect((await client.get(`${path}/test:Reader`)).metadata.name).toBe('test:Reader');
  await client.refuse(404, `${path}/test%253AReader`);
});

test.each([
  '/api//v1/namespaces',
  '/api/v1/../v1/namespaces',
  '/api/v1/namespaces/%2e%2e/configmaps',
  '/%zz',
])('a path that is written oddly (%s) is refused, not resolved', async (path) => {
  const { status } = await fixture.client.call(path);
  expect(status).toBeGreaterThanOrEqual(300);
  expect(status).toBeLessThan(500);
});

test('a query that cannot be decoded is a bad request', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  for (const query of ['limit=x', 'watch=maybe&timeoutSeconds=x', 'timeout=soon', 'resourceVersion=abc']) {
    expect((await fixture.client.refuse(400, `${path}?${query}`)).reason, query).toBe('BadRequest');
  }
});
