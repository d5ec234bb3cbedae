import type { JsonValue } from './json-value.ts';

/** A path that is not one of kubectl's JSONPath expressions. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

/** One step of a path: it maps a list of values to a list of values. */
export type PathStep =
  | { readonly kind: 'literal'; readonly value: JsonValue }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'descent' }
  | { readonly kind: 'slice'; readonly slice: Slice }
  | { readonly kind: 'union'; readonly paths: readonly PathSteps[] }
  | { readonly kind: 'filter'; readonly filter: Filter }
  /** A keyword that only makes sense in templates (`range`, `end`): it parses, and evaluates to an error. */
  | { readonly kind: 'keyword'; readonly name: string };

export type PathSteps = readonly PathStep[];

export interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** The end was not written: `[n]` is `[n:n+1]`, and for `[-1]` the end is the end of the list. */
  readonly isIndex: boolean;
  readonly step: number | undefined;
}

export interface Filter {
  readonly left: PathSteps;
  /** `exists`, or the operator as written; an unknown operator is an error of the evaluation. */
  readonly operator: string;
  readonly right: PathSteps;
}

/** Longer paths are refused, so that nobody pays for parsing one; a real path has some dozens of characters. */
export const PATH_LENGTH_MAX = 4_096;

/**
 * Parses kubectl's dialect (client-go util/jsonpath), with or without the braces around it. Beyond
 * upstream it takes `["key"]` and `..*`. Unlike a template a path has one action and no text around it.
 * Throws {@link JsonPathError}.
 */
export function parsePath(path: string): PathSteps {
  if (path.length > PATH_LENGTH_MAX)
    throw new JsonPathError(`path is longer than ${PATH_LENGTH_MAX} characters`);
  const text = path.startsWith('{') && path.endsWith('}') ? path.slice(1, -1) : path;
  return new Parser(text).parse();
}

const TERMINATORS = new Set([' ', '\t', '\r', '\n', '.', ',', '[', ']', '$', '@', '{', '}']);

// A bracket may hold quoted keys, whose text is parsed as a path again; nothing needs more than this.
const NESTING_MAX = 8;

class Parser {
  readonly #text: string;
  readonly #depth: number;
  readonly #steps: PathStep[] = [];
  #position = 0;

  constructor(text: string, depth = 0) {
    if (depth > NESTING_MAX) throw new JsonPathError('path is nested too deeply');
    this.#text = text;
    this.#depth = depth;
  }

