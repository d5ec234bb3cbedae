import { codePointCount } from '../source.ts';
import { CelList, CelMap, CelOpaque, type CelResult } from '../values.ts';

/** The size that costs are counted by: characters, bytes, elements, entries; 1 of what has none. */
export function actualSize(value: CelResult): number {
  if (typeof value === 'string') return codePointCount(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  return value instanceof CelOpaque ? (value.size ?? 1) : 1;
}
