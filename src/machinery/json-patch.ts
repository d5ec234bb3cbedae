import { limits as bounds } from '../base/mod.ts';
import { newPatchRejected } from './json-patch-error.ts';
import { arrayIndex, type PointerTarget, resolvePointer, valueAt } from './json-pointer.ts';
import { deepCopy, deepEqual, isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { newBadRequest, newRequestEntityTooLarge } from './status-error.ts';

export interface JsonPatchLimits {
  /** Operations in one patch. */
  readonly operationsMax: number;
  /** What all `copy` operations together may add, in bytes of compact JSON. */
  readonly copySizeBytesMax: number;
  /** Containers within one another in what a patch copies or leaves behind. */
  readonly depthMax: number;
}

/**
 * The limits of kube-apiserver (maxJSONPatchOperations, JSONPatchMaxCopyBytes), and the nesting that the
 * JSON parser accepts: moves and copies must not build what the parser would have refused.
 */
export const JSON_PATCH_LIMITS: JsonPatchLimits = {
  operationsMax: bounds.jsonPatchOperationsMax,
  copySizeBytesMax: bounds.jsonPatchCopyBytesMax,
  depthMax: bounds.jsonDepthMax,
};

/**
 * Applies an RFC 6902 patch with the deviations of evanphx/json-patch v4 that clients of Kubernetes
 * rely on: `replace` of a missing member adds it, `copy` of a missing member copies null, `test` takes
 * a missing member for null, a missing `value` is null, and negative indices count from the end.
 * The result shares nothing with the arguments, which stay as they were.
 *
 * @throws StatusError 400 for a malformed patch, 413 for too many operations, 422 if an operation fails
 *   or a limit of size or depth is exceeded.
 */
export function applyJsonPatch(
  document: JsonValue,
  patch: JsonValue,
  limits: JsonPatchLimits = JSON_PATCH_LIMITS,
): JsonValue {
  const operations = decodeOperations(patch, limits.operationsMax);
  const patched = new PatchedDocument(document, limits);
  for (const operation of operations) patched.apply(operation);
  return patched.finish();
}

interface Operation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  /** Undefined if the member is missing. */
  readonly value: JsonValue | undefined;
}

function decodeOperations(patch: JsonValue, operationsMax: number): Operation[] {
  if (!Array.isArray(patch)) throw malformed(jsonTypeName(patch), 'value of type []handlers.jsonPatchOp');
  if (patch.length > operationsMax) {
    throw newRequestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
    );
  }
  return patch.map((operation) => {
    if (!isObject(operation)) throw malformed(jsonTypeName(operation), 'value of type handlers.jsonPatchOp');
    return {
      op: stringMember(operation, 'op') ?? 'unknown',
      path: stringMember(operation, 'path'),
      from: stringMember(operation, 'from'),
      value: operation['value'],
    };
  });
}

function stringMember(operation: JsonObject, name: string): string | undefined {
  const value = operation[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') {
    throw malformed(jsonTypeName(value), `struct field jsonPatchOp.${name} of type string`);
  }
  return value;
}

function malformed(actual: string, expected: string) {
  return newBadRequest(`error decoding patch: json: cannot unmarshal ${actual} into Go ${expected}`);
}

function jsonTypeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** A private copy of the document, which the operations of one patch change in turn. */
class PatchedDocument {
  readonly #limits: JsonPatchLimits;
  #root: JsonValue;
  #copySizeBytes = 0;

  constructor(document: JsonValue, limits: JsonPatchLimits) {
    this.#root = deepCopy(document);
    this.#limits = limits;
  }

