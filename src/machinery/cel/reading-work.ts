import { CelList, type CelResult } from './values.ts';

/** The work of reading a value once from end to end, without looking into its elements. */
export function readingWork(value: CelResult): number {
  if (typeof value === 'string') return value.length >> CHARACTERS_PER_UNIT_LOG2;
  if (value instanceof CelList) return value.size >> ELEMENTS_PER_UNIT_LOG2;
  return value instanceof Uint8Array ? value.length >> CHARACTERS_PER_UNIT_LOG2 : 0;
}

/** Copying and comparing texts is the work of machine code, and takes a nanosecond for a few characters. */
const CHARACTERS_PER_UNIT_LOG2 = 5;
const ELEMENTS_PER_UNIT_LOG2 = 2;
