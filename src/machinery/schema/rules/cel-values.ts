import { CelError, type CelResult } from '../../cel/mod.ts';
import { isObject, type JsonValue } from '../../json-value.ts';
import type { Schema } from '../schema.ts';
import { additionalSchemaOf } from '../schema-nodes.ts';
import { SchemaList, SchemaMapList, SchemaSet } from './cel-lists.ts';
import { SchemaMap } from './cel-maps.ts';
import { celNumberOf, celStringOf, goTypeOf, UnknownValue } from './cel-scalars.ts';
import { withResourceProperties } from './resource-properties.ts';

/**
 * A JSON value as expressions see it through its schema. Nothing below it is converted before an expression
 * looks at it. A value that does not follow the schema is a fault.
 */
export function celValueOf(value: JsonValue, schema: Schema): CelResult {
  if (value === null) {
    if (schema.nullable === true) return null;
    return new CelError('invalid data, got null for schema with nullable=false');
  }
  if (schema['x-kubernetes-int-or-string'] === true) return intOrStringOf(value);
  switch (schema.type) {
    case 'object':
      return objectOfSchema(value, schema);
    case 'array':
      return listOfSchema(value, schema);
    case 'string':
      if (typeof value === 'string') return celStringOf(value, schema.format);
      return new CelError(`invalid data, expected string, got ${goTypeOf(value)}`);
    case 'number':
    case 'integer':
      return celNumberOf(value, schema.type);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return new CelError(`invalid data, expected bool, got ${goTypeOf(value)}`);
    default:
      if (schema['x-kubernetes-preserve-unknown-fields'] === true) return new UnknownValue(value);
      return new CelError(`${INVALID_TYPE}, got ${schema.type ?? ''}`);
  }
}

const INVALID_TYPE =
  'invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true';

function intOrStringOf(value: JsonValue): CelResult {
  if (typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return new CelError('invalid data, expected XIntOrString value to be either a string or integer');
}

function objectOfSchema(value: JsonValue, schema: Schema): CelResult {
  if (!isObject(value)) {
    return new CelError('invalid data, expected a map for the provided schema with type=object');
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    return new SchemaMap(value, { schema: withResourceProperties(schema) }, celValueOf);
  }
  const values = schema.properties === undefined ? additionalSchemaOf(schema) : undefined;
  return new SchemaMap(value, values === undefined ? { schema } : { schema, values }, celValueOf);
}

function listOfSchema(value: JsonValue, schema: Schema): CelResult {
  if (!Array.isArray(value)) {
    return new CelError('invalid data, expected an array for the provided schema with type=array');
  }
  const items = schema.items;
  if (items === undefined) return new CelError('invalid array type, expected Items with a non-empty Schema');
  const convert = (item: JsonValue): CelResult => celValueOf(item, items);
  switch (schema['x-kubernetes-list-type']) {
    case 'map':
      return new SchemaMapList(value, convert, schema['x-kubernetes-list-map-keys'] ?? []);
    case 'set':
      return new SchemaSet(value, convert);
    default:
      return new SchemaList(value, convert);
  }
}
