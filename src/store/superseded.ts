import { limits } from '../base/mod.ts';
import type { KeyRange } from './key-value.ts';
import { type ObjectKey, objectKeyText, parseObjectKeyText } from './object-key.ts';
import type { PlacedObject } from './placed.ts';
import { decodeEventPointer } from './projection.ts';
import { decodeRow, type Row } from './row.ts';
import type { OneListScope } from './snapshot.ts';
import {
  eventRange,
  objectRange,
  objectRowKey,
  parseObjectRowKey,
  parseVersionKey,
  versionRange,
  versionsOfObject,
} from './tables.ts';
import type { TablesView } from './tables-view.ts';

/** The value that an object had at a revision, if it has been superseded since. */
export async function supersededAt(
  tables: TablesView,
  keyText: string,
  revision: number,
): Promise<Row | undefined> {
  for await (const entries of tables.iterate(versionsOfObject(keyText, revision), { limit: 1 })) {
    const row = decodeRow(entries[0]![1]);
    return row.revision <= revision ? row : undefined;
  }
  return undefined;
}

/** The values in a scope that were current at a revision and are not any more, in the order of their objects. */
export async function* supersededIn(
  tables: TablesView,
  scope: OneListScope,
  revisions: { readonly at: number; readonly now: number },
): AsyncGenerator<PlacedObject[]> {
  const changed = await changedAfter(tables, scope, revisions);
  if (changed !== undefined) {
    yield* supersededAmong(placesOf(changed), (keyText) => supersededAt(tables, keyText, revisions.at));
    return;
  }
  const { collection, ...within } = scope;
  yield* supersededInRange(tables, versionRange(collection, within), revisions.at);
}

/**
 * The objects of a scope that have changed since a revision, as row keys in order; undefined when the
 * collection has had more than `limits.listedChangesMax` changes. The event table names them all.
 */
async function changedAfter(
  tables: TablesView,
  scope: OneListScope,
  revisions: { readonly at: number; readonly now: number },
): Promise<Buffer[] | undefined> {
  const { collection, ...within } = scope;
  const { start, end } = objectRange(collection, within);
  const events = eventRange(collection, revisions.at, revisions.now);
  const rowKeys = new Map<string, Buffer>();
  let count = 0;
  for await (const entries of tables.iterate(events, { limit: limits.listedChangesMax + 1 })) {
    count += entries.length;
    if (count > limits.listedChangesMax) return undefined;
    for (const [, pointerBytes] of entries) {
      const { namespace, name } = decodeEventPointer(pointerBytes);
      const keyText = objectKeyText({ ...collection, namespace, name });
      if (rowKeys.has(keyText)) continue;
      const rowKey = objectRowKey(keyText);
      if (rowKey.compare(start) >= 0 && rowKey.compare(end) < 0) rowKeys.set(keyText, rowKey);
    }
  }
  return [...rowKeys.values()].sort(Buffer.compare);
}

/** Of some objects, the values that were current at a revision and are not any more: a look for each. */
export async function* supersededAmong(
  places: Iterable<{ readonly place: Buffer; readonly key: ObjectKey }>,
  rowOf: (keyText: string) => Promise<Row | undefined>,
): AsyncGenerator<PlacedObject[]> {
  let batch = new SupersededBatch();
  for (const { place, key } of places) {
    const row = await rowOf(objectKeyText(key));
    if (row === undefined) continue;
    batch.add({ place, object: { key, row } });
    if (!batch.isFull) continue;
    yield batch.items;
    batch = new SupersededBatch();
  }
  if (batch.items.length > 0) yield batch.items;
}

function* placesOf(
  rowKeys: readonly Buffer[],
): Generator<{ readonly place: Buffer; readonly key: ObjectKey }> {
  for (const rowKey of rowKeys) yield { place: rowKey.subarray(1), key: parseObjectRowKey(rowKey) };
}

/** The same for all objects in a range of the version table, whatever has changed. */
export async function* supersededInRange(
  tables: TablesView,
  range: KeyRange,
  revision: number,
): AsyncGenerator<PlacedObject[]> {
  let batch = new SupersededBatch();
  let { start } = range;
  // Where objects have many old values it pays to jump from object to object, where they have few to read on.
  let entriesMax = SUPERSEDED_BATCH_ENTRIES;
  for (;;) {
    let last: { readonly keyText: string; readonly isDecided: boolean } | undefined;
    let objects = 0;
    for await (const entries of tables.iterate({ start, end: range.end }, { limit: entriesMax })) {
      for (const [versionKeyBytes, value] of entries) {
        const { keyText, supersededBy } = parseVersionKey(versionKeyBytes);
        const isSame = keyText === last?.keyText;
        if (!isSame) objects++;
        const wasDecided = isSame && last?.isDecided === true;
        const isDecisive = !wasDecided && supersededBy > revision;
        last = { keyText, isDecided: wasDecided || isDecisive };
        if (!isDecisive) continue;
        // The first value superseded after the revision: the current one then, if it existed already.
        const row = decodeRow(value);
        if (row.revision > revision) continue;
        const place = versionKeyBytes.subarray(1, -VERSION_SUFFIX_BYTES);
        batch.add({ place, object: { key: parseObjectKeyText(keyText), row } });
      }
      if (!batch.isFull) continue;
      yield batch.items;
      batch = new SupersededBatch();
    }
    if (last === undefined) break;
    const versions = versionsOfObject(last.keyText, revision);
    start = last.isDecided ? versions.end : versions.start;
    entriesMax = Math.min(2 * objects, limits.iteratorBatchEntries);
  }
  if (batch.items.length > 0) yield batch.items;
}

/** Old values that are handed on together: few enough that a page reads hardly more of them than it shows. */
class SupersededBatch {
  readonly items: PlacedObject[] = [];
  #sizeBytes = 0;

  get isFull(): boolean {
    return this.items.length >= SUPERSEDED_BATCH_ENTRIES || this.#sizeBytes >= limits.iteratorBatchBytes;
  }

  add(item: PlacedObject): void {
    this.items.push(item);
    this.#sizeBytes += item.object.row.json.length;
  }
}

const SUPERSEDED_BATCH_ENTRIES = 64;
// A version's key is `v`, the object's key, a separator and eight bytes.
const VERSION_SUFFIX_BYTES = 9;
