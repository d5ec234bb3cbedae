import { limits } from '../base/mod.ts';
import { type JsonObject, type JsonValue, newObject } from './json-value.ts';

/** Levels of arrays and objects that a text may nest; whoever recurses over a value relies on it. */
export const JSON_DEPTH_MAX = limits.jsonDepthMax;

/** Values (of any kind) that a text may hold. */
export const JSON_NODES_MAX = limits.jsonNodesMax;

/** Duplicate keys beyond this many are not reported, as upstream reports at most 100 strict errors. */
const DUPLICATES_MAX = 100;

/** A value, and where its text gave a key twice (paths such as `spec.items[0].x`, each once). */
export interface ParsedJson {
  readonly value: JsonValue;
  readonly duplicates: readonly string[];
}

/** The text is no JSON, or exceeds a bound; the message is that of Go's encoding/json where it has one. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/**
 * Parses one JSON document. Integers within int64 are exact (a bigint beyond ±2^53), other numbers are
 * float64; the last of duplicate keys wins and its path is recorded; invalid UTF-8 and lone surrogates
 * become U+FFFD; keys such as `__proto__` are ordinary. Strings may share memory with the input.
 *
 * @throws {JsonSyntaxError} for malformed or trailing data, more than `depthMax` levels (default
 *   {@link JSON_DEPTH_MAX}), or more than {@link JSON_NODES_MAX} values.
 */
export function parseJson(
  input: Uint8Array | string,
  options: { readonly depthMax?: number } = {},
): ParsedJson {
  return new JsonParser(textOf(input), options.depthMax ?? JSON_DEPTH_MAX).parse();
}

/** Decodes as Go does; a byte order mark is kept, so that it is refused like any other stray character. */
function textOf(input: Uint8Array | string): string {
  if (typeof input === 'string') return isWellFormed(input) ? input : Buffer.from(input).toString();
  return Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString();
}

function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Keys seen lately, by a hash of their text. Objects repeat a few hundred keys: finding one here spares
 * cutting it out of the text and interning it. The bounds keep a hostile caller from filling memory.
 */
const KEYS_SIZE = 2048;
const KEY_LENGTH_MAX = 64;
const recentKeys: string[] = new Array(KEYS_SIZE).fill('');

