import type { JsonValue } from '../json-value.ts';
import type { ApplyType, ListType, MapType } from './apply-type.ts';
import { FieldSet, type FieldSetEntry, LEAF } from './field-set.ts';
import { itemText, NO_ELEMENT } from './list-items.ts';
import type { TypedValue } from './typed-value.ts';
import { asList, asMap, isEmptyMap, kindOf } from './value-kind.ts';

/**
 * The fields that a configuration sets: scalars, atomic lists and maps, items of associative lists, members
 * of free-form maps, and whatever is null or an empty map. Items that appear more than once count as one.
 */
export function fieldSetOf({ value, type }: Pick<TypedValue, 'value' | 'type'>): FieldSet {
  return entryOfValue(value, type)?.children ?? FieldSet.empty;
}

function entryOfValue(value: JsonValue, type: ApplyType): FieldSetEntry | undefined {
  switch (kindOf(type, value)) {
    case 'scalar':
      return LEAF;
    case 'list':
      return entryOfList(value, type.list!);
    default:
      return entryOfMap(value, type.map!);
  }
}

function entryOfList(value: JsonValue, type: ListType): FieldSetEntry | undefined {
  if (type.isAtomic) return LEAF;
  const list = asList(value);
  if (list === undefined || list.length === 0) return undefined;
  const entries = new Map<string, FieldSetEntry>();
  for (const item of list) {
    const text = itemText(type, item);
    if (typeof text !== 'string') entries.set(NO_ELEMENT, LEAF);
    else entries.set(text, entries.has(text) ? LEAF : asMember(entryOfValue(item, type.items)));
  }
  return nodeOf(FieldSet.from(undefined, entries));
}

function entryOfMap(value: JsonValue, type: MapType): FieldSetEntry | undefined {
  if (type.isAtomic) return LEAF;
  const map = asMap(value);
  if (map === undefined) return undefined;
  const entries = new Map<string, FieldSetEntry>();
  for (const name in map) {
    const member = map[name];
    if (member === undefined) continue;
    const field = type.field(name);
    const memberType = field ?? type.others;
    const entry = memberType === undefined ? undefined : entryOfValue(member, memberType);
    if (field === undefined || isNothing(member)) entries.set(name, asMember(entry));
    else if (entry !== undefined) entries.set(name, entry);
  }
  return nodeOf(FieldSet.from(entries, undefined));
}

function isNothing(value: JsonValue): boolean {
  if (typeof value !== 'object') return false;
  return value === null || (!Array.isArray(value) && isEmptyMap(value));
}

function asMember(entry: FieldSetEntry | undefined): FieldSetEntry {
  if (entry === undefined) return LEAF;
  return entry.isMember ? entry : { isMember: true, children: entry.children };
}

function nodeOf(children: FieldSet): FieldSetEntry | undefined {
  return children.isEmpty ? undefined : { isMember: false, children };
}
