import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldErrorText } from '../field-error.ts';
import { parseJson } from '../json.ts';
import type { JsonValue } from '../json-value.ts';
import { compileSchema } from './compiled-schema.ts';
import { CorrelatedValue } from './correlated-value.ts';
import { jsonArbitrary, schemaArbitrary } from './schema.suite.ts';
import type { Schema } from './schema.ts';

function json(value: unknown): JsonValue {
  return parseJson(JSON.stringify(value)).value;
}

/** The errors of an update of `{spec: old}` to `{spec: next}`. */
function updateErrors(spec: Schema, old: unknown, next: unknown, hotAfter = 10): string[] {
  const schema: Schema = { type: 'object', properties: { spec } };
  const value = json({ spec: next });
  const correlation = new CorrelatedValue(value, json({ spec: old }), schema);
  return compileSchema(schema, { hotAfter }).validateValues(value, '', correlation).map(fieldErrorText);
}

const SHORT: Schema = { type: 'string', maxLength: 2 };
const TOO_LONG = 'Too long: may not be more than 2 bytes';

function objectOfFields(properties: Readonly<Record<string, Schema>>, rest: Schema = {}): Schema {
  return { type: 'object', properties, ...rest };
}

const MAP_LIST: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name', 'port'],
  items: objectOfFields({ name: { type: 'string' }, port: { type: 'integer' }, value: SHORT }),
};

describe('an update forgives', () => {
  test.each<[string, Schema, unknown, unknown]>([
    ['a field that stays', objectOfFields({ a: SHORT, b: SHORT }), { a: 'long' }, { a: 'long', b: 'x' }],
    [
      'the value of a map key that stays',
      { type: 'object', additionalProperties: SHORT },
      { a: 'long' },
      { a: 'long', b: 'x' },
    ],
    [
      'an item of a map list that moves',
      MAP_LIST,
      [{ name: 'a', port: 1, value: 'long' }],
      [
        { name: 'b', port: 1, value: 'x' },
        { name: 'a', port: 1, value: 'long' },
      ],
    ],
    [
      'a field of an item that changes elsewhere',
      { ...MAP_LIST, items: objectOfFields({ ...MAP_LIST.items?.properties, other: SHORT }) },
      [{ name: 'a', port: 1, value: 'long' }],
      [{ name: 'a', port: 1, value: 'long', other: 'x' }],
    ],
    [
      'a missing field of an object that stays',
      objectOfFields({ a: objectOfFields({ b: SHORT, c: SHORT }, { required: ['b'] }), d: SHORT }),
      { a: { c: 'x' } },
      { a: { c: 'x' }, d: 'y' },
    ],
    [
      'too many items of an atomic list that stays',
      objectOfFields({ a: { type: 'array', maxItems: 1, items: SHORT }, b: SHORT }),
      { a: ['x', 'long'] },
      { a: ['x', 'long'], b: 'x' },
    ],
    [
      'a branch of a value that stays',
      objectOfFields({ a: { type: 'string', not: { maxLength: 9 } }, b: SHORT }),
      { a: 'long' },
      { a: 'long', b: 'x' },
    ],
    [
      'a type that stays, null included',
      objectOfFields({ a: SHORT, n: SHORT, b: SHORT }),
      { a: 7, n: null },
      { a: 7, n: null, b: 'x' },
    ],
    [
      'an enum that no longer has a value, of a list that stays, however its keys are ordered',
      objectOfFields({
        a: { type: 'array', items: objectOfFields({ b: { type: 'string', enum: ['x'] }, c: SHORT }) },
        b: SHORT,
      }),
      { a: [{ b: 'y', c: 'x' }] },
      { a: [{ c: 'x', b: 'y' }], b: 'x' },
    ],
  ])('%s', (_name, spec, old, next) => {
    expect(updateErrors(spec, undefined, next)).not.toEqual([]);
    expect(updateErrors(spec, old, next)).toEqual([]);
    // The gate of a hot schema must not make a difference.
    expect(updateErrors(spec, old, next, 0)).toEqual([]);
  });
});

