import { isObject, type JsonObject, newObject } from './json-value.ts';

/** The member of an object if it is an object itself. */
export function objectAt(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = object?.[key];
  return isObject(value) ? value : undefined;
}

/** The objects in a list member; anything else in it is passed over. */
export function objectsAt(object: JsonObject | undefined, key: string): JsonObject[] {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter((entry) => isObject(entry)) : [];
}

/** The strings in a list member; anything else in it is passed over. */
export function textsAt(object: JsonObject | undefined, key: string): string[] {
  const value = object?.[key];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** The member of an object if it is a string, else the empty string, as Go's zero value. */
export function textAt(object: JsonObject | undefined, key: string): string {
  const value = object?.[key];
  return typeof value === 'string' ? value : '';
}

/** The member of an object, to be changed: where there is no object under that name, an empty one is put there. */
export function madeObjectAt(object: JsonObject, key: string): JsonObject {
  const known = object[key];
  if (isObject(known)) return known;
  const fresh = newObject();
  object[key] = fresh;
  return fresh;
}

/** Sets a list member, and leaves none where the list is empty, as Go's `omitempty`. */
export function setOrDrop(object: JsonObject, key: string, list: readonly JsonObject[]): void {
  if (list.length === 0) delete object[key];
  else object[key] = [...list];
}
