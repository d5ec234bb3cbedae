/**
 * The functions of cel-go's strings extension on texts. Positions count code points (Go's runes), not the UTF-16
 * units of JavaScript.
 */
import { CelError } from '../values.ts';

/** The character at a position; empty at the end. */
export function charAt(text: string, index: bigint): string | CelError {
  const characters = charactersOf(text);
  if (index < 0n || index > characters.length) return outOfRange(index);
  return characters[Number(index)] ?? '';
}

/** Where a text first occurs at or after an offset, else -1. */
export function indexOf(text: string, sought: string, offset = 0n): bigint | CelError {
  if (sought === '') return offset;
  if (offset < 0n) return outOfRange(offset);
  const characters = charactersOf(text);
  if (offset >= characters.length) return -1n;
  return positionOf(text, text.indexOf(sought, unitsBefore(characters, Number(offset))));
}

/** Where a text last occurs at or before an offset, else -1. */
export function lastIndexOf(text: string, sought: string, offset?: bigint): bigint | CelError {
  const characters = charactersOf(text);
  if (sought === '') return offset ?? BigInt(characters.length);
  if (offset !== undefined && offset < 0n) return outOfRange(offset);
  if (characters.length === 0 || (offset !== undefined && offset >= characters.length)) return -1n;
  const last = offset === undefined ? text.length : unitsBefore(characters, Number(offset));
  return positionOf(text, text.lastIndexOf(sought, last));
}

export function substring(text: string, start: bigint, end?: bigint): string | CelError {
  const characters = charactersOf(text);
  if (end !== undefined && start > end) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0n || start > characters.length) return outOfRange(start);
  if (end !== undefined && end > characters.length) return outOfRange(end);
  const part = characters.slice(Number(start), end === undefined ? undefined : Number(end));
  return typeof part === 'string' ? part : part.join('');
}

/** Only A to Z. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Only a to z. */
export function upperAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** Replaces the first `countMax` occurrences, all if that is negative. An empty text occurs around every character. */
export function replace(
  text: string,
  change: { readonly from: string; readonly to: string; readonly countMax: bigint },
): string {
  const { from, to, countMax } = change;
  if (from === to || countMax === 0n) return text;
  const limit = countMax < 0n ? Number.POSITIVE_INFINITY : Number(countMax);
  if (from === '') return interleave([...text], to, limit);
  const parts = splitBy(text, from, limit);
  return parts.join(to);
}

/** Splits into at most `countMax` parts, any number if that is negative; by an empty separator into characters. */
export function split(text: string, separator: string, countMax: bigint): string[] {
  if (countMax === 0n) return [];
  const partsMax = countMax < 0n ? Number.POSITIVE_INFINITY : Number(countMax);
  if (separator !== '') return splitBy(text, separator, partsMax - 1);
  const characters = [...text];
  if (characters.length <= partsMax) return characters;
  return [...characters.slice(0, partsMax - 1), characters.slice(partsMax - 1).join('')];
}

/** Without Unicode's white space at both ends; unlike JavaScript's `trim`, U+0085 is some and U+FEFF is not. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text[start]!)) start++;
  while (end > start && WHITE_SPACE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** A text as a literal of the language. */
export function quote(text: string): string {
  return `"${[...text].map((character) => ESCAPES[character] ?? character).join('')}"`;
}

const WHITE_SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** The text itself where every character is one unit: most are, and need not be taken apart. */
function charactersOf(text: string): string | readonly string[] {
  return /[\ud800-\udbff]/.test(text) ? [...text] : text;
}

function unitsBefore(characters: string | readonly string[], count: number): number {
  if (typeof characters === 'string') return count;
  let units = 0;
  for (let index = 0; index < count; index++) units += characters[index]!.length;
  return units;
}

/** A place in UTF-16 units as one in characters. */
function positionOf(text: string, units: number): bigint {
  return BigInt(units < 0 ? -1 : charactersOf(text.slice(0, units)).length);
}

function splitBy(text: string, separator: string, cutsMax: number): string[] {
  const parts: string[] = [];
  let start = 0;
  while (parts.length < cutsMax) {
    const at = text.indexOf(separator, start);
    if (at < 0) break;
    parts.push(text.slice(start, at));
    start = at + separator.length;
  }
  parts.push(text.slice(start));
  return parts;
}

function interleave(characters: readonly string[], between: string, limit: number): string {
  let out = '';
  for (let index = 0; index <= characters.length; index++) {
    if (index < limit) out += between;
    out += characters[index] ?? '';
  }
  return out;
}

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}
