import { goQuote } from '../field-error.ts';
import { encodeJson } from '../json-encoder.ts';
import type { JsonValue } from '../json-value.ts';
import type { ListType } from './apply-type.ts';

/** An item that cannot be addressed, and why. */
export interface ItemFault {
  readonly fault: string;
}

/**
 * Stands in for the element of all items that cannot be addressed. Such items come about only while pruning
 * takes an item's keys away; upstream counts them as one element, and what it keeps depends on that.
 */
export const NO_ELEMENT = '';

/** The FieldsV1 text of the element that addresses an item of an associative list. */
export function itemText(list: ListType, item: JsonValue): string | ItemFault {
  return list.keyFields.length > 0 ? keyedItemText(list, item) : setItemText(item);
}

/** The items by their elements, in the order of their first appearance, each with all its appearances. */
export interface ItemGroups {
  readonly groups: ReadonlyMap<string, readonly JsonValue[]>;
  readonly faults: readonly string[];
}

/** Groups the items of an associative list by the elements that address them. */
export function groupItems(list: ListType, items: readonly JsonValue[] | undefined): ItemGroups {
  const groups = new Map<string, JsonValue[]>();
  const faults: string[] = [];
  for (let index = 0; index < (items?.length ?? 0); index++) {
    const item = items![index]!;
    const text = itemText(list, item);
    if (typeof text !== 'string') {
      faults.push(`element ${index}: ${text.fault}`);
      continue;
    }
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [item]);
    else group.push(item);
  }
  return { groups, faults };
}

function keyedItemText(list: ListType, item: JsonValue): string | ItemFault {
  if (item === null) return { fault: 'associative list with keys may not have a null element' };
  if (typeof item !== 'object' || Array.isArray(item)) {
    return { fault: 'associative list with keys may not have non-map elements' };
  }
  let members = '';
  for (const { name, prefix } of list.keyFields) {
    // An absent key without default is left out: such an item is another one than that with an empty key.
    const value = item[name] ?? (item[name] === null ? null : list.keyDefault(name));
    if (value === undefined) continue;
    members += members === '' ? prefix + encodeJson(value) : `,${prefix}${encodeJson(value)}`;
  }
  if (members !== '') return `k:{${members}}`;
  const keys = list.keys.map((key) => goQuote(key)).join(' ');
  return {
    fault: `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
  };
}

function setItemText(item: JsonValue): string | ItemFault {
  if (item === null) return { fault: "associative list without keys has an element that's an explicit null" };
  if (Array.isArray(item)) return { fault: 'not supported: associative list with lists as elements' };
  if (typeof item === 'object') {
    return { fault: "associative list without keys has an element that's a map type" };
  }
  return `v:${encodeJson(item)}`;
}
