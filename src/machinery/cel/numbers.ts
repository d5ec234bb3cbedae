import { CelError, CelUint, type CelValue } from './values.ts';

/** The bounds of int. */
export const intMin = -(2n ** 63n);
export const intMax = 2n ** 63n - 1n;
/** The bound of uint. */
export const uintMax = 2n ** 64n - 1n;

export const intOverflow = new CelError('integer overflow');
export const uintOverflow = new CelError('unsigned integer overflow');
export const timestampOverflow = new CelError('timestamp overflow');
export const noSuchOverload = new CelError('no such overload');

export function checkedInt(value: bigint): bigint | CelError {
  return value < intMin || value > intMax ? intOverflow : value;
}

export function checkedUint(value: bigint): CelUint | CelError {
  return value < 0n || value > uintMax ? uintOverflow : new CelUint(value);
}

export function isNumeric(value: CelValue): value is bigint | number | CelUint {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;
}

/**
 * The order of two numbers of any types: -1, 0, 1; NaN has none. An integer is compared with a double as a
 * double, unless the double is outside its range: cel-go's rule, which loses precision beyond 2^53.
 */
export function compareNumbers(
  a: bigint | number | CelUint,
  b: bigint | number | CelUint,
): -1 | 0 | 1 | undefined {
  if (typeof a === 'number') return typeof b === 'number' ? order(a, b) : compareDoubleInteger(a, b);
  if (typeof b === 'number') {
    const reverse = compareDoubleInteger(b, a);
    return reverse === undefined ? undefined : ((-reverse + 0) as -1 | 0 | 1);
  }
  const x = typeof a === 'bigint' ? a : a.value;
  const y = typeof b === 'bigint' ? b : b.value;
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareDoubleInteger(a: number, b: bigint | CelUint): -1 | 0 | 1 | undefined {
  const [min, max] = typeof b === 'bigint' ? [-(2 ** 63), 2 ** 63] : [0, 2 ** 64];
  if (a < min) return -1;
  if (a > max) return 1;
  return order(a, Number(typeof b === 'bigint' ? b : b.value));
}

function order(a: number, b: number): -1 | 0 | 1 | undefined {
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : undefined;
}
