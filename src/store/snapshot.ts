import { assert, type LogicalCluster, limits, type Revision } from '../base/mod.ts';
import { type Change, decodeFrame, rowOf } from './frame.ts';
import type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore } from './key-value.ts';
import { type CollectionKey, type ObjectKey, objectKeyText, parseObjectKeyText } from './object-key.ts';
import { decodeEventPointer, decodeHead, type StoreEvent } from './projection.ts';
import { decodeRow, type Row } from './row.ts';
import {
  eventRange,
  FLOOR_KEY,
  HEAD_KEY,
  logKey,
  logRange,
  objectRange,
  objectRowKey,
  ownerRange,
  parseEventKey,
  parseObjectRowKey,
  parseOwnerKey,
  parseVersionKey,
  parseWildcardKey,
  parseWorkKey,
  readRevision,
  versionKey,
  versionRange,
  versionsOfObject,
  type WorkKey,
  wildcardRange,
  workPrefixRange,
  workRange,
} from './tables.ts';

export interface ListedObject {
  readonly key: ObjectKey;
  readonly row: Row;
}

export interface ListScope {
  readonly collection: CollectionKey;
  /** Only this namespace. */
  readonly namespace?: string | undefined;
  /** Only what comes after this `namespace\0name`. */
  readonly after?: string | undefined;
}

/** A listed object whose key is parsed when somebody looks: a list that copies bytes never does. */
class StoredObject implements ListedObject {
  readonly row: Row;
  readonly #keyBytes: Buffer;
  #key: ObjectKey | undefined;

  constructor(keyBytes: Buffer, value: Buffer) {
    this.#keyBytes = keyBytes;
    this.row = decodeRow(value);
  }

  get key(): ObjectKey {
    this.#key ??= parseObjectRowKey(this.#keyBytes);
    return this.#key;
  }
}

/** A consistent state of the store. Close it: LevelDB keeps what it pins. */
export class StoreSnapshot {
  /** The revision of the last commit in it. */
  readonly revision: Revision;
  /** Nothing older can be read: lists at and watches from below this have expired. */
  readonly floor: Revision;
  readonly sequence: number;
  readonly #keyValue: KeyValueStore;
  readonly #snapshot: KeyValueSnapshot;

  constructor(keyValue: KeyValueStore) {
    this.#keyValue = keyValue;
    this.#snapshot = keyValue.snapshot();
    const head = this.#get(HEAD_KEY);
    const floor = this.#get(FLOOR_KEY);
    this.revision = (head === undefined ? 0 : decodeHead(head).revision) as Revision;
    this.sequence = head === undefined ? 0 : decodeHead(head).sequence;
    this.floor = (floor === undefined ? 0 : readRevision(floor, 0)) as Revision;
  }

  close(): void {
    this.#snapshot.close();
  }

  get(key: ObjectKey): Row | undefined {
    const bytes = this.#get(objectRowKey(objectKeyText(key)));
    return bytes === undefined ? undefined : decodeRow(bytes);
  }

  /** The object as it was at a revision not below the floor. */
  async getAt(key: ObjectKey, revision: number): Promise<Row | undefined> {
    const current = this.get(key);
    if (current !== undefined && current.revision <= revision) return current;
    return this.#supersededAt(objectKeyText(key), revision);
  }

  /** Objects in key order, in batches that fit in memory, as of this snapshot. */
  async *list(scope: ListScope): AsyncGenerator<ListedObject[]> {
    const { collection, ...within } = scope;
    for await (const entries of this.#iterate(objectRange(collection, within))) {
      yield entries.map(([key, value]) => new StoredObject(key, value));
    }
  }

  /** The same for the rows alone, for callers that need no keys: no work per object but its decoding. */
  async *listRows(scope: ListScope): AsyncGenerator<Row[]> {
    const { collection, ...within } = scope;
    for await (const entries of this.#iterate(objectRange(collection, within))) {
      yield entries.map((entry) => decodeRow(entry[1]));
    }
  }

