import { newPatchRejected } from './json-patch-error.ts';
import { deepCopy, isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { newContent, PATCH_DIRECTIVE } from './strategic-merge-patch-directive.ts';
import {
  newMissingMergeKey,
  newMixedList,
  newOrderMismatch,
  newUnclassified,
  newUnknownDirective,
  newWrongType,
} from './strategic-merge-patch-error.ts';

export interface ListMerge {
  /** The items of the object; they belong to the merge, which may change them. */
  readonly live: JsonValue[];
  readonly patch: JsonValue[];
  /** Undefined for a set of primitive values. */
  readonly mergeKey: string | undefined;
  /** Merges a patch into a live item, and returns what takes its place. */
  readonly mergeItem: (live: JsonObject, patch: JsonObject) => JsonObject;
}

/** Merges a list whose strategy is `merge`; apart from sorting, in time linear in both lists. */
export function mergeList({ live, patch, mergeKey, mergeItem }: ListMerge): JsonValue[] {
  if (live.length === 0 && patch.length === 0) return live;
  if (!haveObjects(live, patch)) {
    const union = new Map([...live, ...patch].map((value) => [identity(value), value]));
    return ordered({ items: [...union.values()], wanted: patch, live, mergeKey: undefined });
  }
  if (mergeKey === undefined) throw newUnclassified('cannot merge lists without merge key for map');
  const { deleted, changes, isReplacement } = sortOut(patch, mergeKey);
  if (isReplacement) return checked(deepCopy(changes), mergeKey);

  const remaining = live.filter((item) => !deleted.has(keyOf(item, mergeKey)));
  const items = [...remaining];
  const places = new Map<string, number>();
  items.forEach((item, place) => {
    const key = keyOf(item, mergeKey);
    if (!places.has(key)) places.set(key, place);
  });
  for (const change of changes) {
    const key = keyOf(change, mergeKey);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, items.length);
      items.push(newContent(change) ?? null);
    } else {
      items[place] = mergeItem(items[place] as JsonObject, change);
    }
  }
  return ordered({ items, wanted: changes, live: remaining, mergeKey });
}

/** The list without the given primitive values. */
export function withoutValues(live: readonly JsonValue[], removed: readonly JsonValue[]): JsonValue[] {
  const identities = new Set(removed.map(identity));
  return live.filter((item) => isContainer(item) || !identities.has(identity(item)));
}

export interface ListOrder {
  readonly items: JsonValue[];
  /** Items (or their keys) in the order that the patch demands. */
  readonly wanted: readonly JsonValue[];
  /** The list of the object before the patch: it orders what the patch does not mention. */
  readonly live: readonly JsonValue[];
  readonly mergeKey: string | undefined;
}

/**
 * Orders a merged list as upstream does: what the patch mentions stands in its order, the rest keeps the
 * order of the object, and an item of the rest stands before the next mentioned one that it preceded in
 * the object. So a new item that the patch mentions alone comes first, not last.
 */
export function ordered({ items, wanted, live, mergeKey }: ListOrder): JsonValue[] {
  const wantedRanks = ranks(wanted, mergeKey);
  const liveRanks = ranks(live, mergeKey);
  const entries = items.map((item) => {
    const key = keyOf(item, mergeKey);
    return { item, wantedRank: wantedRanks.get(key), liveRank: liveRanks.get(key) };
  });
  const mentioned = entries.filter(({ wantedRank }) => wantedRank !== undefined);
  mentioned.sort((a, b) => a.wantedRank! - b.wantedRank!);
  const others = entries.filter(({ wantedRank }) => wantedRank === undefined);
  others.sort((a, b) => (a.liveRank ?? live.length) - (b.liveRank ?? live.length));

  const result: JsonValue[] = [];
  let next = 0;
  for (const { item, liveRank } of mentioned) {
    while (next < others.length && liveRank !== undefined) {
      const other = others[next]!;
      if (other.liveRank === undefined || other.liveRank >= liveRank) break;
      result.push(other.item);
      next += 1;
    }
    result.push(item);
  }
  for (; next < others.length; next += 1) result.push(others[next]!.item);
  return result;
}

/** Checks that the items of a patch, deletions aside, occur in `$setElementOrder` in the same order. */
export function checkOrder(patch: JsonValue[], order: JsonValue[], mergeKey: string | undefined): void {
  if (patch.length === 0 || order.length === 0) return;
  const keys = order.map((item) => keyOf(item, mergeKey));
  let place = 0;
  for (const item of patch) {
    if (isObject(item) && item[PATCH_DIRECTIVE] !== undefined) continue;
    const key = keyOf(item, mergeKey);
    while (place < keys.length && keys[place] !== key) place += 1;
    if (place === keys.length) throw newOrderMismatch(patch, order);
    place += 1;
  }
}

/** True if the items of both lists are objects, false if they are primitive; they must be of one type. */
function haveObjects(live: JsonValue[], patch: JsonValue[]): boolean {
  const first = live.length > 0 ? live[0]! : patch[0]!;
  if (Array.isArray(first)) throw newPatchRejected('lists of lists are not supported');
  const type = typeName(first);
  for (const item of live) if (typeName(item) !== type) throw newMixedList([live, patch]);
  for (const item of patch) if (typeName(item) !== type) throw newMixedList([live, patch]);
  return type === 'object';
}

function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

interface SortedOut {
  /** Identities of the merge keys whose items go. */
  readonly deleted: ReadonlySet<string>;
  readonly changes: JsonObject[];
  readonly isReplacement: boolean;
}

/** Separates the items of a patch that bear a directive from those that change or add something. */
function sortOut(patch: readonly JsonValue[], mergeKey: string): SortedOut {
  const deleted = new Set<string>();
  const changes: JsonObject[] = [];
  let isReplacement = false;
  for (const item of patch as readonly JsonObject[]) {
    const directive = item[PATCH_DIRECTIVE];
    if (directive === undefined) changes.push(item);
    else if (directive === 'delete') deleted.add(keyOf(item, mergeKey));
    else if (directive === 'replace') isReplacement = true;
    else if (directive === 'merge')
      throw newUnclassified('merging lists cannot yet be specified in the patch');
    else throw newUnknownDirective(directive, item);
  }
  return { deleted, changes, isReplacement };
}

function checked(items: JsonObject[], mergeKey: string): JsonValue[] {
  for (const item of items) keyOf(item, mergeKey);
  return items;
}

function ranks(items: readonly JsonValue[], mergeKey: string | undefined): Map<string, number> {
  const found = new Map<string, number>();
  items.forEach((item, rank) => {
    const key = keyOf(item, mergeKey);
    if (!found.has(key)) found.set(key, rank);
  });
  return found;
}

/** By what an item is recognised: the value of its merge key, or for want of a merge key itself. */
function keyOf(item: JsonValue, mergeKey: string | undefined): string {
  if (mergeKey === undefined) return identity(item);
  if (!isObject(item)) throw newWrongType('map[string]interface {}', item);
  const value = item[mergeKey];
  if (value === undefined) throw newMissingMergeKey(item, mergeKey);
  return identity(value);
}

/** Equal for equal primitive values of one type. */
function identity(value: JsonValue): string {
  if (isContainer(value)) throw newWrongType('string', value);
  return `${typeName(value)}:${value}`;
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null;
}
