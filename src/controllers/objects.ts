import { type Api, FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { type KubeObject, parseJson, StatusError } from '../machinery/mod.ts';
import type { ListedObject, ListScope, ObjectKey, ObjectSnapshot } from '../store/mod.ts';

/** What is left in a scope. */
export interface Remainder {
  readonly count: number;
  /** How many objects each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
}

/**
 * The objects of a scope in batches that fit in memory. Each batch is read from a state of its own, so that
 * nothing old is held while somebody works on it; what is created meanwhile may be missed.
 */
export function batchesOf(api: Api, scope: ListScope): AsyncGenerator<readonly ListedObject[]> {
  return pagesOf(api, (snapshot, last) =>
    snapshot.list(last === undefined ? scope : { ...scope, after: `${last.namespace}\0${last.name}` }),
  );
}

/** The objects anywhere that refer to something, in such batches. */
export function referring(api: Api, reference: string): AsyncGenerator<readonly ListedObject[]> {
  return pagesOf(api, (snapshot, last) => snapshot.referring(reference, last));
}

/** Those of one logical cluster. */
export function referringIn(
  api: Api,
  cluster: LogicalCluster,
  reference: string,
): AsyncGenerator<readonly ListedObject[]> {
  return pagesOf(api, (snapshot, last) => snapshot.referringIn(cluster, reference, last));
}

/**
 * Runs `change` for each object, some of them at once so that they share writes to the disk. Objects that
 * fail for reasons of their own do not hold up the others; the first failure is thrown at the end.
 */
export async function changeAll(
  batches: AsyncIterable<readonly ListedObject[]>,
  signal: AbortSignal,
  change: (object: ListedObject) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for await (const batch of batches) {
    let next = 0;
    let isHopeless = false;
    const work = async () => {
      while (next < batch.length && !isHopeless) {
        const object = batch[next++]!;
        try {
          signal.throwIfAborted();
          await change(object);
        } catch (error) {
          isHopeless ||= !concernsOneObject(error);
          if (failures.length === 0 || isHopeless) failures[0] = error;
        }
      }
    };
    const count = Math.min(batch.length, limits.controllerChangesMax);
    await Promise.all(Array.from({ length: count }, work));
    if (isHopeless) break;
  }
  if (failures.length > 0) throw failures[0];
}

/** Whether an object is terminating already, and not by a policy that another deletion would change. */
export function isLeaving(row: ListedObject['row']): boolean {
  // Most objects have no such field, and need no parsing.
  if (!row.json.includes('"deletionTimestamp"')) return false;
  const { metadata } = parseJson(row.json).value as KubeObject;
  const { deletionTimestamp, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined || finalizers.length === 0) return false;
  return !finalizers.includes(FOREGROUND_FINALIZER) && !finalizers.includes(ORPHAN_FINALIZER);
}

/** Counts the objects of a scope, and their finalizers. */
export async function remainderOf(api: Api, scope: ListScope): Promise<Remainder> {
  let count = 0;
  const finalizers = new Map<string, number>();
  for await (const batch of batchesOf(api, scope)) {
    count += batch.length;
    for (const { row } of batch) {
      // Most have none, and need no parsing; a value that looks like the field costs only that.
      if (!row.json.includes('"finalizers"')) continue;
      const { metadata } = parseJson(row.json).value as KubeObject;
      for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
    }
  }
  return { count, finalizers };
}

/** Reads on in a snapshot behind the last object that was read, if there was one. */
type ReadOn = (
  snapshot: ObjectSnapshot,
  last: ObjectKey | undefined,
) => AsyncIterable<readonly ListedObject[]>;

async function* pagesOf(api: Api, read: ReadOn): AsyncGenerator<readonly ListedObject[]> {
  let last: ObjectKey | undefined;
  for (;;) {
    const batch = await nextPage(api, (snapshot) => read(snapshot, last));
    if (batch.length === 0) return;
    yield batch;
    last = batch.at(-1)!.key;
  }
}

async function nextPage(
  api: Api,
  read: (snapshot: ObjectSnapshot) => AsyncIterable<readonly ListedObject[]>,
): Promise<readonly ListedObject[]> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of read(snapshot)) if (batch.length > 0) return batch;
    return [];
  } finally {
    snapshot.close();
  }
}

/** A refusal of this change; anything else, such as a full log, would meet the next one too. */
function concernsOneObject(error: unknown): boolean {
  return error instanceof StatusError && error.code < 500 && error.code !== 429;
}
