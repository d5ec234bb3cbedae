import { deepEqual, type JsonObject, type JsonValue } from '../json-value.ts';

/** As `deepEqual`, for the many values that are equal: without closures and lists of keys. */
export function areEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return deepEqual(a, b);
  if (a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && areListsEqual(a, b);
  return !Array.isArray(b) && areMapsEqual(a, b);
}

function areListsEqual(a: readonly JsonValue[], b: readonly JsonValue[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!areEqual(a[index]!, b[index]!)) return false;
  return true;
}

function areMapsEqual(a: JsonObject, b: JsonObject): boolean {
  let size = 0;
  for (const key in a) {
    const left = a[key];
    if (left === undefined) continue;
    const right = b[key];
    if (right === undefined || !areEqual(left, right)) return false;
    size++;
  }
  for (const key in b) if (b[key] !== undefined) size--;
  return size === 0;
}

/**
 * The order in which upstream sorts path elements that hold values: numbers, then strings by their
 * UTF-8 bytes, booleans, lists, maps, null.
 */
export function compareValues(a: JsonValue, b: JsonValue): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (typeof a === 'string') return compareTexts(a, b as string);
  if (Array.isArray(a)) return compareLists(a, b as JsonValue[]);
  if (typeof a === 'object' && a !== null) return compareMaps(a, b as JsonObject);
  if (a === b || a === null) return 0;
  // Only two numbers or two booleans come here, and false goes before true.
  return (a as number) < (b as number) ? -1 : 1;
}

/** The order of the UTF-8 bytes of two texts. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    // Code points beyond U+FFFF are surrogates here, and come after everything else in UTF-8.
    if (left !== right)
      return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

function rankOf(value: JsonValue): number {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 0;
    case 'string':
      return 1;
    case 'boolean':
      return 2;
    default:
      return value === null ? 5 : Array.isArray(value) ? 3 : 4;
  }
}

function compareLists(a: readonly JsonValue[], b: readonly JsonValue[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareValues(a[index] ?? null, b[index] ?? null);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareMaps(a: JsonObject, b: JsonObject): number {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareTexts);
  for (const key of keys) {
    const left = a[key];
    const right = b[key];
    if (left === undefined || right === undefined) {
      if (left !== right) return left === undefined ? 1 : -1;
    } else {
      const order = compareValues(left, right);
      if (order !== 0) return order;
    }
  }
  return 0;
}
