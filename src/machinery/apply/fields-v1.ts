import { encodeJson } from '../json-encoder.ts';
import { isObject, type JsonObject, type JsonValue, newObject } from '../json-value.ts';
import { FieldSet, type FieldSetEntry, LEAF } from './field-set.ts';
import { elementText, parseElement } from './path-element.ts';

/** FieldsV1 is malformed: something other than an object where a node must be. */
export class FieldsV1Error extends Error {
  override readonly name = 'FieldsV1Error';
}

/**
 * A set as managedFields carries it: `f:<name>`, `k:{…}`, `v:…` and `i:<n>` for elements, `.` for an element
 * that is a member and has members below. Where the very bytes matter, take {@link encodeFieldsV1Text}: an object
 * that is encoded with everything else has its keys sorted bytewise.
 */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  return encodeInto(newObject(), set);
}

/** The JSON text of {@link encodeFieldsV1} with its keys in upstream's order. */
export function encodeFieldsV1Text(set: FieldSet): string {
  return `{${encodeMembers(set).join(',')}}`;
}

/**
 * Reads a set from FieldsV1. Elements of unknown kinds are dropped with all that is below them; an element
 * with nothing (known) below it is a member. Recurses as deep as the value, which the parser bounds.
 *
 * @throws {FieldsV1Error | PathElementError}
 */
export function decodeFieldsV1(value: JsonValue): FieldSet {
  return decodeNode(value).children ?? FieldSet.empty;
}

/** The order does not matter here: whoever encodes an object sorts its keys. */
function encodeInto(node: JsonObject, set: FieldSet): JsonObject {
  if (set.fields !== undefined)
    for (const [name, entry] of set.fields) node[`f:${name}`] = encodeEntry(entry);
  if (set.items !== undefined) for (const [text, entry] of set.items) node[text] = encodeEntry(entry);
  return node;
}

function encodeEntry({ isMember, children }: FieldSetEntry): JsonObject {
  const node = newObject();
  if (children === undefined) return node;
  if (isMember) node['.'] = newObject();
  return encodeInto(node, children);
}

function encodeMembers(set: FieldSet): string[] {
  const members: string[] = [];
  for (const [element, { isMember, children }] of set.entriesInOrder()) {
    const below = children === undefined ? [] : encodeMembers(children);
    if (isMember && children !== undefined) below.unshift('".":{}');
    members.push(`${encodeJson(elementText(element))}:{${below.join(',')}}`);
  }
  return members;
}

function decodeNode(value: JsonValue): FieldSetEntry {
  if (value === null) return LEAF;
  if (!isObject(value)) throw new FieldsV1Error(`a node of FieldsV1 must be an object, not ${typeof value}`);
  let fields: Map<string, FieldSetEntry> | undefined;
  let items: Map<string, FieldSetEntry> | undefined;
  let isMember = false;
  for (const key of Object.keys(value)) {
    const below = value[key];
    if (below === undefined) continue;
    if (key === '.') {
      isMember = true;
      continue;
    }
    const element = parseElement(key);
    if (element === undefined) continue;
    const entry = decodeNode(below);
    if (element.kind === 'field') {
      fields ??= new Map();
      fields.set(element.name, entry);
    } else {
      items ??= new Map();
      items.set(element.text, joined(items.get(element.text), entry));
    }
  }
  if (fields === undefined && items === undefined) return LEAF;
  return { isMember, children: FieldSet.from(fields, items) };
}

/** Two spellings of one item: both count for membership, the later one says what is below. */
function joined(earlier: FieldSetEntry | undefined, later: FieldSetEntry): FieldSetEntry {
  if (earlier === undefined) return later;
  return { isMember: earlier.isMember || later.isMember, children: later.children ?? earlier.children };
}
