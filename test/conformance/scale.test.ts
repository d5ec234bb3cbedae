import { describe, expect, test } from 'vitest';
import { decodeProtobuf, encodeProtobuf, objectOf } from '../../src/machinery/mod.ts';
import type { KubeObject } from '../http/client.ts';
import { CRDS, useMember } from './suite.ts';

const fixture = useMember();
const PATHS = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.labelSelector',
};
const MERGE_PATCH = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

interface Kind {
  readonly group: string;
  readonly collection: string;
  path(name: string, subresource?: string): string;
  create(name: string, fields?: Readonly<Record<string, unknown>>): Promise<KubeObject>;
}

async function define(subresources: unknown = { status: {}, scale: PATHS }): Promise<Kind> {
  const group = `${fixture.name('scale-')}.example.com`;
  await fixture.define({
    group,
    plural: 'sets',
    kind: 'Set',
    versions: [{ name: 'v1', subresources }, { name: 'v2' }],
  });
  const collection = `/apis/${group}/v1/namespaces/default/sets`;
  return {
    group,
    collection,
    path: (name, subresource = 'scale') =>
      `${collection}/${name}${subresource === '' ? '' : `/${subresource}`}`,
    create: (name, fields = { spec: { replicas: 3, other: 'x' } }) =>
      fixture.client.create(collection, {
        apiVersion: `${group}/v1`,
        kind: 'Set',
        metadata: { name },
        ...fields,
      }),
  };
}

function scale(name: string, replicas: unknown, metadata: Readonly<Record<string, unknown>> = {}): unknown {
  return { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name, ...metadata }, spec: { replicas } };
}

const patching = (body: unknown, type = MERGE_PATCH) => ({
  method: 'PATCH',
  headers: { 'content-type': type },
  body,
});

describe('the scale of a custom resource', () => {
  test('shows what its paths lead to', async () => {
    const kind = await define();
    const { metadata } = await kind.create('a');
    await fixture.client.patch(kind.path('a', 'status'), {
      status: { replicas: 2, labelSelector: 'app=a,tier in (x,y)' },
    });
    const { resourceVersion } = (await fixture.client.get(kind.path('a', ''))).metadata;
    const { name, namespace, uid, creationTimestamp } = metadata;
    expect(await fixture.client.get(kind.path('a'))).toEqual({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name, namespace, uid, creationTimestamp, resourceVersion },
      spec: { replicas: 3 },
      status: { replicas: 2, selector: 'app=a,tier in (x,y)' },
    });
  });

  test('is in discovery and OpenAPI of the versions that have it', async () => {
    const kind = await define();
    expect(await fixture.client.get(`/apis/${kind.group}/v1`)).toMatchObject({
      resources: [
        { name: 'sets' },
        { name: 'sets/status' },
        {
          name: 'sets/scale',
          group: 'autoscaling',
          version: 'v1',
          kind: 'Scale',
          namespaced: true,
          verbs: ['get', 'patch', 'update'],
        },
      ],
    });
    const [v1, v2] = (await Promise.all(
      ['v1', 'v2'].map((version) => fixture.client.get(`/openapi/v3/apis/${kind.group}/${version}`)),
    )) as unknown as { paths: Record<string, Record<string, unknown>>; components: { schemas: object } }[];
    const path = `/apis/${kind.group}/v1/namespaces/{namespace}/sets/{name}/scale`;
    expect(Object.keys(v1!.paths[path]!).sort()).toEqual(['get', 'parameters', 'patch', 'put']);
    expect(v1!.components.schemas).toHaveProperty(['io.k8s.api.autoscaling.v1.Scale']);
    expect(Object.keys(v2!.paths).filter((name) => name.endsWith('/scale'))).toEqual([]);
    const missing = await fixture.client.refuse(404, kind.path('a').replace('/v1/', '/v2/'));
    expect(missing.message).toBe(`sets.${kind.group} "a" not found`);
  });

  test('is a table with columns of its own, metadata, or YAML', async () => {
    const kind = await define();
    await kind.create('a');
    const get = async (accept: string) =>
      (await fixture.client.call(kind.path('a'), { headers: { accept } })).text;
    const table = JSON.parse(await get('application/json;as=Table;v=v1;g=meta.k8s.io')) as {
      columnDefinitions: { name: string; type: string }[];
      rows: { cells: unknown[] }[];
    };
    expect(table.columnDefinitions.map(({ name, type }) => [name, type])).toEqual([
      ['Name', 'string'],
      ['Desired', 'integer'],
      ['Available', 'integer'],
      ['Age', 'date'],
    ]);
    expect(table.rows[0]!.cells.slice(0, 3)).toEqual(['a', 3, 0]);
    expect(
      JSON.parse(await get('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')),
    ).toMatchObject({
      kind: 'PartialObjectMetadata',
      metadata: { name: 'a' },
    });
    expect(await get('application/yaml')).toContain('spec:\n  replicas: 3\nstatus:\n  replicas: 0\n');
  });

  test('cannot be shown of an object that wants no number of replicas', async () => {
    const kind = await define();
    await kind.create('a', {});
    const status = await fixture.client.refuse(500, kind.path('a'));
    expect([status.reason, status.message]).toEqual([
      'InternalError',
      'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
    ]);
    expect((await fixture.client.refuse(404, kind.path('b'))).message).toBe(
      `sets.${kind.group} "b" not found`,
    );
  });
});