  apply(operation: Operation): void {
    switch (operation.op) {
      case 'add':
        insert(this.#target(operation.path), deepCopy(operation.value ?? null));
        break;
      case 'remove':
        remove(this.#target(operation.path));
        break;
      case 'replace':
        this.#replace(operation);
        break;
      case 'move':
        this.#move(operation);
        break;
      case 'copy':
        this.#copy(operation);
        break;
      case 'test':
        this.#test(operation);
        break;
      default:
        throw newPatchRejected(`unexpected operation: ${operation.op}`);
    }
  }

  finish(): JsonValue {
    if (isDeeperThan(this.#root, this.#limits.depthMax)) {
      throw newPatchRejected(`the result is nested deeper than ${this.#limits.depthMax} levels`);
    }
    return this.#root;
  }

  #target(pointer: string | undefined): PointerTarget {
    const target = pointer === undefined ? undefined : resolvePointer(this.#root, pointer);
    if (target === undefined) throw newPatchRejected(`missing path: ${pointer ?? ''}`);
    return target;
  }

  #replace({ path, value }: Operation): void {
    if (path === '') {
      if (!isObject(value) && !Array.isArray(value)) {
        throw newPatchRejected('only an object or an array can replace the document');
      }
      this.#root = deepCopy(value);
      return;
    }
    const { container, key } = this.#target(path);
    const replacement = deepCopy(value ?? null);
    if (Array.isArray(container)) container[existingIndex(container, key)] = replacement;
    else container[key] = replacement;
  }

  /** The value leaves its place before it arrives, so that it cannot move into itself. */
  #move({ from, path }: Operation): void {
    const value = remove(this.#target(from));
    insert(this.#target(path), value);
  }

  #copy({ from, path }: Operation): void {
    const source = this.#target(from);
    if (Array.isArray(source.container)) existingIndex(source.container, source.key);
    const value = valueAt(source) ?? null;
    const { copySizeBytesMax, depthMax } = this.#limits;
    // Counted before the copy is made: the depth bounds the recursion of both.
    if (isDeeperThan(value, depthMax)) throw newPatchRejected('the copied value is nested too deeply');
    this.#copySizeBytes += compactSizeBytes(value, copySizeBytesMax - this.#copySizeBytes);
    if (this.#copySizeBytes > copySizeBytesMax) {
      throw newPatchRejected(`copy operations add more than ${copySizeBytesMax} bytes`);
    }
    insert(this.#target(path), deepCopy(value));
  }

  #test({ path, value }: Operation): void {
    let actual: JsonValue;
    if (path === '') {
      actual = this.#root;
    } else {
      const target = this.#target(path);
      if (Array.isArray(target.container)) existingIndex(target.container, target.key);
      actual = valueAt(target) ?? null;
    }
    // The given value goes first: the comparison ends where it ends, however large the document is.
    if (!deepEqual(value ?? null, actual)) throw newPatchRejected(`testing value ${path} failed`);
  }
}

function insert({ container, key }: PointerTarget, value: JsonValue): void {
  if (!Array.isArray(container)) {
    container[key] = value;
    return;
  }
  const index = key === '-' ? container.length : arrayIndex(key, container.length + 1);
  if (index === undefined) throw newPatchRejected(`invalid index: ${key}`);
  container.splice(index, 0, value);
}

function remove(target: PointerTarget): JsonValue {
  const { container, key } = target;
  if (Array.isArray(container)) return container.splice(existingIndex(container, key), 1)[0]!;
  const value = valueAt(target);
  if (value === undefined) throw newPatchRejected(`missing key: ${key}`);
  delete container[key];
  return value;
}

function existingIndex(container: readonly JsonValue[], key: string): number {
  const index = arrayIndex(key, container.length);
  if (index === undefined) throw newPatchRejected(`invalid index: ${key}`);
  return index;
}

function isDeeperThan(value: JsonValue, depthMax: number): boolean {
  if (Array.isArray(value)) return depthMax <= 0 || value.some((item) => isDeeperThan(item, depthMax - 1));
  if (!isObject(value)) return false;
  if (depthMax <= 0) return true;
  for (const key of Object.keys(value)) if (isDeeperThan(value[key] ?? null, depthMax - 1)) return true;
  return false;
}

/** The size as compact JSON, not counting escapes; counting ends soon after the budget is spent. */
function compactSizeBytes(value: JsonValue, budgetBytes: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  if (Array.isArray(value)) {
    let size = 2;
    for (const item of value) {
      size += 1 + compactSizeBytes(item, budgetBytes - size);
      if (size > budgetBytes) break;
    }
    return size;
  }
  if (!isObject(value)) return String(value).length;
  let size = 2;
  for (const key of Object.keys(value)) {
    size += Buffer.byteLength(key) + 4;
    size += compactSizeBytes(value[key] ?? null, budgetBytes - size);
    if (size > budgetBytes) break;
  }
  return size;
}
