import { type LogicalCluster, limits } from '../base/mod.ts';
import { type ClusterDefaults, decodeDefaults } from './cluster-defaults.ts';
import type { DefaultSet } from './default-set.ts';
import { type DerivedObject, type DerivedObjects, derivedObjects } from './derived-objects.ts';
import type { FormerDefaults } from './former-defaults.ts';
import type { History } from './history.ts';
import type { KeyRange } from './key-value.ts';
import { mergeBatches, singleBatch } from './merge.ts';
import { type ObjectKey, objectKeyText, storedResource } from './object-key.ts';
import { isPlacedBefore, PlacedBatches, type PlacedObject } from './placed.ts';
import { decodeRow, type Row } from './row.ts';
import type { ListScope } from './snapshot.ts';
import { supersededAmong, supersededAt, supersededInRange } from './superseded.ts';
import {
  clusterOfKey,
  defaultsRange,
  formerFrom,
  parseWildcardKey,
  versionRange,
  versionsFrom,
  wildcardKey,
  wildcardRange,
} from './tables.ts';
import type { TablesView } from './tables-view.ts';

/**
 * The objects of one kind in all logical clusters of a snapshot, in order of cluster, namespace and name: those that
 * are stored by their index, those that are derived from the defaults of the logical clusters.
 */
export class Everywhere {
  readonly #tables: TablesView;
  readonly #derived: DerivedObjects;
  readonly #history: History;
  readonly #former: FormerDefaults;
  readonly #get: (key: ObjectKey) => Row | undefined;
  readonly #sequence: number;

  constructor(options: {
    readonly tables: TablesView;
    readonly derived: DerivedObjects;
    readonly history: History;
    readonly former: FormerDefaults;
    readonly get: (key: ObjectKey) => Row | undefined;
    /** Of the last commit in the snapshot. */
    readonly sequence: number;
  }) {
    this.#tables = options.tables;
    this.#derived = options.derived;
    this.#history = options.history;
    this.#former = options.former;
    this.#get = options.get;
    this.#sequence = options.sequence;
  }

