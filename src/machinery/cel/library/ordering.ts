import { CelDuration, CelTimestamp } from '../time-values.ts';
import { CelUint, type CelValue } from '../values.ts';

/** Is the value of a type whose values have an order. */
export function isOrdered(value: CelValue): boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    typeof value === 'number' ||
    value instanceof CelUint ||
    value instanceof CelTimestamp ||
    value instanceof CelDuration ||
    value instanceof Uint8Array
  );
}

/**
 * Negative, zero or positive as `a` is less than, equal to or greater than `b`; undefined if they cannot be compared:
 * other types (numbers go with all numbers), or not a number.
 */
export function compareValues(a: CelValue, b: CelValue): number | undefined {
  const numbers = [numberOf(a), numberOf(b)] as const;
  if (numbers[0] !== undefined && numbers[1] !== undefined) return order(numbers[0], numbers[1]);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return order(a.epochNanos, b.epochNanos);
  if (a instanceof CelDuration && b instanceof CelDuration) return order(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

/** By code points, which is by UTF-8 bytes; JavaScript's own order puts U+E000 and on after the astral planes. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (/[\ud800-\uffff]/.test(a) && /[\ud800-\uffff]/.test(b)) {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a < b ? -1 : 1;
}

function numberOf(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof CelUint ? value.value : undefined;
}

function order(a: bigint | number, b: bigint | number): number | undefined {
  if (a < b) return -1;
  if (a > b) return 1;
  // Only not-a-number is neither less nor greater nor equal.
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : 0;
}