class JsonParser {
  readonly #text: string;
  readonly #depthMax: number;
  #position = 0;
  #depth = 0;
  #nodes = 0;
  /** The key or index that is being parsed, at each level. */
  readonly #path: (string | number)[] = [];
  readonly #duplicates = new Set<string>();

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
  }

  parse(): ParsedJson {
    const value = this.#value(this.#skipSpace());
    const code = this.#skipSpace();
    if (!Number.isNaN(code)) throw this.#unexpected('after top-level value');
    return { value, duplicates: [...this.#duplicates] };
  }

  /** Moves to the next character that is no white space and returns its code; NaN at the end. */
  #skipSpace(): number {
    const text = this.#text;
    let position = this.#position;
    let code = text.charCodeAt(position);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = text.charCodeAt(++position);
    }
    this.#position = position;
    return code;
  }

  /** Parses the value that begins at the position with this code. */
  #value(code: number): JsonValue {
    if (++this.#nodes > JSON_NODES_MAX) throw new JsonSyntaxError('too many JSON nodes');
    switch (code) {
      case QUOTE:
        return this.#string();
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case 0x74:
        this.#literal('true');
        return true;
      case 0x66:
        this.#literal('false');
        return false;
      case 0x6e:
        this.#literal('null');
        return null;
      default:
        if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#number(code);
        throw this.#unexpected('looking for beginning of value');
    }
  }

  #object(): JsonObject {
    this.#enter();
    const object = newObject();
    const level = this.#depth - 1;
    let code = this.#skipSpace();
    if (code === 0x7d) {
      this.#position++;
      this.#depth--;
      return object;
    }
    for (;;) {
      if (code !== QUOTE) throw this.#unexpected('looking for beginning of object key string');
      const key = this.#key();
      if (this.#skipSpace() !== 0x3a) throw this.#unexpected('after object key');
      this.#position++;
      this.#path[level] = key;
      const value = this.#value(this.#skipSpace());
      // Values are never undefined and the object inherits nothing, so this says whether the key was there.
      if (object[key] !== undefined) this.#recordDuplicate(level);
      object[key] = value;
      code = this.#skipSpace();
      this.#position++;
      if (code === 0x2c) {
        code = this.#skipSpace();
        continue;
      }
      if (code === 0x7d) break;
      this.#position--;
      throw this.#unexpected('after object key:value pair');
    }
    this.#depth--;
    return object;
  }

  #array(): JsonValue[] {
    this.#enter();
    const items: JsonValue[] = [];
    const level = this.#depth - 1;
    let code = this.#skipSpace();
    if (code === 0x5d) {
      this.#position++;
      this.#depth--;
      return items;
    }
    for (;;) {
      this.#path[level] = items.length;
      items.push(this.#value(code));
      code = this.#skipSpace();
      this.#position++;
      if (code === 0x2c) {
        code = this.#skipSpace();
        continue;
      }
      if (code === 0x5d) break;
      this.#position--;
      throw this.#unexpected('after array element');
    }
    this.#depth--;
    return items;
  }

  #enter(): void {
    this.#position++;
    if (++this.#depth > this.#depthMax) throw new JsonSyntaxError('exceeded max depth');
  }

  #recordDuplicate(level: number): void {
    if (this.#duplicates.size >= DUPLICATES_MAX) return;
    let path = '';
    for (const step of this.#path.slice(0, level + 1)) {
      if (typeof step === 'number') path += `[${step}]`;
      else path += path === '' ? step : `.${step}`;
    }
    this.#duplicates.add(path);
  }

  #key(): string {
    const text = this.#text;
    const start = this.#position + 1;
    let position = start;
    let hash = 0;
    let code = text.charCodeAt(position);
    while (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) {
      hash = (Math.imul(hash, 31) + code) | 0;
      code = text.charCodeAt(++position);
    }
    if (code !== QUOTE) return this.#string();
    this.#position = position + 1;
    const length = position - start;
    if (length > KEY_LENGTH_MAX) return text.slice(start, position);
    const slot = (hash ^ (hash >>> 11)) & (KEYS_SIZE - 1);
    const recent = recentKeys[slot]!;
    if (recent.length === length && text.startsWith(recent, start)) return recent;
    // A copy, because V8 cuts long strings out by reference, and a key kept here would keep its whole body.
    const key = Buffer.from(text.slice(start, position)).toString();
    recentKeys[slot] = key;
    return key;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#position + 1;
    let position = start;
    let code = text.charCodeAt(position);
    while (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) code = text.charCodeAt(++position);
    if (code === QUOTE) {
      this.#position = position + 1;
      return text.slice(start, position);
    }
    return this.#escapedString(start, position);
  }

  /** The rest of a string from its first escape on. */
  #escapedString(start: number, firstStop: number): string {
    const text = this.#text;
    let out = '';
    let chunk = start;
    let position = firstStop;
    for (;;) {
      const code = text.charCodeAt(position);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        out += text.slice(chunk, position);
        this.#position = position + 1;
        out += this.#escape();
        position = this.#position;
        chunk = position;
        continue;
      }
      if (!(code >= 0x20)) {
        this.#position = position;
        throw this.#unexpected('in string literal');
      }
      position++;
    }
    this.#position = position + 1;
    return out + text.slice(chunk, position);
  }

  /** The character of the escape whose backslash lies just before the position. */
  #escape(): string {
    const character = this.#text[this.#position];
    const plain = character === undefined ? undefined : ESCAPES.get(character);
    if (plain !== undefined) {
      this.#position++;
      return plain;
    }
    if (character !== 'u') throw this.#unexpected('in string escape code');
    this.#position++;
    const unit = this.#hexadecimal();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    // A high surrogate pairs with the escape that follows; any other surrogate stands for nothing.
    if (unit < 0xdc00 && this.#text.startsWith('\\u', this.#position)) {
      const mark = this.#position;
      this.#position += 2;
      const low = this.#hexadecimal();
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(unit, low);
      this.#position = mark;
    }
    return '\ufffd';
  }

  #hexadecimal(): number {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const code = this.#text.charCodeAt(this.#position);
      let digit = code - ZERO;
      if (!(digit >= 0 && digit <= 9)) {
        const lower = code | 0x20;
        if (!(lower >= 0x61 && lower <= 0x66)) throw this.#unexpected('in \\u hexadecimal character escape');
        digit = lower - 0x57;
      }
      value = value * 16 + digit;
      this.#position++;
    }
    return value;
  }

  #number(first: number): number | bigint {
    const text = this.#text;
    const start = this.#position;
    let position = start;
    let code = first;
    if (code === MINUS) {
      code = text.charCodeAt(++position);
      if (!(code >= ZERO && code <= NINE)) return this.#failNumber(position, 'in numeric literal');
    }
    const digitsStart = position;
    let integer = 0;
    if (code === ZERO) code = text.charCodeAt(++position);
    else {
      while (code >= ZERO && code <= NINE) {
        integer = integer * 10 + (code - ZERO);
        code = text.charCodeAt(++position);
      }
    }
    const digits = position - digitsStart;
    let isInteger = true;
    if (code === DOT) {
      isInteger = false;
      code = text.charCodeAt(++position);
      if (!(code >= ZERO && code <= NINE)) {
        return this.#failNumber(position, 'after decimal point in numeric literal');
      }
      while (code >= ZERO && code <= NINE) code = text.charCodeAt(++position);
    }
    if (code === 0x65 || code === 0x45) {
      isInteger = false;
      code = text.charCodeAt(++position);
      if (code === 0x2b || code === MINUS) code = text.charCodeAt(++position);
      if (!(code >= ZERO && code <= NINE)) {
        return this.#failNumber(position, 'in exponent of numeric literal');
      }
      while (code >= ZERO && code <= NINE) code = text.charCodeAt(++position);
    }
    this.#position = position;
    if (isInteger && digits <= 15) return first === MINUS && integer !== 0 ? -integer : integer;
    return numberOf(text.slice(start, position), isInteger && digits <= 19);
  }

  #failNumber(position: number, context: string): never {
    this.#position = position;
    throw this.#unexpected(context);
  }

  #literal(word: string): void {
    if (this.#text.startsWith(word, this.#position)) {
      this.#position += word.length;
      return;
    }
    let matched = 1;
    while (this.#text[this.#position + matched] === word[matched]) matched++;
    this.#position += matched;
    throw this.#unexpected(`in literal ${word} (expecting ${quoteCharacter(word.charCodeAt(matched))})`);
  }

  /** The complaint about the character at the position. */
  #unexpected(context: string): JsonSyntaxError {
    const code = this.#text.codePointAt(this.#position);
    if (code === undefined) return new JsonSyntaxError('unexpected end of JSON input');
    return new JsonSyntaxError(`invalid character ${quoteCharacter(code)} ${context}`);
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** A number that the fast path did not settle: 16 digits and more, fractions, exponents. */
function numberOf(literal: string, mayBeInt64: boolean): number | bigint {
  if (mayBeInt64) {
    const exact = BigInt(literal);
    if (exact >= INT64_MIN && exact <= INT64_MAX) {
      const approximate = Number(exact);
      return Number.isSafeInteger(approximate) ? approximate : exact;
    }
  }
  const value = Number(literal);
  if (!Number.isFinite(value)) {
    throw new JsonSyntaxError(`json: cannot unmarshal number ${literal} into Go value of type float64`);
  }
  return value === 0 ? 0 : value;
}

/** As encoding/json quotes a byte; of a character beyond ASCII it has seen only the first byte. */
function quoteCharacter(codePoint: number): string {
  if (codePoint === 0x27) return "'\\''";
  if (codePoint === 0x22) return "'\"'";
  const byte = codePoint < 0x80 ? codePoint : Buffer.from(String.fromCodePoint(codePoint))[0]!;
  if (byte >= 0xa1 || (byte >= 0x20 && byte < 0x7f && byte !== BACKSLASH))
    return `'${String.fromCharCode(byte)}'`;
  const named = NAMED_CONTROLS.get(byte);
  return `'${named ?? `\\x${byte.toString(16).padStart(2, '0')}`}'`;
}

const NAMED_CONTROLS: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [BACKSLASH, '\\\\'],
]);
