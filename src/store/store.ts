import {
  type Clock,
  type LogicalCluster,
  limits,
  type Random,
  type Revision,
  revisionAtMs,
  type ShardName,
} from '../base/mod.ts';
import { AliasReader } from './alias-reader.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import { compactHistory, retentionMs } from './compaction.ts';
import { DefaultSets } from './default-sets.ts';
import { DerivedObjects } from './derived-objects.ts';
import { Feed } from './feed.ts';
import { NO_PREVIOUS_HASH } from './frame.ts';
import type { KeyValueStore } from './key-value.ts';
import { type ObjectKey, objectKeyText } from './object-key.ts';
import type { Outcome } from './outcome.ts';
import type { Head } from './projection.ts';
import type { Proposal } from './proposal.ts';
import { LogDamaged, readHead } from './replay.ts';
import type { Row } from './row.ts';
import { RowReader } from './row-reader.ts';
import { type SequencedCommit, Sequencer } from './sequencer.ts';
import { StoreSnapshot } from './snapshot.ts';
import { FLOOR_KEY, FORMAT_KEY, FORMAT_VERSION, FORMER_FORMAT_VERSIONS, readRevision } from './tables.ts';

export interface StoreOptions {
  readonly keyValue: KeyValueStore;
  readonly shard: ShardName;
  readonly clock: Clock;
  readonly random: Random;
  /** How long superseded values and watch history stay findable, milliseconds; at least 5 minutes. */
  readonly historyMs?: number;
  /** Told of steps of the wall clock that were ignored. */
  readonly onClockStep?: (stepMs: number) => void;
}

// The first term of office of a log's first home.
const FIRST_EPOCH = 1;

/** One shard's log and its projection on this member: the only way to its data. */
export class Store {
  readonly feed: Feed;
  readonly #keyValue: KeyValueStore;
  readonly #rows: RowReader;
  readonly #aliases: AliasReader;
  readonly #defaultSets: DefaultSets;
  readonly #derived: DerivedObjects;
  readonly #sequencer: Sequencer;
  readonly #clock: Clock;
  readonly #historyMs: number;
  readonly #abort = new AbortController();
  #floor: number;
  #compacting: Promise<void> = Promise.resolve();
  #cancelCompaction: (() => void) | undefined;