  parse(): PathSteps {
    while (this.#position < this.#text.length) this.#parseStep();
    return this.#steps;
  }

  #parseStep(): void {
    const character = this.#text[this.#position]!;
    if (this.#isAt('[?(')) this.#parseFilter();
    else if (this.#isAt('..')) this.#parseDescent();
    else if (this.#isAt('.')) this.#parseChild();
    else if (this.#isAt('[')) this.#parseBrackets();
    else if (character === '"' || character === "'") this.#parseQuote(character);
    // The current object (or the root, which is the same at the start of a path): nothing to do.
    else if (character === ' ' || character === '@' || character === '$') this.#position += 1;
    else if (/[+\-\p{Nd}]/u.test(character)) this.#parseNumber();
    else if (/[_\p{L}]/u.test(character)) this.#parseKeyword();
    else throw new JsonPathError(`unrecognized character in path: ${character}`);
  }

  #isAt(token: string): boolean {
    return this.#text.startsWith(token, this.#position);
  }

  #parseChild(): void {
    this.#position += 1;
    this.#parseField();
  }

  #nested(text: string): PathSteps {
    return new Parser(text, this.#depth + 1).parse();
  }

  #parseDescent(): void {
    if (this.#steps.at(-1)?.kind === 'descent') throw new JsonPathError('invalid multiple recursive descent');
    this.#position += 2;
    this.#steps.push({ kind: 'descent' });
    if (/[*_\p{L}\p{Nd}]/u.test(this.#text[this.#position] ?? '')) this.#parseField();
  }

  /** A name up to the next terminator; a backslash makes the next character part of the name. */
  #parseField(): void {
    let name = '';
    while (this.#position < this.#text.length) {
      const character = this.#text[this.#position]!;
      if (character === '\\') {
        this.#position += 1;
        name += this.#text[this.#position] ?? '';
      } else if (TERMINATORS.has(character)) {
        break;
      } else {
        name += character;
      }
      this.#position += 1;
    }
    this.#steps.push(name === '*' ? { kind: 'wildcard' } : { kind: 'field', name });
  }

  #parseBrackets(): void {
    const end = this.#text.indexOf(']', this.#position);
    const inner = end < 0 ? undefined : this.#text.slice(this.#position + 1, end);
    if (inner === undefined || inner.includes('\n')) throw new JsonPathError('unterminated array');
    this.#position = end + 1;
    if (inner.includes(',')) {
      const paths = inner.split(',').map((part) => this.#nested(`[${part.trim()}]`));
      this.#steps.push({ kind: 'union', paths });
      return;
    }
    // Upstream reads a quoted key as the path `.key`, so a dot inside must be escaped here too.
    const key = /^(?:'([^']*)'|"([^"]*)")$/.exec(inner);
    if (key !== null) this.#steps.push(...this.#nested(`.${key[1] ?? key[2] ?? ''}`));
    else this.#steps.push({ kind: 'slice', slice: parseSlice(inner === '*' ? ':' : inner) });
  }

  #parseFilter(): void {
    const start = this.#position + '[?('.length;
    const end = filterEnd(this.#text, start);
    this.#position = end + ')]'.length;
    const condition = this.#text.slice(start, end);
    const comparison = /^([^!<>=]+)([!<>=]+)([^\n]+)$/.exec(condition);
    const filter: Filter =
      comparison === null
        ? { left: this.#nested(condition), operator: 'exists', right: [] }
        : {
            left: this.#nested(comparison[1]!),
            operator: comparison[2]!,
            right: this.#nested(comparison[3]!),
          };
    this.#steps.push({ kind: 'filter', filter });
  }

  #parseQuote(quote: string): void {
    const start = this.#position + 1;
    for (let end = start; end < this.#text.length && this.#text[end] !== '\n'; end += 1) {
      if (this.#text[end] !== quote || this.#text[end - 1] === '\\') continue;
      this.#position = end + 1;
      this.#steps.push({ kind: 'literal', value: unquote(this.#text.slice(start, end)) });
      return;
    }
    throw new JsonPathError('unterminated quoted string');
  }

  #parseNumber(): void {
    const text = /^[+-]?[\d.]*/.exec(this.#text.slice(this.#position))![0];
    const value = /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) throw new JsonPathError(`cannot parse number ${text}`);
    this.#position += text.length;
    this.#steps.push({ kind: 'literal', value: exactNumber(text, value) });
  }

  #parseKeyword(): void {
    const start = this.#position;
    while (this.#position < this.#text.length && !TERMINATORS.has(this.#text[this.#position]!))
      this.#position += 1;
    const name = this.#text.slice(start, this.#position);
    if (name === 'true' || name === 'false') this.#steps.push({ kind: 'literal', value: name === 'true' });
    else this.#steps.push({ kind: 'keyword', name });
  }
}

function exactNumber(text: string, value: number): number | bigint {
  if (text.includes('.') || Number.isSafeInteger(value)) return value;
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

/** The place of the `)` that ends a filter: one outside of the first quoted text. */
function filterEnd(text: string, start: number): number {
  let quote: string | undefined;
  let isClosed = false;
  for (let index = start; index < text.length && text[index] !== '\n'; index += 1) {
    const character = text[index]!;
    if (character === '"' || character === "'") {
      if (quote === undefined) quote = character;
      else if (character === quote && text[index - 1] !== '\\') isClosed = true;
    } else if (character === ')' && (quote !== undefined) === isClosed) {
      if (text[index + 1] !== ']') throw new JsonPathError('unclosed array expect ]');
      return index;
    }
  }
  throw new JsonPathError('unterminated filter');
}

function parseSlice(text: string): Slice {
  const parts = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
  if (parts === null) throw new JsonPathError(`invalid array index ${text}`);
  const from = parseIndex(parts[1]!);
  const isIndex = parts[2] === undefined;
  // An index without end selects one item; `[]` is the first, as upstream reads it.
  const to = isIndex ? (from ?? 0) + 1 : parseIndex(parts[2]!.slice(1));
  return { from, to, isIndex, step: parts[3] === undefined ? undefined : parseIndex(parts[3].slice(1)) };
}

function parseIndex(text: string): number | undefined {
  if (text === '') return undefined;
  const index = Number(text);
  if (!Number.isSafeInteger(index)) throw new JsonPathError(`array index ${text} is not a number`);
  return index;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
]);

/** The escapes of a Go string literal, in either kind of quotes. */
function unquote(text: string): string {
  if (!text.includes('\\')) return text;
  const sequence = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S])|$)/g;
  return text.replace(sequence, (whole, hex2?: string, hex4?: string, hex8?: string, plain?: string) => {
    const hex = hex2 ?? hex4 ?? hex8;
    const code = hex === undefined ? -1 : Number.parseInt(hex, 16);
    if (code >= 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    const replacement = plain === undefined ? undefined : ESCAPES.get(plain);
    if (replacement === undefined) throw new JsonPathError(`invalid escape ${whole} in quoted string`);
    return replacement;
  });
}
