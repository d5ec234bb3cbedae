import { describe, expect, test } from 'vitest';
import { brief, configMap, type KubeObject } from './client.ts';
import { useServer } from './suite.ts';

const fixture = useServer();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('create', () => {
  test('fills what the server owns and ignores what clients say about it', async () => {
    const { namespace, configMaps } = await fixture.namespace();
    const object = await fixture.client.create(configMaps, {
      metadata: {
        name: 'a',
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
        selfLink: '/x',
      },
    });
    expect(object).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        namespace,
        uid: expect.stringMatching(UUID),
        resourceVersion: expect.stringMatching(/^[1-9]\d*$/),
        creationTimestamp: expect.stringMatching(/^20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    });
    for (const field of ['deletionTimestamp', 'selfLink', 'generation']) {
      expect(object.metadata).not.toHaveProperty(field);
    }
  });

  test('makes a name from a prefix', async () => {
    const { configMaps } = await fixture.namespace();
    const objects = await Promise.all(
      Array.from({ length: 10 }, () =>
        fixture.client.create(configMaps, { metadata: { generateName: 'a-' } }),
      ),
    );
    const names = new Set(objects.map(({ metadata }) => metadata.name));
    expect(names.size).toBe(10);
    for (const name of names) expect(name).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('of a name that is taken is AlreadyExists', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a'));
    const status = await fixture.client.refuse(409, configMaps, { method: 'POST', body: configMap('a') });
    expect(status).toMatchObject({
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  test('of the same name by many at once succeeds for one', async () => {
    const { configMaps } = await fixture.namespace();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        fixture.client.call(configMaps, { method: 'POST', body: configMap('a') }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);
  });

  test.each([
    [{ metadata: {} }, 'metadata.name: Required value: name or generateName is required', 'metadata.name'],
    [
      { metadata: { name: 'A' } },
      "metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      'metadata.name',
    ],
    [
      { metadata: { name: 'a', labels: { 'a/b/c': 'd' } } },
      'metadata.labels: Invalid value: "a/b/c"',
      'metadata.labels',
    ],
    [{ metadata: { name: 'a' }, data: { 'a/b': 'c' } }, 'data[a/b]: Invalid value: "a/b"', 'data[a/b]'],
    [
      { metadata: { name: 'a' }, data: { x: 'y'.repeat(2 ** 20 + 1) } },
      '[]: Too long: may not be more than 1048576 bytes',
      '[]',
    ],
  ])('of an invalid object (%#) names the field', async (body, message, field) => {
    const { configMaps } = await fixture.namespace();
    const status = await fixture.client.refuse(422, configMaps, { method: 'POST', body });
    expect(status).toMatchObject({ reason: 'Invalid', details: { kind: 'ConfigMap', causes: [{ field }] } });
    const name = status.details?.name ?? '';
    expect(status.message).toContain(`ConfigMap "${name}" is invalid: `);
    expect(status.message).toContain(message);
  });

  test('in a namespace that does not exist is NotFound, of the namespace', async () => {
    const path = '/api/v1/namespaces/none/configmaps';
    const status = await fixture.client.refuse(404, path, { method: 'POST', body: configMap('a') });
    expect(status).toMatchObject({
      reason: 'NotFound',
      message: 'namespaces "none" not found',
      details: { name: 'none', kind: 'namespaces' },
    });
    expect((await fixture.client.list(path)).items).toEqual([]);
  });
});

describe('update', () => {
  test('needs the newest resourceVersion, or none', async () => {
    const { configMaps } = await fixture.namespace();
    const first = await fixture.client.create(configMaps, configMap('a'));
    const second = await fixture.client.put(`${configMaps}/a`, { ...first, data: { x: '1' } });
    expect(BigInt(second.metadata.resourceVersion)).toBeGreaterThan(BigInt(first.metadata.resourceVersion));
    const body = { ...first, data: { x: '2' } };
    const status = await fixture.client.refuse(409, `${configMaps}/a`, { method: 'PUT', body });
    expect(status).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'a', kind: 'configmaps' },
    });
    const third = await fixture.client.put(`${configMaps}/a`, configMap('a', { data: { x: '3' } }));
    expect(third).toMatchObject({ metadata: { uid: first.metadata.uid }, data: { x: '3' } });
  });

  test('that changes nothing writes nothing', async () => {
    const { configMaps } = await fixture.namespace();
    const created = await fixture.client.create(configMaps, configMap('a', { data: { x: '1' } }));
    const watch = await fixture.client.watch(
      `${configMaps}?watch=1&resourceVersion=${created.metadata.resourceVersion}`,
    );
    const same = await fixture.client.put(`${configMaps}/a`, created);
    const patched = await fixture.client.patch(`${configMaps}/a`, { data: { x: '1' } });
    expect(same.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    await fixture.client.create(configMaps, configMap('b'));
    expect(brief(await watch.next())).toBe('ADDED b');
  });

  test('by many at once with a resourceVersion succeeds for one', async () => {
    const { configMaps } = await fixture.namespace();
    const created = await fixture.client.create(configMaps, configMap('a'));
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_value, index) =>
        fixture.client.call(`${configMaps}/a`, {
          method: 'PUT',
          body: { ...created, data: { x: `${index}` } },
        }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(409)]);
  });

  test('by patches of many at once loses none', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a'));
    const keys = Array.from({ length: 10 }, (_value, index) => `k${index}`);
    await Promise.all(keys.map((key) => fixture.client.patch(`${configMaps}/a`, { data: { [key]: 'x' } })));
    expect(Object.keys((await fixture.client.get(`${configMaps}/a`))['data'] as object).sort()).toEqual(keys);
  });

  test('cannot change who an object is', async () => {
    const { configMaps } = await fixture.namespace();
    const created = await fixture.client.create(configMaps, configMap('a'));
    const put = (body: unknown, code: number) =>
      fixture.client.refuse(code, `${configMaps}/a`, { method: 'PUT', body });
    expect(await put({ ...created, metadata: { ...created.metadata, name: 'b' } }, 400)).toMatchObject({
      message: 'the name of the object (b) does not match the name on the URL (a)',
    });
    await put({ ...created, metadata: { ...created.metadata, namespace: 'other' } }, 400);
    const stranger = 'ffffffff-ffff-4fff-8fff-ffffffffffff';
    const conflict = await put({ ...created, metadata: { name: 'a', uid: stranger } }, 409);
    expect(conflict.message).toContain(
      `Precondition failed: UID in precondition: ${stranger}, UID in object meta: `,
    );
    const kept = await fixture.client.put(`${configMaps}/a`, {
      ...created,
      metadata: { ...created.metadata, creationTimestamp: '2001-01-01T00:00:00Z' },
      data: { x: '1' },
    });
    expect(kept.metadata.creationTimestamp).toBe(created.metadata.creationTimestamp);
  });

  test('of a name that does not exist is NotFound, and a Lease is created', async () => {
    const { namespace, configMaps } = await fixture.namespace();
    await fixture.client.refuse(404, `${configMaps}/a`, { method: 'PUT', body: configMap('a') });
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/a`;
    const reply = await fixture.client.call(path, {
      method: 'PUT',
      body: { metadata: { name: 'a' }, spec: {} },
    });
    expect(reply.status).toBe(201);
  });

  test('of a Lease keeps microseconds and demands the resourceVersion', async () => {
    const { namespace } = await fixture.namespace();
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const spec = { holderIdentity: 'me', renewTime: '2026-01-02T03:04:05.123456Z', leaseDurationSeconds: 15 };
    const lease = await fixture.client.create(path, { metadata: { name: 'a' }, spec });
    expect(lease['spec']).toEqual(spec);
    const body = { metadata: { name: 'a' }, spec: { ...spec, holderIdentity: 'you' } };
    const status = await fixture.client.refuse(422, `${path}/a`, { method: 'PUT', body });
    expect(status.message).toContain('metadata.resourceVersion: Invalid value: 0');
    expect(status.message).toContain('must be specified for an update');
  });
});

describe('patch', () => {
  function patchOf(path: string): (type: string, body: string, code: number) => Promise<KubeObject> {
    return async (type, body, code) => {
      const headers = { 'content-type': `application/${type}+json` };
      const reply = await fixture.client.call(path, { method: 'PATCH', headers, body });
      expect(reply.status, reply.text).toBe(code);
      return JSON.parse(reply.text) as KubeObject;
    };
  }

  test('in JSON steps, merged or strategically, changes what it says', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a', { data: { x: '1', y: '2' } }));
    const patch = patchOf(`${configMaps}/a`);
    const steps =
      '[{"op":"test","path":"/data/x","value":"1"},{"op":"replace","path":"/data/x","value":"3"}]';
    expect(await patch('json-patch', steps, 200)).toMatchObject({ data: { x: '3', y: '2' } });
    const merged = await patch('merge-patch', '{"data":{"x":null,"z":"4"}}', 200);
    expect(merged['data']).toEqual({ y: '2', z: '4' });
    const replaced = await patch('strategic-merge-patch', '{"data":{"$patch":"replace","w":"5"}}', 200);
    expect(replaced['data']).toEqual({ w: '5' });
  });

  test('that does not fit is refused', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a', { data: { x: '1' } }));
    const patch = patchOf(`${configMaps}/a`);
    expect(await patch('json-patch', '[{"op":"test","path":"/data/x","value":"2"}]', 422)).toMatchObject({
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
    });
    await patch('json-patch', '[{"op":"remove","path":"/data/none"}]', 422);
    await patch('json-patch', '{"op":"remove"}', 400);
    await patch('merge-patch', '{"data"', 400);
    await patch('merge-patch', '{"metadata":{"name":"b"}}', 400);
    await patch('merge-patch', '{"metadata":{"resourceVersion":"1"}}', 409);
    await patchOf(`${configMaps}/none`)('merge-patch', '{}', 404);
    expect(await fixture.client.get(`${configMaps}/a`)).toMatchObject({ data: { x: '1' } });
  });
});

describe('delete', () => {
  test('answers with a Status that names the object', async () => {
    const { configMaps } = await fixture.namespace();
    const { metadata } = await fixture.client.create(configMaps, configMap('a'));
    expect(await fixture.client.delete(`${configMaps}/a`)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: metadata.uid },
    });
    await fixture.client.refuse(404, `${configMaps}/a`);
    await fixture.client.refuse(404, `${configMaps}/a`, { method: 'DELETE' });
  });

  test('honours preconditions', async () => {
    const { configMaps } = await fixture.namespace();
    const { metadata } = await fixture.client.create(configMaps, configMap('a'));
    const path = `${configMaps}/a`;
    const remove = (preconditions: unknown) =>
      fixture.client.refuse(409, path, { method: 'DELETE', body: { preconditions } });
    expect(await remove({ uid: 'other' })).toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining(
        `the UID in the precondition (other) does not match the UID in record (${metadata.uid})`,
      ),
    });
    expect((await remove({ resourceVersion: '1' })).message).toContain(
      `the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${metadata.resourceVersion})`,
    );
    const { uid, resourceVersion } = metadata;
    await fixture.client.delete(path, { preconditions: { uid, resourceVersion } });
    await fixture.client.refuse(404, path);
  });

  test('of an object with a finalizer marks it, and emptying the finalizers removes it', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const created = await client.create(configMaps, {
      metadata: { name: 'a', finalizers: ['example.com/hold'] },
    });
    const watch = await client.watch(
      `${configMaps}?watch=1&resourceVersion=${created.metadata.resourceVersion}`,
    );
    const marked = await client.delete(`${configMaps}/a`);
    expect(marked).toMatchObject({
      kind: 'ConfigMap',
      metadata: {
        uid: created.metadata.uid,
        deletionGracePeriodSeconds: 0,
        finalizers: ['example.com/hold'],
      },
    });
    expect(marked.metadata.deletionTimestamp).toMatch(/Z$/);
    const again = await client.delete(`${configMaps}/a`);
    expect(again.metadata.deletionTimestamp).toBe(marked.metadata.deletionTimestamp);
    const more = { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const refused = await client.refuse(422, `${configMaps}/a`, { method: 'PATCH', headers, body: more });
    expect(refused.message).toContain('no new finalizers can be added if the object is being deleted');
    await client.refuse(409, configMaps, { method: 'POST', body: configMap('a') });
    await client.patch(`${configMaps}/a`, { metadata: { deletionTimestamp: null }, data: { x: '1' } });
    expect((await client.get(`${configMaps}/a`)).metadata.deletionTimestamp).toBeTruthy();
    const last = await client.patch(`${configMaps}/a`, { metadata: { finalizers: null } });
    expect(last.metadata.uid).toBe(created.metadata.uid);
    await client.refuse(404, `${configMaps}/a`);
    const events = await watch.take(3);
    expect(events.map(brief)).toEqual(['MODIFIED a', 'MODIFIED a', 'DELETED a']);
  });

  test.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ])(
    'with policy %s tells the garbage collector through a finalizer',
    async (propagationPolicy, finalizer) => {
      const { configMaps } = await fixture.namespace();
      await fixture.client.create(configMaps, { metadata: { name: 'a', finalizers: ['example.com/hold'] } });
      const marked = await fixture.client.delete(`${configMaps}/a`, { propagationPolicy });
      expect(marked.metadata.finalizers).toContain(finalizer);
      const held = await fixture.client.until(
        `${configMaps}/a`,
        ({ metadata }) => metadata.finalizers?.includes(finalizer) === false,
      );
      expect(held.metadata.finalizers).toEqual(['example.com/hold']);
      await fixture.client.patch(`${configMaps}/a`, { metadata: { finalizers: null } });
    },
  );

  test('takes its options from the query when there is no body, and refuses what makes no sense', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a'));
    const path = `${configMaps}/a`;
    const both = await fixture.client.refuse(422, path, {
      method: 'DELETE',
      body: { orphanDependents: true, propagationPolicy: 'Orphan' },
    });
    expect(both.message).toContain('orphanDependents and deletionPropagation cannot be both set');
    const unknown = await fixture.client.refuse(422, `${path}?propagationPolicy=Sideways`, {
      method: 'DELETE',
    });
    expect(unknown.message).toContain('Unsupported value: "Sideways"');
    await fixture.client.delete(`${path}?dryRun=All`);
    await fixture.client.get(path);
    // A body that says anything wins over the whole query.
    await fixture.client.delete(`${path}?dryRun=All`, { kind: 'DeleteOptions', apiVersion: 'v1' });
    await fixture.client.refuse(404, path);
  });

  test('of a collection takes what the selector takes, and answers with it', async () => {
    const { configMaps } = await fixture.namespace();
    for (const name of ['a', 'b', 'c']) {
      await fixture.client.create(configMaps, configMap(name, { labels: { keep: String(name === 'b') } }));
    }
    const reply = await fixture.client.delete(`${configMaps}?labelSelector=keep%3Dfalse`);
    expect(reply).toMatchObject({ kind: 'ConfigMapList' });
    const names = (reply['items'] as readonly KubeObject[]).map(({ metadata }) => metadata.name);
    expect(names).toEqual(['a', 'c']);
    const left = await fixture.client.list(`${configMaps}?labelSelector=keep`);
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  test('of the namespaces that everything needs is forbidden', async () => {
    for (const name of ['default', 'kube-system', 'kube-public']) {
      const status = await fixture.client.refuse(403, `/api/v1/namespaces/${name}`, { method: 'DELETE' });
      expect(status).toMatchObject({
        reason: 'Forbidden',
        message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
      });
    }
  });
});

describe('dry run', () => {
  test('shows what would be and stores nothing', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const would = await client.create(`${configMaps}?dryRun=All`, { metadata: { generateName: 'a-' } });
    expect(would.metadata).toMatchObject({
      name: expect.stringMatching(/^a-/),
      uid: expect.stringMatching(UUID),
    });
    expect(would.metadata.resourceVersion ?? '').toBe('');
    await client.refuse(404, `${configMaps}/${would.metadata.name}`);
    const created = await client.create(configMaps, configMap('b', { data: { x: '1' } }));
    expect(
      await client.put(`${configMaps}/b?dryRun=All`, configMap('b', { data: { x: '2' } })),
    ).toMatchObject({
      data: { x: '2' },
    });
    expect(await client.patch(`${configMaps}/b?dryRun=All`, { data: { x: '3' } })).toMatchObject({
      data: { x: '3' },
    });
    await client.delete(`${configMaps}/b`, { dryRun: ['All'] });
    expect(await client.get(`${configMaps}/b`)).toEqual(created);
    await client.refuse(409, `${configMaps}?dryRun=All`, { method: 'POST', body: configMap('b') });
  });

  test('knows one value', async () => {
    const { configMaps } = await fixture.namespace();
    const status = await fixture.client.refuse(422, `${configMaps}?dryRun=x`, {
      method: 'POST',
      body: configMap('a'),
    });
    expect(status.message).toContain('dryRun: Unsupported value: ["x"]: supported values: "All"');
  });
});

describe('field validation', () => {
  const BODY = '{"metadata":{"name":"a","color":"red"},"dta":{},"data":{"x":"1","x":"2"}}';

  test('warns unless told otherwise', async () => {
    const { configMaps } = await fixture.namespace();
    for (const query of ['', '?fieldValidation=Warn']) {
      const reply = await fixture.client.call(configMaps + query, { method: 'POST', body: BODY });
      expect(reply.status).toBe(201);
      const { warning } = reply.headers;
      for (const text of [
        'unknown field \\"dta\\"',
        'unknown field \\"metadata.color\\"',
        'duplicate field \\"data.x\\"',
      ]) {
        expect(warning).toContain(`299 - "${text}"`);
      }
      await fixture.client.delete(`${configMaps}/a`);
    }
    const quiet = await fixture.client.call(`${configMaps}?fieldValidation=Ignore`, {
      method: 'POST',
      body: BODY,
    });
    expect([quiet.status, quiet.headers.warning]).toEqual([201, undefined]);
  });

  test('is strict when asked for', async () => {
    const { configMaps } = await fixture.namespace();
    const path = `${configMaps}?fieldValidation=Strict`;
    const status = await fixture.client.refuse(400, path, { method: 'POST', body: BODY });
    expect(status.reason).toBe('BadRequest');
    expect(status.message).toContain(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ',
    );
    expect(status.message).toContain('unknown field "dta"');
    expect(status.message).toContain('duplicate field "data.x"');
    await fixture.client.create(configMaps, configMap('a'));
    const patch = await fixture.client.refuse(422, `${configMaps}/a?fieldValidation=Strict`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { dta: {} },
    });
    expect(patch.message).toContain('strict decoding error: unknown field "dta"');
    expect(
      await fixture.client.refuse(422, `${configMaps}?fieldValidation=x`, { method: 'POST', body: '{}' }),
    ).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('fieldValidation: Unsupported value: "x"'),
    });
  });
});

test('a field manager has a bounded length and printable characters', async () => {
  const { configMaps } = await fixture.namespace();
  const refuse = (manager: string) =>
    fixture.client.refuse(422, `${configMaps}?fieldManager=${manager}`, {
      method: 'POST',
      body: configMap('a'),
    });
  expect((await refuse('x'.repeat(129))).message).toContain('fieldManager: Too long');
  expect((await refuse('a%07b')).message).toContain('fieldManager: Invalid value');
  await fixture.client.create(`${configMaps}?fieldManager=${'x'.repeat(128)}`, configMap('a'));
});

test('a body that is chunked, or waits to be asked for, is read', async () => {
  const { configMaps } = await fixture.namespace();
  const headers = { 'transfer-encoding': 'chunked', expect: '100-continue' };
  const reply = await fixture.client.call(configMaps, { method: 'POST', headers, body: configMap('a') });
  expect(reply.status).toBe(201);
});
