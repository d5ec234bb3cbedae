import { expect, test } from 'vitest';
import { parseJson } from '../json.ts';
import type { JsonValue } from '../json-value.ts';
import { applyDefaults, dropNonNullableNulls } from './defaults.ts';
import type { Schema } from './schema.ts';

function json(text: string): JsonValue {
  return parseJson(text).value;
}

function defaulted(schema: Schema, text: string): JsonValue {
  const value = json(text);
  applyDefaults(value, schema);
  return value;
}

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    a: { type: 'string', default: 'x' },
    n: { type: 'string', default: 'x', nullable: true },
    deep: { type: 'object', properties: { b: { type: 'integer', default: 1 } } },
    list: { type: 'array', items: { type: 'object', properties: { c: { type: 'string', default: 'c' } } } },
    map: { type: 'object', additionalProperties: { type: 'string', default: 'm' } },
    whole: {
      type: 'object',
      default: json('{"d":{}}'),
      properties: { d: { type: 'object', properties: { e: { type: 'string', default: 'e' } } } },
    },
  },
};

test('absent fields of existing objects get their default, also inside a default', () => {
  expect(defaulted(SCHEMA, '{"deep":{},"list":[{}]}')).toEqual(
    json('{"deep":{"b":1},"list":[{"c":"c"}],"a":"x","n":"x","whole":{"d":{"e":"e"}}}'),
  );
});

test('a default does not create its parent', () => {
  expect(defaulted(SCHEMA, '{"whole":{}}')).toEqual(json('{"a":"x","n":"x","whole":{}}'));
});

test('null counts as absent unless the field is nullable', () => {
  expect(defaulted(SCHEMA, '{"a":null,"n":null,"whole":{},"map":{"k":null}}')).toEqual(
    json('{"a":"x","n":null,"whole":{},"map":{"k":"m"}}'),
  );
});

test('defaults are copied', () => {
  const schema: Schema = { type: 'object', properties: { o: { type: 'object', default: json('{"x":[]}') } } };
  const first = defaulted(schema, '{}');
  (first as { o: { x: number[] } }).o.x.push(1);
  expect(defaulted(schema, '{}')).toEqual(json('{"o":{"x":[]}}'));
});

test('nulls of fields that are neither nullable nor defaulted are dropped, those in lists stay', () => {
  const value = json(
    '{"a":null,"n":null,"deep":{"b":null},"list":[null,{"c":null}],"map":{"k":null},"whole":null,"unknown":null}',
  );
  const schema: Schema = {
    type: 'object',
    properties: {
      ...SCHEMA.properties,
      deep: { type: 'object', properties: { b: { type: 'integer' } } },
      map: { type: 'object', additionalProperties: { type: 'string' } },
    },
  };
  dropNonNullableNulls(value, schema);
  expect(value).toEqual(
    json('{"a":null,"n":null,"deep":{},"list":[null,{"c":null}],"map":{},"whole":null,"unknown":null}'),
  );
});
