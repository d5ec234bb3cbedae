import fc from 'fast-check';
import { parseJson } from '../json.ts';
import type { JsonValue } from '../json-value.ts';
import type { Schema } from './schema.ts';

/** Keys that schemas and values share, so that they meet. */
const keyArbitrary = fc.constantFrom('a', 'b', 'c', 'metadata', 'constructor', 'x-y');

const leafArbitrary: fc.Arbitrary<Schema> = fc.oneof(
  fc.record(
    {
      type: fc.constant('string'),
      minLength: fc.nat(3),
      maxLength: fc.nat(3),
      pattern: fc.constantFrom('^a', 'b$', '[0-9]+'),
      format: fc.constantFrom('date', 'ipv4', 'duration', 'unheard-of'),
      enum: fc.uniqueArray(fc.constantFrom('a', 'ab', '1'), { minLength: 1 }),
      nullable: fc.boolean(),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record(
    {
      type: fc.constantFrom('integer', 'number'),
      minimum: fc.integer({ min: -3, max: 3 }),
      maximum: fc.integer({ min: -3, max: 3 }),
      exclusiveMinimum: fc.boolean(),
      multipleOf: fc.constantFrom(1, 2, 0.5),
      nullable: fc.boolean(),
    },
    { requiredKeys: ['type'] },
  ),
  fc.constantFrom<Schema>(
    { type: 'boolean' },
    { 'x-kubernetes-int-or-string': true },
    {
      'x-kubernetes-preserve-unknown-fields': true,
    },
  ),
);

/** What may stand in a branch: restrictions only. */
const branchArbitrary: fc.Arbitrary<Schema> = fc.oneof(
  fc.record({ required: fc.uniqueArray(keyArbitrary, { minLength: 1 }) }),
  fc.record({ minimum: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ minLength: fc.nat(3) }),
  fc.record({ maxItems: fc.nat(3) }),
);

/** Structural schemas (without a root of their own), small enough for values to be valid now and then. */
export const schemaArbitrary: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leafArbitrary,
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(keyArbitrary, tie('schema'), { maxKeys: 3 }),
        required: fc.uniqueArray(keyArbitrary, { maxLength: 1 }),
        maxProperties: fc.nat(4),
        nullable: fc.boolean(),
        anyOf: fc.array(branchArbitrary, { maxLength: 2 }),
        not: branchArbitrary,
      },
      { requiredKeys: ['type', 'properties'] },
    ),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('schema') }),
    fc.record(
      {
        type: fc.constant('array'),
        items: tie('schema'),
        minItems: fc.nat(2),
        oneOf: fc.array(branchArbitrary, { maxLength: 2 }),
      },
      { requiredKeys: ['type', 'items'] },
    ),
  ),
})).schema;

/** JSON values made of the same keys, through the parser. */
export const jsonArbitrary: fc.Arbitrary<JsonValue> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, 'a', 'ab', '1', '2024-01-01', '10.0.0.1', '', 'é😀', 0, 1, -2, 2.5, 3),
      fc.dictionary(keyArbitrary, tie('value'), { maxKeys: 4 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }))
  .value.map((value) => parseJson(JSON.stringify(value)).value);