  /** Objects in key order as they were at a revision between floor and this snapshot's. */
  async *listAt(scope: ListScope, revision: number): AsyncGenerator<ListedObject[]> {
    const changed = revision >= this.revision ? [] : await this.#changedAfter(scope, revision);
    if (changed?.length === 0) {
      yield* this.list(scope);
      return;
    }
    const { collection, ...within } = scope;
    // What is current now and older than the revision, merged with what was current then: no object is both.
    const superseded = new Lookahead(
      changed === undefined
        ? this.#supersededIn(versionRange(collection, within), revision)
        : this.#supersededAmong(changed, revision),
    );
    try {
      await superseded.start();
      for await (const entries of this.#iterate(objectRange(collection, within))) {
        let batch: ListedObject[] = [];
        for (const [rowKey, value] of entries) {
          while (superseded.current !== undefined && isBefore(superseded.current.keyBytes, rowKey)) {
            batch.push(superseded.current.object);
            const isLoading = superseded.advance();
            if (isLoading === undefined) continue;
            yield batch;
            batch = [];
            await isLoading;
          }
          const row = decodeRow(value);
          if (row.revision <= revision) batch.push({ key: parseObjectRowKey(rowKey), row });
        }
        if (batch.length > 0) yield batch;
      }
      for await (const rest of superseded.rest()) yield rest.map(({ object }) => object);
    } finally {
      await superseded.close();
    }
  }

  /** The objects of one kind in all logical clusters, in order of cluster, namespace and name. */
  async *listWildcard(group: string, resource: string, after?: string): AsyncGenerator<ListedObject[]> {
    yield* this.#indexed(wildcardRange(group, resource, after), parseWildcardKey);
  }

