import { describe, expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { CRDS, useMember } from './suite.ts';

const fixture = useMember();

async function configMaps(): Promise<string> {
  return `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
}

describe('create: which fault wins', () => {
  test('the media type of the answer comes before that of the body, and that before the body', async () => {
    const path = await configMaps();
    const post = { method: 'POST', body: '{' };
    const both = { accept: 'text/html', 'content-type': 'text/plain' };
    expect((await fixture.client.call(path, { ...post, headers: both })).status).toBe(406);
    const type = { 'content-type': 'text/plain' };
    expect((await fixture.client.call(path, { ...post, headers: type })).status).toBe(415);
    expect((await fixture.client.call(path, post)).status).toBe(400);
  });

  test('what cannot be decoded comes before a namespace that does not exist', async () => {
    const missing = '/api/v1/namespaces/no-such/configmaps';
    const wrong = { metadata: { name: 'a' }, data: { n: 1 } };
    const status = await fixture.client.refuse(400, missing, { method: 'POST', body: wrong });
    expect(status.message).toContain('cannot be handled as a ConfigMap: json: cannot unmarshal number');
    const body = configMap('Not A Name');
    const absent = await fixture.client.refuse(404, missing, { method: 'POST', body });
    expect(absent).toMatchObject({ reason: 'NotFound', details: { kind: 'namespaces', name: 'no-such' } });
  });

  test('what is invalid comes before a name that is taken', async () => {
    const path = await configMaps();
    await fixture.client.create(path, configMap('a'));
    const body = configMap('a', { data: { 'not a key': '' } });
    expect(await fixture.client.refuse(422, path, { method: 'POST', body })).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('data[not a key]: Invalid value: "not a key"'),
    });
    expect(await fixture.client.refuse(409, path, { method: 'POST', body: configMap('a') })).toMatchObject({
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  test('a resourceVersion is a plain 500 once everything else is right', async () => {
    const path = await configMaps();
    const body = { metadata: { name: 'a', resourceVersion: '5' } };
    const absent = '/api/v1/namespaces/no-such/configmaps';
    await fixture.client.refuse(404, absent, { method: 'POST', body });
    expect(await fixture.client.refuse(500, path, { method: 'POST', body })).toMatchObject({
      message: 'resourceVersion should not be set on objects to be created',
    });
    await fixture.client.create(path, { metadata: { name: 'a', resourceVersion: '0' } });
  });
});

describe('create: kind and version of the body', () => {
  test('may be missing for built-in kinds, which get the endpoint’s', async () => {
    const created = await fixture.client.create(await configMaps(), { metadata: { name: 'a' } });
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  test('of another version is 400', async () => {
    const body = { apiVersion: 'apps/v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const status = await fixture.client.refuse(400, await configMaps(), { method: 'POST', body });
    expect(status.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "apps/v1" at the endpoint of ConfigMap',
    );
  });

  test('of another kind is 400', async () => {
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };
    const status = await fixture.client.refuse(400, await configMaps(), { method: 'POST', body });
    expect(status.message).toContain('Secret in version "v1" cannot be handled as a ConfigMap');
  });

  test.each([
    ['', 'json parse error: unexpected end of JSON input'],
    ['[]', 'json: cannot unmarshal array'],
    ['"text"', 'json: cannot unmarshal string'],
    ['{"metadata":{}}x', "invalid character 'x' after top-level value"],
    ['{"kind":3}', 'json: cannot unmarshal number into Go struct field .kind of type string'],
  ])('%j is 400 and says what it must be', async (body, detail) => {
    const status = await fixture.client.refuse(400, await configMaps(), { method: 'POST', body });
    expect(status.reason).toBe('BadRequest');
    expect(status.message).toContain('the object provided is unrecognized (must be of type ConfigMap): ');
    expect(status.message).toContain(detail);
  });
});

describe('create: metadata', () => {
  test('what only the server sets is wiped, managedFields of any form included', async () => {
    const past = '2001-01-01T00:00:00Z';
    const { metadata } = await fixture.client.create(await configMaps(), {
      metadata: {
        name: 'a',
        uid: 'mine',
        creationTimestamp: past,
        deletionTimestamp: past,
        deletionGracePeriodSeconds: 30,
        generation: 7,
        selfLink: '/mine',
        managedFields: [{ manager: 'me' }],
      },
    });
    expect(metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(metadata.creationTimestamp).not.toBe(past);
    for (const key of [
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'generation',
      'selfLink',
      'managedFields',
    ]) {
      expect(metadata).not.toHaveProperty(key);
    }
  });

  test('the namespace is filled in, refused when it is another, and dropped for cluster-scoped kinds', async () => {
    const path = await configMaps();
    const created = await fixture.client.create(path, configMap('a'));
    expect(path).toBe(`/api/v1/namespaces/${created.metadata.namespace}/configmaps`);
    const body = { metadata: { name: 'b', namespace: 'other' } };
    expect((await fixture.client.refuse(400, path, { method: 'POST', body })).message).toBe(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
    const name = fixture.name('ns-');
    const namespace = await fixture.client.create('/api/v1/namespaces', {
      metadata: { name, namespace: 'other' },
    });
    expect(namespace.metadata).not.toHaveProperty('namespace');
  });

  test('a namespace always carries its name as a label', async () => {
    const name = fixture.name('ns-');
    const labels = { 'kubernetes.io/metadata.name': 'a-lie', own: 'x' };
    const created = await fixture.client.create('/api/v1/namespaces', { metadata: { name, labels } });
    expect(created.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': name, own: 'x' });
    expect(created).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    const patched = await fixture.client.patch(`/api/v1/namespaces/${name}`, {
      metadata: { labels: { 'kubernetes.io/metadata.name': null } },
    });
    expect(patched.metadata.labels).toEqual({ 'kubernetes.io/metadata.name': name, own: 'x' });
  });

  test('a name and a generateName: the name wins and the prefix is kept', async () => {
    const created = await fixture.client.create(await configMaps(), {
      metadata: { name: 'a', generateName: 'prefix-' },
    });
    expect(created.metadata).toMatchObject({ name: 'a', generateName: 'prefix-' });
  });

  test('neither name nor generateName is 422', async () => {
    const status = await fixture.client.refuse(422, await configMaps(), { method: 'POST', body: {} });
    expect(status.message).toBe(
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    );
    expect(status.details?.causes).toEqual([
      {
        reason: 'FieldValueRequired',
        message: 'Required value: name or generateName is required',
        field: 'metadata.name',
      },
    ]);
  });

  test('a long generateName is cut to 58 characters, and five are added that cannot form words', async () => {
    const generateName = `${'x'.repeat(80)}-`;
    const { metadata } = await fixture.client.create(await configMaps(), { metadata: { generateName } });
    expect(metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('owner references that are there twice are stored once, with a warning', async () => {
    const path = await configMaps();
    const { metadata } = await fixture.client.create(path, configMap('owner'));
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid };
    const body = { metadata: { name: 'a', ownerReferences: [owner, owner] } };
    const reply = await fixture.client.call(path, { method: 'POST', body });
    expect(JSON.parse(reply.text).metadata.ownerReferences).toEqual([owner]);
    expect(reply.headers['warning']).toBe(
      `299 - ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${metadata.uid}"`,
    );
  });

  test.each([
    [
      { finalizers: ['orphan', 'foregroundDeletion'] },
      'finalizer orphan and foregroundDeletion cannot be both set',
    ],
    [{ finalizers: ['plain'] }, 'name is neither a standard finalizer name nor is it fully qualified'],
    [{ labels: { a: '-' } }, 'a valid label must be an empty string or consist of alphanumeric characters'],
    [{ labels: { 'a b': '' } }, 'metadata.labels: Invalid value: "a b": name part must consist of'],
    [
      { annotations: { a: 'x'.repeat(262_144) } },
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ],
    [
      { ownerReferences: [{}] },
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
    ],
  ])('metadata %# that breaks a rule is 422 in upstream’s words', async (metadata, message) => {
    const body = { metadata: { name: 'a', ...metadata } };
    const status = await fixture.client.refuse(422, await configMaps(), { method: 'POST', body });
    expect(status.reason).toBe('Invalid');
    expect(status.message).toContain(message);
    expect(status.details).toMatchObject({ kind: 'ConfigMap', name: 'a' });
  });

  test('RBAC names may have colons and upper case, but no percent sign or slash', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    await fixture.client.create(path, { metadata: { name: 'System:Some_Role' } });
    expect((await fixture.client.get(`${path}/System:Some_Role`)).metadata.name).toBe('System:Some_Role');
    for (const name of ['a%b', 'a/b', '..']) {
      await fixture.client.refuse(422, path, { method: 'POST', body: { metadata: { name } } });
    }
  });
});