  private constructor(options: StoreOptions, head: Head, defaultSets: DefaultSets) {
    this.#keyValue = options.keyValue;
    this.#defaultSets = defaultSets;
    const derived = new DerivedObjects(defaultSets, (key) => options.keyValue.get(key));
    this.#derived = derived;
    this.#rows = new RowReader(options.keyValue, derived);
    this.#aliases = new AliasReader(options.keyValue, derived);
    this.#clock = options.clock;
    this.#historyMs = retentionMs(options.historyMs ?? limits.historyMsDefault);
    this.feed = new Feed(head.revision, options.clock);
    const floor = options.keyValue.get(FLOOR_KEY);
    this.#floor = floor === undefined ? 0 : readRevision(floor, 0);
    this.#sequencer = new Sequencer({
      keyValue: options.keyValue,
      rows: this.#rows,
      aliases: this.#aliases,
      derived,
      feed: this.feed,
      shard: options.shard,
      head,
      clock: options.clock,
      random: options.random,
      onClockStep: options.onClockStep ?? (() => {}),
    });
  }

  /** Throws {@link LogDamaged} when what is stored is not what was written, or not ours. */
  static async open(options: StoreOptions): Promise<Store> {
    await claimLayout(options.keyValue);
    const head = readHead(options.keyValue) ?? {
      sequence: 0,
      epoch: FIRST_EPOCH,
      revision: 0 as Revision,
      hash: NO_PREVIOUS_HASH,
    };
    const store = new Store(options, head, await DefaultSets.open(options.keyValue));
    store.#scheduleCompaction();
    return store;
  }

  /** Milliseconds since 1970 by the log's own clock. */
  nowMs(): number {
    return this.#sequencer.nowMs();
  }

  /** Why the store takes no more commits, if so. */
  get failure(): Error | undefined {
    return this.#sequencer.failure;
  }

  /** The revision up to which everything is durable and visible. */
  get revision(): Revision {
    return this.feed.revision;
  }

  /** The durable row of an object. */
  get(key: ObjectKey): Row | undefined {
    return this.#rows.read(objectKeyText(key))?.row;
  }

  /** The object that has taken a name in its logical cluster (`ALIASES_FIELD`), as far as that is durable. */
  aliased(cluster: LogicalCluster, alias: string): ObjectKey | undefined {
    return this.#aliases.read(cluster, alias);
  }

  /** What a logical cluster still has by default, for the commit that ends it. */
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    return this.#derived.defaultsOf(cluster);
  }

  /** The row that the next commit would find; see {@link settled}. `keyText` is that of the key, if it is at hand. */
  newest(key: ObjectKey, keyText?: string): Row | undefined {
    return this.#sequencer.newest(key, keyText);
  }

  /** Resolves when everything that {@link newest} has shown so far is durable. */
  settled(): Promise<void> {
    return this.#sequencer.settled();
  }

  /**
   * Gives a commit its place in the log at once, and throws what {@link commit} rejects with: for those who
   * must look at something and commit within one turn. It counts once `durable` has resolved.
   */
  propose(proposal: Proposal): SequencedCommit {
    return this.#sequencer.propose(proposal);
  }

  /**
   * Commits, and resolves when the commit is durable and visible. Rejects with `ExpectationFailed`,
   * `LogUnavailable` or `CommitTooLarge`, and then nothing was written.
   */
  async commit(proposal: Proposal): Promise<Outcome> {
    const commit = this.#sequencer.propose(proposal);
    await commit.durable;
    return commit;
  }

  /** A consistent state to read; the caller closes it. */
  snapshot(): StoreSnapshot {
    return new StoreSnapshot(this.#keyValue, this.#defaultSets);
  }

  /**
   * Moves the floor up to the given revision by a record in the log, and frees what nobody can ask for any
   * more. Never beyond the end of the log, or a list just made of an idle log could not be watched; never
   * back, since what is freed stays freed.
   */
  async compact(floor: Revision): Promise<void> {
    // One after the other, and the next one also after one that failed.
    const compacting = this.#compacting.then(() => this.#compact(floor));
    this.#compacting = compacting.catch(() => {});
    await compacting;
  }

  async #compact(floor: Revision): Promise<void> {
    const compactionFloor = Math.min(floor, this.#sequencer.head.revision);
    if (compactionFloor > this.#floor) {
      await this.commit({ mutations: [], actor: 'system:compaction', originRegion: '', compactionFloor });
      this.#floor = compactionFloor;
    }
    await compactHistory(this.#keyValue, this.#abort.signal);
  }

  async close(): Promise<void> {
    this.#cancelCompaction?.();
    this.#abort.abort();
    await this.#sequencer.close();
    await this.#compacting;
    await this.#keyValue.close();
  }

  // A quarter of the retention keeps the disk's surplus small; an idle log writes no floor records.
  #scheduleCompaction(): void {
    this.#cancelCompaction = this.#clock.after(this.#historyMs / 4, () => {
      const floor = revisionAtMs(this.nowMs() - this.#historyMs);
      const snapshot = this.snapshot();
      const isDue = snapshot.revision > 0 && floor > snapshot.floor && snapshot.floor < snapshot.revision;
      snapshot.close();
      const run = isDue ? this.compact(floor) : Promise.resolve();
      run
        .catch(() => {})
        .finally(() => {
          if (!this.#abort.signal.aborted) this.#scheduleCompaction();
        });
    });
  }
}

/** Says that the tables are ours, and of this version's layout, which they become when they are of a former one. */
async function claimLayout(keyValue: KeyValueStore): Promise<void> {
  const format = keyValue.get(FORMAT_KEY);
  if (format?.equals(FORMAT_VERSION) === true) return;
  if (format !== undefined && !FORMER_FORMAT_VERSIONS.some((former) => format.equals(former))) {
    throw new LogDamaged(
      `the layout of the store is ${format.toString('latin1')}, this version reads ${FORMAT_VERSION.toString()}`,
    );
  }
  await keyValue.write([{ key: FORMAT_KEY, value: FORMAT_VERSION }], { sync: true });
}
