import { expect, test } from 'vitest';
import { parseJson } from '../json.ts';
import { isObject, type JsonObject } from '../json-value.ts';
import { pruneUnknown } from './prune.ts';
import type { Schema } from './schema.ts';

function object(text: string): JsonObject {
  const { value } = parseJson(text);
  if (!isObject(value)) throw new Error('the test needs an object');
  return value;
}

function prune(schema: Schema, text: string, isResourceRoot = false): { paths: string[]; left: JsonObject } {
  const left = object(text);
  return { paths: pruneUnknown(left, schema, { isResourceRoot }), left };
}

const SPEC: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: { type: 'array', items: { type: 'object', properties: { c: { type: 'string' } } } },
        map: {
          type: 'object',
          additionalProperties: { type: 'object', properties: { x: { type: 'string' } } },
        },
      },
    },
  },
};

test('unknown fields are removed at any depth and their paths are sorted', () => {
  const { paths, left } = prune(
    SPEC,
    '{"kind":"X","apiVersion":"v1","metadata":{"name":"a"},"zz":1,"spec":{"foo":1,"a":[{"c":"1","b":2}],"map":{"k":{"x":"1","y":2}}}}',
    true,
  );
  expect(paths).toEqual(['spec.a[0].b', 'spec.foo', 'spec.map.k.y', 'zz']);
  expect(left).toEqual(
    object(
      '{"kind":"X","apiVersion":"v1","metadata":{"name":"a"},"spec":{"a":[{"c":"1"}],"map":{"k":{"x":"1"}}}}',
    ),
  );
});

test('only fields of ObjectMeta stay in the metadata of the root', () => {
  const { paths } = prune(
    SPEC,
    '{"metadata":{"name":"a","foo":1,"labels":{"foo":"x"},"ownerReferences":[{"uid":"u","bar":1}],"managedFields":[{"fieldsV1":{"f:x":{}},"baz":1}]}}',
    true,
  );
  expect(paths).toEqual(['metadata.foo', 'metadata.managedFields[0].baz', 'metadata.ownerReferences[0].bar']);
});

test('metadata below the root is an ordinary field unless the resource is embedded', () => {
  const embedded: Schema = {
    type: 'object',
    properties: {
      t: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'string' } } },
    },
  };
  const text = '{"t":{"apiVersion":"v1","kind":"K","metadata":{"name":"n","nope":1},"other":1}}';
  expect(prune(embedded, text).paths).toEqual(['t.metadata.nope', 't.other']);
  const plain: Schema = { type: 'object', properties: { t: { type: 'object', properties: {} } } };
  expect(prune(plain, text).paths).toEqual(['t.apiVersion', 't.kind', 't.metadata', 't.other']);
});

test('preserve-unknown-fields keeps its own level and prunes known fields below', () => {
  const schema: Schema = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { known: { type: 'object', properties: { a: { type: 'string' } } } },
  };
  const { paths, left } = prune(schema, '{"x":{"y":{"z":1}},"known":{"a":"1","b":2}}');
  expect(paths).toEqual(['known.b']);
  expect(left).toEqual(object('{"x":{"y":{"z":1}},"known":{"a":"1"}}'));
});

test('items of a list without schema lose all their fields, and a node without type keeps everything', () => {
  expect(prune({ type: 'object', properties: { l: { type: 'array' } } }, '{"l":[{"a":1}]}').paths).toEqual([
    'l[0].a',
  ]);
  expect(prune({ type: 'object', properties: { any: {} } }, '{"any":[{"a":{"b":1}}]}').paths).toEqual([]);
});

test('keys named like members of Object.prototype are unknown fields like any other', () => {
  const { paths, left } = prune(SPEC, '{"constructor":1,"__proto__":{"a":1},"spec":{"toString":1}}');
  expect(paths).toEqual(['__proto__', 'constructor', 'spec.toString']);
  expect(Object.keys(left)).toEqual(['spec']);
});

test('a cyclic schema is walked along the data', () => {
  const node: { type: string; properties: Record<string, Schema> } = { type: 'object', properties: {} };
  node.properties['next'] = node;
  expect(prune(node, '{"next":{"next":{"next":{"x":1}}}}').paths).toEqual(['next.next.next.x']);
});

test('not more than a hundred paths are told', () => {
  const text = `{${Array.from({ length: 300 }, (_, index) => `"k${index}":1`).join()}}`;
  const { paths, left } = prune({ type: 'object', properties: {} }, text);
  expect(paths).toHaveLength(100);
  expect(Object.keys(left)).toEqual([]);
});
