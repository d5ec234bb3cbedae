import { type LogicalCluster, type Revision, reservedRevision } from '../base/mod.ts';
import {
  type ClusterDefaults,
  decodeDefaults,
  type EndedDefaults,
  isSuperseded,
  remainingIndexes,
} from './cluster-defaults.ts';
import type { DefaultSet } from './default-set.ts';
import type { DefaultSets } from './default-sets.ts';
import type { Entry, KeyRange } from './key-value.ts';
import { type CollectionKey, type ObjectKey, objectKeyText, splitKeyText } from './object-key.ts';
import type { StoredRow, StoreEvent } from './projection.ts';
import { decodeRow, type Row } from './row.ts';
import { defaultsKey, objectRowKey } from './tables.ts';

/** An object as it would be stored, and its key. */
export interface DerivedObject {
  readonly key: ObjectKey;
  readonly bytes: Buffer;
}

/**
 * The objects that logical clusters have by default. None of them has a row as long as no commit has changed it: it
 * is computed from the defaults of its logical cluster, as bytes that are those of the row it would have. Whoever
 * reads takes the row where there is one, and asks here where there is none.
 */
export class DerivedObjects {
  readonly sets: DefaultSets;
  readonly #get: (key: Uint8Array) => Buffer | undefined;

  /** `get` reads the tables: those of now, or those of a snapshot. */
  constructor(sets: DefaultSets, get: (key: Uint8Array) => Buffer | undefined) {
    this.sets = sets;
    this.#get = get;
  }

  /** The defaults of a logical cluster that has any. */
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    const bytes = this.#get(defaultsKey(cluster));
    return bytes === undefined ? undefined : decodeDefaults(bytes);
  }

  /** The keys of the objects that defaults still stand for. */
  keysOf(defaults: ClusterDefaults): ObjectKey[] {
    const set = this.sets.get(defaults.setHash);
    return remainingIndexes(defaults).map((index) => set.keyOf(index, defaults.cluster));
  }

  /** The object of a key for which there is no row. */
  read(keyText: string): StoredRow | undefined {
    const { cluster, relative } = splitKeyText(keyText);
    if (!this.sets.haveObject(relative)) return undefined;
    const defaults = this.defaultsOf(cluster);
    return defaults === undefined
      ? undefined
      : derivedRow(this.sets.get(defaults.setHash), defaults, relative);
  }

  /** The object that takes a name in its logical cluster by default, as long as it is derived. */
  aliased(cluster: LogicalCluster, alias: string): ObjectKey | undefined {
    if (!this.sets.haveAlias(alias)) return undefined;
    const defaults = this.defaultsOf(cluster);
    if (defaults === undefined) return undefined;
    const set = this.sets.get(defaults.setHash);
    const index = set.indexOfAlias(alias);
    return index === undefined || isSuperseded(defaults, index) ? undefined : set.keyOf(index, cluster);
  }

  /** The rows of a collection that are derived, as entries of the object table in the given range. */
  entriesIn(collection: CollectionKey, range: KeyRange): Entry[] {
    const entries: Entry[] = [];
    for (const { key, bytes } of this.#derivedIn(collection)) {
      const rowKey = objectRowKey(objectKeyText(key));
      if (rowKey.compare(range.start) >= 0 && rowKey.compare(range.end) < 0) entries.push([rowKey, bytes]);
    }
    return entries;
  }

  /** How each object of a collection came into being, oldest first. */
  creationsIn(
    collection: CollectionKey,
    range: { readonly after: number; readonly upTo: number },
  ): StoreEvent[] {
    const defaults = this.#defaultsFor(collection);
    if (defaults === undefined) return [];
    const set = this.sets.get(defaults.setHash);
    return [...set.indexesIn(collection)]
      .sort((a, b) => a - b)
      .map((index) => new Creation(set, defaults, index))
      .filter(({ revision }) => revision > range.after && revision <= range.upTo);
  }

  #derivedIn(collection: CollectionKey): Iterable<DerivedObject> {
    const defaults = this.#defaultsFor(collection);
    if (defaults === undefined) return [];
    return derivedObjects(this.sets.get(defaults.setHash), defaults, collection);
  }

  #defaultsFor(collection: CollectionKey): ClusterDefaults | undefined {
    return this.sets.haveKind(collection) ? this.defaultsOf(collection.cluster) : undefined;
  }
}

