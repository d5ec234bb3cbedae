import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configMap, type KubeObject, type Status } from './client.ts';
import { useServer } from './suite.ts';

const fixture = useServer();

const DEFAULT = '/api/v1/namespaces/default/configmaps';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const SUPPORTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

function accept(type: string): { readonly headers: { readonly accept: string } } {
  return { headers: { accept: type } };
}

// A built-in kind's route is found by media type before the answer is negotiated, and says so.
const NEGOTIATED = `only the following media types are accepted: ${SUPPORTED}`;
const ROUTED = `406: Not Acceptable\n\nAvailable representations: ${SUPPORTED}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`;

describe('the type of an answer', () => {
  test.each([
    ['no preference', undefined, 'application/json'],
    ['anything', '*/*', 'application/json'],
    ['JSON of no quality at all', 'application/json;q=0', 'application/json'],
    ['YAML', 'application/yaml', 'application/yaml'],
    ['protobuf', PROTOBUF, PROTOBUF],
    ['the first of two', `${PROTOBUF},application/json`, PROTOBUF],
    ['the better of two', 'application/json;q=0.5,application/yaml;q=0.9', 'application/yaml'],
    [
      'an unknown type before a known one',
      'application/cbor, text/html, application/json',
      'application/json',
    ],
    ['JSON with a parameter', 'application/json;charset=utf-8', 'application/json'],
  ])('follows a wish for %s', async (_case, type, expected) => {
    const path = `${DEFAULT}/kube-root-ca.crt`;
    const reply = await fixture.client.call(path, type === undefined ? {} : accept(type));
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe(expected);
  });

  test('of a list is JSON where that will do, since only JSON can be streamed', async () => {
    const either = await fixture.client.call(DEFAULT, accept(`${PROTOBUF},application/json`));
    expect(either.headers['content-type']).toBe('application/json');
    expect(JSON.parse(either.text)).toMatchObject({ kind: 'ConfigMapList' });
  });

  test.each([
    ['application/cbor', ROUTED],
    ['application/*', ROUTED],
    ['text/html', ROUTED],
    ['application/json;as=Nothing;g=meta.k8s.io;v=v1', NEGOTIATED],
    ['application/yaml;stream=watch', NEGOTIATED],
  ])('is 406 when only %s would do', async (type, message) => {
    const reply = await fixture.client.call(DEFAULT, accept(type));
    expect(reply.status).toBe(406);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(JSON.parse(reply.text)).toMatchObject({
      reason: 'NotAcceptable',
      message,
      code: 406,
    });
  });

  test('is YAML with the same content as JSON', async () => {
    const path = '/api/v1/namespaces/default/configmaps/kube-root-ca.crt';
    const yaml = await fixture.client.call(path, accept('application/yaml'));
    expect(parse(yaml.text)).toEqual(await fixture.client.get(path));
    const status = await fixture.client.call('/api/v1/namespaces/none', accept('application/yaml'));
    expect(parse(status.text)).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  });

  test('is indented for people and compact for programs', async () => {
    const path = '/api/v1/namespaces/default';
    const compact = await fixture.client.call(path);
    expect(compact.text).toBe(`${JSON.stringify(JSON.parse(compact.text))}\n`);
    for (const [suffix, agent] of [
      ['?pretty=true', 'x'],
      ['?pretty=1', 'x'],
      ['', 'curl/8.0'],
      ['', 'Mozilla/5.0 (X11)'],
    ] as const) {
      const reply = await fixture.client.call(`${path}${suffix}`, { headers: { 'user-agent': agent } });
      expect(reply.text).toContain('\n  "metadata": {\n    "');
    }
    const headers = { 'user-agent': 'curl/8.0' };
    expect((await fixture.client.call(`${path}?pretty=false`, { headers })).text).toBe(compact.text);
  });
});

