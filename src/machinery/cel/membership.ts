import type { Step } from './frame.ts';
import { isNumeric } from './numbers.ts';
import { CelError, type CelList, CelUint, type CelValue, itemsOf } from './values.ts';

/**
 * `x in [constants]` as a look-up in a set, which costs nothing in cel-go. Undefined when the constants are
 * not all of kinds that a set can hold.
 */
export function membershipTest(
  value: Step,
  list: CelList,
): Step | { readonly constant: boolean } | undefined {
  if (list.size === 0) return { constant: false };
  const keys = new Set<string | bigint | number | boolean>();
  for (const item of itemsOf(list)) {
    const key = keyOf(item);
    if (key === undefined) return undefined;
    keys.add(key);
  }
  return (frame) => {
    const result = value(frame);
    if (result instanceof CelError) return result;
    const key = keyOf(result);
    return key !== undefined && keys.has(key);
  };
}

/** The same key for numbers that are equal, whatever their types; NaN has none. */
function keyOf(value: CelValue): string | bigint | number | boolean | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (!isNumeric(value)) return undefined;
  if (value instanceof CelUint) return value.value;
  if (typeof value === 'bigint') return value;
  return Number.isInteger(value) ? BigInt(value) : value;
}
