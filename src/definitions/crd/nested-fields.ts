import {
  goPrint,
  goTypeName,
  isObject,
  type JsonObject,
  type JsonValue,
  newObject,
} from '../../machinery/mod.ts';

/** A field that is not what it should be, in the words of apimachinery's accessors of unstructured objects. */
export class AccessorError extends Error {
  override readonly name = 'AccessorError';
}

/** The integer at a path of keys with dots; undefined when there is none. Throws {@link AccessorError}. */
export function integerAt(object: JsonObject, path: string): number | bigint | undefined {
  const value = nestedAt(object, path);
  if (value === undefined || typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw unexpected(keysOf(path), value, 'int64');
}

/** The text at such a path; undefined when there is none. Throws {@link AccessorError}. */
export function stringAt(object: JsonObject, path: string): string | undefined {
  const value = nestedAt(object, path);
  if (value === undefined || typeof value === 'string') return value;
  throw unexpected(keysOf(path), value, 'string');
}

/** Sets the value at such a path, with the objects on the way to it. Throws {@link AccessorError}. */
export function setNested(object: JsonObject, path: string, value: JsonValue): void {
  const keys = keysOf(path);
  let parent = object;
  keys.slice(0, -1).forEach((key, index) => {
    const next = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (next !== undefined && !isObject(next)) {
      const place = `.${keys.slice(0, index + 1).join('.')}`;
      throw new AccessorError(`value cannot be set because ${place} is not a map[string]interface{}`);
    }
    const child = next ?? newObject();
    parent[key] = child;
    parent = child;
  });
  parent[keys.at(-1)!] = value;
}

function nestedAt(object: JsonObject, path: string): JsonValue | undefined {
  const keys = keysOf(path);
  let value: JsonValue | undefined = object;
  for (let index = 0; index < keys.length; index++) {
    if (value === null) return undefined;
    if (!isObject(value)) throw unexpected(keys.slice(0, index + 1), value, 'map[string]interface{}');
    value = Object.hasOwn(value, keys[index]!) ? value[keys[index]!] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

function unexpected(keys: readonly string[], value: JsonValue | undefined, expected: string): AccessorError {
  const what = `${goPrint(value)} is of the type ${goTypeName(value)}`;
  return new AccessorError(`.${keys.join('.')} accessor error: ${what}, expected ${expected}`);
}

function keysOf(path: string): string[] {
  return path.replace(/^\./, '').split('.');
}
