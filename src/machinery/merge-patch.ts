import { deepCopy, isObject, type JsonObject, type JsonValue, newObject } from './json-value.ts';

/**
 * Applies an RFC 7386 merge patch. The result shares nothing with the arguments, which stay as they were.
 * As in evanphx/json-patch, which Kubernetes uses, members that are null also vanish from objects within
 * an array of the patch; the RFC would keep them, and a typed decoder drops them anyway. The recursion is
 * as deep as the patch, which the parser bounds.
 *
 * A patch that is no object replaces the document, as the RFC has it; a caller that patches objects
 * refuses such a patch beforehand (`Invalid JSON Patch`).
 */
export function applyMergePatch(document: JsonValue, patch: JsonValue): JsonValue {
  return isObject(document) && isObject(patch) ? mergeInto(deepCopy(document), patch) : withoutNulls(patch);
}

/** Changes `target`, which nobody else holds. */
function mergeInto(target: JsonObject, patch: JsonObject): JsonObject {
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === undefined) continue;
    const current = target[key];
    if (value === null) delete target[key];
    else target[key] = isObject(current) && isObject(value) ? mergeInto(current, value) : withoutNulls(value);
  }
  return target;
}

/** A copy whose objects have no members that are null; nulls of arrays stay. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const copy = newObject();
  for (const key of Object.keys(value)) {
    const child = value[key];
    if (child !== undefined && child !== null) copy[key] = withoutNulls(child);
  }
  return copy;
}
