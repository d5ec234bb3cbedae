import type { LogicalCluster, Revision } from '../base/mod.ts';
import { decodeFrame, rowOf } from './frame.ts';
import type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore } from './key-value.ts';
import {
  type CollectionKey,
  type ObjectKey,
  objectKeyText,
  parseObjectKeyText,
} from './object-key.ts';
import { decodeEventPointer, decodeHead, type StoreEvent } from './projection.ts';
import { decodeRow, type Row } from './row.ts';
import {
  eventRange,
  FLOOR_KEY,
  HEAD_KEY,
  logKey,
  objectRange,
  objectRowKey,
  parseEventKey,
  parseObjectRowKey,
  parseOwnerKey,
  parseVersionKey,
  parseWildcardKey,
  parseWorkKey,
  readRevision,
  ownerRange,
  versionKey,
  versionRange,
  versionsOfObject,
  type WorkKey,
  wildcardRange,
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
    const range = versionsOfObject(objectKeyText(key), revision);
    for await (const entries of this.#iterate(range, { limit: 1 })) {
      const row = decodeRow(entries[0]![1]);
      return row.revision <= revision ? row : undefined;
    }
    return undefined;
  }

  /** Objects in key order, in batches that fit in memory, as of this snapshot. */
  async *list(scope: ListScope): AsyncGenerator<ListedObject[]> {
    const { collection, ...within } = scope;
    for await (const entries of this.#iterate(objectRange(collection, within))) {
      yield entries.map(([key, value]) => ({ key: parseObjectRowKey(key), row: decodeRow(value) }));
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
    if (revision >= this.revision || !(await this.#hasEventsAfter(scope.collection, revision))) {
      yield* this.list(scope);
      return;
    }
    const { collection, ...within } = scope;
    const old = new VersionCursor(this.#iterate(versionRange(collection, within)), revision);
    try {
      for await (const entries of this.#iterate(objectRange(collection, within))) {
        const batch: ListedObject[] = [];
        for (const [key, value] of entries) {
          const keyText = key.toString('utf8', 1);
          batch.push(...(await old.takeBefore(keyText)));
          const row = decodeRow(value);
          const superseded = await old.take(keyText);
          if (row.revision <= revision) batch.push({ key: parseObjectKeyText(keyText), row });
          else if (superseded !== undefined) batch.push(superseded);
        }
        if (batch.length > 0) yield batch;
      }
      const rest = await old.takeBefore(undefined);
      if (rest.length > 0) yield rest;
    } finally {
      await old.close();
    }
  }

  /** The objects of one kind in all logical clusters, in order of cluster, namespace and name. */
  async *listWildcard(group: string, resource: string): AsyncGenerator<ListedObject[]> {
    for await (const entries of this.#iterate(wildcardRange(group, resource))) {
      const batch: ListedObject[] = [];
      for (const [indexKey] of entries) {
        const key = parseWildcardKey(indexKey);
        const row = this.get(key);
        if (row !== undefined) batch.push({ key, row });
      }
      yield batch;
    }
  }

  /** How many objects are in the scope, counting no further than `countMax`. */
  async count(scope: ListScope, countMax: number): Promise<number> {
    const { collection, ...within } = scope;
    let count = 0;
    for await (const entries of this.#iterate(objectRange(collection, within), { limit: countMax, keysOnly: true })) {
      count += entries.length;
    }
    return count;
  }

  /** The events of a collection after one revision up to another (inclusive), oldest first, in batches. */
  async *history(
    collection: CollectionKey,
    range: { readonly after: number; readonly upTo: number },
  ): AsyncGenerator<StoreEvent[]> {
    for await (const entries of this.#iterate(eventRange(collection, range.after, range.upTo))) {
      const events: StoreEvent[] = [];
      for (const [eventKeyBytes, pointerBytes] of entries) {
        const revision = parseEventKey(eventKeyBytes) as Revision;
        const pointer = decodeEventPointer(pointerBytes);
        const key = { ...collection, namespace: pointer.namespace, name: pointer.name };
        const frameBytes = this.#get(logKey(pointer.sequence));
        if (frameBytes === undefined) continue;
        const change = decodeFrame(frameBytes).changes[pointer.index];
        if (change === undefined) continue;
        events.push(this.#event(key, revision, change.verb === 'put' ? rowOf(change) : undefined));
      }
      if (events.length > 0) yield events;
    }
  }

  /** The events of one kind in all logical clusters, read from the log itself. */
  async *wildcardHistory(
    kind: { readonly group: string; readonly resource: string; readonly identity: string },
    range: { readonly after: number; readonly upTo: number },
  ): AsyncGenerator<StoreEvent[]> {
    const first = this.#firstSequenceAfter(range.after);
    for (let sequence = first; sequence <= this.sequence; sequence++) {
      const frameBytes = this.#get(logKey(sequence));
      if (frameBytes === undefined) continue;
      const events: StoreEvent[] = [];
      for (const change of decodeFrame(frameBytes).changes) {
        const { key, revision } = change;
        if (key.group !== kind.group || key.resource !== kind.resource || key.identity !== kind.identity) continue;
        if (revision <= range.after || revision > range.upTo) continue;
        events.push(this.#event(key, revision, change.verb === 'put' ? rowOf(change) : undefined));
      }
      if (events.length > 0) yield events;
    }
  }

  /** The objects that name this uid among their owners. */
  async *dependents(cluster: LogicalCluster, ownerUid: string): AsyncGenerator<ListedObject[]> {
    for await (const entries of this.#iterate(ownerRange(cluster, ownerUid), { keysOnly: true })) {
      const batch: ListedObject[] = [];
      for (const [ownerKeyBytes] of entries) {
        const key = parseOwnerKey(ownerKeyBytes, cluster, ownerUid);
        const row = this.get(key);
        if (row !== undefined) batch.push({ key, row });
      }
      if (batch.length > 0) yield batch;
    }
  }

  async hasDependents(cluster: LogicalCluster, ownerUid: string): Promise<boolean> {
    for await (const entries of this.#iterate(ownerRange(cluster, ownerUid), { keysOnly: true, limit: 1 })) {
      if (entries.length > 0) return true;
    }
    return false;
  }

  /** What a controller owes, in key order. */
  async *work(controller: string): AsyncGenerator<{ readonly key: WorkKey; readonly payload: Buffer }[]> {
    for await (const entries of this.#iterate(workRange(controller))) {
      yield entries.map(([key, payload]) => ({ key: parseWorkKey(key), payload }));
    }
  }

  #event(key: ObjectKey, revision: Revision, newRow: Row | undefined): StoreEvent {
    const oldBytes = this.#get(versionKey(objectKeyText(key), revision));
    return { revision, key, oldRow: oldBytes === undefined ? undefined : decodeRow(oldBytes), newRow };
  }

  async #hasEventsAfter(collection: CollectionKey, revision: number): Promise<boolean> {
    const range = eventRange(collection, revision, this.revision);
    for await (const entries of this.#iterate(range, { limit: 1, keysOnly: true })) {
      if (entries.length > 0) return true;
    }
    return false;
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

/** Walks the superseded values of a collection in step with its current rows. */
class VersionCursor {
  readonly #batches: AsyncIterableIterator<readonly Entry[]>;
  readonly #revision: number;
  #entries: readonly Entry[] = [];
  #position = 0;

  constructor(batches: AsyncIterableIterator<readonly Entry[]>, revision: number) {
    this.#batches = batches;
    this.#revision = revision;
  }

  /** The objects before a key (all that are left without one) that existed at the revision. */
  async takeBefore(keyText: string | undefined): Promise<ListedObject[]> {
    const taken: ListedObject[] = [];
    const limit = keyText === undefined ? undefined : Buffer.from(keyText);
    while (true) {
      const next = await this.#peek();
      if (next === undefined) return taken;
      const { keyText: found } = parseVersionKey(next[0]);
      if (limit !== undefined && Buffer.compare(Buffer.from(found), limit) >= 0) return taken;
      const object = await this.take(found);
      if (object !== undefined) taken.push(object);
    }
  }

  /** Passes the versions of one object; returns the one that was current at the revision. */
  async take(keyText: string): Promise<ListedObject | undefined> {
    let current: ListedObject | undefined;
    let isDecided = false;
    while (true) {
      const next = await this.#peek();
      if (next === undefined) return current;
      const version = parseVersionKey(next[0]);
      if (version.keyText !== keyText) return current;
      if (!isDecided && version.supersededBy > this.#revision) {
        // The first value superseded after the revision: the current one then, if it existed already.
        const row = decodeRow(next[1]);
        if (row.revision <= this.#revision) current = { key: parseObjectKeyText(keyText), row };
        isDecided = true;
      }
      this.#position++;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #peek(): Promise<Entry | undefined> {
    if (this.#position < this.#entries.length) return this.#entries[this.#position];
    const next = await this.#batches.next();
    if (next.done) return undefined;
    this.#entries = next.value;
    this.#position = 0;
    return this.#entries[0];
  }
}
