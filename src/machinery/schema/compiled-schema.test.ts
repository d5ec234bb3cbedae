import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldErrorText } from '../field-error.ts';
import { parseJson } from '../json.ts';
import type { JsonValue } from '../json-value.ts';
import { compileSchema } from './compiled-schema.ts';
import { jsonArbitrary, schemaArbitrary } from './schema.suite.ts';
import type { Schema } from './schema.ts';

function json(text: string): JsonValue {
  return parseJson(text).value;
}

/** The errors of `spec.f` having the given value. */
function errorsOf(schema: Schema, text: string): string[] {
  const root: Schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { f: schema } } },
  };
  return compileSchema(root)
    .validate(json(`{"spec":{"f":${text}}}`), '')
    .map(fieldErrorText);
}

const STRING: Schema = { type: 'string' };

describe('one keyword gives upstream’s text:', () => {
  test.each<[string, Schema, string, string]>([
    [
      'type',
      STRING,
      '1',
      'spec.f: Invalid value: "integer": spec.f in body must be of type string: "integer"',
    ],
    [
      'type of null',
      STRING,
      'null',
      'spec.f: Invalid value: "null": spec.f in body must be of type string: "null"',
    ],
    [
      'type of a float',
      { type: 'integer' },
      '1.5',
      'spec.f: Invalid value: "number": spec.f in body must be of type integer: "number"',
    ],
    [
      'int-or-string',
      { 'x-kubernetes-int-or-string': true },
      'true',
      'spec.f: Invalid value: "boolean": spec.f in body must be of type integer,string: "boolean"',
    ],
    [
      'type with format',
      { type: 'string', format: 'date-time' },
      '5',
      'spec.f: Invalid value: "int64": spec.f in body must be of type date-time: "int64"',
    ],
    [
      'enum',
      { type: 'string', enum: ['a', 'b'] },
      '"c"',
      'spec.f: Unsupported value: "c": supported values: "a", "b"',
    ],
    [
      'enum of null',
      { type: 'string', nullable: true, enum: ['a'] },
      'null',
      'spec.f: Unsupported value: null: supported values: "a"',
    ],
    [
      'maxLength',
      { type: 'string', maxLength: 2 },
      '"äöü"',
      'spec.f: Too long: may not be more than 2 bytes',
    ],
    [
      'minLength',
      { type: 'string', minLength: 2 },
      '"😀"',
      'spec.f: Invalid value: "😀": spec.f in body should be at least 2 chars long',
    ],
    [
      'pattern',
      { type: 'string', pattern: '^a+$' },
      '"b"',
      'spec.f: Invalid value: "b": spec.f in body should match \'^a+$\'',
    ],
    [
      'format',
      { type: 'string', format: 'ipv4' },
      '"x"',
      'spec.f: Invalid value: "x": spec.f in body must be of type ipv4: "x"',
    ],
    [
      'minimum',
      { type: 'integer', minimum: 0 },
      '-1',
      'spec.f: Invalid value: -1: spec.f in body should be greater than or equal to 0',
    ],
    [
      'exclusive minimum',
      { type: 'integer', minimum: 0, exclusiveMinimum: true },
      '0',
      'spec.f: Invalid value: 0: spec.f in body should be greater than 0',
    ],
    [
      'maximum',
      { type: 'integer', maximum: 9007199254740993n },
      '9007199254740994',
      'spec.f: Invalid value: 9007199254740994: spec.f in body should be less than or equal to 9007199254740993',
    ],
    [
      'exclusive maximum',
      { type: 'number', maximum: 1.5, exclusiveMaximum: true },
      '1.5',
      'spec.f: Invalid value: 1.5: spec.f in body should be less than 1.5',
    ],
    [
      'multipleOf',
      { type: 'integer', multipleOf: 2 },
      '9007199254740993',
      'spec.f: Invalid value: 9007199254740993: spec.f in body should be a multiple of 2',
    ],
    [
      'int32',
      { type: 'integer', format: 'int32' },
      '2147483648',
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.f',
    ],
    [
      'minItems',
      { type: 'array', items: STRING, minItems: 1 },
      '[]',
      'spec.f: Invalid value: 0: spec.f in body should have at least 1 items',
    ],
    [
      'maxItems',
      { type: 'array', items: STRING, maxItems: 1 },
      '["a","b"]',
      'spec.f: Too many: 2: must have at most 1 item',
    ],
    [
      'minProperties',
      { type: 'object', minProperties: 1 },
      '{}',
      'spec.f: Invalid value: 0: spec.f in body should have at least 1 properties',
    ],
    [
      'maxProperties',
      { type: 'object', maxProperties: 1 },
      '{"a":1,"b":2}',
      'spec.f: Too many: 2: must have at most 1 item',
    ],
    ['required', { type: 'object', required: ['a'] }, '{}', 'spec.f.a: Required value'],
    [
      'items',
      { type: 'array', items: STRING },
      '["a",1]',
      'spec.f[1]: Invalid value: "integer": spec.f[1] in body must be of type string: "integer"',
    ],
    [
      'additionalProperties',
      { type: 'object', additionalProperties: STRING },
      '{"k":1}',
      'spec.f.k: Invalid value: "integer": spec.f.k in body must be of type string: "integer"',
    ],
    [
      'not',
      { type: 'object', not: { required: ['a'] } },
      '{"a":1}',
      '<nil>: Invalid value: "": "spec.f" must not validate the schema (not)',
    ],
    [
      'set',
      { type: 'array', items: STRING, 'x-kubernetes-list-type': 'set' },
      '["a","b","a","a"]',
      'spec.f[2]: Duplicate value: "a"',
    ],
    [
      'map',
      {
        type: 'array',
        items: { type: 'object' },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n'],
      },
      '[{"n":"a","x":1},{"n":"a"}]',
      'spec.f[1]: Duplicate value: {"n":"a"}',
    ],
  ])('%s', (_name, schema, value, expected) => {
    expect(errorsOf(schema, value)).toEqual([expected]);
  });
});

