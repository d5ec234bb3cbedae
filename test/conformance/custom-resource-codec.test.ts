import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kube, version, widgetCrd } from '../../src/definitions/crd/crd.suite.ts';
import {
  builtinDefinition,
  type DefinitionVersion,
  decodeCustomResource,
  readCustomResource,
} from '../../src/definitions/mod.ts';
import {
  deepCopy,
  encodeJson,
  isObject,
  type JsonValue,
  type KubeObject,
  type Schema,
} from '../../src/machinery/mod.ts';
import { jsonArbitrary, schemaArbitrary } from '../../src/machinery/schema/schema.suite.ts';

/**
 * A schema with a default on some of its fields. None below additionalProperties: upstream does not check
 * those, so that a null there may become a value with fields that the next read prunes.
 */
const defaultedSchema: fc.Arbitrary<Schema> = fc
  .tuple(schemaArbitrary, fc.array(jsonArbitrary, { minLength: 1, maxLength: 4 }))
  .map(([schema, defaults]) => withDefaults(schema, defaults, 0));

function withDefaults(schema: Schema, defaults: readonly JsonValue[], place: number): Schema {
  const chosen = defaults[place % defaults.length]!;
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, child], index) => [name, withDefaults(child, defaults, place * 3 + index + 1)] as const,
  );
  const { items } = schema;
  return {
    ...schema,
    ...(place % 2 === 1 && fits(chosen, schema) ? { default: chosen } : {}),
    ...(schema.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(items === undefined ? {} : { items: withDefaults(items, defaults, place + 1) }),
  };
}

/** A default of another type, or a null, would be refused with the CRD. */
function fits(value: JsonValue, { type }: Schema): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return type === 'array';
  if (isObject(value)) return type === 'object';
  return type === undefined || type === (typeof value === 'number' ? 'number' : typeof value);
}

function versionOf(spec: Schema): DefinitionVersion {
  return {
    name: 'v1',
    served: true,
    schema: { type: 'object', properties: { spec } },
    subresources: [],
    printerColumns: [],
    selectableFields: [],
  };
}

function isAccepted(spec: Schema): boolean {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  const crd = widgetCrd({ versions: [version('v1', { schema })] });
  const { strategy } = builtinDefinition('apiextensions.k8s.io', 'customresourcedefinitions')!;
  return strategy.validateCreate(crd, { subresource: '', now: '2026-01-01T00:00:00Z' }).length === 0;
}

function objectOfSpec(spec: JsonValue): KubeObject {
  const object = kube({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' } });
  object['spec'] = deepCopy(spec);
  return object;
}

describe('the codec of custom resources', () => {
  test('is stable: what was pruned and defaulted once is as the schema wants it', () => {
    fc.assert(
      fc.property(defaultedSchema, jsonArbitrary, (schema, spec) => {
        // Only defaults that a CRD may have.
        fc.pre(isAccepted(schema));
        const version = versionOf(schema);
        const object = objectOfSpec(spec);
        decodeCustomResource(object, version);
        const once = encodeJson(object);
        expect(decodeCustomResource(object, version)).toEqual([]);
        expect(encodeJson(object)).toBe(once);
        readCustomResource(object, version);
        expect(encodeJson(object)).toBe(once);
      }),
      { numRuns: 1_000, maxSkipsPerRun: 1_000 },
    );
  });
});
