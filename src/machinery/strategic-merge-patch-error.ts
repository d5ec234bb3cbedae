import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { newBadRequest, StatusError } from './status-error.ts';

/** What the format of a directive can violate; the texts are upstream's. */
export type MalformedDirective = 'primitive list' | 'retainKeys' | 'setElementOrder list';

/** 400: a directive does not have the form that it must have. */
export function newMalformedDirective(directive: MalformedDirective): StatusError {
  return newBadRequest(`invalid patch format of ${directive}`);
}

/** 400: the patch orders its items otherwise than its own `$setElementOrder`. */
export function newOrderMismatch(patch: JsonValue[], order: JsonValue[]): StatusError {
  return newBadRequest(
    `The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
  );
}

export function newMissingMergeKey(item: JsonObject, mergeKey: string): StatusError {
  return newUnclassified(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

export function newUnknownDirective(directive: JsonValue, patch: JsonObject): StatusError {
  return newUnclassified(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
}

export function newWrongType(expected: string, actual: JsonValue): StatusError {
  return newUnclassified(`expected a ${expected}, but received a ${goTypeName(actual)}`);
}

export function newMixedList(lists: JsonValue[][]): StatusError {
  return newUnclassified(`list element types are not identical: ${goText(lists)}`);
}

/**
 * Upstream has no class for the remaining faults: its plain errors become a 500 without a reason, and
 * clients see the text. That the client is at fault does not change what they expect.
 */
export function newUnclassified(message: string): StatusError {
  return new StatusError({ code: 500, reason: '', message });
}

/** The Go type that holds the value in an unstructured object. */
export function goTypeName(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float64';
}

/** An error text repeats the caller's values; this much of them is enough to recognise them. */
const TEXT_LENGTH_MAX = 2000;

/** The value as Go's `%v` prints it, cut off when it gets long. */
function goText(value: JsonValue): string {
  const pieces: string[] = [];
  let length = 0;
  const write = (text: string) => {
    if (length <= TEXT_LENGTH_MAX) pieces.push(text.slice(0, TEXT_LENGTH_MAX - length));
    length += text.length;
  };
  const print = (item: JsonValue): void => {
    if (length > TEXT_LENGTH_MAX) return;
    if (Array.isArray(item)) {
      write('[');
      for (const [index, element] of item.entries()) {
        if (index > 0) write(' ');
        print(element);
        if (length > TEXT_LENGTH_MAX) return;
      }
      write(']');
    } else if (isObject(item)) {
      write('map[');
      for (const [index, key] of Object.keys(item).sort().entries()) {
        write(index > 0 ? ` ${key}:` : `${key}:`);
        print(item[key] ?? null);
        if (length > TEXT_LENGTH_MAX) return;
      }
      write(']');
    } else {
      write(item === null ? '<nil>' : String(item));
    }
  };
  print(value);
  return length > TEXT_LENGTH_MAX ? `${pieces.join('')}…` : pieces.join('');
}
