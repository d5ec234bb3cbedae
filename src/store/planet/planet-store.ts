import type { Clock, LogicalCluster, Random, Revision, ShardName } from '../../base/mod.ts';
import { ApplyClock } from '../apply-clock.ts';
import type { ClusterDefaults } from '../cluster-defaults.ts';
import { type HomePlace, LogNotOpened } from '../commit-errors.ts';
import type { SequencedCommit } from '../commit-pipeline.ts';
import type { KeyValueStore } from '../key-value.ts';
import type { CollectionKey, ObjectKey } from '../object-key.ts';
import { isInMemberOrder, type ObjectStore, type StateScope } from '../object-store.ts';
import type { LoggedCommit, Outcome } from '../outcome.ts';
import type { Proposal } from '../proposal.ts';
import type { ReplicationOptions } from '../replication.ts';
import type { Row } from '../row.ts';
import { Store } from '../store.ts';
import type { WorkKey } from '../tables.ts';
import { LogRouter, type LogRouterOptions } from './log-router.ts';
import { PlanetFeed } from './planet-feed.ts';
import { appliedOf, type LogKind, type PlanetLog } from './planet-log.ts';
import { placeProposal } from './planet-proposal.ts';
import { PlanetSnapshot } from './planet-snapshot.ts';

/** A log to open. */
export interface LogOptions {
  readonly name: ShardName;
  readonly kind: LogKind;
  readonly keyValue: KeyValueStore;
  /** Absent for a log that nobody else has. */
  readonly replication?: ReplicationOptions;
  /** Where it is sequenced, as far as somebody knows. */
  readonly home?: () => HomePlace | undefined;
}

export interface PlanetStoreOptions extends LogRouterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly historyMs?: number;
  readonly onClockStep?: (stepMs: number) => void;
  /** Whether a controller carries out what logs owe that are sequenced elsewhere: then it is shown all of that. */
  readonly isOwedToAll?: (controller: string) => boolean;
  /** A shard at least. */
  readonly logs: readonly LogOptions[];
}

/**
 * A member's several logs as one store: the shards that it is the home of or follows, and the convergent log of its region.
 * An object is in the log that its logical cluster or its kind leads to; what is of all logical clusters is merged, in the
 * order in which this member has applied it.
 */
export class PlanetStore implements ObjectStore {
  readonly feed: PlanetFeed;
  readonly #options: PlanetStoreOptions;
  readonly #router: LogRouter;
  readonly #applyClock: ApplyClock;

  private constructor(
    options: PlanetStoreOptions,
    parts: { readonly applyClock: ApplyClock; readonly logs: readonly PlanetLog[] },
  ) {
    this.#options = options;
    this.#applyClock = parts.applyClock;
    this.#router = new LogRouter(options);
    this.feed = new PlanetFeed({
      router: this.#router,
      clock: options.clock,
      published: parts.applyClock.published,
      isOwedToAll: options.isOwedToAll,
    });
    for (const log of parts.logs) this.#follow(log);
  }

  /** Throws `LogNotOpened`; then all are closed again. */
  static async open(options: PlanetStoreOptions): Promise<PlanetStore> {
    const applyClock = new ApplyClock(options.clock);
    const logs: PlanetLog[] = [];
    try {
      for (const log of options.logs) logs.push(await openFirst(options, applyClock, log));
    } catch (error) {
      for (const { store } of logs) await store.close();
      throw error;
    }
    return new PlanetStore(options, { applyClock, logs });
  }

  /** The store of one log, by its name: for those who replicate it. */
  log(name: ShardName): Store | undefined {
    return this.#router.find(name)?.store;
  }

  /** The names of all logs, those of shards first opened first. */
  get logs(): readonly Pick<PlanetLog, 'name' | 'kind'>[] {
    return this.#router.logs;
  }

  /** Which shard has a logical cluster; undefined when none of this member's has it. */
  shardOf(cluster: LogicalCluster): ShardName | undefined {
    return this.#router.knownShardOf(cluster)?.name;
  }

