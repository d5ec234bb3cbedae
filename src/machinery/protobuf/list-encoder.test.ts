import { describe, expect, test } from 'vitest';
import { parseJson } from '../json.ts';
import { type JsonObject, objectOf } from '../json-value.ts';
import { encodeProtobuf, ProtobufListEncoder } from './mod.ts';
import { SAMPLES } from './samples.suite.ts';

interface List {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject;
  readonly items: readonly JsonObject[] | undefined;
}

const lists = SAMPLES.map(({ json, protobuf }) => {
  const list = parseJson(json).value as unknown as List;
  return { ...list, bytes: Buffer.from(protobuf, 'base64') };
}).filter(({ items }) => items !== undefined);

describe('a list that is encoded in pieces', () => {
  test.each(lists)('is the bytes that Go writes: $kind', ({ apiVersion, kind, metadata, items, bytes }) => {
    const encoder = new ProtobufListEncoder({ apiVersion, kind });
    for (const item of items ?? []) encoder.add([item]);
    expect(Buffer.concat(encoder.finish(metadata)).equals(bytes)).toBe(true);
  });

  test('may be empty, and is what the whole list encodes to', () => {
    const type = { apiVersion: 'v1', kind: 'ConfigMapList' };
    const metadata = objectOf({ resourceVersion: '5' });
    const whole = encodeProtobuf(objectOf({ ...type, metadata, items: [] }));
    const encoder = new ProtobufListEncoder(type);
    expect(Buffer.concat(encoder.finish(metadata)).equals(whole)).toBe(true);
  });

  test('knows how large its items are so far', () => {
    const encoder = new ProtobufListEncoder({ apiVersion: 'v1', kind: 'ConfigMapList' });
    expect(encoder.sizeBytes).toBe(0);
    encoder.add([objectOf({ metadata: objectOf({ name: 'x'.repeat(1000) }) })]);
    expect(encoder.sizeBytes).toBeGreaterThan(1000);
    expect(encoder.sizeBytes).toBeLessThan(1100);
  });
});