  /** How many objects are in the scope, counting no further than `countMax`. */
  async count(scope: ListScope, countMax: number): Promise<number> {
    const { collection, ...within } = scope;
    let count = 0;
    for await (const entries of this.#iterate(objectRange(collection, within), {
      limit: countMax,
      keysOnly: true,
    })) {
      count += entries.length;
    }
    return count;
  }

  /** The events of a collection after one revision up to another (inclusive), oldest first, in batches. */
  async *history(
    collection: CollectionKey,
    range: { readonly after: number; readonly upTo: number },
  ): AsyncGenerator<StoreEvent[]> {
    // A range delete is one frame with many events: it is decoded once, not once for each of them.
    let sequence = 0;
    let changes: readonly Change[] = [];
    for await (const entries of this.#iterate(eventRange(collection, range.after, range.upTo))) {
      let events: StoreEvent[] = [];
      let sizeBytes = 0;
      for (const [eventKeyBytes, pointerBytes] of entries) {
        const pointer = decodeEventPointer(pointerBytes);
        if (pointer.sequence !== sequence) {
          sequence = pointer.sequence;
          changes = this.#changesOf(sequence);
        }
        const change = changes[pointer.index];
        assert(change?.revision === parseEventKey(eventKeyBytes), 'an event points to its change in the log');
        const event = this.#event(change);
        events.push(event);
        // Pointers are small, the rows that they lead to need not be.
        sizeBytes += eventBytes(event);
        if (sizeBytes < limits.iteratorBatchBytes) continue;
        yield events;
        events = [];
        sizeBytes = 0;
      }
      if (events.length > 0) yield events;
    }
  }

  /** The events of one kind in all logical clusters, read from the log itself. */
  async *wildcardHistory(
    kind: { readonly group: string; readonly resource: string; readonly identity: string },
    range: { readonly after: number; readonly upTo: number },
  ): AsyncGenerator<StoreEvent[]> {
    let next = this.#firstSequenceAfter(range.after);
    for await (const entries of this.#iterate(logRange(next))) {
      let events: StoreEvent[] = [];
      let sizeBytes = 0;
      for (const [, frameBytes] of entries) {
        const frame = decodeFrame(frameBytes);
        assert(frame.sequence === next, 'the log has no gaps');
        next++;
        for (const change of frame.changes) {
          const { key, revision } = change;
          if (key.group !== kind.group || key.resource !== kind.resource || key.identity !== kind.identity)
            continue;
          if (revision <= range.after) continue;
          if (revision > range.upTo) {
            if (events.length > 0) yield events;
            return;
          }
          const event = this.#event(change);
          events.push(event);
          sizeBytes += eventBytes(event);
          if (sizeBytes < limits.iteratorBatchBytes) continue;
          yield events;
          events = [];
          sizeBytes = 0;
        }
      }
      if (events.length > 0) yield events;
    }
  }

  /** The objects that name this uid among their owners. */
  async *dependents(cluster: LogicalCluster, ownerUid: string): AsyncGenerator<ListedObject[]> {
    yield* this.#indexed(ownerRange(cluster, ownerUid), (key) => parseOwnerKey(key, cluster, ownerUid));
  }

  async hasDependents(cluster: LogicalCluster, ownerUid: string): Promise<boolean> {
    for await (const entries of this.#iterate(ownerRange(cluster, ownerUid), { keysOnly: true, limit: 1 })) {
      if (entries.length > 0) return true;
    }
    return false;
  }

  /**
   * The first debts, up to a number, of all controllers whose names begin like this, in the order of names and
   * keys; only those after a given one if named.
   */
  async firstWork(
    prefix: string,
    options: { readonly limit: number; readonly after?: WorkKey | undefined },
  ): Promise<{ readonly key: WorkKey; readonly payload: Buffer }[]> {
    const { limit, after } = options;
    const found: { readonly key: WorkKey; readonly payload: Buffer }[] = [];
    for await (const entries of this.#iterate(workPrefixRange(prefix, after), { limit })) {
      for (const [key, payload] of entries) found.push({ key: parseWorkKey(key), payload });
    }
    return found;
  }

  /** What a controller owes, in key order. */
  async *work(controller: string): AsyncGenerator<{ readonly key: WorkKey; readonly payload: Buffer }[]> {
    for await (const entries of this.#iterate(workRange(controller))) {
      yield entries.map(([key, payload]) => ({ key: parseWorkKey(key), payload }));
    }
  }

  /** The objects that an index leads to, in batches bounded by their rows: the index itself is small. */
  async *#indexed(
    range: KeyRange,
    parseKey: (indexKey: Buffer) => ObjectKey,
  ): AsyncGenerator<ListedObject[]> {
    for await (const entries of this.#iterate(range, { keysOnly: true })) {
      let batch: ListedObject[] = [];
      let sizeBytes = 0;
      for (const [indexKey] of entries) {
        const key = parseKey(indexKey);
        const row = this.get(key);
        if (row === undefined) continue;
        batch.push({ key, row });
        sizeBytes += row.json.length;
        if (sizeBytes < limits.iteratorBatchBytes) continue;
        yield batch;
        batch = [];
        sizeBytes = 0;
      }
      if (batch.length > 0) yield batch;
    }
  }

  /**
   * The objects of a scope that have changed since a revision, as row keys in order; undefined when the
   * collection has had more than `limits.listedChangesMax` changes. The event table names them all.
   */
  async #changedAfter(scope: ListScope, revision: number): Promise<Buffer[] | undefined> {
    const { collection, ...within } = scope;
    const { start, end } = objectRange(collection, within);
    const events = eventRange(collection, revision, this.revision);
    const rowKeys = new Map<string, Buffer>();
    let count = 0;
    for await (const entries of this.#iterate(events, { limit: limits.listedChangesMax + 1 })) {
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
  async *#supersededAmong(rowKeys: readonly Buffer[], revision: number): AsyncGenerator<Superseded[]> {
    let batch = new SupersededBatch();
    for (const rowKey of rowKeys) {
      const key = parseObjectRowKey(rowKey);
      const row = await this.#supersededAt(objectKeyText(key), revision);
      if (row === undefined) continue;
      batch.add({ keyBytes: rowKey.subarray(1), object: { key, row } });
      if (!batch.isFull) continue;
      yield batch.items;
      batch = new SupersededBatch();
    }
    if (batch.items.length > 0) yield batch.items;
  }

  /** The same for all objects in a range of the version table, whatever has changed. */
  async *#supersededIn(range: KeyRange, revision: number): AsyncGenerator<Superseded[]> {
    let batch = new SupersededBatch();
    let { start } = range;
    // Where objects have many old values it pays to jump from object to object, where they have few to read on.
    let entriesMax = SUPERSEDED_BATCH_ENTRIES;
    for (;;) {
      let last: { readonly keyText: string; readonly isDecided: boolean } | undefined;
      let objects = 0;
      for await (const entries of this.#iterate({ start, end: range.end }, { limit: entriesMax })) {
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
          const keyBytes = versionKeyBytes.subarray(1, -VERSION_SUFFIX_BYTES);
          batch.add({ keyBytes, object: { key: parseObjectKeyText(keyText), row } });
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

  /** The value that an object had at a revision, if it has been superseded since. */
  async #supersededAt(keyText: string, revision: number): Promise<Row | undefined> {
    for await (const entries of this.#iterate(versionsOfObject(keyText, revision), { limit: 1 })) {
      const row = decodeRow(entries[0]![1]);
      return row.revision <= revision ? row : undefined;
    }
    return undefined;
  }

  #changesOf(sequence: number): readonly Change[] {
    const frameBytes = this.#get(logKey(sequence));
    assert(frameBytes !== undefined, 'an event points to a frame of the log');
    return decodeFrame(frameBytes).changes;
  }

  #event(change: Change): StoreEvent {
    const { key, revision } = change;
    const oldBytes = this.#get(versionKey(objectKeyText(key), revision));
    return {
      revision,
      key,
      oldRow: oldBytes === undefined ? undefined : decodeRow(oldBytes),
      newRow: change.verb === 'put' ? rowOf(change) : undefined,
    };
  }

  /** Frames are dense and their revisions grow, so a binary search finds the place. */
  #firstSequenceAfter(revision: number): number {
    let low = 1;
    let high = this.sequence + 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const bytes = this.#get(logKey(middle));
      const last = bytes === undefined ? undefined : decodeFrame(bytes).changes.at(-1);
      if (bytes === undefined || (last !== undefined && last.revision <= revision)) low = middle + 1;
      else if (last !== undefined) high = middle;
      else if (this.#revisionBefore(middle) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last revision in the frames before one that has no changes. */
  #revisionBefore(sequence: number): number {
    for (let at = sequence - 1; at >= 1; at--) {
      const bytes = this.#get(logKey(at));
      if (bytes === undefined) return 0;
      const last = decodeFrame(bytes).changes.at(-1);
      if (last !== undefined) return last.revision;
    }
    return 0;
  }

  #get(key: Uint8Array): Buffer | undefined {
    return this.#keyValue.get(key, { snapshot: this.#snapshot });
  }

  #iterate(
    range: KeyRange,
    options: { readonly limit?: number; readonly keysOnly?: boolean } = {},
  ): AsyncIterableIterator<readonly Entry[]> {
    return this.#keyValue.iterate(range, { ...options, snapshot: this.#snapshot });
  }
}

