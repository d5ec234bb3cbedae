import { CelList, CelMap, CelOpaque, type CelResult } from '../values.ts';

/** The size that costs are counted by: characters, bytes, elements, entries; 1 of what has none. */
export function actualSize(value: CelResult): number {
  if (typeof value === 'string') return codePointsOf(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  return value instanceof CelOpaque ? (value.size ?? 1) : 1;
}

function codePointsOf(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code < 0xdc00) count--;
  }
  return count;
}