describe('an update does not forgive', () => {
  test.each<[string, Schema, unknown, unknown, string[]]>([
    [
      'a value that changes from wrong to wrong',
      objectOfFields({ a: SHORT }),
      { a: 'long' },
      { a: 'longer' },
      [`spec.a: ${TOO_LONG}`],
    ],
    [
      'a value that moves to another field',
      objectOfFields({ a: SHORT, b: SHORT }),
      { a: 'long' },
      { b: 'long' },
      [`spec.b: ${TOO_LONG}`],
    ],
    [
      'items of a list without keys when the list changes',
      { type: 'array', items: SHORT },
      ['long'],
      ['long', 'x'],
      [`spec[0]: ${TOO_LONG}`],
    ],
    [
      'items of a set when the set changes',
      { type: 'array', items: SHORT, 'x-kubernetes-list-type': 'set' },
      ['long', 'x'],
      ['x', 'long'],
      [`spec[1]: ${TOO_LONG}`],
    ],
    [
      'an item of a map list under a key that is new',
      MAP_LIST,
      [{ name: 'a', port: 1, value: 'long' }],
      [{ name: 'a', port: 2, value: 'long' }],
      [`spec[0].value: ${TOO_LONG}`],
    ],
    [
      'an item that lacks a key',
      MAP_LIST,
      [{ name: 'a', value: 'long' }],
      [{ name: 'a', value: 'long' }, { name: 'b' }],
      [`spec[0].value: ${TOO_LONG}`],
    ],
    [
      'a missing field of an object that changes',
      objectOfFields({ a: SHORT, b: SHORT }, { required: ['b'] }),
      { a: 'x' },
      { a: 'y' },
      ['spec.b: Required value'],
    ],
    [
      'too many properties of an object that changes',
      objectOfFields({ a: SHORT, b: SHORT }, { maxProperties: 1 }),
      { a: 'x', b: 'x' },
      { a: 'x', b: 'y' },
      ['spec: Too many: 2: must have at most 1 item'],
    ],
    [
      'in a branch, a field that stays of an object that changes',
      objectOfFields(
        { a: { type: 'string' }, b: SHORT },
        { allOf: [{ properties: { a: { maxLength: 2 } } }] },
      ),
      { a: 'long', b: 'x' },
      { a: 'long', b: 'y' },
      [
        `spec.a: ${TOO_LONG}`,
        '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf). None validated',
      ],
    ],
    [
      'an object that stays but holds what the schema does not know',
      objectOfFields({
        a: objectOfFields({ b: SHORT }, { required: ['b'], 'x-kubernetes-preserve-unknown-fields': true }),
        c: SHORT,
      }),
      { a: { u: 1 } },
      { a: { u: 1 }, c: 'x' },
      ['spec.a.b: Required value'],
    ],
  ])('%s', (_name, spec, old, next, expected) => {
    expect(updateErrors(spec, old, next)).toEqual(expected);
    expect(updateErrors(spec, old, next, 0)).toEqual(expected);
  });
});

test('apiVersion and kind of the root are never forgiven, those below are', () => {
  const meta = {
    apiVersion: { type: 'string', maxLength: 1 },
    kind: { type: 'string', maxLength: 1 },
  } as const;
  const schema = objectOfFields({ ...meta, spec: objectOfFields(meta), x: SHORT });
  const old = { apiVersion: 'v1', kind: 'Thing', spec: { apiVersion: 'v1', kind: 'Thing' } };
  const value = json({ ...old, x: 'y' });
  const errors = compileSchema(schema).validateValues(
    value,
    '',
    new CorrelatedValue(value, json(old), schema),
  );
  expect(errors.map(({ field }) => field)).toEqual(['apiVersion', 'kind']);
});

test('an update has no error that a create of the same value would not have, and none if all stays', () => {
  fc.assert(
    fc.property(schemaArbitrary, jsonArbitrary, jsonArbitrary, (schema, old, value) => {
      const compiled = compileSchema(schema);
      const errorsOf = (correlation?: CorrelatedValue): string[] =>
        compiled.validateValues(value, '', correlation).map(fieldErrorText);
      const fresh = errorsOf();
      for (const error of errorsOf(new CorrelatedValue(value, old, schema))) expect(fresh).toContain(error);
      const same = new CorrelatedValue(value, value, schema);
      if (same.isUnchanged) expect(errorsOf(same)).toEqual([]);
    }),
  );
});
