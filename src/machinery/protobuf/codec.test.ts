import { describe, expect, test } from 'vitest';
import { encodeJson, parseJson } from '../json.ts';
import { type JsonObject, newObject, objectOf } from '../json-value.ts';
import { StatusError } from '../status-error.ts';
import { decodeMessage } from './decoder.ts';
import { allMessages, messageNamed } from './descriptor.ts';
import { canEncodeProtobuf, decodeProtobuf, encodeProtobuf, encodeWatchFrame } from './mod.ts';
import { SAMPLES } from './samples.suite.ts';

const samples = SAMPLES.map(({ json, protobuf }) => {
  const object = parseJson(json).value as JsonObject;
  return {
    object,
    bytes: Buffer.from(protobuf, 'base64'),
    title: `${object['apiVersion']} ${object['kind']}`,
  };
});

describe('objects as Go writes them', () => {
  test.each(samples)('decode to the JSON that Go prints: $title', ({ object, bytes }) => {
    const decoded = decodeProtobuf(bytes);
    expect(encodeJson(decoded.object)).toBe(encodeJson(object));
    expect(decoded).toMatchObject({ apiVersion: object['apiVersion'], kind: object['kind'] });
  });

  test.each(samples)('are the bytes that the JSON encodes to: $title', ({ object, bytes }) => {
    expect(Buffer.from(encodeProtobuf(object)).equals(bytes)).toBe(true);
  });

  test('exist for every kind of the table, or for its list', () => {
    const sampled = new Set(samples.map(({ object }) => object['kind'] as string));
    const missing = allMessages()
      .filter((message) => message.apiVersions.length > 0)
      .map((message) => message.name.slice(message.name.lastIndexOf('.') + 1))
      .filter(
        (kind) =>
          !sampled.has(kind) && !sampled.has(`${kind}List`) && !sampled.has(kind.replace(/List$/, '')),
      );
    // These three are lists of query parameters like PatchOptions.
    expect(missing.sort()).toEqual(['CreateOptions', 'GetOptions', 'UpdateOptions']);
  });
});

describe('the JSON of a decoded object', () => {
  test('has the empty fields that Go prints, and not the others', () => {
    expect(decoded('rbac.authorization.k8s.io/v1', 'Role', [])).toEqual({ metadata: {}, rules: null });
    expect(decoded('v1', 'ConfigMap', [])).toEqual({ metadata: {} });
    expect(decoded('v1', 'Event', [])).toEqual({
      metadata: {},
      involvedObject: {},
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    });
    expect(decoded('coordination.k8s.io/v1', 'Lease', [])).toEqual({ metadata: {}, spec: {} });
    expect(decoded('authentication.k8s.io/v1', 'TokenRequest', [])).toEqual({
      metadata: {},
      spec: { audiences: null, expirationSeconds: null, boundObjectRef: null },
      status: { token: '', expirationTimestamp: null },
    });
  });

  test('keeps a zero whose absence would mean something else', () => {
    // spec { leaseDurationSeconds: 0, leaseTransitions: 0 }
    expect(decoded('coordination.k8s.io/v1', 'Lease', [0x12, 4, 0x10, 0, 0x28, 0])).toEqual({
      metadata: {},
      spec: { leaseDurationSeconds: 0, leaseTransitions: 0 },
    });
  });

  test('leaves out unknown fields of every wire type', () => {
    const unknown = [
      ...[0xf8, 0x3f, 0x96, 0x01], // 1023: a varint
      ...[0xf9, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8], // eight bytes
      ...[0xfa, 0x3f, 2, 1, 2], // some bytes
      ...[0xfb, 0x3f, 0x08, 0x01, 0xfc, 0x3f], // a group
      ...[0xfd, 0x3f, 1, 2, 3, 4], // four bytes
    ];
    const immutable = [0x20, 1];
    expect(decoded('v1', 'ConfigMap', [...unknown, ...immutable])).toEqual({ metadata: {}, immutable: true });
  });

  test('takes the last of several single values, also when that one is zero', () => {
    expect(decoded('v1', 'Secret', [0x1a, 1, 0x61, 0x1a, 1, 0x62])).toMatchObject({ type: 'b' });
    expect(decoded('v1', 'Secret', [0x1a, 1, 0x61, 0x1a, 0])).toEqual({ metadata: {} });
  });

  test('has integers beyond 2^53 exactly', () => {
    for (const generation of [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n]) {
      const object = objectOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: objectOf({ generation }) });
      expect((decodeProtobuf(encodeProtobuf(object)).object['metadata'] as JsonObject)['generation']).toBe(
        generation,
      );
    }
  });

  test('has __proto__ as an ordinary key of a map', () => {
    const entry = [0x0a, 9, ...Buffer.from('__proto__'), 0x12, 1, 0x78];
    const { data } = decodeProtobuf(envelope('v1', 'ConfigMap', [0x12, entry.length, ...entry])).object;
    expect(Object.entries(data as JsonObject)).toEqual([['__proto__', 'x']]);
  });

  test('has times of any sign, cut to the precision of JSON', () => {
    const time = (seconds: number[], nanos: number[]) => [0x08, ...seconds, 0x10, ...nanos];
    const minusOne = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const acquire = time(minusOne, [0xf8, 0xac, 0xd1, 0x91, 0x01]); // 305419896 ns after one second before 1970
    expect(
      decoded('coordination.k8s.io/v1', 'Lease', [
        0x12,
        acquire.length + 2,
        0x1a,
        acquire.length,
        ...acquire,
      ]),
    ).toEqual({
      metadata: {},
      spec: { acquireTime: '1969-12-31T23:59:59.305419Z' },
    });
  });
});