describe('the type of a body', () => {
  test('may be missing, have a charset, or be YAML', async () => {
    const { configMaps } = await fixture.namespace();
    const post = (contentType: string, body: string) =>
      fixture.client.call(configMaps, { method: 'POST', headers: { 'content-type': contentType }, body });
    expect((await post('application/json; charset=utf-8', JSON.stringify(configMap('a')))).status).toBe(201);
    const yaml = await post('application/yaml', 'metadata:\n  name: b\ndata:\n  on.off: "yes"\n');
    expect(yaml.status).toBe(201);
    expect(JSON.parse(yaml.text)).toMatchObject({ kind: 'ConfigMap', data: { 'on.off': 'yes' } });
    expect((await post('', JSON.stringify(configMap('c')))).status).toBe(201);
  });

  test.each(['text/plain', 'application/cbor', 'application/x-www-form-urlencoded'])(
    'is 415 when it is %s',
    async (type) => {
      const headers = { 'content-type': type };
      const status = await fixture.client.refuse(415, DEFAULT, { method: 'POST', headers, body: 'x' });
      expect(status).toMatchObject({
        reason: 'UnsupportedMediaType',
        message: `the body of the request was in an unknown format - accepted media types include: ${SUPPORTED}`,
      });
    },
  );

  test('is 415 for a patch that is none', async () => {
    const path = `${DEFAULT}/kube-root-ca.crt`;
    const headers = { 'content-type': 'application/json' };
    const status = await fixture.client.refuse(415, path, { method: 'PATCH', headers, body: '{}' });
    expect(status.message).toBe('415: Unsupported Media Type');
  });

  test('of more than 3 MiB is 413', async () => {
    const body = configMap('big', { data: { x: 'x'.repeat(3 * 2 ** 20) } });
    const status = await fixture.client.refuse(413, DEFAULT, { method: 'POST', body });
    expect(status).toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
  });

  test.each([
    ['is no JSON', '{"a":', /couldn't get version\/kind; json parse error|unexpected end/],
    ['is no object', '[1]', /./],
    ['is of another version', JSON.stringify({ ...configMap('x'), apiVersion: 'v2' }), /./],
    ['is of another kind', JSON.stringify({ ...configMap('x'), kind: 'Secret' }), /./],
    [
      'has a wrong type',
      JSON.stringify(configMap('x', { data: { a: 1 } })),
      /cannot be handled as a ConfigMap/,
    ],
    [
      'lies in another namespace',
      '{"metadata":{"name":"x","namespace":"other"}}',
      /does not match the namespace/,
    ],
  ])('that %s is a bad request', async (_case, body, message) => {
    const status = await fixture.client.refuse(400, DEFAULT, { method: 'POST', body });
    expect(status.reason).toBe('BadRequest');
    expect(status.message).toMatch(message);
  });

  test('keeps integers of 64 bits and keys that JavaScript finds special', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const body = '{"metadata":{"name":"odd"},"data":{"__proto__":"a","constructor":"b","toString":"c"}}';
    await client.call(configMaps, { method: 'POST', body });
    const { text } = await client.call(`${configMaps}/odd`);
    expect(text).toContain('"__proto__":"a"');
    expect(text).toContain('"constructor":"b"');
    const quota = '{"metadata":{"name":"odd"},"spec":{"hard":{"configmaps":9007199254740993}}}';
    const reply = await client.call(configMaps.replace('configmaps', 'resourcequotas'), {
      method: 'POST',
      body: quota,
    });
    expect(JSON.parse(reply.text)).toMatchObject({ spec: { hard: { configmaps: '9007199254740993' } } });
  });
});