  /** Opens another log: what it has comes behind everything that there is. */
  async add(options: LogOptions): Promise<Store> {
    const log = await openLog(this.#options, this.#applyClock, options);
    const had = appliedOf(log).placeOf(log.store.revision) > 0;
    this.#follow(log);
    // What it has from before was never told to those who watch.
    if (had) await this.#beginAnew([log]);
    this.feed.announceHomes();
    return log.store;
  }

  /** Closes a log that this member does not follow any more. Who watches everything begins again without it. */
  async remove(name: ShardName): Promise<void> {
    const log = this.#router.find(name);
    if (log === undefined) return;
    this.#router.remove(log);
    await this.#beginAnew(this.#router.logs.filter(({ kind }) => kind === log.kind));
    this.feed.announceHomes();
    await log.store.close();
  }

  get failure(): Error | undefined {
    for (const { store } of this.#router.logs) if (store.failure !== undefined) return store.failure;
    return undefined;
  }

  get revision(): Revision {
    return this.feed.published;
  }

  isVoid(scope: StateScope, revision: number): boolean {
    if (isInMemberOrder(scope)) return false;
    const [log] = this.#router.ofScope(scope.collection);
    return log!.store.isVoid(scope, revision);
  }

  nowMs(): number {
    return this.#router.logs[0]!.store.nowMs();
  }

  appliedAt(collection: CollectionKey, revision: number): number {
    return appliedOf(this.#router.of(collection)).placeOf(revision);
  }

  get(key: ObjectKey): Row | undefined {
    return this.#router.ofObject(key).store.get(key);
  }

  aliased(cluster: LogicalCluster, alias: string): ObjectKey | undefined {
    for (const { store } of this.#router.ofCluster(cluster)) {
      const key = store.aliased(cluster, alias);
      if (key !== undefined) return key;
    }
    return undefined;
  }

  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    return this.#router.shardOf(cluster).store.defaultsOf(cluster);
  }

  newest(key: ObjectKey, keyText?: string): Row | undefined {
    return this.#router.ofObject(key).store.newest(key, keyText);
  }

  newestWork(key: WorkKey): Uint8Array | undefined {
    return this.#router.find(key.log ?? '')?.store.newestWork(key);
  }

  async settled({ besides }: { readonly besides?: string | undefined } = {}): Promise<void> {
    const logs = this.#router.logs.filter(({ name }) => name !== besides);
    await Promise.all(logs.map(({ store }) => store.settled()));
  }

  logOf(key: ObjectKey): string {
    return (this.#router.forNew(key) ?? this.#router.ofObject(key)).name;
  }

  /** Throws besides `SpansLogs` for what is of several logs, and `HomeElsewhere` for what is not sequenced here. */
  propose(proposal: Proposal): SequencedCommit {
    const placed = placeProposal(this.#router, proposal);
    return placed.log.store.propose(placed.proposal);
  }

  async commit(proposal: Proposal): Promise<Outcome> {
    const commit = this.propose(proposal);
    await commit.durable;
    return commit;
  }

  async committed(cluster: LogicalCluster, commitId: Uint8Array): Promise<LoggedCommit | undefined> {
    for (const { store } of this.#router.ofCluster(cluster)) {
      const logged = await store.committed(cluster, commitId);
      if (logged !== undefined) return logged;
    }
    return undefined;
  }

  snapshot(): PlanetSnapshot {
    return new PlanetSnapshot({
      router: this.#router,
      published: this.feed.published,
      isOwedToAll: this.#options.isOwedToAll,
    });
  }

  /** Of each log that is sequenced here the history below a revision of its own. */
  async compact(floor: Revision): Promise<void> {
    const homed = this.#router.logs.filter(({ store }) => store.isHome);
    await Promise.all(homed.map(({ store }) => store.compact(floor)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#router.logs.map(({ store }) => store.close()));
  }

  #follow(log: PlanetLog): void {
    this.#router.add(log);
    this.feed.follow(log);
  }

  async #beginAnew(logs: readonly PlanetLog[]): Promise<void> {
    for (const log of logs) {
      const applied = appliedOf(log);
      await applied.beginAnew();
      await applied.begun(log.store.revision);
    }
    this.#router.forget();
    if (logs.length > 0) this.feed.restart(logs, this.#applyClock.published);
  }
}

async function openFirst(
  options: PlanetStoreOptions,
  applyClock: ApplyClock,
  log: LogOptions,
): Promise<PlanetLog> {
  try {
    return await openLog(options, applyClock, log);
  } catch (error) {
    throw new LogNotOpened(log.name, error);
  }
}

async function openLog(
  options: PlanetStoreOptions,
  applyClock: ApplyClock,
  log: LogOptions,
): Promise<PlanetLog> {
  const { keyValue, replication, name, kind, home } = log;
  const { clock, random, historyMs, onClockStep } = options;
  const store = await Store.open({
    keyValue,
    shard: name,
    clock,
    random,
    applyClock,
    ...(replication && { replication }),
    ...(historyMs === undefined ? {} : { historyMs }),
    ...(onClockStep && { onClockStep }),
  });
  return { name, kind, store, ...(home && { home }) };
}
