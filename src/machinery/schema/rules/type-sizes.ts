import type { Schema } from '../schema.ts';

/**
 * How large values can be, for the estimate of the cost of rules. The numbers are upstream's, for whom a
 * request has at most 3 MiB, whatever this server takes: a CRD must be good on both or on none.
 */
const REQUEST_BYTES_MAX = 3 * 1024 * 1024;

/** `[]`, `{}`. */
export const BYTES_OF_CONTAINER_MIN = 2;
/** `""`. */
export const BYTES_OF_STRING_MIN = 2;
/** `true`. */
export const BYTES_OF_BOOLEAN_MIN = 4;
/** `0`. */
export const BYTES_OF_NUMBER_MIN = 1;

const DATE_BYTES = 12;
const DATE_TIME_BYTES_MIN = 21;
const DATE_TIME_BYTES_MAX = 32;
const DURATION_BYTES_MIN = 3;
const DURATION_BYTES_MAX = 32;
/** maxLength counts characters, which have up to four bytes. */
const BYTES_PER_CHARACTER_MAX = 4;

/** How often a value of at least these bytes can be in one object: nothing but such values and commas. */
export function occurrencesMaxOf(bytesMin: number): number {
  return Math.floor(REQUEST_BYTES_MAX / (bytesMin + 1));
}

export function itemsMaxOf({ maxItems }: Schema, itemBytesMin: number): number {
  if (maxItems !== undefined) return countOf(maxItems);
  return Math.floor((REQUEST_BYTES_MAX - BYTES_OF_CONTAINER_MIN) / (itemBytesMin + 1));
}

export function propertiesMaxOf({ maxProperties }: Schema, valueBytesMin: number): number {
  if (maxProperties !== undefined) return countOf(maxProperties);
  // A key of two characters in quotes, a colon and a comma.
  return Math.floor((REQUEST_BYTES_MAX - BYTES_OF_CONTAINER_MIN) / (valueBytesMin + 6));
}

/** The length of a text without a format of its own. */
export function textLengthMaxOf({ maxLength }: Schema): number {
  if (maxLength !== undefined) return countOf(maxLength) * BYTES_PER_CHARACTER_MAX;
  return REQUEST_BYTES_MAX - BYTES_OF_STRING_MIN;
}

/** The sizes of a schema of type string. */
export function stringSizesOf(schema: Schema): { readonly elementsMax: number; readonly bytesMin: number } {
  switch (schema.format) {
    case 'byte': {
      const { maxLength } = schema;
      const elementsMax = maxLength === undefined ? textLengthMaxOf(schema) : countOf(maxLength);
      return { elementsMax, bytesMin: BYTES_OF_STRING_MIN };
    }
    case 'duration':
      return { elementsMax: DURATION_BYTES_MAX, bytesMin: DURATION_BYTES_MIN };
    case 'date':
      return { elementsMax: DATE_BYTES, bytesMin: DATE_BYTES };
    case 'date-time':
      return { elementsMax: DATE_TIME_BYTES_MAX, bytesMin: DATE_TIME_BYTES_MIN };
    default: {
      const { enum: values, maxLength } = schema;
      const isEnum = maxLength === undefined && values !== undefined && values.length > 0;
      const lengths = isEnum
        ? values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0))
        : [];
      const elementsMax = isEnum ? lengths.reduce((a, b) => Math.max(a, b), 0) : textLengthMaxOf(schema);
      return { elementsMax, bytesMin: BYTES_OF_STRING_MIN };
    }
  }
}

/** Limits may be beyond 2^53, which the parser makes bigints. */
function countOf(limit: number | bigint): number {
  return Math.max(0, Number(limit));
}
