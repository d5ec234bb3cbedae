import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { assert } from '../base/mod.ts';
import { goQuote } from './field-error.ts';
import { JSON_DEPTH_MAX, JSON_NODES_MAX, JsonSyntaxError, parseJson } from './json-parser.ts';
import { type JsonObject, type JsonValue, newObject } from './json-value.ts';
import { NOT_JSON, resolvePlainScalar } from './yaml-scalar.ts';

/** The text is no YAML, says what JSON cannot, or exceeds a bound. */
export class YamlSyntaxError extends Error {
  override readonly name = 'YamlSyntaxError';
}

export interface ParsedYaml {
  readonly value: JsonValue;
  /** Every key that its mapping had before, as go-yaml tells it: `line 7: key "a" already set in map`. */
  readonly repeatedKeys: readonly string[];
}

/**
 * Parses the first document of a YAML text as sigs.k8s.io/yaml does (see {@link resolvePlainScalar}), with
 * merge keys, keys made strings, and the bounds of `parseJson`; further documents are not looked at. A text
 * that is JSON is parsed as such: kubectl sends JSON under YAML media types, and that parser is fifty times
 * as fast. Tags other than those of JSON's own types are refused.
 *
 * @throws {YamlSyntaxError}
 */
export function parseYaml(text: string): ParsedYaml {
  if (/^[\s]*[{[]/.test(text.slice(0, 256))) {
    try {
      const { value, duplicates } = parseJson(text);
      // The lines of repeated keys are known here only.
      if (duplicates.length === 0) return { value, repeatedKeys: [] };
    } catch (error) {
      // Flow collections of YAML begin like JSON.
      if (!(error instanceof JsonSyntaxError)) throw error;
    }
  }
  const yaml = loadYaml();
  const document = composeDocument(yaml, text);
  return new YamlReader(yaml, text).read(document.contents);
}

/** Text that aliases may repeat; without a bound, 250,000 aliases of one long string would fill memory. */
const ALIASED_CHARACTERS_MAX = 4 * 1024 * 1024;
const REPEATED_KEYS_MAX = 100;
const CORE_TAG = 'tag:yaml.org,2002:';

// Loading the library costs some 25 ms, and most processes never see YAML.
let loaded: typeof Yaml | undefined;
function loadYaml(): typeof Yaml {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return loaded;
}

/** The document, and the scalar or alias that is being built, stand on the parser's stack too. */
const STACK_MAX = JSON_DEPTH_MAX + 8;

/** Lexical tokens; about five for a member of a block mapping, so that a text within the other bounds passes. */
const TOKENS_MAX = 8 * JSON_NODES_MAX;

function composeDocument(yaml: typeof Yaml, text: string): Yaml.Document.Parsed {
  const composer = new yaml.Composer({
    // All plain scalars stay text, because go-yaml resolves some differently from the library.
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'error',
  });
  failAtFirstError(composer, text);
  let document: Yaml.Document.Parsed | undefined;
  try {
    for (const next of composer.compose(firstDocument(yaml, text), true, text.length)) document = next;
  } catch (error) {
    if (error instanceof YamlSyntaxError) throw error;
    throw new YamlSyntaxError(`yaml: ${error instanceof Error ? error.message : String(error)}`);
  }
  assert(document !== undefined, 'the composer yields a document even for an empty text');
  const [first] = document.errors;
  if (first !== undefined) throw syntaxError(text, first.pos[0], first.message);
  return document;
}

/**
 * Replaces the composer's collection of errors, which is private to it: collecting takes 10 µs per error,
 * so that 3 MiB of commas would keep the process busy for half a minute. Warnings are dropped. Should
 * the library rename the member, errors are found in the document as before, only later.
 */
function failAtFirstError(composer: Yaml.Composer, text: string): void {
  let first: YamlSyntaxError | undefined;
  const onError = (source: unknown, _code: string, message: string, isWarning?: boolean): void => {
    if (isWarning) return;
    // The composer catches what is thrown below it and reports that as a further error.
    first ??= syntaxError(text, offsetOf(source), message);
    throw first;
  };
  Reflect.set(composer, 'onError', onError);
}

function offsetOf(source: unknown): number {
  const first = Array.isArray(source) ? source[0] : source;
  if (typeof first === 'number') return first;
  const hasOffset = typeof first === 'object' && first !== null && 'offset' in first;
  return hasOffset && typeof first.offset === 'number' ? first.offset : 0;
}

function syntaxError(text: string, offset: number, message: string): YamlSyntaxError {
  return new YamlSyntaxError(`yaml: line ${lineOf(text, offset)}: ${message}`);
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/**
 * The library's parser, stopped after the first document, or at the first token that nests too deep. This cannot wait for the finished
 * tree: the composer recurses, and compiles regular expressions at the bottom, where V8 answers an
 * exhausted stack by aborting the process.
 */
function* firstDocument(yaml: typeof Yaml, text: string): Generator<Yaml.CST.Token, void> {
  const parser = new yaml.Parser();
  let count = 0;
  for (const lexeme of new yaml.Lexer().lex(text)) {
    if (++count > TOKENS_MAX) throw new YamlSyntaxError('yaml: too many tokens');
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') throw syntaxError(text, token.offset, token.message);
      yield token;
      if (token.type === 'document') return;
    }
    if (parser.stack.length > STACK_MAX) throw new YamlSyntaxError('yaml: exceeded max depth');
  }
  yield* parser.end();
}

type Node = Yaml.Node | null | undefined;
type Scalar = null | boolean | number | bigint | string;

/** Turns the syntax tree into JSON, following aliases itself: the library's look-up walks the whole document. */
class YamlReader {
  readonly #yaml: typeof Yaml;
  readonly #anchors = new Map<string, Yaml.Node>();
  readonly #targets = new Map<Yaml.Alias, Yaml.Node>();
  readonly #text: string;
  readonly #repeatedKeys: string[] = [];
  #nodes = 0;
  #depth = 0;
  /** Greater than zero while the content of an alias is repeated. */
  #aliasDepth = 0;
  #aliasedCharacters = 0;

  constructor(yaml: typeof Yaml, text: string) {
    this.#yaml = yaml;
    this.#text = text;
  }

  read(root: Node): ParsedYaml {
    const value = this.#value(root);
    return { value, repeatedKeys: this.#repeatedKeys };
  }

  #value(node: Node): JsonValue {
    if (++this.#nodes > JSON_NODES_MAX) throw new YamlSyntaxError('yaml: too many JSON nodes');
    if (node === null || node === undefined) return null;
    if (this.#yaml.isAlias(node)) {
      this.#enter();
      this.#aliasDepth++;
      const value = this.#value(this.#target(node));
      this.#aliasDepth--;
      this.#depth--;
      return value;
    }
    this.#registerAnchor(node);
    if (this.#yaml.isScalar(node)) return this.#scalar(node);
    this.#enter();
    let value: JsonValue;
    if (this.#yaml.isMap(node)) value = this.#object(node);
    else if (this.#yaml.isSeq(node)) value = this.#array(node);
    else throw new YamlSyntaxError('yaml: unsupported node');
    this.#depth--;
    return value;
  }

  #enter(): void {
    if (++this.#depth > JSON_DEPTH_MAX) throw new YamlSyntaxError('yaml: exceeded max depth');
  }

  #registerAnchor(node: Yaml.Node): void {
    // A repeated content must not take over anchors that were set after it.
    if (this.#aliasDepth > 0 || !('anchor' in node) || typeof node.anchor !== 'string') return;
    this.#anchors.set(node.anchor, node);
  }

  #target(alias: Yaml.Alias): Yaml.Node {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) throw new YamlSyntaxError(`yaml: unknown anchor '${alias.source}' referenced`);
    this.#targets.set(alias, target);
    return target;
  }

  #array(node: Yaml.YAMLSeq): JsonValue[] {
    this.#checkTag(node, 'seq');
    return node.items.map((item) => this.#value(item as Node));
  }

  #object(node: Yaml.YAMLMap): JsonObject {
    this.#checkTag(node, 'map');
    const object = newObject();
    const merged: JsonObject[] = [];
    for (const pair of node.items) {
      if (this.#isMergeKey(pair.key as Node)) {
        merged.push(...this.#mergeSources(pair.value as Node));
        continue;
      }
      const key = this.#key(pair.key as Node);
      const value = this.#value(pair.value as Node);
      if (object[key] !== undefined) this.#noteRepeated(pair.key as Node, key);
      object[key] = value;
    }
    for (const source of merged) {
      for (const key of Object.keys(source)) if (object[key] === undefined) object[key] = source[key];
    }
    return object;
  }

  #isMergeKey(node: Node): boolean {
    return this.#yaml.isScalar(node) && node.type === 'PLAIN' && node.source === '<<' && !node.tag;
  }

  /** The objects behind `<<`, in order of precedence. */
  #mergeSources(node: Node): JsonObject[] {
    const value = this.#value(node);
    const sources = Array.isArray(value) ? value : [value];
    return sources.map((source) => {
      if (typeof source === 'object' && source !== null && !Array.isArray(source)) return source;
      throw new YamlSyntaxError('yaml: map merge requires map or sequence of maps as the value');
    });
  }

  #key(node: Node): string {
    let target = node;
    if (this.#yaml.isAlias(target)) target = this.#target(target);
    else if (target) this.#registerAnchor(target);
    if (!this.#yaml.isScalar(target))
      throw new YamlSyntaxError('yaml: unsupported map key: only scalars can be keys');
    const key = this.#scalar(target);
    if (key === null) throw new YamlSyntaxError('yaml: unsupported map key of type: null');
    return String(key);
  }

  #scalar(node: Yaml.Scalar): Scalar {
    const text = node.source ?? String(node.value ?? '');
    // Half of a surrogate pair has no UTF-8: it would be stored as something else. Only escapes can make one.
    if (/\p{Cs}/u.test(text)) {
      throw new YamlSyntaxError('yaml: found invalid Unicode character escape code');
    }
    if (this.#aliasDepth > 0) {
      this.#aliasedCharacters += text.length;
      if (this.#aliasedCharacters > ALIASED_CHARACTERS_MAX) {
        throw new YamlSyntaxError('yaml: document contains excessive aliasing');
      }
    }
    const isPlain = node.type === 'PLAIN' || node.type === undefined;
    if (!node.tag) return isPlain ? jsonScalar(text) : text;
    const kind = node.tag.startsWith(CORE_TAG) ? node.tag.slice(CORE_TAG.length) : node.tag;
    if (kind === 'str' || kind === 'timestamp' || kind === '!') return text;
    const value = jsonScalar(text);
    if (TYPES_OF_TAG.get(kind)?.includes(value === null ? 'null' : typeof value)) return value;
    throw new YamlSyntaxError(`yaml: cannot decode \`${text.slice(0, 40)}\` as ${node.tag}`);
  }

  #checkTag(node: Yaml.Node, expected: string): void {
    if (!node.tag || node.tag === CORE_TAG + expected || node.tag === '!') return;
    throw new YamlSyntaxError(`yaml: unsupported tag ${node.tag}`);
  }

  #noteRepeated(node: Node, key: string): void {
    if (this.#repeatedKeys.length >= REPEATED_KEYS_MAX) return;
    const line = lineOf(this.#text, node?.range?.[0] ?? 0);
    // Go shows what the key was before it was made a string.
    const isText = !this.#yaml.isScalar(node) || typeof this.#scalar(node) === 'string';
    this.#repeatedKeys.push(`line ${line}: key ${isText ? goQuote(key) : key} already set in map`);
  }
}

const TYPES_OF_TAG: ReadonlyMap<string, readonly string[]> = new Map([
  ['int', ['number', 'bigint']],
  ['float', ['number', 'bigint']],
  ['bool', ['boolean']],
  ['null', ['null']],
]);

function jsonScalar(text: string): Scalar {
  const value = resolvePlainScalar(text);
  if (value === NOT_JSON) throw new YamlSyntaxError(`yaml: ${text} has no JSON value`);
  return value as Scalar;
}