describe('encoding', () => {
  test('takes times with zone and fraction', () => {
    const lease = (renewTime: string) =>
      encodeProtobuf(
        objectOf({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: objectOf({ renewTime }) }),
      );
    expect(lease('2024-01-01T02:00:00.500000+02:00')).toEqual(lease('2024-01-01T00:00:00.500000Z'));
    expect(decodeProtobuf(lease('0001-01-01T00:00:00.000000Z')).object['spec']).toEqual({});
  });

  test('sorts the keys of maps, so that equal objects are equal bytes', () => {
    const configMap = (...keys: string[]) =>
      objectOf({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: objectOf(Object.fromEntries(keys.map((key) => [key, 'x']))),
      });
    expect(encodeProtobuf(configMap('b', 'a'))).toEqual(encodeProtobuf(configMap('a', 'b')));
  });

  test('exists for built-in kinds only', () => {
    expect(canEncodeProtobuf('v1', 'ConfigMapList')).toBe(true);
    expect(canEncodeProtobuf('meta.k8s.io/v1beta1', 'PartialObjectMetadata')).toBe(true);
    expect(canEncodeProtobuf('meta.k8s.io/v1', 'Table')).toBe(false);
    expect(canEncodeProtobuf('example.com/v1', 'Widget')).toBe(false);
    expect(canEncodeProtobuf('v1', 'Role')).toBe(false);
    expect(canEncodeProtobuf('v1', 'toString')).toBe(false);
    expect(() => encodeProtobuf(objectOf({ apiVersion: 'meta.k8s.io/v1', kind: 'Table' }))).toThrow(
      'no protobuf form',
    );
  });

  test('says so when a value has the wrong type, since it was valid when it was stored', () => {
    const object = objectOf({ apiVersion: 'v1', kind: 'Secret', type: 5 });
    expect(() => encodeProtobuf(object)).toThrow('a value is no text');
  });

  test('frames watch events with their length and without envelope', () => {
    const inner = samples[0]!;
    const frame = Buffer.from(encodeWatchFrame('ADDED', inner.bytes));
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    const event = newObject();
    decodeMessage(frame.subarray(4), messageNamed('meta.v1.WatchEvent'), event);
    expect(encodeJson(event)).toBe(encodeJson(objectOf({ type: 'ADDED', object: inner.object })));
  });
});

