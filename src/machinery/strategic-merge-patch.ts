import { newPatchRejected } from './json-patch-error.ts';
import { deepCopy, isObject, type JsonObject, type JsonValue, newObject } from './json-value.ts';
import type { Schema } from './schema/schema.ts';
import {
  DELETE_FROM_LIST_DIRECTIVE,
  directiveField,
  ELEMENT_ORDER_DIRECTIVE,
  isListDirective,
  newContent,
  PATCH_DIRECTIVE,
  RETAIN_KEYS_DIRECTIVE,
} from './strategic-merge-patch-directive.ts';
import { newMalformedDirective, newUnknownDirective, newWrongType } from './strategic-merge-patch-error.ts';
import { checkOrder, mergeList, ordered, withoutValues } from './strategic-merge-patch-list.ts';
import { type PatchMetadata, patchMetadata } from './strategic-merge-patch-schema.ts';

/**
 * Applies a strategic merge patch, with all of its directives. How a list merges is said by the patch
 * extensions of the schema's nodes; where the schema says nothing, maps merge per key and lists are
 * replaced. The result shares nothing with the arguments, which stay as they were. Apart from sorting, a
 * list takes time linear in its length; the recursion is as deep as the patch, which the parser bounds.
 *
 * @throws StatusError 400 for a malformed directive, 422 for lists of lists and for `$retainKeys` that
 *   miss a key of the patch, 500 without a reason for what upstream does not classify (kube-api 4.4).
 */
export function applyStrategicMergePatch(
  document: JsonObject,
  patch: JsonObject,
  schema: Schema,
): JsonObject {
  return mergeMap(deepCopy(document), patch, schema);
}

/** Changes `live`, which nobody else holds, and returns what takes its place. */
function mergeMap(live: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch[PATCH_DIRECTIVE];
  if (directive === 'delete') return newObject();
  if (directive === 'replace') return withoutDirective(patch);
  if (directive !== undefined && directive !== 'merge') throw newUnknownDirective(directive, patch);

  retainKeys(live, patch);
  const keys = Object.keys(patch);
  const done = new Set([PATCH_DIRECTIVE, RETAIN_KEYS_DIRECTIVE]);
  for (const key of keys) {
    if (key.startsWith(ELEMENT_ORDER_DIRECTIVE)) {
      done.add(key).add(mergeOrderedList({ live, patch, key, schema }));
    }
  }
  for (const key of keys) {
    if (key.startsWith(DELETE_FROM_LIST_DIRECTIVE)) {
      deleteFromList(live, key, patch[key]);
      done.add(key);
    }
  }
  for (const key of keys) {
    const value = patch[key];
    if (value !== undefined && !done.has(key)) mergeField({ live, key, value, schema });
  }
  return live;
}

function mergeField(options: {
  readonly live: JsonObject;
  readonly key: string;
  readonly value: JsonValue;
  readonly schema: Schema | undefined;
}): void {
  const { live, key, value } = options;
  const current = live[key];
  const field = patchMetadata(options.schema, key);
  let merged: JsonValue | undefined;
  if (value === null) {
    merged = undefined;
  } else if (isObject(value) && isObject(current)) {
    merged = field.strategy === 'replace' ? deepCopy(value) : mergeMap(current, value, field.schema);
  } else if (Array.isArray(value) && Array.isArray(current)) {
    merged = mergeLists(current, value, field);
  } else {
    merged = newContent(value);
  }
  if (merged === undefined) delete live[key];
  else live[key] = merged;
}

function mergeLists(live: JsonValue[], patch: JsonValue[], field: PatchMetadata): JsonValue[] {
  if (field.strategy !== 'merge') return deepCopy(patch);
  const itemSchema = field.schema?.items;
  return mergeList({
    live,
    patch,
    mergeKey: field.mergeKey,
    mergeItem: (item, change) => mergeMap(item, change, itemSchema),
  });
}

/** `$patch: replace`: the content of the patch as it is, but for the directive. */
function withoutDirective(patch: JsonObject): JsonObject {
  const content = deepCopy(patch);
  delete content[PATCH_DIRECTIVE];
  return content;
}

/** Drops the keys that `$retainKeys` does not list; it must list every key that the patch sets. */
function retainKeys(live: JsonObject, patch: JsonObject): void {
  const list = patch[RETAIN_KEYS_DIRECTIVE];
  if (list === undefined) return;
  if (!Array.isArray(list)) throw newMalformedDirective('retainKeys');
  const retained = new Set<JsonValue>(list);
  for (const key of Object.keys(patch)) {
    const isDirective = key === PATCH_DIRECTIVE || key === RETAIN_KEYS_DIRECTIVE || isListDirective(key);
    if (isDirective || patch[key] === undefined || patch[key] === null) continue;
    if (!retained.has(key)) throw newPatchRejected("patch content doesn't match retainKeys list");
  }
  for (const key of Object.keys(live)) if (!retained.has(key)) delete live[key];
}

/** Merges the list that a `$setElementOrder` is about, orders it, and returns its field. */
function mergeOrderedList(options: {
  readonly live: JsonObject;
  readonly patch: JsonObject;
  readonly key: string;
  readonly schema: Schema | undefined;
}): string {
  const order = options.patch[options.key];
  const name = directiveField(options.key, ELEMENT_ORDER_DIRECTIVE, 'setElementOrder list');
  if (!Array.isArray(order)) throw newMalformedDirective('setElementOrder list');
  const current = listOf(options.live[name] ?? undefined);
  const given = listOf(options.patch[name]);
  if (current === undefined && given === undefined) return name;

  const field = patchMetadata(options.schema, name);
  const isKeyed = field.mergeKey !== undefined;
  if (!isKeyed && [current, given].some((list) => list?.some((item) => isObject(item)))) {
    // Items without a merge key cannot be told apart: upstream fails on them, an atomic list stays as given.
    if (given !== undefined) options.live[name] = deepCopy(given);
    return name;
  }
  checkOrder(given ?? [], order, field.mergeKey);
  const before = current === undefined ? [] : [...current];
  const merged = mergedList(current, given, field);
  options.live[name] = ordered({ items: merged, wanted: order, live: before, mergeKey: field.mergeKey });
  return name;
}

function mergedList(
  current: JsonValue[] | undefined,
  given: JsonValue[] | undefined,
  field: PatchMetadata,
): JsonValue[] {
  if (given === undefined) return current ?? [];
  if (current === undefined) return newContent(given) as JsonValue[];
  return mergeLists(current, given, field);
}

function listOf(value: JsonValue | undefined): JsonValue[] | undefined {
  if (value === undefined || Array.isArray(value)) return value;
  throw newWrongType('[]interface {}', value);
}

/** `$deleteFromPrimitiveList`: applies to a list of any strategy, and never makes one. */
function deleteFromList(live: JsonObject, key: string, removed: JsonValue | undefined): void {
  const name = directiveField(key, DELETE_FROM_LIST_DIRECTIVE, 'primitive list');
  const isPrimitiveList =
    Array.isArray(removed) && removed.every((item) => typeof item !== 'object' || item === null);
  if (!isPrimitiveList) throw newMalformedDirective('primitive list');
  const current = live[name];
  if (Array.isArray(current)) live[name] = withoutValues(current, removed);
}
