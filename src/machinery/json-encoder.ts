import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import type { KubeObject } from './kube-object.ts';

/**
 * The canonical text of a value, as Go's encoding/json writes a map: keys sorted bytewise at every
 * level, `undefined` members left out, integers exact, integral floats without fraction, and `<`, `>`,
 * `&`, U+2028 and U+2029 escaped. Recurses: the value's depth is the caller's to bound, as the parser does.
 */
export function encodeJson(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return encodeScalar(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    let out = '[';
    for (let index = 0; index < value.length; index++) {
      out += index === 0 ? encodeJson(value[index]!) : `,${encodeJson(value[index]!)}`;
    }
    return `${out}]`;
  }
  return `{${encodeMembers(value, sortedKeys(value))}}`;
}

/** As {@link encodeJson}, but the root's members begin with apiVersion, kind and metadata. */
export function encodeObject(object: KubeObject): string {
  const rest = sortedKeys(object).filter((key) => !ROOT_KEYS.includes(key));
  return `{${encodeMembers(object, [...ROOT_KEYS, ...rest])}}`;
}

/**
 * As {@link encodeJson}, with the line breaks and two-space indentation of Go's MarshalIndent. `level` is how
 * many levels deep the text will stand in another: all lines but the first are indented by so much more.
 */
export function encodePretty(value: JsonValue, options: { readonly level?: number } = {}): string {
  return encodeIndented(value, `\n${'  '.repeat(options.level ?? 0)}`);
}

const ROOT_KEYS: readonly string[] = ['apiVersion', 'kind', 'metadata'];

function encodeScalar(value: null | boolean | number | bigint): string {
  if (typeof value !== 'number') return String(value);
  // JSON has no text for NaN and infinities; no parser of ours lets them in.
  if (!Number.isFinite(value)) return 'null';
  // Go and JavaScript print the same shortest digits and switch to exponents at the same sizes.
  return String(value);
}

function encodeMembers(object: JsonObject, keys: readonly string[]): string {
  let out = '';
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!;
    const value = object[key];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? quote(value) : encodeJson(value);
    out += out === '' ? `${quoteKey(key)}:${text}` : `,${quoteKey(key)}:${text}`;
  }
  return out;
}

function encodeIndented(value: JsonValue, lineBreak: string): string {
  const inner = `${lineBreak}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${inner}${value.map((item) => encodeIndented(item, inner)).join(`,${inner}`)}${lineBreak}]`;
  }
  if (!isObject(value)) return encodeJson(value);
  const members: string[] = [];
  for (const key of sortedKeys(value)) {
    const member = value[key];
    if (member !== undefined) members.push(`${quoteKey(key)}: ${encodeIndented(member, inner)}`);
  }
  return members.length === 0 ? '{}' : `{${inner}${members.join(`,${inner}`)}${lineBreak}}`;
}

/** The keys of an object in the order of their UTF-8 bytes. */
export function sortedKeys(object: JsonObject): string[] {
  const keys = Object.keys(object);
  for (let index = 1; index < keys.length; index++) {
    if (keys[index - 1]! > keys[index]!) {
      keys.sort();
      break;
    }
  }
  // UTF-16 order differs from the order of UTF-8 bytes only where surrogates are involved.
  return keys.some(hasSurrogates) ? keys.sort(compareBytes) : keys;
}

function hasSurrogates(key: string): boolean {
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdfff) return true;
  }
  return false;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Quoted keys, because objects repeat a few hundred of them; bounded, as tenants choose the keys of maps. */
const KEYS_MAX = 4096;
const KEY_LENGTH_MAX = 64;
let quotedKeys = new Map<string, string>();

function quoteKey(key: string): string {
  const known = quotedKeys.get(key);
  if (known !== undefined) return known;
  const quoted = quote(key);
  if (key.length <= KEY_LENGTH_MAX) {
    if (quotedKeys.size >= KEYS_MAX) quotedKeys = new Map();
    quotedKeys.set(key, quoted);
  }
  return quoted;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what needs escaping.
const NEEDS_ESCAPE = /[\x00-\x1f"\\<>&\u2028\u2029\ud800-\udfff]/;

function quote(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return JSON.stringify(replaceLoneSurrogates(text)).replace(/[<>&\u2028\u2029]/g, escapeCharacter);
}

/** Go strings hold no surrogates, so encoding/json cannot write one either. */
function replaceLoneSurrogates(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, '\ufffd');
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
