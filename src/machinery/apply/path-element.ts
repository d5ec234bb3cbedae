import { goQuote } from '../field-error.ts';
import { encodeJson } from '../json-encoder.ts';
import { parseJson } from '../json-parser.ts';
import { isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import { goScalar } from './go-format.ts';
import { compareTexts, compareValues } from './value-order.ts';

/** One step of a path: into a member of an object, or to an item of a list. */
export type PathElement = FieldElement | ItemElement;

/** The member of that name. */
export interface FieldElement {
  readonly kind: 'field';
  readonly name: string;
}

/** An item of a list. `text` is its form in FieldsV1 (`k:{"name":"a"}`), the same for equal elements. */
export type ItemElement = KeyElement | ValueElement | IndexElement;

/** The item of an associative list that has these key fields (sorted by name). */
export interface KeyElement {
  readonly kind: 'key';
  readonly text: string;
  readonly fields: readonly KeyField[];
}

export interface KeyField {
  readonly name: string;
  readonly value: JsonValue;
}

/** The item of a set that has this value. */
export interface ValueElement {
  readonly kind: 'value';
  readonly text: string;
  readonly value: JsonValue;
}

/** The item at a place of a list, used in messages and by clients that write their own field sets. */
export interface IndexElement {
  readonly kind: 'index';
  readonly text: string;
  readonly index: number;
}

/** From the root of an object to something in it. The empty path is the object itself. */
export type FieldPath = readonly PathElement[];

/** A path element in FieldsV1 is malformed. */
export class PathElementError extends Error {
  override readonly name = 'PathElementError';
}

export function fieldElement(name: string): FieldElement {
  return { kind: 'field', name };
}

export function keyElement(fields: Readonly<Record<string, JsonValue>>): KeyElement {
  const sorted = Object.keys(fields)
    .sort(compareTexts)
    .map((name) => ({ name, value: fields[name] ?? null }));
  return { kind: 'key', text: keyText(sorted), fields: sorted };
}

export function valueElement(value: JsonValue): ValueElement {
  return { kind: 'value', text: valueText(value), value };
}

export function indexElement(index: number): IndexElement {
  return { kind: 'index', text: `i:${index}`, index };
}

/** The FieldsV1 text of a key element whose fields are sorted by name. */
export function keyText(fields: readonly KeyField[]): string {
  const members = fields.map(({ name, value }) => `${encodeJson(name)}:${encodeJson(value)}`);
  return `k:{${members.join(',')}}`;
}

/** The FieldsV1 text of an element of a set. */
export function valueText(value: JsonValue): string {
  return `v:${encodeJson(value)}`;
}

/** The FieldsV1 text of any element. */
export function elementText(element: PathElement): string {
  return element.kind === 'field' ? `f:${element.name}` : element.text;
}

/**
 * Reads the FieldsV1 text of an element; `undefined` for a kind of element that a later version may know,
 * which upstream drops together with everything below it.
 *
 * @throws {PathElementError} for a malformed text.
 */
export function parseElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new PathElementError('key must be 2 characters long:');
  if (text[1] !== ':') throw new PathElementError(`missing colon: ${text}`);
  switch (text[0]) {
    case 'f':
      return fieldElement(text.slice(2));
    case 'k':
    case 'v':
    case 'i':
      return parseItem(text);
    default:
      return undefined;
  }
}

/** As {@link parseElement}, for the text of an item (`k:`, `v:` or `i:`). */
export function parseItem(text: string): ItemElement {
  const known = parsedItems.get(text);
  if (known !== undefined) return known;
  const item = readItem(text);
  if (text.length <= ITEM_LENGTH_MAX) {
    if (parsedItems.size >= ITEMS_MAX) parsedItems = new Map();
    parsedItems.set(text, item);
  }
  return item;
}

/** The order in which upstream sorts elements: fields, keys, values, indexes. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a.kind === 'field') return b.kind === 'field' ? compareTexts(a.name, b.name) : -1;
  if (b.kind === 'field') return 1;
  return compareItems(a, b);
}

/** As {@link compareElements}, for two items of lists. */
export function compareItems(a: ItemElement, b: ItemElement): number {
  if (a.kind === 'key') return b.kind === 'key' ? compareKeys(a.fields, b.fields) : -1;
  if (b.kind === 'key') return 1;
  if (a.kind === 'value') return b.kind === 'value' ? compareValues(a.value, b.value) : -1;
  return b.kind === 'value' ? 1 : a.index - b.index;
}

/** The order of paths: element by element, a shorter one before those that it begins. */
export function comparePaths(a: FieldPath, b: FieldPath): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareElements(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** `.name`, `[k="v",n=1]`, `[="value"]` or `[0]`. */
export function describeElement(element: PathElement): string {
  switch (element.kind) {
    case 'field':
      return `.${element.name}`;
    case 'key':
      return `[${element.fields.map(({ name, value }) => `${name}=${describeValue(value)}`).join(',')}]`;
    case 'value':
      return `[=${describeValue(element.value)}]`;
    case 'index':
      return `[${element.index}]`;
  }
}

/** The elements of a path, one after the other, as conflicts and errors name it. */
export function describePath(path: FieldPath): string {
  return path.map(describeElement).join('');
}

/** Elements of lists that were read before. Tenants choose them, hence the bounds: about 2 MB at most. */
const ITEMS_MAX = 4096;
const ITEM_LENGTH_MAX = 256;
let parsedItems = new Map<string, ItemElement>();

function readItem(text: string): ItemElement {
  const body = text.slice(2);
  if (text[0] === 'i') {
    if (!/^[+-]?\d+$/.test(body)) {
      throw new PathElementError(`strconv.Atoi: parsing ${goQuote(body)}: invalid syntax`);
    }
    return indexElement(Number(body));
  }
  const value = readJson(body);
  if (text[0] === 'v') return valueElement(value);
  if (value === null) return keyElement({});
  if (!isObject(value)) throw new PathElementError(`a key must be an object: ${text}`);
  return keyElement(value as Readonly<Record<string, JsonValue>>);
}

function readJson(text: string): JsonValue {
  try {
    return parseJson(text).value;
  } catch (cause) {
    throw new PathElementError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function compareKeys(a: readonly KeyField[], b: readonly KeyField[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a[index]!;
    const right = b[index]!;
    const order = compareTexts(left.name, right.name) || compareValues(left.value, right.value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function describeValue(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[${value.map(describeValue).join(',')}]`;
  if (typeof value === 'object') return describeMembers(value);
  return goScalar(value);
}

function describeMembers(object: JsonObject): string {
  // No separator between members: that is how upstream prints them.
  return Object.keys(object)
    .map((key) => `${key}=${describeValue(object[key] ?? null)}`)
    .join('');
}
