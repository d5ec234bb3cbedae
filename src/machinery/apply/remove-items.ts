import { type JsonObject, type JsonValue, newObject } from '../json-value.ts';
import type { ApplyType, ListType, MapType } from './apply-type.ts';
import { FieldSet } from './field-set.ts';
import { unionOf } from './field-set-algebra.ts';
import { itemText, NO_ELEMENT } from './list-items.ts';
import type { FieldPath } from './path-element.ts';
import { fieldElement } from './path-element.ts';
import { fieldSetOf } from './to-field-set.ts';
import type { TypedValue } from './typed-value.ts';
import { asList, asMap, isEmptyMap, kindOf } from './value-kind.ts';

/**
 * The value without these fields and items. A map or list of which nothing is left becomes null, and so
 * does an atomic one of which a part was to go. The value is not changed; what stays is shared.
 */
export function removeItems(typed: TypedValue, items: FieldSet): TypedValue {
  const value = remove(typed.value, items, typed.type);
  return value === typed.value ? typed : { ...typed, value };
}

export interface ExtractOptions {
  /** Take along the key fields of items of which only other fields were asked for. */
  readonly withKeyFields?: boolean;
}

/** The value with nothing but these fields and items. */
export function extractItems(typed: TypedValue, items: FieldSet, options: ExtractOptions = {}): TypedValue {
  const wanted = options.withKeyFields === true ? unionOf(items, keyFieldsOf(typed, items)) : items;
  return { ...typed, value: extract(typed.value, wanted, typed.type) };
}

function remove(value: JsonValue, items: FieldSet, type: ApplyType): JsonValue {
  switch (kindOf(type, value)) {
    case 'scalar':
      return value;
    case 'list':
      return removeFromList(asList(value), items, type.list!);
    default:
      return removeFromMap(asMap(value), items, type.map!);
  }
}

function removeFromList(list: readonly JsonValue[] | undefined, items: FieldSet, type: ListType): JsonValue {
  if (list === undefined || list.length === 0 || type.isAtomic) return null;
  if (items.isEmpty) return list as JsonValue[];
  const out: JsonValue[] = [];
  for (const item of list) {
    const text = itemText(type, item);
    const entry = items.items?.get(typeof text === 'string' ? text : NO_ELEMENT);
    if (entry?.isMember === true) continue;
    out.push(entry?.children === undefined ? item : remove(item, entry.children, type.items));
  }
  return out.length === 0 ? null : out;
}

function removeFromMap(map: JsonObject | undefined, items: FieldSet, type: MapType): JsonValue {
  if (map === undefined || isEmptyMap(map) || type.isAtomic) return null;
  if (items.isEmpty) return map;
  const out = newObject();
  let isEmpty = true;
  for (const name in map) {
    const value = map[name];
    const entry = items.fields?.get(name);
    if (value === undefined || entry?.isMember === true) continue;
    out[name] = entry?.children === undefined ? value : removeBelow(value, entry.children, { name, type });
    isEmpty = false;
  }
  return isEmpty ? null : out;
}

function removeBelow(
  value: JsonValue,
  items: FieldSet,
  { name, type }: { readonly name: string; readonly type: MapType },
): JsonValue {
  const memberType = type.field(name) ?? type.others;
  return memberType === undefined ? null : remove(value, items, memberType);
}

function extract(value: JsonValue, items: FieldSet, type: ApplyType): JsonValue {
  switch (kindOf(type, value)) {
    case 'scalar':
      return value;
    case 'list':
      return extractFromList(value, items, type.list!);
    default:
      return extractFromMap(value, items, type.map!);
  }
}

function extractFromList(value: JsonValue, items: FieldSet, type: ListType): JsonValue {
  const list = asList(value);
  if (list === undefined) return null;
  if (list.length === 0 || type.isAtomic) return value;
  const out: JsonValue[] = [];
  for (const item of list) {
    const text = itemText(type, item);
    const entry = typeof text === 'string' ? items.items?.get(text) : undefined;
    if (entry === undefined) continue;
    out.push(entry.children === undefined ? item : extract(item, entry.children, type.items));
  }
  return out.length === 0 ? null : out;
}

function extractFromMap(value: JsonValue, items: FieldSet, type: MapType): JsonValue {
  const map = asMap(value);
  if (map === undefined) return null;
  if (isEmptyMap(map) || type.isAtomic) return value;
  const out = newObject();
  let isEmpty = true;
  for (const name in map) {
    const member = map[name];
    const entry = items.fields?.get(name);
    const memberType = type.field(name) ?? type.others;
    if (member === undefined || entry === undefined || memberType === undefined) continue;
    // Upstream looks up what is below a member in the parent's set: a map is taken whole only by its parts.
    out[name] = extract(member, entry.isMember ? items : (entry.children ?? FieldSet.empty), memberType);
    isEmpty = false;
  }
  return isEmpty ? null : out;
}

/** The key fields of all items on the way to a wanted path that the value has. */
function keyFieldsOf(typed: TypedValue, items: FieldSet): FieldSet {
  const present = fieldSetOf(typed);
  const keys: FieldPath[] = [];
  for (const path of items) {
    if (!present.has(path)) continue;
    path.forEach((element, index) => {
      if (element.kind !== 'key') return;
      for (const { name } of element.fields) keys.push([...path.slice(0, index + 1), fieldElement(name)]);
    });
  }
  return FieldSet.of(...keys);
}
