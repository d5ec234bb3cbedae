import { assert, BoundedCache, type LogicalCluster, limits } from '../../base/mod.ts';
import type { CollectionKey, CollectionScope, ObjectKey } from '../object-key.ts';
import { isOneCollection, objectKeyText } from '../object-key.ts';
import type { StoreEvent } from '../projection.ts';
import type { PlanetLog } from './planet-log.ts';

export interface LogRouterOptions {
  /** Whether objects of a kind are in the region's convergent log, whatever their logical cluster. */
  isConvergent(kind: Omit<CollectionKey, 'cluster'>): boolean;
  /** Where the object lies that makes a logical cluster exist: which shard has it has the logical cluster. */
  logicalClusterKey(cluster: LogicalCluster): ObjectKey;
  /** Whether every shard has a logical cluster of this name, and of its own. */
  isOfEveryShard?(cluster: LogicalCluster): boolean;
}

/**
 * Which log has what. That a shard has a logical cluster is not written down beside it: the LogicalCluster's row says so,
 * in whatever way it came there, and the few logs are asked for it. What was asked for last is remembered.
 */
export class LogRouter {
  readonly #options: LogRouterOptions;
  readonly #logs: PlanetLog[] = [];
  /** What of them is asked for with every read. */
  #shards: readonly PlanetLog[] = [];
  #convergent: PlanetLog | undefined;
  readonly #shardsByCluster = new BoundedCache<LogicalCluster, PlanetLog>(limits.routedClustersCachedMax);

  constructor(options: LogRouterOptions) {
    this.#options = options;
  }

  get logs(): readonly PlanetLog[] {
    return this.#logs;
  }

  get shards(): readonly PlanetLog[] {
    return this.#shards;
  }

  add(log: PlanetLog): void {
    const isThere = this.#logs.some(({ name }) => name === log.name);
    assert(!isThere && (log.kind === 'shard' || this.#convergent === undefined), 'a log is had once');
    this.#logs.push(log);
    this.#sort();
  }

  remove(log: PlanetLog): void {
    this.#logs.splice(this.#logs.indexOf(log), 1);
    this.#sort();
    this.forget();
  }

  find(name: string): PlanetLog | undefined {
    return this.#logs.find((log) => log.name === name);
  }

  /** The log of a collection's objects. */
  of(collection: CollectionKey): PlanetLog {
    const convergent = this.#convergentOf(collection);
    return convergent ?? this.shardOf(collection.cluster);
  }

  /** The log of one object. */
  ofObject(key: ObjectKey): PlanetLog {
    if (this.#options.isOfEveryShard?.(key.cluster) !== true) return this.of(key);
    const convergent = this.#convergentOf(key);
    if (convergent !== undefined) return convergent;
    const keyText = objectKeyText(key);
    const holder = this.#homedFirst().find(({ store }) => store.newest(key, keyText) !== undefined);
    return holder ?? this.#homedFirst()[0] ?? this.#fallback();
  }

  /** All logs that have objects of a scope. */
  ofScope(scope: CollectionScope): readonly PlanetLog[] {
    if (isOneCollection(scope)) return [this.of(scope)];
    const convergent = this.#convergentOf(scope);
    return convergent === undefined ? this.shards : [convergent];
  }

  /** All logs that have objects of a logical cluster. */
  ofCluster(cluster: LogicalCluster): readonly PlanetLog[] {
    const convergent = this.#convergent;
    const shard = this.shardOf(cluster);
    return convergent === undefined ? [shard] : [shard, convergent];
  }

  /** The log that a new object would come to; undefined when any shard would do. */
  forNew(key: ObjectKey): PlanetLog | undefined {
    const convergent = this.#convergentOf(key);
    if (convergent !== undefined) return convergent;
    if (this.#options.isOfEveryShard?.(key.cluster) === true) return undefined;
    return this.knownShardOf(key.cluster);
  }

  /** The shard that has a logical cluster; undefined when none of this member's has it, or all have. */
  knownShardOf(cluster: LogicalCluster): PlanetLog | undefined {
    if (this.#shards.length === 1) return this.#shards[0];
    return this.#shardsByCluster.get(cluster) ?? this.#find(cluster);
  }

  /** The shard of a logical cluster; of one that is nowhere, the one where its objects would be looked for. */
  shardOf(cluster: LogicalCluster): PlanetLog {
    return this.knownShardOf(cluster) ?? this.#fallback();
  }

  /** A logical cluster may have come to a log. One that goes is still read where it was. */
  note(log: PlanetLog, event: StoreEvent): void {
    if (this.#shardsByCluster.size === 0) return;
    const { key } = event;
    const own = this.#options.logicalClusterKey(key.cluster);
    if (key.resource !== own.resource || key.group !== own.group || key.name !== own.name) return;
    // Only now: the rows of a new logical cluster's default objects are made when somebody asks for them.
    if (event.newRow !== undefined && this.#shardsByCluster.get(key.cluster) !== log)
      this.#shardsByCluster.delete(key.cluster);
  }

  /** What a log has was replaced. */
  forget(): void {
    for (const cluster of [...this.#shardsByCluster.keys()]) this.#shardsByCluster.delete(cluster);
  }

  #sort(): void {
    this.#shards = this.#logs.filter(({ kind }) => kind === 'shard');
    this.#convergent = this.#logs.find(({ kind }) => kind === 'convergent');
  }

  #find(cluster: LogicalCluster): PlanetLog | undefined {
    const key = this.#options.logicalClusterKey(cluster);
    const keyText = objectKeyText(key);
    let found: { readonly log: PlanetLog; readonly revision: number } | undefined;
    for (const log of this.#homedFirst()) {
      const row = log.store.newest(key, keyText);
      // In the middle of a move two have it: the later one is where it goes.
      if (row !== undefined && row.revision > (found?.revision ?? 0)) found = { log, revision: row.revision };
    }
    if (found === undefined) return undefined;
    // What is not durable yet may never be.
    if (found.log.store.get(key) !== undefined) this.#shardsByCluster.set(cluster, found.log);
    return found.log;
  }

  #convergentOf(kind: Omit<CollectionKey, 'cluster'>): PlanetLog | undefined {
    const convergent = this.#convergent;
    return convergent !== undefined && this.#options.isConvergent(kind) ? convergent : undefined;
  }

  #homedFirst(): readonly PlanetLog[] {
    const { shards } = this;
    return [...shards.filter(({ store }) => store.isHome), ...shards.filter(({ store }) => !store.isHome)];
  }

  /** What is nowhere is looked for, and would come to be, in the shard that has the root of the tree. */
  #fallback(): PlanetLog {
    const [first] = this.#shards;
    assert(first !== undefined, 'a member has a shard');
    return first;
  }
}
