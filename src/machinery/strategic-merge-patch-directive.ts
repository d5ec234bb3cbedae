import { isObject, type JsonValue, newObject } from './json-value.ts';
import { type MalformedDirective, newMalformedDirective } from './strategic-merge-patch-error.ts';

/** In a map or in an item of a list: `replace`, `delete` or, in a map only, `merge`. */
export const PATCH_DIRECTIVE = '$patch';
/** In a map: the keys that it may keep. */
export const RETAIN_KEYS_DIRECTIVE = '$retainKeys';
/** `$deleteFromPrimitiveList/<field>`: values to remove from the list of that name beside it. */
export const DELETE_FROM_LIST_DIRECTIVE = '$deleteFromPrimitiveList';
/** `$setElementOrder/<field>`: the order of the list of that name beside it. */
export const ELEMENT_ORDER_DIRECTIVE = '$setElementOrder';

/** True for a directive that stands beside the list it is about. */
export function isListDirective(key: string): boolean {
  return key.startsWith(DELETE_FROM_LIST_DIRECTIVE) || key.startsWith(ELEMENT_ORDER_DIRECTIVE);
}

/** The field that a list directive is about. */
export function directiveField(key: string, directive: string, malformed: MalformedDirective): string {
  if (!key.startsWith(`${directive}/`)) throw newMalformedDirective(malformed);
  return key.slice(directive.length + 1);
}

/**
 * The copy of a patch value that enters an object where there was nothing to merge with: no nulls in
 * objects, and nothing that bears a `$patch` directive, the value itself included (then undefined). That
 * even a `$patch: replace` vanishes with its content is upstream's behaviour.
 */
export function newContent(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(newContent).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (value[PATCH_DIRECTIVE] !== undefined) return undefined;
  const copy = newObject();
  for (const key of Object.keys(value)) {
    const child = value[key];
    const content = child === undefined || child === null ? undefined : newContent(child);
    if (content !== undefined) copy[key] = content;
  }
  return copy;
}