describe('create: a terminating object of that name', () => {
  test('is AlreadyExists, and says that it is being deleted', async () => {
    const path = await configMaps();
    await fixture.client.create(path, { metadata: { name: 'a', finalizers: ['test/hold'] } });
    await fixture.client.delete(`${path}/a`);
    expect(await fixture.client.refuse(409, path, { method: 'POST', body: configMap('a') })).toMatchObject({
      reason: 'AlreadyExists',
      message: 'object is being deleted: configmaps "a" already exists',
    });
    await fixture.client.patch(`${path}/a`, { metadata: { finalizers: null } });
    await fixture.client.create(path, configMap('a'));
  });
});

describe('create: where nothing can be created', () => {
  test('an item, a namespaced kind without namespace, and a watch path are 405', async () => {
    const path = await configMaps();
    for (const wrong of [`${path}/a`, '/api/v1/configmaps', path.replace('/v1/', '/v1/watch/')]) {
      const status = await fixture.client.refuse(405, wrong, { method: 'POST', body: configMap('a') });
      expect(status.reason).toBe('MethodNotAllowed');
    }
    expect((await fixture.client.list(path)).items.map(({ metadata }) => metadata.name)).toEqual([]);
  });

  test('a review is answered with 201 and stored nowhere', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const review = await fixture.client.create(path, { spec: { resourceAttributes: { verb: 'get' } } });
    expect(review).toMatchObject({ kind: 'SelfSubjectAccessReview', status: { allowed: true } });
    await fixture.client.refuse(405, path);
  });

  test('a review that asks nothing is refused by its group, and one of no token by its kind', async () => {
    const access = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const post = { method: 'POST', body: { spec: {} } };
    const { details, message } = await fixture.client.refuse(422, access, post);
    expect(details).toMatchObject({ group: 'authorization.k8s.io' });
    expect(details).not.toHaveProperty('kind');
    expect(message).toContain('.authorization.k8s.io "" is invalid: spec.resourceAttributes: ');
    const tokens = '/apis/authentication.k8s.io/v1/tokenreviews';
    const missing = await fixture.client.refuse(400, tokens, post);
    expect(missing.message).toBe('token is required for TokenReview in authentication');
  });
});