describe('Table', () => {
  const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

  interface Table extends KubeObject {
    readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
    readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: KubeObject }[];
  }

  async function table(path: string): Promise<Table> {
    const reply = await fixture.client.call(path, accept(`${TABLE},application/json`));
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    return JSON.parse(reply.text) as Table;
  }

  test('of a list has upstream’s columns, numbers as numbers, and metadata in the rows', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(
      configMaps,
      configMap('a', { data: { x: '1', y: '2' }, binaryData: { z: 'AA==' } }),
    );
    const result = await table(configMaps);
    expect(result).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(result.metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
    expect(result.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
    for (const column of result.columnDefinitions) {
      expect(Object.keys(column).sort()).toEqual(['description', 'format', 'name', 'priority', 'type']);
    }
    expect(result.columnDefinitions[0]).toMatchObject({ type: 'string', format: 'name', priority: 0 });
    const row = result.rows.find(({ cells }) => cells[0] === 'a');
    expect(row?.cells).toEqual(['a', 3, expect.stringMatching(/^\d+s$/)]);
    expect(row?.object).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'a' },
    });
    expect(row?.object).not.toHaveProperty('data');
  });

  test('holds no object, its metadata or the whole of it, as asked', async () => {
    const { configMaps } = await fixture.namespace();
    await fixture.client.create(configMaps, configMap('a', { data: { x: '1' } }));
    const path = `${configMaps}?labelSelector=!x&fieldSelector=metadata.name=a&includeObject=`;
    expect((await table(`${path}None`)).rows[0]?.object ?? null).toBe(null);
    expect((await table(`${path}Metadata`)).rows[0]?.object.kind).toBe('PartialObjectMetadata');
    expect((await table(`${path}Object`)).rows[0]?.object).toMatchObject({
      kind: 'ConfigMap',
      data: { x: '1' },
    });
    const reply = await fixture.client.call(`${path}Half`, accept(TABLE));
    expect(reply.status).toBe(400);
  });

  test('of one object has one row, of nothing none', async () => {
    const { configMaps } = await fixture.namespace();
    const one = await table(`${configMaps}/kube-root-ca.crt`);
    expect(one.rows.map(({ cells }) => cells.slice(0, 2))).toEqual([['kube-root-ca.crt', 1]]);
    expect((await table(`${configMaps}?fieldSelector=metadata.name=none`)).rows ?? []).toEqual([]);
  });

  test.each([
    ['/api/v1/namespaces', ['Name', 'Status', 'Age']],
    ['/api/v1/secrets', ['Name', 'Type', 'Data', 'Age']],
    ['/api/v1/serviceaccounts', ['Name', 'Secrets', 'Age']],
    ['/api/v1/resourcequotas', ['Name', 'Request', 'Limit', 'Age']],
    ['/api/v1/limitranges', ['Name', 'Created At']],
    ['/apis/coordination.k8s.io/v1/leases', ['Name', 'Holder', 'Age']],
    ['/apis/rbac.authorization.k8s.io/v1/roles', ['Name', 'Created At']],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles', ['Name', 'Created At']],
    ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', ['Name', 'Created At']],
    [
      '/apis/rbac.authorization.k8s.io/v1/rolebindings',
      ['Name', 'Role', 'Age', 'Users', 'Groups', 'ServiceAccounts'],
    ],
    [
      '/api/v1/events',
      [
        'Last Seen',
        'Type',
        'Reason',
        'Object',
        'Subobject',
        'Source',
        'Message',
        'First Seen',
        'Count',
        'Name',
      ],
    ],
  ])('of %s has the columns of Kubernetes', async (path, columns) => {
    expect((await table(path)).columnDefinitions.map(({ name }) => name)).toEqual(columns);
  });

  test('of what is never stored is 406', async () => {
    const reply = await fixture.client.call('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      method: 'POST',
      headers: { accept: TABLE, 'content-type': 'application/json' },
      body: { spec: { resourceAttributes: { verb: 'get', resource: 'configmaps' } } },
    });
    expect(reply.status).toBe(406);
    expect((JSON.parse(reply.text) as Status).reason).toBe('NotAcceptable');
  });

  test('is also how a watch answers, with the columns in its first event alone', async () => {
    const { configMaps } = await fixture.namespace();
    const watch = await fixture.client.watch(`${configMaps}?watch=1`, accept(TABLE));
    const first = (await watch.next()).object as Table;
    await fixture.client.create(configMaps, configMap('a'));
    const second = (await watch.next()).object as Table;
    expect(first.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age']);
    expect(first.rows).toHaveLength(1);
    expect(second).toMatchObject({ kind: 'Table', columnDefinitions: null });
    expect(second.rows.map(({ cells }) => cells[0])).toEqual(['a']);
  });
});