test.each<[string, Schema, string]>([
  ['null is allowed where it is nullable', { type: 'string', nullable: true }, 'null'],
  ['an integral number is an integer', { type: 'integer' }, '1.0'],
  ['an integer is a number', { type: 'number' }, '3'],
  [
    'an int64 keeps its last digit',
    { type: 'integer', format: 'int64', maximum: 9223372036854775807n },
    '9223372036854775807',
  ],
  ['unknown formats mean nothing', { type: 'string', format: 'shoe-size' }, '"x"'],
  ['unknown keys are fine', { type: 'object', properties: { a: STRING } }, '{"b":1}'],
  ['null in an enum that lists it', { type: 'string', nullable: true, enum: ['a', null] }, 'null'],
  ['length counts code points', { type: 'string', maxLength: 1 }, '"😀"'],
])('%s', (_name, schema, value) => {
  expect(errorsOf(schema, value)).toEqual([]);
});

test('anyOf explains the branch that the value follows furthest', () => {
  const schema: Schema = {
    type: 'object',
    anyOf: [{ required: ['a'] }, { properties: { b: { minimum: 5 } }, required: ['b'] }],
  };
  expect(errorsOf(schema, '{"b":1}')).toEqual([
    '<nil>: Invalid value: "": "spec.f" must validate at least one schema (anyOf)',
    'spec.f.b: Invalid value: 1: spec.f.b in body should be greater than or equal to 5',
  ]);
});

test('oneOf counts the branches that are valid', () => {
  const schema: Schema = { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] };
  expect(errorsOf(schema, '{"a":1}')).toEqual([]);
  expect(errorsOf(schema, '{"a":1,"b":1}')).toEqual([
    '<nil>: Invalid value: "": "spec.f" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ]);
  expect(errorsOf(schema, '{}')).toEqual([
    '<nil>: Invalid value: "": "spec.f" must validate one and only one schema (oneOf). Found none valid',
    'spec.f.a: Required value',
  ]);
});

test('allOf gives the errors of all branches and says if none was valid', () => {
  const schema: Schema = { type: 'integer', allOf: [{ minimum: 5 }, { multipleOf: 2 }] };
  expect(errorsOf(schema, '3')).toEqual([
    'spec.f: Invalid value: 3: spec.f in body should be greater than or equal to 5',
    'spec.f: Invalid value: 3: spec.f in body should be a multiple of 2',
    '<nil>: Invalid value: "": "spec.f" must validate all the schemas (allOf). None validated',
  ]);
  expect(errorsOf(schema, '7')).toContain(
    '<nil>: Invalid value: "": "spec.f" must validate all the schemas (allOf)',
  );
});

test('a path that is given stands before the fields, not in the texts', () => {
  const schema: Schema = { type: 'object', properties: { phase: STRING }, required: ['ready'] };
  const errors = compileSchema(schema).validate(json('{"phase":1}'), 'status').map(fieldErrorText);
  expect(errors).toEqual([
    'status.phase: Invalid value: "integer": phase in body must be of type string: "integer"',
    'status.ready: Required value',
  ]);
});

test('errors of one object are bounded', () => {
  const list = JSON.stringify(Array.from({ length: 5_000 }, () => 1));
  expect(errorsOf({ type: 'array', items: STRING }, list)).toHaveLength(100);
});

test('a schema whose branches multiply the work is stopped', () => {
  const branches = Array.from({ length: 2_000 }, (_, index) => ({ required: [`k${index}`] }));
  const list = JSON.stringify(Array.from({ length: 20_000 }, () => ({})));
  const start = performance.now();
  const errors = errorsOf({ type: 'array', items: { type: 'object', anyOf: branches } }, list);
  expect(errors).toEqual([
    '<nil>: Invalid value: "": the object takes too much work to be validated against its schema',
  ]);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('property: what the compiled gate lets through is valid', () => {
  fc.assert(
    fc.property(schemaArbitrary, jsonArbitrary, (schema, value) => {
      const cold = compileSchema(schema).validateValues(value, '');
      const hot = compileSchema(schema, { hotAfter: 0 }).validateValues(value, '');
      expect(hot).toEqual(cold);
    }),
    { numRuns: 150 },
  );
});
