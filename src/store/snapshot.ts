import { EVERYWHERE, type LogicalCluster, type Revision } from '../base/mod.ts';
import { type ClusterDefaults, remainingIndexes } from './cluster-defaults.ts';
import type { DefaultSets } from './default-sets.ts';
import { DerivedObjects, derivedReferring } from './derived-objects.ts';
import { Everywhere } from './everywhere.ts';
import { FormerDefaults } from './former-defaults.ts';
import { decodeHead } from './head.ts';
import { type Around, History, type RevisionRange } from './history.ts';
import type { Entry, KeyRange, KeyValueStore } from './key-value.ts';
import { mergeBatches, singleBatch } from './merge.ts';
import {
  type CollectionKey,
  type CollectionScope,
  isOneCollection,
  type ObjectKey,
  objectKeyText,
} from './object-key.ts';
import type { ObjectSnapshot, RevisionOrder } from './object-store.ts';
import { isPlacedBefore, PlacedBatches, type PlacedObject } from './placed.ts';
import type { StoreEvent } from './projection.ts';
import { decodeRow, type Row } from './row.ts';
import { supersededAt, supersededIn } from './superseded.ts';
import {
  clusterRange,
  FLOOR_KEY,
  HEAD_KEY,
  objectRange,
  objectRowKey,
  ownerRange,
  parseObjectRowKey,
  parseOwnerKey,
  parseReferenceKey,
  parseWorkKey,
  readRevision,
  referenceKey,
  referenceRange,
  referenceRangeIn,
  type WorkKey,
  workPrefixRange,
  workRange,
} from './tables.ts';
import { TablesView } from './tables-view.ts';

export interface ListedObject {
  readonly key: ObjectKey;
  readonly row: Row;
}

export interface ListScope {
  readonly collection: CollectionScope;
  /** Only this namespace. */
  readonly namespace?: string | undefined;
  /** Only what comes after this `namespace\0name`; in all logical clusters, after this `cluster\0namespace\0name`. */
  readonly after?: string | undefined;
  /** In which order revisions are that say of a state of it. */
  readonly order?: RevisionOrder | undefined;
}

/** A list within one logical cluster. */
export interface OneListScope extends ListScope {
  readonly collection: CollectionKey;
}