describe('PartialObjectMetadata', () => {
  const ITEM = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  const LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

  test('is what an item and a list show', async () => {
    const item = JSON.parse((await fixture.client.call(`${DEFAULT}/kube-root-ca.crt`, accept(ITEM))).text);
    expect(Object.keys(item).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
    expect(item).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'kube-root-ca.crt' },
    });
    const list = JSON.parse((await fixture.client.call(DEFAULT, accept(LIST))).text);
    expect(list).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
    expect(list.items[0].metadata.name).toBe('kube-root-ca.crt');
    expect(list.items[0]).not.toHaveProperty('data');
  });

  test('is what a watch and a write show', async () => {
    const { configMaps } = await fixture.namespace();
    const watch = await fixture.client.watch(`${configMaps}?watch=1`, accept(ITEM));
    expect((await watch.next()).object.kind).toBe('PartialObjectMetadata');
    const headers = { accept: ITEM, 'content-type': 'application/json' };
    const reply = await fixture.client.call(configMaps, {
      method: 'POST',
      headers,
      body: configMap('a', { data: { x: '1' } }),
    });
    expect(reply.status).toBe(201);
    expect(JSON.parse(reply.text)).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    expect((await watch.next()).object).not.toHaveProperty('data');
  });

  test('of an item is no list, and the other way round', async () => {
    const item = await fixture.client.call(`${DEFAULT}/kube-root-ca.crt`, accept(LIST));
    const list = await fixture.client.call(DEFAULT, accept(ITEM));
    expect([item.status, list.status]).toEqual([406, 406]);
    expect(list.text).toContain('you requested PartialObjectMetadata, but the requested object is a list');
  });

  test('leaves errors as they are', async () => {
    const reply = await fixture.client.call(`${DEFAULT}/none`, accept(ITEM));
    expect(JSON.parse(reply.text)).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  });
});