test('create: options that are not known are 422 and nothing is stored', async () => {
  const path = await configMaps();
  const post = { method: 'POST', body: configMap('a') };
  for (const [query, field] of [
    ['dryRun=Some', 'dryRun: Unsupported value: ["Some"]: supported values: "All"'],
    ['dryRun=', 'dryRun: Unsupported value: [""]: supported values: "All"'],
    ['dryRun=All&dryRun=x', 'dryRun: Unsupported value: ["All","x"]: supported values: "All"'],
    ['fieldValidation=Some', 'fieldValidation: Unsupported value: "Some"'],
    [`fieldManager=${'x'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes'],
    ['fieldManager=a%0Ab', 'invalid character U+000A (at position 1)'],
  ]) {
    const status = await fixture.client.refuse(422, `${path}?${query}`, post);
    expect(status.message).toContain(field);
    expect(status.details).toMatchObject({ group: 'meta.k8s.io', kind: 'CreateOptions' });
  }
  expect((await fixture.client.list(path)).items).toEqual([]);
});

test('create: integers of 64 bits and integral floats survive in a custom resource', async () => {
  const group = 'numbers.example.com';
  await fixture.define({ group, plural: 'sums', kind: 'Sum' });
  const path = `/apis/${group}/v1/namespaces/${await fixture.namespace()}/sums`;
  const body = `{"apiVersion":"${group}/v1","kind":"Sum","metadata":{"name":"a"},"spec":{"big":9223372036854775807,"one":1.0,"huge":1e300,"less":-9007199254740993}}`;
  const reply = await fixture.client.call(path, { method: 'POST', body });
  expect(reply.status).toBe(201);
  for (const text of [reply.text, (await fixture.client.call(`${path}/a`)).text]) {
    expect(text).toContain('"big":9223372036854775807');
    expect(text).toContain('"less":-9007199254740993');
    expect(text).toContain('"one":1');
    expect(text).not.toContain('1.0');
  }
  await fixture.client.delete(`${CRDS}/sums.${group}`);
});