function isOne(scope: ListScope): scope is OneListScope {
  return isOneCollection(scope.collection);
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
export class StoreSnapshot implements ObjectSnapshot {
  /** The revision of the last commit in it. */
  readonly revision: Revision;
  /** Nothing older can be read: lists at and watches from below this have expired. */
  readonly floor: Revision;
  readonly sequence: number;
  readonly #tables: TablesView;
  readonly #derived: DerivedObjects;
  readonly #former: FormerDefaults;
  readonly #history: History;
  readonly #everywhere: Everywhere;

  constructor(keyValue: KeyValueStore, defaultSets: DefaultSets) {
    this.#tables = new TablesView(keyValue);
    this.#derived = new DerivedObjects(defaultSets, (key) => this.#tables.get(key));
    this.#former = new FormerDefaults(this.#tables, defaultSets);
    this.#history = new History(this.#tables, this.#derived, this.#former);
    const head = this.#tables.get(HEAD_KEY);
    const floor = this.#tables.get(FLOOR_KEY);
    this.revision = (head === undefined ? 0 : decodeHead(head).revision) as Revision;
    this.sequence = head === undefined ? 0 : decodeHead(head).sequence;
    this.floor = (floor === undefined ? 0 : readRevision(floor, 0)) as Revision;
    this.#everywhere = new Everywhere({
      tables: this.#tables,
      derived: this.#derived,
      history: this.#history,
      former: this.#former,
      get: (key) => this.get(key),
      sequence: this.sequence,
    });
  }

  close(): void {
    this.#tables.close();
  }

  revisionOf(): Revision {
    return this.revision;
  }

  floorOf(): Revision {
    return this.floor;
  }

  has(change: { readonly revision: number }): boolean {
    return change.revision <= this.revision;
  }

  get(key: ObjectKey): Row | undefined {
    const keyText = objectKeyText(key);
    const bytes = this.#tables.get(objectRowKey(keyText));
    return bytes === undefined ? this.#derived.read(keyText)?.row : decodeRow(bytes);
  }

  /** The object as it was at a revision not below the floor. */
  async getAt(key: ObjectKey, revision: number): Promise<Row | undefined> {
    const current = this.get(key);
    if (current !== undefined && current.revision <= revision) return current;
    const keyText = objectKeyText(key);
    return (await supersededAt(this.#tables, keyText, revision)) ?? this.#former.at(keyText, revision);
  }

  /** Objects in key order, in batches that fit in memory, as of this snapshot. */
  async *list(scope: ListScope): AsyncGenerator<ListedObject[]> {
    if (!isOne(scope)) {
      yield* objectsOf(this.#everywhere.current(scope));
      return;
    }
    for await (const entries of this.#rowsOf(scope)) {
      yield entries.map(([key, value]) => new StoredObject(key, value));
    }
  }

  /** The same for the rows alone, for callers that need no keys: no work per object but its decoding. */
  async *listRows(scope: ListScope): AsyncGenerator<Row[]> {
    if (!isOne(scope)) {
      for await (const batch of this.list(scope)) yield batch.map(({ row }) => row);
      return;
    }
    for await (const entries of this.#rowsOf(scope)) {
      yield entries.map((entry) => decodeRow(entry[1]));
    }
  }

  /** Objects in key order as they were at a revision between floor and this snapshot's. */
  async *listAt(scope: ListScope, revision: number): AsyncGenerator<ListedObject[]> {
    if (revision >= this.revision) {
      yield* this.list(scope);
      return;
    }
    if (!isOne(scope)) {
      yield* objectsOf(this.#everywhere.past(scope, { at: revision, now: this.revision }));
      return;
    }
    // What is current now and older than the revision, among what was current then: no object is both. The others are
    // taken out last, or a page would read through all that has changed before it finds the first of them.
    const superseded = supersededIn(this.#tables, scope, { at: revision, now: this.revision });
    const former = await this.#former.inScopeAt(scope, revision);
    const gone =
      former.length === 0 ? superseded : mergeBatches(superseded, singleBatch(former), isPlacedBefore);
    for await (const batch of mergeBatches(this.#current(scope), gone, isPlacedBefore)) {
      const objects = batch.filter(({ object }) => object.row.revision <= revision);
      if (objects.length > 0) yield objects.map(({ object }) => object);
    }
  }

  /**
   * The objects of one kind in all logical clusters, in order of cluster, namespace and name; only those after a
   * given `cluster\0namespace\0name` if named.
   */
  listWildcard(group: string, resource: string, after?: string): AsyncGenerator<ListedObject[]> {
    return this.list({ collection: { cluster: EVERYWHERE, group, resource, identity: '' }, after });
  }

  /**
   * The objects anywhere that refer to something (`REFERENCES_FIELD`), in order of their keys; only those after a
   * given one if named.
   */
  async *referring(reference: string, after?: ObjectKey): AsyncGenerator<ListedObject[]> {
    const range = referenceRange(reference, after);
    const stored = this.#indexed(range, (key) => parseReferenceKey(key, reference));
    if (!this.#derived.sets.haveReference(reference)) yield* objectsOf(stored);
    else {
      const derived = this.#everywhere.derived({
        in: (set, defaults) => derivedReferring(set, defaults, reference),
        placeOf: (key) => referenceKey(reference, key),
        from: range.start,
        after: after?.cluster,
      });
      yield* objectsOf(mergeBatches(stored, derived, isPlacedBefore));
    }
  }

  /** The objects of a logical cluster that refer to something, but those that it has by default; in pages as above. */
  async *referringIn(
    cluster: LogicalCluster,
    reference: string,
    after?: ObjectKey,
  ): AsyncGenerator<ListedObject[]> {
    const range = referenceRangeIn(cluster, reference, after);
    yield* objectsOf(this.#indexed(range, (key) => parseReferenceKey(key, reference)));
  }

  /** What a logical cluster still has by default, for the commit that ends it. */
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    return this.#derived.defaultsOf(cluster);
  }

  /** The objects of all kinds in a logical cluster that have rows of their own, in the order of their keys. */
  async *rowsOfCluster(cluster: LogicalCluster, after?: ObjectKey): AsyncGenerator<ListedObject[]> {
    for await (const entries of this.#tables.iterate(clusterRange(cluster, after))) {
      yield entries.map(([key, value]) => new StoredObject(key, value));
    }
  }

  /** How many objects a logical cluster has in all, counting no further than `countMax`. */
  async countOfCluster(cluster: LogicalCluster, countMax: number): Promise<number> {
    const defaults = this.defaultsOf(cluster);
    let count = defaults === undefined ? 0 : remainingIndexes(defaults).length;
    if (count >= countMax) return countMax;
    const options = { limit: countMax - count, keysOnly: true };
    for await (const entries of this.#tables.iterate(clusterRange(cluster), options)) count += entries.length;
    return count;
  }

  /** How many objects are in the scope, counting no further than `countMax`. */
  async count(scope: ListScope, countMax: number): Promise<number> {
    if (!isOne(scope)) return this.#everywhere.count(scope, countMax);
    const { collection, ...within } = scope;
    const range = objectRange(collection, within);
    let count = this.#derived.entriesIn(collection, range).length;
    if (count >= countMax) return countMax;
    for await (const entries of this.#tables.iterate(range, { limit: countMax - count, keysOnly: true })) {
      count += entries.length;
    }
    return count;
  }

  /** See `History.around`. */
  around(isAfter: (revision: number) => boolean): Around {
    return this.#history.around(isAfter, this.sequence);
  }

  /** The events of a scope after one revision up to another (inclusive), oldest first, in batches. */
  history(scope: CollectionScope, range: RevisionRange): AsyncGenerator<readonly StoreEvent[]> {
    return isOneCollection(scope)
      ? this.#history.ofCollection(scope, range)
      : this.#history.ofKind(scope, range, this.sequence);
  }

  /** The objects that name this uid among their owners. */
  async *dependents(cluster: LogicalCluster, ownerUid: string): AsyncGenerator<ListedObject[]> {
    const range = ownerRange(cluster, ownerUid);
    yield* objectsOf(this.#indexed(range, (key) => parseOwnerKey(key, cluster, ownerUid)));
  }

  async hasDependents(cluster: LogicalCluster, ownerUid: string): Promise<boolean> {
    const range = ownerRange(cluster, ownerUid);
    for await (const entries of this.#tables.iterate(range, { keysOnly: true, limit: 1 })) {
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
    for await (const entries of this.#tables.iterate(workPrefixRange(prefix, after), { limit })) {
      for (const [key, payload] of entries) found.push({ key: parseWorkKey(key), payload });
    }
    return found;
  }

  /** What a controller owes, in key order. */
  async *work(controller: string): AsyncGenerator<{ readonly key: WorkKey; readonly payload: Buffer }[]> {
    for await (const entries of this.#tables.iterate(workRange(controller))) {
      yield entries.map(([key, payload]) => ({ key: parseWorkKey(key), payload }));
    }
  }

  /** The rows of a scope, those that are derived among those that are stored: no object is both. */
  #rowsOf(scope: OneListScope): AsyncIterable<readonly Entry[]> {
    const { collection, ...within } = scope;
    const range = objectRange(collection, within);
    const stored = this.#tables.iterate(range);
    const derived = this.#derived.entriesIn(collection, range);
    if (derived.length === 0) return stored;
    return mergeBatches(stored, singleBatch(derived), ([a], [b]) => a.compare(b) < 0);
  }

  async *#current(scope: OneListScope): AsyncGenerator<PlacedObject[]> {
    for await (const entries of this.#rowsOf(scope)) {
      yield entries.map(([rowKey, value]) => ({
        place: rowKey.subarray(1),
        object: new StoredObject(rowKey, value),
      }));
    }
  }

  /** The objects that an index leads to, in batches bounded by their rows: the index itself is small. */
  async *#indexed(
    range: KeyRange,
    parseKey: (indexKey: Buffer) => ObjectKey,
  ): AsyncGenerator<PlacedObject[]> {
    for await (const entries of this.#tables.iterate(range, { keysOnly: true })) {
      const batches = new PlacedBatches();
      for (const [indexKey] of entries) {
        const key = parseKey(indexKey);
        const row = this.get(key);
        if (row === undefined) continue;
        yield* batches.add({ place: indexKey.subarray(1), object: { key, row } });
      }
      yield* batches.rest();
    }
  }
}

async function* objectsOf(batches: AsyncIterable<readonly PlacedObject[]>): AsyncGenerator<ListedObject[]> {
  for await (const batch of batches) yield batch.map(({ object }) => object);
}
