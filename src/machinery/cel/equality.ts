import { compareNumbers, isNumeric } from './numbers.ts';
import { CelDuration, CelTimestamp } from './time-values.ts';
import { CelType } from './types.ts';
import {
  CelError,
  CelList,
  CelMap,
  CelOpaque,
  CelOptional,
  type CelResult,
  type CelValue,
} from './values.ts';
import { work } from './work.ts';

/** The language's `==`: numbers by value across types, lists and maps by their contents. */
export function celEquals(a: CelValue, b: CelValue): boolean {
  return equalsOrFault(a, b) === true;
}

/**
 * As {@link celEquals}; lists and maps with an equality of their own may give a fault. What lists and maps
 * hold may be a fault itself: on the left it stays one, on the right nothing is equal to it.
 */
export function equalsOrFault(a: CelResult, b: CelResult): boolean | CelError {
  work(1);
  if (typeof a !== 'object' && typeof b !== 'object') return scalarsEqual(a, b);
  if (a instanceof CelError) return a;
  if (b instanceof CelError) return a instanceof CelList || a instanceof CelMap ? a.equalsForeign(b) : false;
  if (a === null || b === null) return a === b;
  if (a instanceof CelList) return b instanceof CelList ? listsEqual(a, b) : a.equalsForeign(b);
  if (a instanceof CelMap) return b instanceof CelMap ? mapsEqual(a, b) : a.equalsForeign(b);
  if (a instanceof CelOpaque) return a.equals(b);
  if (typeof a !== 'object' || typeof b !== 'object') return scalarsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.epochNanos === b.epochNanos;
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos;
  if (a instanceof CelType) return b instanceof CelType && a.name === b.name;
  if (a instanceof CelOptional) return b instanceof CelOptional && optionalsEqual(a, b);
  return isNumeric(b) && compareNumbers(a, b) === 0;
}

function scalarsEqual(a: CelValue, b: CelValue): boolean {
  if (typeof a === 'string' && typeof b === 'string' && a.length === b.length) work(a.length >> 8);
  if (typeof a === typeof b) return a === b;
  return isNumeric(a) && isNumeric(b) && compareNumbers(a, b) === 0;
}

function listsEqual(a: CelList, b: CelList): boolean | CelError {
  const own = a.equals(b);
  if (own !== undefined) return own;
  if (a.size !== b.size) return false;
  for (let index = 0; index < a.size; index++) {
    if (equalsOrFault(a.get(index), b.get(index)) === false) return false;
  }
  return true;
}

function mapsEqual(a: CelMap, b: CelMap): boolean | CelError {
  const own = a.equals(b);
  if (own !== undefined) return own;
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const left = a.get(key);
    const right = b.get(key);
    if (right === undefined) return false;
    if (left !== undefined && equalsOrFault(left, right) === false) return false;
  }
  return true;
}

function optionalsEqual(a: CelOptional, b: CelOptional): boolean | CelError {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equalsOrFault(a.value, b.value);
}
