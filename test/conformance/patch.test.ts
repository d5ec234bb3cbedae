import { describe, expect, test } from 'vitest';
import { configMap, type KubeObject, type Reply, type Status } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

function send(path: string, type: string, body: unknown): Promise<Reply> {
  return fixture.client.call(path, { method: 'PATCH', headers: { 'content-type': type }, body });
}

async function accept(path: string, type: string, body: unknown): Promise<KubeObject> {
  const reply = await send(path, type, body);
  if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
  return JSON.parse(reply.text) as KubeObject;
}

async function refuse(code: number, path: string, type: string, body: unknown): Promise<Status> {
  const reply = await send(path, type, body);
  expect(reply.status, reply.text).toBe(code);
  return JSON.parse(reply.text) as Status;
}

/** A ConfigMap with two keys: its path. */
async function item(fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const path = `/api/v1/namespaces/${await fixture.namespace()}/configmaps`;
  await fixture.client.create(path, { ...configMap('a', { data: { x: '1', y: '2' } }), ...fields });
  return `${path}/a`;
}

describe('patch: media types', () => {
  test('built-in kinds take three, and say so with 415', async () => {
    const path = await item();
    for (const type of ['application/json', 'text/plain', 'application/apply-patch+cbor']) {
      const status = await refuse(415, path, type, '{}');
      expect(status.reason).toBe('UnsupportedMediaType');
      expect(status).toMatchObject({ message: '415: Unsupported Media Type', details: {} });
    }
    await accept(path, `${MERGE_PATCH}; charset=utf-8`, {});
  });

  test('custom resources take no strategic merge patch', async () => {
    const group = 'patch.example.com';
    await fixture.define({ group, plural: 'things', kind: 'Thing', scope: 'Cluster' });
    const path = `/apis/${group}/v1/things`;
    await fixture.client.create(path, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' } });
    const status = await refuse(415, `${path}/a`, STRATEGIC, {});
    expect(status.message).not.toContain(STRATEGIC);
    const merged = await accept(`${path}/a`, MERGE_PATCH, {
      spec: { list: [1, null, 2], gone: null, in: { gone: null, x: 1 } },
    });
    expect(merged).toMatchObject({ spec: { list: [1, null, 2], in: { x: 1 } } });
    expect(merged['spec']).not.toHaveProperty('gone');
    const untyped = await refuse(422, `${path}/a`, MERGE_PATCH, { kind: 5 });
    expect(untyped.message).toMatch(
      /^ "" is invalid: patch: .* cannot unmarshal number into Go struct field \.kind of type string$/,
    );
    const elsewhere = await refuse(422, `${path}/a`, MERGE_PATCH, { apiVersion: 'v9' });
    expect(elsewhere.message).toBe(
      `Thing "a" is invalid: apiVersion: Invalid value: "v9": must be ${group}/v1`,
    );
  });
});

describe('patch: JSON patch', () => {
  test.each([
    ['a test that fails', [{ op: 'test', path: '/data/x', value: '2' }]],
    ['the removal of what is not there', [{ op: 'remove', path: '/data/z' }]],
    ['a member of what is not there', [{ op: 'add', path: '/metadata/labels/a', value: 'b' }]],
    ['an operation that does not exist', [{ op: 'shuffle', path: '/data' }]],
    ['a step without operation', [{}]],
  ])('%s is 422 with the words that clients know', async (_what, body) => {
    expect(await refuse(422, await item(), JSON_PATCH, body)).toMatchObject({
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
    });
  });

  test.each([
    ['[', 'error decoding patch: unexpected end of JSON input'],
    ['{}', 'error decoding patch: json: cannot unmarshal object'],
  ])('%s is 400', async (body, message) => {
    expect((await refuse(400, await item(), JSON_PATCH, body)).message).toContain(message);
  });

  test('of more than 10000 operations is 413', async () => {
    const step = { op: 'test', path: '/kind', value: 'ConfigMap' };
    const path = await item();
    await accept(
      path,
      JSON_PATCH,
      Array.from({ length: 10_000 }, () => step),
    );
    const status = await refuse(
      413,
      path,
      JSON_PATCH,
      Array.from({ length: 10_001 }, () => step),
    );
    expect(status.message).toBe(
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    );
  });

  test('is taken as a whole or not at all', async () => {
    const path = await item();
    await refuse(422, path, JSON_PATCH, [
      { op: 'replace', path: '/data/x', value: 'changed' },
      { op: 'test', path: '/data/y', value: 'no' },
    ]);
    expect(await fixture.client.get(path)).toMatchObject({ data: { x: '1', y: '2' } });
    const patched = await accept(path, JSON_PATCH, [
      { op: 'test', path: '/data/x', value: '1' },
      { op: 'move', from: '/data/x', path: '/data/z' },
      { op: 'copy', from: '/data/y', path: '/data/y-copy' },
      { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
    ]);
    expect(patched).toMatchObject({
      data: { y: '2', z: '1', 'y-copy': '2' },
      metadata: { labels: { a: 'b' } },
    });
  });
});

describe('patch: merge patch', () => {
  test.each(['{', '', '[]', '5', '"x"'])('%j is 400', async (body) => {
    const status = await refuse(400, await item(), MERGE_PATCH, body);
    expect(status.message).toContain('error decoding patch: ');
  });

  test('null takes away, and what is absent stays', async () => {
    const patched = await accept(await item(), MERGE_PATCH, { data: { x: null, z: '3' } });
    expect(patched['data']).toEqual({ y: '2', z: '3' });
  });

  test('a resourceVersion in it is a precondition', async () => {
    const path = await item();
    const { metadata } = await fixture.client.get(path);
    const stale = await refuse(409, path, MERGE_PATCH, {
      metadata: { resourceVersion: '1' },
      data: { x: '2' },
    });
    expect(stale.reason).toBe('Conflict');
    const { resourceVersion } = metadata;
    await accept(path, MERGE_PATCH, { metadata: { resourceVersion }, data: { x: '2' } });
    await refuse(409, path, MERGE_PATCH, { metadata: { resourceVersion }, data: { x: '3' } });
  });
});

describe('patch: who the object is', () => {
  test('cannot be changed: name, namespace, kind are 400, a uid is Invalid', async () => {
    const path = await item();
    for (const body of [{ metadata: { name: 'b' } }, { metadata: { namespace: 'other' } }]) {
      await refuse(400, path, MERGE_PATCH, body);
    }
    for (const body of [{ kind: 'Secret' }, { apiVersion: 'v2' }]) {
      const { message } = await refuse(422, path, MERGE_PATCH, body);
      expect(message).toMatch(
        /^ "" is invalid: patch: Invalid value: .* no kind "\w+" is registered for version/,
      );
      // Upstream does not look at them here.
      expect(await accept(path, STRATEGIC, body)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    }
    const { message, details } = await refuse(422, path, MERGE_PATCH, { metadata: { uid: 'x' } });
    expect(message).toContain('metadata.uid: Invalid value: "x": field is immutable');
    // Upstream checks metadata in the registry and in the rules of the kind.
    expect(details?.causes?.map(({ field }) => field)).toEqual(['metadata.uid', 'metadata.uid']);
  });

  test('keeps the moment of its creation, whatever a patch says', async () => {
    const path = await item();
    const { creationTimestamp } = (await fixture.client.get(path)).metadata;
    const body = { metadata: { creationTimestamp: '2000-01-01T00:00:00Z', labels: { patched: 'yes' } } };
    for (const type of [MERGE_PATCH, STRATEGIC]) {
      const patched = await accept(path, type, body);
      expect(patched.metadata).toMatchObject({ creationTimestamp, labels: { patched: 'yes' } });
    }
  });

  test('cannot be taken away: a patch that removes the name is 400, and nothing is lost', async () => {
    const path = await item({ metadata: { name: 'a', labels: { keep: 'me' } } });
    for (const body of [{ metadata: null }, { metadata: { name: null } }]) {
      expect((await refuse(400, path, MERGE_PATCH, body)).message).toContain('name must be provided');
    }
    await refuse(400, path, STRATEGIC, { $patch: 'delete' });
    await refuse(400, path, JSON_PATCH, [{ op: 'remove', path: '/metadata/name' }]);
    expect((await fixture.client.get(path)).metadata.labels).toEqual({ keep: 'me' });
  });

  test('must exist: 404, or 409 when the patch names a uid', async () => {
    const path = `${(await item()).slice(0, -1)}missing`;
    expect((await refuse(404, path, MERGE_PATCH, {})).message).toBe('configmaps "missing" not found');
    expect((await refuse(409, path, MERGE_PATCH, { metadata: { uid: 'u' } })).message).toContain(
      'uid mismatch: the provided object specified uid u, and no existing object was found',
    );
  });
});

describe('patch: validation of the result', () => {
  test('a wrong type is an error of the patch, told by the object, or by a strategic patch itself', async () => {
    const path = await item();
    const inObject = await refuse(422, path, MERGE_PATCH, { data: { x: 1 } });
    expect(inObject.details?.causes?.[0]).toMatchObject({ field: 'patch', reason: 'FieldValueInvalid' });
    expect(inObject.message).toMatch(
      /^ "" is invalid: patch: Invalid value: "\{.*\\"data\\":\{\\"x\\":1,.*\}": json: cannot unmarshal number into Go struct field ConfigMap.data of type string$/,
    );
    expect(inObject.message).not.toContain('kcp.io/cluster');
    const messages = await Promise.all(
      [{ data: { x: 1 } }, { data: 5 }, { immutable: 'no' }, { metadata: [] }].map(
        async (body) => (await refuse(422, path, STRATEGIC, body)).message,
      ),
    );
    expect(messages).toEqual([
      ' "" is invalid: patch: Invalid value: "map[data:map[x:1]]": cannot convert int64 to string',
      ' "" is invalid: patch: Invalid value: "map[data:5]": cannot restore map from int64',
      ' "" is invalid: patch: Invalid value: "map[immutable:no]": unrecognized type: bool',
      ' "" is invalid: patch: Invalid value: "map[metadata:[]]": cannot restore struct from: slice',
    ]);
  });

  test('what is no object patches nothing: null says so, by the type of the patch', async () => {
    const path = await item();
    const before = await fixture.client.get(path);
    for (const type of [STRATEGIC, JSON_PATCH]) expect(await accept(path, type, 'null')).toEqual(before);
    const reason = 'json: cannot unmarshal array into Go value of type map[string]interface {}';
    expect((await refuse(400, path, MERGE_PATCH, 'null')).message).toBe('Invalid JSON Patch');
    expect((await refuse(400, path, MERGE_PATCH, '[]')).message).toBe(`error decoding patch: ${reason}`);
    expect((await refuse(400, path, STRATEGIC, '[]')).message).toBe(reason);
    const replaced = await refuse(422, path, JSON_PATCH, [{ op: 'replace', path: '', value: [] }]);
    expect(replaced.message).toContain(`patch: Invalid value: "[]": couldn't get version/kind`);
  });

  test('rules are checked as in an update', async () => {
    const path = await item();
    const ruled = await refuse(422, path, MERGE_PATCH, { data: { 'not a key': '' } });
    expect(ruled.details?.causes?.[0]).toMatchObject({
      field: 'data[not a key]',
      reason: 'FieldValueInvalid',
    });
  });

  test('force is for apply alone', async () => {
    for (const force of ['true', 'false']) {
      const status = await refuse(422, `${await item()}?force=${force}`, MERGE_PATCH, {});
      expect(status.message).toContain('force: Forbidden: may not be specified for non-apply patch');
    }
  });

  test.each([
    [MERGE_PATCH, '{"data":{"x":"3","x":"4"},"foo":1}', 'duplicate field "data.x", unknown field "foo"'],
    [STRATEGIC, '{"data":{"x":"3","x":"4"}}', 'duplicate field "data.x"'],
    [
      JSON_PATCH,
      '[{"op":"add","path":"/data/x","value":"4","why":1,"op":"add"}]',
      'json patch unknown field "[0].why", json patch duplicate field "[0].op"',
    ],
  ])(
    '%s: unknown and duplicate fields are 422 when strict, and warnings otherwise',
    async (type, body, text) => {
      const path = await item();
      const status = await refuse(422, `${path}?fieldValidation=Strict`, type, body);
      expect(status.message).toMatch(/^ "" is invalid: patch: Invalid value: /);
      expect(status.message).toContain(`strict decoding error: ${text}`);
      expect(await fixture.client.get(path)).toMatchObject({ data: { x: '1' } });
      const silent = await send(`${path}?fieldValidation=Ignore`, type, body);
      expect(silent.headers['warning']).toBeUndefined();
      const warned = await send(path, type, body);
      expect(warned.status).toBe(200);
      const warnings = text.split(', ').map((line) => `299 - "${line.replaceAll('"', '\\"')}"`);
      expect(warned.headers['warning']).toBe(warnings.join(', '));
      expect(JSON.parse(warned.text).data.x).toBe('4');
    },
  );
});

describe('patch: strategic merge', () => {
  test('finalizers are a set, whose elements can be taken out one by one', async () => {
    const path = await item({ metadata: { name: 'a', finalizers: ['test/a'] } });
    const added = await accept(path, STRATEGIC, { metadata: { finalizers: ['test/b'] } });
    expect([...(added.metadata.finalizers ?? [])].sort()).toEqual(['test/a', 'test/b']);
    const left = await accept(path, STRATEGIC, {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['test/a'] },
    });
    expect(left.metadata.finalizers).toEqual(['test/b']);
  });

  test('owner references are merged by uid, and one can be deleted as the garbage collector does', async () => {
    const path = await item();
    const { metadata } = await fixture.client.get(path);
    const owners = ['one', 'two'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name,
      uid: metadata.uid.replace(/^.{8}/, name === 'one' ? '00000001' : '00000002'),
    }));
    // Owners of a cluster-scoped kind that nothing serves are left alone by the collector.
    const unknown = owners.map((owner) => ({ ...owner, apiVersion: 'unserved.example.com/v1' }));
    await accept(path, STRATEGIC, { metadata: { ownerReferences: [unknown[0]] } });
    const both = await accept(path, STRATEGIC, { metadata: { ownerReferences: [unknown[1]] } });
    expect(both.metadata.ownerReferences?.map(({ name }) => name).sort()).toEqual(['one', 'two']);
    const left = await accept(path, STRATEGIC, {
      metadata: { uid: metadata.uid, ownerReferences: [{ $patch: 'delete', uid: unknown[0]!.uid }] },
    });
    expect(left.metadata.ownerReferences).toEqual([unknown[1]]);
  });

  test('conditions of a namespace are merged by type', async () => {
    const path = `/api/v1/namespaces/${await fixture.namespace()}/status`;
    const condition = (type: string, status: string) => ({ type, status });
    await accept(path, STRATEGIC, {
      status: { conditions: [condition('A', 'True'), condition('B', 'True')] },
    });
    const merged = await accept(path, STRATEGIC, { status: { conditions: [condition('A', 'False')] } });
    const { conditions } = merged['status'] as { conditions: { type: string; status: string }[] };
    expect(conditions.map(({ type, status }) => `${type} ${status}`).sort()).toEqual(['A False', 'B True']);
  });

  test('a list without merge key is replaced whole', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
    const metadata = { name: fixture.name('role-') };
    await fixture.client.create(path, { metadata, rules: [rule('configmaps'), rule('secrets')] });
    const patched = await accept(`${path}/${metadata.name}`, STRATEGIC, { rules: [rule('events')] });
    expect(patched['rules']).toEqual([rule('events')]);
  });

  test('$patch: replace replaces a map, null takes keys away', async () => {
    const path = await item();
    const replaced = await accept(path, STRATEGIC, { data: { $patch: 'replace', only: '1' } });
    expect(replaced['data']).toEqual({ only: '1' });
    const emptied = await accept(path, STRATEGIC, { data: null });
    expect(emptied).not.toHaveProperty('data');
  });

  test('an order that does not fit is 400, a directive that does not exist an error', async () => {
    const path = await item();
    const order = { '$setElementOrder/finalizers': ['test/a'], finalizers: ['test/b'] };
    const status = await refuse(400, path, STRATEGIC, { metadata: order });
    expect(status.message).toContain("doesn't match $setElementOrder list:");
    expect((await refuse(500, path, STRATEGIC, { data: { $patch: 'shuffle' } })).message).toContain(
      'unknown patch type: shuffle in map',
    );
  });
});

test('patch: a dry run shows the result and stores nothing', async () => {
  const path = await item();
  const before = await fixture.client.get(path);
  const shown = await accept(`${path}?dryRun=All`, MERGE_PATCH, { data: { x: '9' } });
  expect(shown).toEqual({ ...before, data: { x: '9', y: '2' } });
  expect(await fixture.client.get(path)).toEqual(before);
});