/** The row of an object as long as it is derived; its key is the one inside its logical cluster. */
export function derivedRow(
  set: DefaultSet,
  defaults: ClusterDefaults,
  keyText: string,
): StoredRow | undefined {
  const index = set.indexOf(keyText);
  if (index === undefined || isSuperseded(defaults, index)) return undefined;
  const bytes = set.rowBytes(index, defaults);
  return { row: decodeRow(bytes), bytes, defaultIndex: index };
}

/** The objects of one kind that are derived, in the order of their keys. */
export function derivedObjects(
  set: DefaultSet,
  defaults: ClusterDefaults,
  kind: Omit<CollectionKey, 'cluster'>,
): Generator<DerivedObject> {
  return derivedAt(set, defaults, set.indexesIn(kind));
}

/** Those that refer to something. */
export function derivedReferring(
  set: DefaultSet,
  defaults: ClusterDefaults,
  reference: string,
): Generator<DerivedObject> {
  return derivedAt(set, defaults, set.indexesReferring(reference));
}

function* derivedAt(
  set: DefaultSet,
  defaults: ClusterDefaults,
  indexes: readonly number[],
): Generator<DerivedObject> {
  for (const index of indexes) {
    if (isSuperseded(defaults, index)) continue;
    yield { key: set.keyOf(index, defaults.cluster), bytes: set.rowBytes(index, defaults) };
  }
}

/** The creation of every object of a set, in order. */
export function creationsOf(set: DefaultSet, defaults: ClusterDefaults): StoreEvent[] {
  return Array.from({ length: set.count }, (_, index) => new Creation(set, defaults, index));
}

/** The deletion of every object of a set that was left when its logical cluster went, in order. */
export function deletionsOf(set: DefaultSet, { defaults, firstRevision }: EndedDefaults): StoreEvent[] {
  return remainingIndexes(defaults).map(
    (index, place) =>
      new Deletion({ set, defaults, index, revision: reservedRevision(firstRevision, place) }),
  );
}

/** The row that a deletion ends is made when somebody looks, too. */
class Deletion implements StoreEvent {
  readonly revision: Revision;
  readonly key: ObjectKey;
  readonly newRow = undefined;
  readonly #derivedFrom: {
    readonly set: DefaultSet;
    readonly defaults: ClusterDefaults;
    readonly index: number;
  };
  #row: Row | undefined;

  constructor(parts: {
    readonly set: DefaultSet;
    readonly defaults: ClusterDefaults;
    readonly index: number;
    readonly revision: Revision;
  }) {
    this.revision = parts.revision;
    this.key = parts.set.keyOf(parts.index, parts.defaults.cluster);
    this.#derivedFrom = parts;
  }

  get oldRow(): Row {
    const { set, defaults, index } = this.#derivedFrom;
    this.#row ??= decodeRow(set.rowBytes(index, defaults));
    return this.#row;
  }
}

/** The row of a creation is made when somebody looks: nobody watches most of them. */
class Creation implements StoreEvent {
  readonly revision: Revision;
  readonly key: ObjectKey;
  readonly oldRow = undefined;
  readonly #set: DefaultSet;
  readonly #defaults: ClusterDefaults;
  readonly #index: number;
  #row: Row | undefined;

  constructor(set: DefaultSet, defaults: ClusterDefaults, index: number) {
    this.revision = reservedRevision(defaults.firstRevision, index);
    this.key = set.keyOf(index, defaults.cluster);
    this.#set = set;
    this.#defaults = defaults;
    this.#index = index;
  }

  get newRow(): Row {
    this.#row ??= decodeRow(this.#set.rowBytes(this.#index, this.#defaults));
    return this.#row;
  }
}
