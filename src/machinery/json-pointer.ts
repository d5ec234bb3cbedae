import { isObject, type JsonObject, type JsonValue } from './json-value.ts';

/** Where a pointer leads: the last container on its way, and the key within it, which need not exist. */
export interface PointerTarget {
  readonly container: JsonObject | JsonValue[];
  readonly key: string;
}

/**
 * Follows an RFC 6901 pointer to the container of its last token; undefined if something before that is
 * missing or is no container, and for a pointer without a slash, such as the one to the whole document.
 * As in evanphx/json-patch v4, what stands before the first slash is ignored, and `a/b` means `/b`.
 */
export function resolvePointer(root: JsonValue, pointer: string): PointerTarget | undefined {
  const slash = pointer.indexOf('/');
  if (slash < 0) return undefined;
  let container = root;
  let start = slash + 1;
  for (;;) {
    if (!isObject(container) && !Array.isArray(container)) return undefined;
    const end = pointer.indexOf('/', start);
    if (end < 0) return { container, key: decodeToken(pointer.slice(start)) };
    const next = valueAt({ container, key: decodeToken(pointer.slice(start, end)) });
    if (next === undefined) return undefined;
    container = next;
    start = end + 1;
  }
}

/** The value under a key, or undefined. */
export function valueAt({ container, key }: PointerTarget): JsonValue | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = arrayIndex(key, container.length);
  return index === undefined ? undefined : container[index];
}

/**
 * The index that a token means among `length` places; undefined for no such place. RFC 6901 has no
 * negative index; Kubernetes counts them from the end, and kept that for its clients' sake
 * (kubernetes/kubernetes#68578, #105896).
 */
export function arrayIndex(token: string, length: number): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(token)) return undefined;
  const number = Number(token);
  const index = number < 0 ? number + length : number;
  return index >= 0 && index < length ? index : undefined;
}

/** One pass, so that `~01` gives `~1`; a lone tilde stands for itself. */
function decodeToken(token: string): string {
  if (!token.includes('~')) return token;
  return token.replace(/~[01]/g, (sequence) => (sequence === '~1' ? '/' : '~'));
}
