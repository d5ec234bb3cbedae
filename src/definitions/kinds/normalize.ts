import {
  deepCopy,
  formatQuantity,
  isObject,
  type JsonObject,
  type JsonValue,
  newObject,
  normalizeMicroTime,
  normalizeTime,
  parseQuantity,
  type Schema,
} from '../../machinery/mod.ts';
import { presenceOf } from './fields.ts';

/**
 * Brings an object of a built-in kind into the form in which Go would print it after decoding: times in
 * seconds or microseconds, canonical quantities and base64, nulls and zero values left out or printed as
 * the kind's Go type does. In place. Fields that the schema does not know, and values that do not have
 * the type of their field, are left alone: pruning and checking them is done elsewhere.
 */
export function normalizeBuiltin(object: JsonObject, schema: Schema): void {
  const { properties } = schema;
  if (properties === undefined) return;
  for (const key of Object.keys(object)) {
    const field = properties[key];
    if (field === undefined) continue;
    const value = normalizeValue(object[key] ?? null, field);
    if (isOmitted(value, field)) delete object[key];
    else object[key] = value;
  }
  for (const [key, field] of printedFields(properties)) {
    if (!Object.hasOwn(object, key)) object[key] = emptyValue(field);
  }
}

function normalizeValue(value: JsonValue, schema: Schema): JsonValue {
  if (typeof value === 'string') return normalizeText(value, schema);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((entry) => normalizeEntry(entry, items));
  }
  if (isObject(value)) {
    const { additionalProperties } = schema;
    if (schema.properties !== undefined) normalizeBuiltin(value, schema);
    else if (typeof additionalProperties === 'object') {
      for (const key of Object.keys(value)) {
        value[key] = normalizeEntry(value[key] ?? null, additionalProperties);
      }
    }
    return value;
  }
  return schema.format === 'quantity' && value !== null ? canonicalQuantity(String(value)) : value;
}

/** Go decodes a null inside a list or map as the zero value of its type. */
function normalizeEntry(value: JsonValue, schema: Schema): JsonValue {
  return normalizeValue(value ?? zeroValue(schema), schema);
}

function normalizeText(value: string, schema: Schema): JsonValue {
  switch (schema.format) {
    case 'date-time':
      return canonicalTime(value, normalizeTime(value));
    case 'micro-time':
      return canonicalTime(value, normalizeMicroTime(value));
    case 'quantity':
      return canonicalQuantity(value);
    case 'byte':
      return canonicalBase64(value);
    default:
      return value;
  }
}

function canonicalTime(value: string, normalized: string | undefined): JsonValue {
  if (normalized === undefined) return value;
  // The first instant of the year 1 is Go's zero time, which prints as null.
  return ZERO_TIME.test(normalized) ? null : normalized;
}

function canonicalQuantity(value: string): string {
  try {
    return formatQuantity(parseQuantity(value));
  } catch {
    // Not a quantity: the decode check has refused it, or will.
    return value;
  }
}

/** Go's decoder skips line ends and ignores the unused bits of the last character. */
function canonicalBase64(value: string): string {
  const compact = value.includes('\n') || value.includes('\r') ? value.replace(/[\r\n]/g, '') : value;
  if (compact.length % 4 !== 0 || !compact.endsWith('=')) return compact;
  // Only the last four characters can be written in more than one way.
  const tail = compact.slice(-4);
  if (!/^[A-Za-z0-9+/]{2}(==|[A-Za-z0-9+/]=)$/.test(tail)) return compact;
  return compact.slice(0, -4) + Buffer.from(tail, 'base64').toString('base64');
}

function isOmitted(value: JsonValue, field: Schema): boolean {
  switch (presenceOf(field)) {
    case 'omit':
      return isZero(value);
    case 'keep':
      return value === null;
    case 'print':
      return value === null && field.default !== undefined;
    case 'null':
      return Array.isArray(value) && value.length === 0;
  }
}

function isZero(value: JsonValue): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function emptyValue(field: Schema): JsonValue {
  const value = deepCopy(field.default ?? null);
  return isObject(value) ? normalizeValue(value, field) : value;
}

function zeroValue(schema: Schema): JsonValue {
  if (schema.properties !== undefined || schema.type === 'object') return newObject();
  if (schema.format === 'quantity') return '0';
  if (schema.type === 'string') return '';
  if (schema.type === 'boolean') return false;
  if (schema.type === 'integer' || schema.type === 'number') return 0;
  return null;
}

const ZERO_TIME = /^0001-01-01T00:00:00(\.0+)?Z$/;

type Properties = Readonly<Record<string, Schema>>;

const printedByProperties = new WeakMap<Properties, readonly (readonly [string, Schema])[]>();

function printedFields(properties: Properties): readonly (readonly [string, Schema])[] {
  let printed = printedByProperties.get(properties);
  if (printed === undefined) {
    printed = Object.entries(properties).filter(([, field]) => {
      const presence = presenceOf(field);
      return presence === 'print' || presence === 'null';
    });
    printedByProperties.set(properties, printed);
  }
  return printed;
}