describe('protobuf', () => {
  const root = loadProtos();
  const UNKNOWN = 'k8s.io.apimachinery.pkg.runtime.Unknown';
  const CORE = 'k8s.io.api.core.v1';
  const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';
  const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

  function decode(bytes: Uint8Array, message: string): { readonly kind: string; readonly object: unknown } {
    expect(Buffer.from(bytes.subarray(0, 4))).toEqual(MAGIC);
    const envelope = root.lookupType(UNKNOWN).decode(bytes.subarray(4));
    const { typeMeta, raw } = envelope as unknown as { typeMeta: { kind: string }; raw: Uint8Array };
    const type = root.lookupType(message);
    return { kind: typeMeta.kind, object: type.toObject(type.decode(raw), { longs: String }) };
  }

  function encode(kind: string, message: string, object: Readonly<Record<string, unknown>>): Buffer {
    const type = root.lookupType(message);
    const raw = type.encode(type.fromObject(object)).finish();
    const unknown = root.lookupType(UNKNOWN);
    const envelope = unknown.fromObject({ typeMeta: { apiVersion: 'v1', kind }, raw });
    return Buffer.concat([MAGIC, unknown.encode(envelope).finish()]);
  }

  test('is how an object is created and read', async () => {
    const { configMaps } = await fixture.namespace();
    const reply = await fixture.client.call(configMaps, {
      method: 'POST',
      headers: { 'content-type': PROTOBUF, accept: `${PROTOBUF},application/json` },
      body: encode('ConfigMap', `${CORE}.ConfigMap`, {
        metadata: { name: 'a', labels: { l: 'v' } },
        data: { x: 'ü' },
      }),
    });
    expect(reply.status).toBe(201);
    expect(reply.headers['content-type']).toBe(PROTOBUF);
    const { kind, object } = decode(reply.bytes, `${CORE}.ConfigMap`);
    const json = await fixture.client.get(`${configMaps}/a`);
    expect(json).toMatchObject({ metadata: { name: 'a', labels: { l: 'v' } }, data: { x: 'ü' } });
    expect(kind).toBe('ConfigMap');
    expect(object).toMatchObject({
      metadata: { name: 'a', uid: json.metadata.uid, resourceVersion: json.metadata.resourceVersion },
      data: { x: 'ü' },
    });
  });

  test('is how a list, an error and an end of an object are told', async () => {
    const { configMaps } = await fixture.namespace();
    const list = await fixture.client.call(configMaps, accept(PROTOBUF));
    const decoded = decode(list.bytes, `${CORE}.ConfigMapList`);
    expect(decoded.kind).toBe('ConfigMapList');
    expect(decoded.object).toMatchObject({
      metadata: { resourceVersion: expect.stringMatching(/^\d+$/) },
      items: [{ metadata: { name: 'kube-root-ca.crt' } }],
    });
    const missing = await fixture.client.call(`${configMaps}/none`, accept(PROTOBUF));
    expect(missing.status).toBe(404);
    expect(missing.headers['content-type']).toBe(PROTOBUF);
    expect(decode(missing.bytes, `${META}.Status`)).toMatchObject({
      kind: 'Status',
      object: { reason: 'NotFound', code: 404, details: { name: 'none', kind: 'configmaps' } },
    });
    await fixture.client.create(configMaps, configMap('a'));
    const deleted = await fixture.client.call(`${configMaps}/a`, {
      method: 'DELETE',
      headers: { accept: PROTOBUF, 'content-type': PROTOBUF },
      body: encode('DeleteOptions', `${META}.DeleteOptions`, { propagationPolicy: 'Background' }),
    });
    expect(deleted.status).toBe(200);
    expect(decode(deleted.bytes, `${META}.Status`)).toMatchObject({ object: { status: 'Success' } });
  });

  test('is how a watch answers, each event behind its length', async () => {
    const { configMaps } = await fixture.namespace();
    const reply = await fixture.client.call(`${configMaps}?watch=1&timeoutSeconds=1`, accept(PROTOBUF));
    expect(reply.headers['content-type']).toBe(`${PROTOBUF};stream=watch`);
    const length = reply.bytes.readUInt32BE(0);
    expect(reply.bytes.length).toBe(4 + length);
    const type = root.lookupType(`${META}.WatchEvent`);
    const event = type.decode(reply.bytes.subarray(4)) as unknown as {
      type: string;
      object: { raw: Uint8Array };
    };
    expect(event.type).toBe('ADDED');
    expect(decode(event.object.raw, `${CORE}.ConfigMap`)).toMatchObject({
      kind: 'ConfigMap',
      object: { metadata: { name: 'kube-root-ca.crt' } },
    });
  });

  test('with Table asked for falls back to the next clause', async () => {
    const type = `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1`;
    const reply = await fixture.client.call(DEFAULT, accept(type));
    expect(JSON.parse(reply.text)).toMatchObject({ kind: 'Table' });
  });

  test('of a metadata client shows metadata', async () => {
    const type = `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
    const reply = await fixture.client.call(DEFAULT, accept(type));
    const { object } = decode(reply.bytes, `${META}.PartialObjectMetadataList`);
    expect(object).toMatchObject({ items: [{ metadata: { name: 'kube-root-ca.crt' } }] });
  });

  test('that is damaged is a bad request', async () => {
    for (const body of [
      Buffer.from('k8s\0'),
      Buffer.from('{}{}{}'),
      Buffer.concat([MAGIC, Buffer.alloc(9, 0xff)]),
    ]) {
      const headers = { 'content-type': PROTOBUF };
      await fixture.client.refuse(400, DEFAULT, { method: 'POST', headers, body });
    }
  });

  function loadProtos(): protobuf.Root {
    const folder = fileURLToPath(new URL('../../proto/', import.meta.url));
    const descriptor = fileURLToPath(import.meta.resolve('protobufjs/google/protobuf/descriptor.proto'));
    const loaded = new protobuf.Root();
    loaded.resolvePath = (_origin, target) =>
      target === 'google/protobuf/descriptor.proto' ? descriptor : join(folder, target);
    return loaded.loadSync(['k8s/core/v1.proto', 'k8s/runtime.proto', 'k8s/meta/v1.proto']);
  }
});
