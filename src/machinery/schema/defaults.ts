import { deepCopy, isObject, type JsonValue } from '../json-value.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';

/**
 * Sets absent fields to their default, in place. Only objects that exist get defaults (a default does
 * not create its parent), and a null counts as absent where the field is not nullable. Defaults are
 * copied, so that the schema is never changed through an object.
 */
export function applyDefaults(value: JsonValue, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined) return;
    for (let index = 0; index < value.length; index++) {
      if (value[index] === null && hasDefaultForNull(items)) value[index] = deepCopy(items.default);
      applyDefaults(value[index] ?? null, items);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of defaultedProperties(schema)) {
    const current = value[key];
    if (current === undefined || (current === null && property.nullable !== true)) {
      value[key] = deepCopy(property.default as JsonValue);
    }
  }
  const additional = additionalSchemaOf(schema);
  for (const key of Object.keys(value)) {
    const property = propertySchemaOf(schema, key);
    if (property === undefined && additional !== undefined && value[key] === null) {
      if (hasDefaultForNull(additional)) value[key] = deepCopy(additional.default);
    }
    const node = property ?? additional;
    if (node !== undefined) applyDefaults(value[key] ?? null, node);
  }
}

/**
 * Removes, in place, the fields that are null although their schema is neither nullable nor has a
 * default. Nulls in lists stay, as upstream leaves them to validation.
 */
export function dropNonNullableNulls(value: JsonValue, schema: Schema | undefined): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNonNullableNulls(item, schema?.items);
    return;
  }
  if (!isObject(value) || schema === undefined) return;
  for (const key of Object.keys(value)) {
    const node = propertySchemaOf(schema, key) ?? additionalSchemaOf(schema);
    if (node === undefined) continue;
    const child = value[key] ?? null;
    if (child !== null) dropNonNullableNulls(child, node);
    else if (node.nullable !== true && !hasDefault(node)) delete value[key];
  }
}

/** Most schema nodes have no property with a default, which reads and lists should not look for again. */
const defaultedPropertiesOf = new WeakMap<Schema, readonly (readonly [string, Schema])[]>();

function defaultedProperties(schema: Schema): readonly (readonly [string, Schema])[] {
  const known = defaultedPropertiesOf.get(schema);
  if (known !== undefined) return known;
  const found = Object.entries(schema.properties ?? {}).filter(([, property]) => hasDefault(property));
  defaultedPropertiesOf.set(schema, found);
  return found;
}

/** A default of null is no default: Go cannot tell the two apart. */
function hasDefault(schema: Schema): schema is Schema & { readonly default: JsonValue } {
  return schema.default !== undefined && schema.default !== null;
}

function hasDefaultForNull(schema: Schema): schema is Schema & { readonly default: JsonValue } {
  return schema.nullable !== true && hasDefault(schema);
}
