import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldErrorText } from '../field-error.ts';
import { parseJson } from '../json.ts';
import { deepCopy, isObject, type JsonValue } from '../json-value.ts';
import { compileSchema } from './compiled-schema.ts';
import { applyDefaults } from './defaults.ts';
import { pruneUnknown } from './prune.ts';
import { jsonArbitrary, schemaArbitrary } from './schema.suite.ts';
import type { Schema } from './schema.ts';
import { validateStructural } from './structural.ts';

const PATH = 's';

function errors(schema: unknown, isStatusEnabled = false): string[] {
  const parsed = parseJson(JSON.stringify(schema)).value as unknown as Schema;
  return validateStructural(parsed, PATH, { isStatusEnabled }).map(fieldErrorText);
}

/** A root whose property `f` is the given node. */
function errorsOfField(node: unknown): string[] {
  return errors({ type: 'object', properties: { f: node } });
}

const F = 's.properties[f]';

describe('a node of a schema is refused with upstream’s text:', () => {
  test.each<[unknown, string]>([
    [{}, `${F}.type: Required value: must not be empty for specified object fields`],
    [{ type: 'array' }, `${F}.items: Required value: must be specified`],
    [
      { type: 'array', items: {} },
      `${F}.items.type: Required value: must not be empty for specified array items`,
    ],
    [
      { type: 'fancy' },
      `${F}.type: Unsupported value: "fancy": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ],
    [{ type: 'string', $ref: '#/x' }, `${F}.$ref: Forbidden: $ref is not supported`],
    [
      { type: 'string', pattern: '(a' },
      `${F}.pattern: Invalid value: "(a": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(a\``,
    ],
    [
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      `${F}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
    ],
    [
      { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } },
      `${F}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ],
    [
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
      `${F}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
    ],
    [
      { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true },
      `${F}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`,
    ],
    [
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      `${F}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
    ],
    [
      { type: 'object', anyOf: [{ type: 'object' }] },
      `${F}.anyOf[0].type: Forbidden: must be empty to be structural`,
    ],
    [
      { type: 'object', oneOf: [{ 'x-kubernetes-validations': [{ rule: 'x', message: 'y' }] }] },
      `${F}.oneOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural`,
    ],
    [
      { type: 'string', default: 1 },
      `${F}.default: Invalid value: "integer":  in body must be of type string: "integer"`,
    ],
    [
      { type: 'object', default: { a: 1 }, properties: {} },
      `${F}.default: Invalid value: {"a":1}: must not have unknown fields`,
    ],
    [
      { type: 'string', 'x-kubernetes-list-type': 'set' },
      `${F}.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified`,
    ],
    [
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' },
      `${F}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`,
    ],
    [
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' },
      `${F}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
    [
      {
        type: 'array',
        items: { type: 'object', properties: { k: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      `${F}.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ],
    [
      { type: 'string', 'x-kubernetes-map-type': 'atomic' },
      `${F}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified`,
    ],
    [
      { type: 'string', 'x-kubernetes-validations': [{ rule: ' ' }] },
      `${F}.x-kubernetes-validations[0].rule: Required value: rule is not specified`,
    ],
    [
      { type: 'string', 'x-kubernetes-validations': [{ rule: 'true', reason: 'X' }] },
      `${F}.x-kubernetes-validations[0].reason: Unsupported value: "X": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
    ],
  ])('%j', (node, expected) => {
    expect(errorsOfField(node)).toEqual([expected]);
  });
});

describe('the root is refused with upstream’s text:', () => {
  test.each<[unknown, boolean, string]>([
    [{}, false, 's.type: Required value: must not be empty at the root'],
    [{ type: 'string' }, false, 's.type: Invalid value: "string": must be object at the root'],
    [
      { type: 'object', not: { properties: { a: { minimum: 1 } } } },
      false,
      's.properties[a]: Required value: because it is defined in s.not.properties[a]',
    ],
    [{ type: 'object', nullable: true }, false, 's.nullable: Forbidden: nullable cannot be true at the root'],
    [
      { type: 'object', additionalProperties: { type: 'string' } },
      false,
      's.additionalProperties: Forbidden: must not be used at the root',
    ],
    [
      {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
      },
      false,
      's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
    ],
    [
      { type: 'object', properties: { kind: { type: 'integer' } } },
      false,
      's.properties[kind].type: Invalid value: "integer": must be string',
    ],
    [
      { type: 'object', properties: { kind: { type: 'string', default: 'X' } } },
      false,
      's.properties[kind].default: Forbidden: must not be set in top-level kind',
    ],
  ])('%j', (schema, isStatusEnabled, expected) => {
    expect(errors(schema, isStatusEnabled)).toEqual([expected]);
  });
});

test('with a status subresource the root may only say what survives the split', () => {
  const [first] = errors({ type: 'object', oneOf: [{ required: ['a'] }] }, true);
  expect(first).toMatch(
    /^s: Invalid value: "oneOf": only \[Description Type Format .* XValidations\] fields are allowed/,
  );
  expect(errors({ type: 'object', description: 'x', required: ['spec'], properties: {} }, true)).toEqual([]);
});

test.each([
  { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
  {
    allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: 'x' }],
    'x-kubernetes-int-or-string': true,
  },
  { 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'object', additionalProperties: true, 'x-kubernetes-map-type': 'atomic' },
  { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'string', default: 'a', enum: ['a'] },
  { type: 'object', default: {}, properties: { a: { type: 'string', default: 'x' } } },
])('the form %j is structural', (node) => {
  expect(errorsOfField(node)).toEqual([]);
});

test('an int-or-string pattern in the wrong order is no exception', () => {
  expect(
    errorsOfField({ anyOf: [{ type: 'string' }, { type: 'integer' }], 'x-kubernetes-int-or-string': true }),
  ).toHaveLength(2);
});

test('a schema that nests without end is refused before it is walked', () => {
  let schema: Schema = { type: 'string' };
  for (let depth = 0; depth < 5_000; depth++) schema = { type: 'array', items: schema };
  expect(validateStructural(schema, PATH, { isStatusEnabled: false }).map(fieldErrorText)).toEqual([
    's: Invalid value: "": must not nest deeper than 200 levels',
  ]);
});

test('property: a schema that is accepted validates any value without an exception', () => {
  let accepted = 0;
  fc.assert(
    fc.property(schemaArbitrary, jsonArbitrary, (node, value) => {
      const schema: Schema = { type: 'object', properties: { spec: node } };
      if (validateStructural(schema, '', { isStatusEnabled: true }).length > 0) return;
      accepted++;
      const compiled = compileSchema(schema, { hotAfter: 0 });
      expect(Array.isArray(compiled.validate(value, ''))).toBe(true);
    }),
    { numRuns: 150 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test('property: pruning and defaulting a second time changes nothing', () => {
  const withDefaults = schemaArbitrary.map(
    (node) =>
      ({
        type: 'object',
        properties: {
          a: node,
          b: { type: 'object', default: {}, properties: { c: { type: 'string', default: 'd' } } },
        },
      }) as unknown as Schema,
  );
  fc.assert(
    fc.property(withDefaults, jsonArbitrary, (schema, value) => {
      if (!isObject(value)) return;
      const once = settle(schema, value);
      expect(settle(schema, once)).toEqual(once);
    }),
    { numRuns: 300 },
  );
});

function settle(schema: Schema, value: JsonValue): JsonValue {
  const copy = deepCopy(value);
  if (!isObject(copy)) return copy;
  applyDefaults(copy, schema);
  pruneUnknown(copy, schema, { isResourceRoot: true });
  return copy;
}

test('defaults share one budget of work', () => {
  const anyOf = Array.from({ length: 500 }, (_, index) => ({ required: [`k${index}`] }));
  const items = { type: 'object', anyOf };
  const list = { type: 'array', items, default: Array.from({ length: 3_000 }, () => ({})) };
  const properties = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`f${index}`, list]));
  const found = errors({ type: 'object', properties });
  expect(found.filter((text) => text.includes('too much work'))).toHaveLength(1);
});
