import { at, child, type FieldError, invalid, type JsonObject, type JsonValue } from '../../machinery/mod.ts';

/** Most bytes that the values of one ConfigMap or Secret may have together. */
export const DATA_BYTES_MAX = 1024 * 1024;

/** What is wrong with a key of a ConfigMap or Secret, in upstream's words (validation.IsConfigMapKey). */
export function dataKeyErrors(key: string): string[] {
  const errors: string[] = [];
  if (Buffer.byteLength(key) > KEY_LENGTH_MAX) {
    errors.push(`must be no more than ${KEY_LENGTH_MAX} characters`);
  }
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    errors.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (key === '.') errors.push("must not be '.'");
  else if (key === '..') errors.push("must not be '..'");
  else if (key.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** The errors of all keys of `object[field]`, in order of the keys. */
export function validateDataKeys(object: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(mapAt(object, field)).sort()) {
    for (const detail of dataKeyErrors(key)) errors.push(invalid(at(child('', field), key), key, detail));
  }
  return errors;
}

/** Total bytes of the values: of texts as they are, or of base64 after decoding. */
export function dataSizeBytes(values: JsonObject, encoding: 'utf8' | 'base64'): number {
  let sizeBytes = 0;
  for (const key of Object.keys(values)) {
    const value = values[key];
    if (typeof value === 'string') sizeBytes += Buffer.byteLength(value, encoding);
  }
  return sizeBytes;
}

/** The map in `object[field]`, or an empty one. */
export function mapAt(object: JsonObject, field: string): JsonObject {
  const value: JsonValue | undefined = object[field];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : EMPTY;
}

const KEY_LENGTH_MAX = 253;
const EMPTY: JsonObject = Object.freeze(Object.create(null) as JsonObject);