describe('an update of a scale', () => {
  test('changes the wanted replicas and nothing else', async () => {
    const kind = await define();
    const created = await kind.create('a');
    const body = {
      ...(scale('a', 5, { namespace: 'default', labels: { a: 'b' } }) as object),
      status: { replicas: 77, selector: 'x' },
    };
    const updated = await fixture.client.put(kind.path('a'), body);
    expect(updated).toMatchObject({ spec: { replicas: 5 }, status: { replicas: 0 } });
    const object = await fixture.client.get(kind.path('a', ''));
    expect(object).toMatchObject({ spec: { replicas: 5, other: 'x' }, metadata: { generation: 2 } });
    expect(object.metadata.labels).toBeUndefined();
    expect(object['status']).toBeUndefined();
    expect(updated.metadata.resourceVersion).toBe(object.metadata.resourceVersion);
    expect(updated.metadata.uid).toBe(created.metadata.uid);
    // The same once more changes nothing.
    const again = await fixture.client.put(kind.path('a'), scale('a', 5));
    expect(again.metadata.resourceVersion).toBe(object.metadata.resourceVersion);
  });

  test('without replicas means none, and creates the field where it is missing', async () => {
    const kind = await define();
    await kind.create('a', {});
    const updated = await fixture.client.put(kind.path('a'), scale('a', undefined));
    expect(updated['spec']).toEqual({});
    expect(await fixture.client.get(kind.path('a', ''))).toMatchObject({ spec: { replicas: 0 } });
  });

  test('takes JSON, YAML and protobuf, and needs no kind', async () => {
    const kind = await define();
    await kind.create('a');
    const put = (body: unknown, type: string) =>
      fixture.client.call(kind.path('a'), { method: 'PUT', headers: { 'content-type': type }, body });
    const yaml = 'kind: Scale\napiVersion: autoscaling/v1\nmetadata: {name: a}\nspec: {replicas: 6}\n';
    expect((await put(yaml, 'application/yaml')).text).toContain('"replicas":6');
    const protobuf = Buffer.from(
      encodeProtobuf(
        objectOf({
          apiVersion: 'autoscaling/v1',
          kind: 'Scale',
          metadata: objectOf({ name: 'a' }),
          spec: objectOf({ replicas: 7 }),
        }),
      ),
    );
    expect(decodeProtobuf(protobuf).object).toMatchObject({ spec: { replicas: 7 } });
    expect((await put(protobuf, 'application/vnd.kubernetes.protobuf')).text).toContain('"replicas":7');
    expect((await put({ metadata: { name: 'a' }, spec: { replicas: 8 } }, 'application/json')).status).toBe(
      200,
    );
    expect((await put('x', 'text/plain')).status).toBe(415);
    // Answers are JSON or YAML only, as for custom resources themselves.
    const reply = await fixture.client.call(kind.path('a'), {
      headers: { accept: 'application/vnd.kubernetes.protobuf' },
    });
    expect(reply.status).toBe(406);
  });

  test('holds its resourceVersion and uid against the object', async () => {
    const kind = await define();
    const { metadata } = await kind.create('a');
    const { resourceVersion, uid } = metadata;
    await fixture.client.put(kind.path('a'), scale('a', 4, { resourceVersion, uid }));
    const stale = { method: 'PUT', body: scale('a', 5, { resourceVersion }) };
    expect((await fixture.client.refuse(409, kind.path('a'), stale)).message).toBe(
      `Operation cannot be fulfilled on sets.${kind.group} "a": the object has been modified; please apply your changes to the latest version and try again`,
    );
    const other = await fixture.client.refuse(409, kind.path('a'), {
      method: 'PUT',
      body: scale('a', 5, { uid: 'other' }),
    });
    expect(other.message).toContain(
      `Precondition failed: UID in precondition: other, UID in object meta: ${uid}`,
    );
    expect(await fixture.client.get(kind.path('a'))).toMatchObject({ spec: { replicas: 4 } });
  });

  test.each<[string, number, unknown, string]>([
    [
      'negative replicas',
      422,
      scale('a', -1),
      '.spec.replicas: Invalid value: -1: should be a non-negative integer',
    ],
    [
      'the least number, which stands for none',
      400,
      scale('a', -2147483648),
      'the spec replicas field ".spec.replicas" cannot be empty',
    ],
    ['another name', 400, scale('b', 1), 'the name of the object (b) does not match the name on the URL (a)'],
    [
      'no name',
      400,
      scale('', 1),
      'the name of the object (a based on URL) was undeterminable: name must be provided',
    ],
    [
      'another namespace',
      400,
      scale('a', 1, { namespace: 'b' }),
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    ['text for a number', 400, scale('a', 'x'), 'cannot be handled as a Scale'],
    ['another kind', 400, { ...(scale('a', 1) as object), kind: 'Set' }, 'cannot be handled as a Scale'],
    [
      'another version',
      400,
      { ...(scale('a', 1) as object), apiVersion: 'autoscaling/v2' },
      'no kind "Scale" is registered for version "autoscaling/v2"',
    ],
  ])('is refused with %s', async (_what, code, body, message) => {
    const kind = await define();
    await kind.create('a');
    expect((await fixture.client.refuse(code, kind.path('a'), { method: 'PUT', body })).message).toContain(
      message,
    );
    expect(await fixture.client.get(kind.path('a'))).toMatchObject({ spec: { replicas: 3 } });
  });

  test('is strict about unknown fields when it is asked to be', async () => {
    const kind = await define();
    await kind.create('a');
    const body = { ...(scale('a', 1) as object), foo: 1 };
    const path = kind.path('a');
    const refused = await fixture.client.refuse(400, `${path}?fieldValidation=Strict`, {
      method: 'PUT',
      body,
    });
    expect(refused.message).toContain('strict decoding error: unknown field "foo"');
    const warned = await fixture.client.call(`${path}?fieldValidation=Warn`, { method: 'PUT', body });
    expect([warned.status, warned.headers['warning']]).toEqual([200, '299 - "unknown field \\"foo\\""']);
  });

  test('may be tried without effect', async () => {
    const kind = await define();
    await kind.create('a');
    expect(await fixture.client.put(`${kind.path('a')}?dryRun=All`, scale('a', 9))).toMatchObject({
      spec: { replicas: 9 },
    });
    expect(await fixture.client.get(kind.path('a'))).toMatchObject({ spec: { replicas: 3 } });
  });

  test('never creates an object, and other verbs do not exist', async () => {
    const kind = await define();
    const put = { method: 'PUT', body: scale('a', 1) };
    expect((await fixture.client.refuse(404, kind.path('a'), put)).message).toBe(
      `sets.${kind.group} "a" not found`,
    );
    await kind.create('a');
    for (const method of ['DELETE', 'POST']) {
      const status = await fixture.client.refuse(
        405,
        kind.path('a'),
        method === 'POST' ? { method, body: scale('a', 1) } : { method },
      );
      expect(status.reason).toBe('MethodNotAllowed');
    }
  });
});

describe('a patch of a scale', () => {
  test('is a JSON patch or a merge patch', async () => {
    const kind = await define();
    await kind.create('a');
    expect(await fixture.client.patch(kind.path('a'), { spec: { replicas: 4 } })).toMatchObject({
      spec: { replicas: 4 },
    });
    const steps = [
      { op: 'test', path: '/spec/replicas', value: 4 },
      { op: 'replace', path: '/spec/replicas', value: 5 },
    ];
    const patched = await fixture.client.call(kind.path('a'), patching(steps, JSON_PATCH));
    expect(patched.text).toContain('"replicas":5');
    await fixture.client.refuse(422, kind.path('a'), patching(steps, JSON_PATCH));
    await fixture.client.refuse(
      415,
      kind.path('a'),
      patching({ spec: { replicas: 1 } }, 'application/strategic-merge-patch+json'),
    );
    expect(await fixture.client.patch(kind.path('a'), { spec: { replicas: null } })).toMatchObject({
      spec: {},
    });
  });

  test('of an object without replicas has to say how many', async () => {
    const kind = await define();
    await kind.create('a', {});
    const status = await fixture.client.refuse(400, kind.path('a'), patching({ metadata: {} }));
    expect(status.message).toBe('the spec replicas field ".spec.replicas" cannot be empty');
    expect(await fixture.client.patch(kind.path('a'), { spec: { replicas: 2 } })).toMatchObject({
      spec: { replicas: 2 },
    });
  });

  test('with a resourceVersion is conditional, and names nobody else', async () => {
    const kind = await define();
    const { metadata } = await kind.create('a');
    const { resourceVersion } = metadata;
    await fixture.client.patch(kind.path('a'), { metadata: { resourceVersion }, spec: { replicas: 4 } });
    await fixture.client.refuse(
      409,
      kind.path('a'),
      patching({ metadata: { resourceVersion }, spec: { replicas: 5 } }),
    );
    const renamed = await fixture.client.refuse(400, kind.path('a'), patching({ metadata: { name: 'x' } }));
    expect(renamed.message).toBe('the name of the object (x) does not match the name on the URL (a)');
  });

  test('of many at once loses none', async () => {
    const kind = await define();
    await kind.create('a', { spec: { replicas: 0 } });
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        fixture.client.call(kind.path('a'), patching({ spec: { replicas: index + 1 } })),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect((await fixture.client.get(kind.path('a', ''))).metadata.generation).toBe(11);
  });
});

describe('the fields of a scale', () => {
  test.each<[string, unknown, string]>([
    [
      'text',
      { spec: { replicas: 'x' } },
      '.spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected int64',
    ],
    [
      'too many',
      { spec: { replicas: 3_000_000_000 } },
      '.spec.replicas: Invalid value: 3000000000: should be less than or equal to 2147483647',
    ],
    [
      'a half',
      { spec: { replicas: 0.5 } },
      '.spec.replicas: Invalid value: 0: .spec.replicas accessor error: 0.5 is of the type float64, expected int64',
    ],
    [
      'a list',
      { spec: { replicas: [1, 'a'] } },
      '.spec.replicas: Invalid value: 0: .spec.replicas accessor error: [1 a] is of the type []interface {}, expected int64',
    ],
  ])('are checked when the object is written: %s', async (_what, fields, message) => {
    const kind = await define();
    const body = {
      apiVersion: `${kind.group}/v1`,
      kind: 'Set',
      metadata: { name: 'a' },
      ...(fields as object),
    };
    const status = await fixture.client.refuse(422, kind.collection, { method: 'POST', body });
    expect(status.message).toBe(`Set.${kind.group} "a" is invalid: ${message}`);
  });

  test('are checked in the status too', async () => {
    const kind = await define();
    await kind.create('a');
    const refused = await fixture.client.refuse(
      422,
      kind.path('a', 'status'),
      patching({ status: { replicas: -2, labelSelector: 5 } }),
    );
    expect(refused.message).toBe(
      `Set.${kind.group} "a" is invalid: [.status.replicas: Invalid value: -2: should be a non-negative integer, .status.labelSelector: Invalid value: "": .status.labelSelector accessor error: 5 is of the type int64, expected string]`,
    );
  });

  test('that a later CRD points elsewhere are told as what they are', async () => {
    const kind = await define();
    await kind.create('a', { spec: { replicas: 3, count: 'many' } });
    const crd = `${CRDS}/sets.${kind.group}`;
    const found = (await fixture.client.get(crd)) as unknown as { spec: { versions: { name: string }[] } };
    const versions = found.spec.versions.map((version) =>
      version.name === 'v1'
        ? { ...version, subresources: { scale: { ...PATHS, specReplicasPath: '.spec.count' } } }
        : version,
    );
    await fixture.client.patch(crd, { spec: { versions } });
    const status = await fixture.client.refuse(500, kind.path('a'));
    expect(status.message).toBe('.spec.count accessor error: many is of the type string, expected int64');
  });
});
