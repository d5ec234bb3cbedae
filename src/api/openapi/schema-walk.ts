import { isObject, type JsonObject, type JsonValue, newObject } from '../../machinery/mod.ts';

/**
 * The schemas directly inside a schema. Keys under `properties` are names, and `default`, `enum` and
 * `example` hold data, so that a `$ref` or `type` in there means nothing: walkers must go through here.
 */
export function* childSchemas(schema: JsonObject): Generator<JsonObject> {
  for (const key of SINGLE_KEYS) {
    const child = schema[key];
    if (isObject(child)) yield child;
  }
  for (const key of LIST_KEYS) {
    const children = schema[key];
    if (!Array.isArray(children)) continue;
    for (const child of children) if (isObject(child)) yield child;
  }
  const properties = schema['properties'];
  if (!isObject(properties)) return;
  for (const name of Object.keys(properties)) {
    const child = properties[name];
    if (isObject(child)) yield child;
  }
}

/** A copy of a schema in which `change` has replaced every schema directly inside it. Data is shared. */
export function mapChildSchemas(schema: JsonObject, change: (child: JsonObject) => JsonObject): JsonObject {
  const copy = newObject();
  for (const key of Object.keys(schema)) {
    const value = schema[key];
    if (value !== undefined) copy[key] = mapMember(key, value, change);
  }
  return copy;
}

const SINGLE_KEYS = ['items', 'additionalProperties', 'not'];
const LIST_KEYS = ['allOf', 'anyOf', 'oneOf'];

function mapMember(key: string, value: JsonValue, change: (child: JsonObject) => JsonObject): JsonValue {
  if (SINGLE_KEYS.includes(key)) return isObject(value) ? change(value) : value;
  if (LIST_KEYS.includes(key) && Array.isArray(value)) {
    return value.map((child) => (isObject(child) ? change(child) : child));
  }
  if (key !== 'properties' || !isObject(value)) return value;
  const properties = newObject();
  for (const name of Object.keys(value)) {
    const child = value[name];
    if (child !== undefined) properties[name] = isObject(child) ? change(child) : child;
  }
  return properties;
}