describe('malformed input is a bad request', () => {
  const failure = (bytes: ArrayLike<number>): StatusError => {
    try {
      decodeProtobuf(Uint8Array.from(bytes));
    } catch (error) {
      if (error instanceof StatusError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  };
  const messageOf = (bytes: ArrayLike<number>): string => {
    const error = failure(bytes);
    expect(error).toMatchObject({ code: 400, reason: 'BadRequest' });
    return error.message;
  };
  const magic = [0x6b, 0x38, 0x73, 0];

  test('when there is no envelope', () => {
    const notProtobuf =
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
    expect(messageOf([])).toBe('empty data');
    expect(messageOf([0x6b, 0x38])).toBe(notProtobuf);
    expect(messageOf(Buffer.from('{"kind":"ConfigMap"}'))).toBe(notProtobuf);
    expect(messageOf(magic)).toBe('empty body');
    expect(messageOf([...magic, 0x0a, 0x7f])).toBe('unexpected EOF');
  });

  test('when kind or version are missing or unknown', () => {
    expect(messageOf(envelope('v1', '', []))).toBe(
      `Object 'Kind' is missing in 'runtime.TypeMeta{APIVersion:"v1", Kind:""}'`,
    );
    expect(messageOf(envelope('', 'ConfigMap', []))).toBe(
      `Object 'apiVersion' is missing in 'runtime.TypeMeta{APIVersion:"", Kind:"ConfigMap"}'`,
    );
    expect(messageOf(envelope('example.com/v1', 'Widget', []))).toBe(
      'no kind "Widget" is registered for version "example.com/v1"',
    );
    expect(messageOf(envelope('*', 'Widget', []))).toContain('no kind "Widget"');
  });

  test('when the message is broken', () => {
    const prefix = 'Lease in version "v1" cannot be handled as a Lease: ';
    const lease = (...raw: number[]) => messageOf(envelope('coordination.k8s.io/v1', 'Lease', raw));
    expect(lease(0x12, 5, 0)).toBe(`${prefix}unexpected EOF`);
    expect(lease(0x12, 2, 0x0a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0)).toBe(`${prefix}unexpected EOF`);
    expect(lease(0x10, 5)).toBe(`${prefix}proto: wrong wireType = 0 for field spec`);
    expect(lease(0x00, 5)).toBe(`${prefix}proto: illegal tag 0 (wire type 0)`);
    expect(lease(0x0f)).toContain(`${prefix}proto: wrong wireType = 7`);
    expect(lease(0x7f)).toContain(`${prefix}proto: invalid wire type 7`);
  });

  test('when JSON inside is broken, or a number or time has no JSON form', () => {
    const text = Buffer.from('{"a":');
    const fieldsV1 = [0x0a, text.length, ...text];
    const managed = [0x3a, fieldsV1.length, ...fieldsV1];
    const metadata = [0x8a, 0x01, managed.length, ...managed];
    expect(messageOf(envelope('v1', 'ConfigMap', [0x0a, metadata.length, ...metadata]))).toContain(
      'unexpected end of JSON input',
    );
    const nan = [0x49, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]; // 9: maximum
    expect(messageOf(crdWith(nan))).toContain('unsupported value: NaN');
    const year = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
    expect(
      messageOf(envelope('coordination.k8s.io/v1', 'Lease', [0x12, 10, 0x1a, 8, ...year.slice(0, 8)])),
    ).toContain('EOF');
    expect(messageOf(envelope('coordination.k8s.io/v1', 'Lease', [0x12, 11, 0x1a, 9, ...year]))).toContain(
      'year outside of range',
    );
  });

  test('when schemas nest deeper than JSON may', () => {
    let nested: number[] = [];
    for (let i = 0; i < 60; i++) nested = lengthDelimited(0xe2, nested); // 28: not
    expect(decodeProtobuf(Uint8Array.from(crdWith(nested))).kind).toBe('CustomResourceDefinition');
    for (let i = 0; i < 60; i++) nested = lengthDelimited(0xe2, nested);
    expect(messageOf(crdWith(nested))).toContain('exceeded max depth');
    for (let i = 0; i < 1000; i++) nested = lengthDelimited(0xe2, nested);
    expect(messageOf(crdWith(nested))).toContain('exceeded max depth');
  });

  test('when few bytes would become many values', () => {
    const items = new Array(200_000).fill([0x12, 0]).flat();
    expect(messageOf(envelope('v1', 'EventList', items))).toContain('too many values');
  });

  test('when envelopes are nested too often, while a few are unwrapped', () => {
    const inner = envelope('v1', 'ConfigMap', [0x20, 1]);
    const twice = envelope('', '', [...inner]);
    expect(decodeProtobuf(twice).object).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {},
      immutable: true,
    });
    let deep = inner;
    for (let i = 0; i < 50; i++) deep = envelope('v1', 'ConfigMap', [...deep]);
    expect(messageOf(deep)).toBe('too many nested protobuf envelopes');
  });

  test('and too large an entity when it is beyond 3 MiB', () => {
    expect(failure(new Uint8Array(3 * 1024 * 1024 + 1))).toMatchObject({
      code: 413,
      message: 'Request entity too large: limit is 3145728',
    });
  });
});

test('a missing kind and version come from the defaults', () => {
  const { apiVersion, kind, object } = decodeProtobuf(envelope('', '', [0x08, 5]), {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
  });
  expect({ apiVersion, kind, object }).toEqual({
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    object: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 5 },
  });
});

test('options may carry the version of any resource', () => {
  expect(decodeProtobuf(envelope('coordination.k8s.io/v1', 'DeleteOptions', [])).object).toEqual({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'DeleteOptions',
  });
});

function decoded(apiVersion: string, kind: string, raw: readonly number[]): unknown {
  const {
    apiVersion: _version,
    kind: _kind,
    ...rest
  } = decodeProtobuf(envelope(apiVersion, kind, raw)).object;
  return rest;
}

/** An envelope by hand, so that the decoder is not only tested against the encoder. */
function envelope(apiVersion: string, kind: string, raw: readonly number[]): Uint8Array {
  const typeMeta = [
    ...lengthDelimited(0x0a, [...Buffer.from(apiVersion)]),
    ...lengthDelimited(0x12, [...Buffer.from(kind)]),
  ];
  return Uint8Array.from([
    ...[0x6b, 0x38, 0x73, 0],
    ...lengthDelimited(0x0a, typeMeta),
    ...lengthDelimited(0x12, raw),
  ]);
}

/** A field of up to 2 MiB. A tag beyond 0x7f stands for the field numbers 16 to 31. */
function lengthDelimited(tag: number, content: readonly number[]): number[] {
  const size: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      size.push(rest);
      break;
    }
    size.push((rest & 0x7f) | 0x80);
  }
  const head = [...(tag > 0x7f ? [tag, 0x01] : [tag]), ...size];
  return head.concat(content);
}

/** A CustomResourceDefinition whose schema has these fields. */
function crdWith(schema: readonly number[]): Uint8Array {
  const validation = lengthDelimited(0x0a, schema);
  const version = lengthDelimited(0x22, validation);
  const spec = lengthDelimited(0x3a, version);
  return envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', lengthDelimited(0x12, spec));
}
