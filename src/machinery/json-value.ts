/**
 * JSON as Kubernetes sees it: integers are exact up to 64 bits (a `bigint` beyond ±2^53), and an
 * object has no prototype, so that `__proto__` and `constructor` are ordinary keys.
 */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject;

/** Objects come from {@link newObject} or the parser; never from an object literal with foreign keys. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

// A class whose prototype is an empty object without prototype keeps V8's fast properties, which
// Object.create(null) gives up, and inherits neither `__proto__` nor `constructor`.
// biome-ignore lint/complexity/useArrowFunction: an arrow function cannot be called with `new`.
const Bare = function () {} as unknown as new () => JsonObject;
(Bare as unknown as { prototype: object }).prototype = Object.create(null);

/** An empty object without inherited keys. */
export function newObject(): JsonObject {
  return new Bare();
}

/** Copies the entries of a literal (own keys only) into an object without inherited keys; shallow. */
export function objectOf(entries: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const object = new Bare();
  for (const key of Object.keys(entries)) {
    const value = entries[key];
    if (value !== undefined) object[key] = value;
  }
  return object;
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy that shares nothing with the original. */
export function deepCopy<T extends JsonValue>(value: T): T {
  if (Array.isArray(value)) return value.map(deepCopy) as T;
  if (!isObject(value)) return value;
  const copy = new Bare();
  for (const key of Object.keys(value)) {
    const child = (value as JsonObject)[key];
    if (child !== undefined) copy[key] = deepCopy(child);
  }
  return copy as T;
}

/** Equality by JSON value: key order is irrelevant, an absent key equals `undefined`, 1 equals 1n. */
export function deepEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a === 'bigint' || typeof b === 'bigint') {
    return isNumeric(a) && isNumeric(b) && exactInteger(a) === exactInteger(b);
  }
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => deepEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  for (const key of Object.keys(a)) if (!deepEqual(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

function isNumeric(value: JsonValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function exactInteger(value: number | bigint): bigint | number {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}