function eventBytes(event: StoreEvent): number {
  return (event.oldRow?.json.length ?? 0) + (event.newRow?.json.length ?? 0);
}

interface Superseded {
  /** The object's key as the tables have it behind their first byte. */
  readonly keyBytes: Buffer;
  readonly object: ListedObject;
}

/** Old values that are handed on together: few enough that a page reads hardly more of them than it shows. */
class SupersededBatch {
  readonly items: Superseded[] = [];
  #sizeBytes = 0;

  get isFull(): boolean {
    return this.items.length >= SUPERSEDED_BATCH_ENTRIES || this.#sizeBytes >= limits.iteratorBatchBytes;
  }

  add(item: Superseded): void {
    this.items.push(item);
    this.#sizeBytes += item.object.row.json.length;
  }
}

const SUPERSEDED_BATCH_ENTRIES = 64;
// A version's key is `v`, the object's key, a separator and eight bytes; a row's is `o` and the object's key.
const VERSION_SUFFIX_BYTES = 9;

/** Whether an object's key comes before that of a row. */
function isBefore(keyBytes: Buffer, rowKey: Buffer): boolean {
  return keyBytes.compare(rowKey, 1) < 0;
}

/** A stream of batches as a stream of items, which waits only between batches. */
class Lookahead<Item> {
  readonly #batches: AsyncGenerator<Item[]>;
  #items: readonly Item[] = [];
  #position = 0;

  constructor(batches: AsyncGenerator<Item[]>) {
    this.#batches = batches;
  }

  /** The next item; undefined at the end. */
  get current(): Item | undefined {
    return this.#items[this.#position];
  }

  start(): Promise<void> {
    return this.#load();
  }

  /** Passes the current item. Returns what to wait for when the next one is still to be read. */
  advance(): Promise<void> | undefined {
    this.#position++;
    return this.#position < this.#items.length ? undefined : this.#load();
  }

  /** The items that are left, in batches. */
  async *rest(): AsyncGenerator<readonly Item[]> {
    if (this.current === undefined) return;
    yield this.#items.slice(this.#position);
    yield* this.#batches;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }

  async #load(): Promise<void> {
    const next = await this.#batches.next();
    this.#items = next.done === true ? [] : next.value;
    this.#position = 0;
  }
}