  /** As they are in the snapshot. */
  current(scope: ListScope): AsyncGenerator<readonly PlacedObject[]> {
    const range = rangeOf(scope);
    const stored = this.#stored(range, scope);
    if (!this.#derived.sets.haveKind(scope.collection)) return stored;
    return mergeBatches(stored, this.#derivedIn(range, scope), isPlacedBefore);
  }

  /** As they were at a revision. */
  async *past(
    scope: ListScope,
    revisions: { readonly at: number; readonly now: number },
  ): AsyncGenerator<readonly PlacedObject[]> {
    const changed = await this.#changedIn(scope, revisions);
    const superseded =
      changed === undefined
        ? this.#supersededIn(scope, revisions.at)
        : supersededAmong(changed, (keyText) => this.#rowAt(keyText, revisions.at));
    // What is current now and older than the revision, among what was current then: no object is both.
    for await (const batch of mergeBatches(this.current(scope), superseded, isPlacedBefore)) {
      const objects = batch.filter(({ object }) => object.row.revision <= revisions.at);
      if (objects.length > 0) yield objects;
    }
  }

  /** How many there are, looking no further than `countMax` objects: then that is the answer. */
  async count(scope: ListScope, countMax: number): Promise<number> {
    let count = 0;
    let seen = 0;
    for await (const keys of this.#tables.iterate(rangeOf(scope), { limit: countMax, keysOnly: true })) {
      seen += keys.length;
      count += keys.filter(([key]) => isIn(scope, parseWildcardKey(key))).length;
    }
    if (seen >= countMax) return countMax;
    if (!this.#derived.sets.haveKind(scope.collection)) return count;
    for await (const batch of this.#derivedIn(rangeOf(scope), scope)) {
      count += batch.length;
      if (count >= countMax) return countMax;
    }
    return count;
  }

  async *#stored(range: KeyRange, scope: ListScope): AsyncGenerator<PlacedObject[]> {
    for await (const entries of this.#tables.iterate(range, { keysOnly: true })) {
      const batches = new PlacedBatches();
      for (const [indexKey] of entries) {
        const key = parseWildcardKey(indexKey);
        if (!isIn(scope, key)) continue;
        const row = this.#get(key);
        if (row === undefined) continue;
        yield* batches.add({ place: indexKey.subarray(1), object: { key, row } });
      }
      yield* batches.rest();
    }
  }

  #derivedIn(range: KeyRange, scope: ListScope): AsyncGenerator<PlacedObject[]> {
    return this.derived({
      *in(set, defaults) {
        for (const object of derivedObjects(set, defaults, scope.collection)) {
          if (isIn(scope, object.key)) yield object;
        }
      },
      placeOf: wildcardKey,
      from: range.start,
      after: scope.after,
    });
  }

  /** Derived objects of all logical clusters, those from a place in an index on. */
  async *derived(wanted: {
    in(set: DefaultSet, defaults: ClusterDefaults): Iterable<DerivedObject>;
    placeOf(key: ObjectKey): Buffer;
    readonly from: Uint8Array;
    readonly after: string | undefined;
  }): AsyncGenerator<PlacedObject[]> {
    const first = wanted.from.subarray(1);
    for await (const entries of this.#tables.iterate(defaultsRange(wanted.after))) {
      const batches = new PlacedBatches();
      for (const [, defaultsBytes] of entries) {
        const defaults = decodeDefaults(defaultsBytes);
        const set = this.#derived.sets.get(defaults.setHash);
        for (const { key, bytes } of wanted.in(set, defaults)) {
          const place = wanted.placeOf(key).subarray(1);
          if (place.compare(first) >= 0)
            yield* batches.add({ place, object: { key, row: decodeRow(bytes) } });
        }
      }
      yield* batches.rest();
    }
  }

  /**
   * The objects that have changed since a revision, in order: the log knows of all of them. Undefined when they are
   * more than `limits.listedChangesMax`.
   */
  async #changedIn(
    scope: ListScope,
    revisions: { readonly at: number; readonly now: number },
  ): Promise<Place[] | undefined> {
    const { start, end } = rangeOf(scope);
    const changed = new Map<string, Place>();
    const range = { after: revisions.at, upTo: revisions.now };
    for await (const key of this.#history.keysOfKind(scope.collection, range, this.#sequence)) {
      const keyText = objectKeyText(key);
      if (changed.has(keyText) || !isIn(scope, key)) continue;
      const index = wildcardKey(key);
      if (index.compare(start) < 0 || index.compare(end) >= 0) continue;
      if (changed.size === limits.listedChangesMax) return undefined;
      changed.set(keyText, { place: index.subarray(1), key });
    }
    return [...changed.values()].sort((a, b) => a.place.compare(b.place));
  }

  /** Old values of all logical clusters that have any, one after the other: none of them is kept in memory. */
  async *#supersededIn(scope: ListScope, at: number): AsyncGenerator<PlacedObject[]> {
    const { collection, namespace, after = '' } = scope;
    const [first = ''] = after.split('\0');
    let from = first as LogicalCluster;
    for (;;) {
      const cluster = await this.#clusterWithVersions(from);
      if (cluster === undefined) return;
      const rest = cluster === first ? after.slice(first.length + 1) : undefined;
      const range = versionRange({ ...collection, cluster }, { namespace, after: rest });
      const superseded = supersededInRange(this.#tables, range, at);
      const former = await this.#former.inScopeAt(
        { collection: { ...collection, cluster }, namespace, after: rest },
        at,
      );
      for await (const batch of mergeBatches(superseded, singleBatch(former), isPlacedBefore)) {
        yield batch.map(({ object }) => ({ place: wildcardKey(object.key).subarray(1), object }));
      }
      // Names are ASCII, and those that follow sort behind this one with a byte of its own.
      from = `${cluster}\x01` as LogicalCluster;
    }
  }

  async #rowAt(keyText: string, revision: number): Promise<Row | undefined> {
    return (await supersededAt(this.#tables, keyText, revision)) ?? this.#former.at(keyText, revision);
  }

  /** The first logical cluster from one on of which there are old values, or whose end is remembered. */
  async #clusterWithVersions(from: string): Promise<LogicalCluster | undefined> {
    const found: LogicalCluster[] = [];
    for (const range of [versionsFrom(from), formerFrom(from)]) {
      for await (const [entry] of this.#tables.iterate(range, { limit: 1, keysOnly: true })) {
        if (entry !== undefined) found.push(clusterOfKey(entry[0]));
      }
    }
    return found.sort()[0];
  }
}

interface Place {
  readonly place: Buffer;
  readonly key: ObjectKey;
}

function rangeOf({ collection, after }: ListScope): KeyRange {
  return wildcardRange(collection.group, storedResource(collection), after);
}

function isIn({ namespace }: ListScope, key: ObjectKey): boolean {
  return namespace === undefined || key.namespace === namespace;
}
