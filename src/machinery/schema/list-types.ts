import { at, child, duplicate, type FieldError, invalid } from '../field-error.ts';
import { encodeJson } from '../json.ts';
import { isObject, type JsonObject, type JsonValue, newObject } from '../json-value.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';
import { ERRORS_MAX } from './validation-report.ts';

/**
 * Checks that the lists of type `set` hold no item twice and those of type `map` no key twice. Each
 * repetition is told once, at its second place.
 */
export function validateListTypes(value: JsonValue, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  walk(value, schema, { path, errors });
  return errors.slice(0, ERRORS_MAX);
}

interface Walk {
  readonly path: string;
  readonly errors: FieldError[];
}

function walk(value: JsonValue, schema: Schema, { path, errors }: Walk): void {
  if (errors.length >= ERRORS_MAX) return;
  if (Array.isArray(value)) {
    const type = schema['x-kubernetes-list-type'];
    if (type === 'set') {
      for (const index of repetitions(value)) errors.push(duplicate(at(path, index), value[index] ?? null));
    } else if (type === 'map') {
      errors.push(...validateMapList(value, schema, path));
    }
    const items = schema.items;
    if (items === undefined) return;
    value.forEach((item, index) => {
      walk(item, items, { path: at(path, index), errors });
    });
    return;
  }
  if (!isObject(value)) return;
  const additional = additionalSchemaOf(schema);
  for (const key of Object.keys(value)) {
    const item = value[key] ?? null;
    const property = propertySchemaOf(schema, key);
    if (property !== undefined) walk(item, property, { path: child(path, key), errors });
    else if (additional !== undefined) walk(item, additional, { path: at(path, key), errors });
  }
}

function validateMapList(list: readonly JsonValue[], schema: Schema, path: string): FieldError[] {
  const odd = list.findIndex((item) => item !== null && !isObject(item));
  if (odd >= 0) {
    return [invalid(at(path, odd), list[odd] ?? null, 'must be an object for an array of list-type map')];
  }
  // Go prints the keys of a map in order.
  const keyNames = [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort();
  const keys = list.map((item) => keyOf(item, keyNames));
  return repetitions(keys).map((index) => duplicate(at(path, index), keys[index] ?? null));
}

function keyOf(item: JsonValue, names: readonly string[]): JsonObject {
  const key = newObject();
  if (!isObject(item)) return key;
  for (const name of names) if (item[name] !== undefined) key[name] = item[name];
  return key;
}

/** The indices of the second appearance of each value that appears more than once. */
function repetitions(values: readonly JsonValue[]): number[] {
  const seen = new Map<string, number>();
  const repeated: number[] = [];
  values.forEach((value, index) => {
    const text = encodeJson(value);
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    if (times === 1) repeated.push(index);
  });
  return repeated;
}
