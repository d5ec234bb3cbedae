import {
  assert,
  type Clock,
  type LogicalCluster,
  limits,
  type Random,
  type Revision,
  revisionAtMs,
  type ShardName,
} from '../base/mod.ts';
import { AliasReader } from './alias-reader.ts';
import type { ApplyClock } from './apply-clock.ts';
import { ApplyLog } from './apply-log.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import { OtherFormat } from './commit-errors.ts';
import { CommitPipeline, type SequencedCommit } from './commit-pipeline.ts';
import { compactHistory, retentionMs } from './compaction.ts';
import { DefaultSets } from './default-sets.ts';
import { DerivedObjects } from './derived-objects.ts';
import { Epochs, FIRST_EPOCH } from './epochs.ts';
import { Feed } from './feed.ts';
import { NO_PREVIOUS_HASH } from './frame.ts';
import type { Head } from './head.ts';
import type { KeyValueStore } from './key-value.ts';
import { LOG_WINDOW, type LogSize, LogTrimmer, type LogWindow } from './log-trimmer.ts';
import { type CollectionKey, type ObjectKey, objectKeyText } from './object-key.ts';
import type { ObjectStore, StateScope } from './object-store.ts';
import { type LoggedCommit, type Outcome, outcomeInLog } from './outcome.ts';
import { PinnableReads } from './pinnable-reads.ts';
import type { GroupOfCluster, Proposal } from './proposal.ts';
import { LogDamaged, readHead } from './replay.ts';
import { ReplicatedLog } from './replicated-log.ts';
import type { ReplicationOptions } from './replication.ts';
import { RevisionCeiling } from './revision-ceiling.ts';
import type { Row } from './row.ts';
import { RowReader } from './row-reader.ts';
import { Sequencer } from './sequencer.ts';
import { StoreSnapshot } from './snapshot.ts';
import { discardImport, isImporting } from './state-import.ts';
import { FLOOR_KEY, FORMAT_KEY, FORMAT_VERSION, readRevision, type WorkKey } from './tables.ts';
import { UndoWriter } from './undo-writer.ts';

export interface StoreOptions {
  readonly keyValue: KeyValueStore;
  readonly shard: ShardName;
  readonly clock: Clock;
  readonly random: Random;
  /** How long superseded values and watch history stay findable, milliseconds; at least 5 minutes. */
  readonly historyMs?: number;
  /** Which frames are kept for others when nothing here needs them; absent: for a day, in bounds. */
  readonly logWindow?: LogWindow;
  /** Told of steps of the wall clock that were ignored. */
  readonly onClockStep?: (stepMs: number) => void;
  /** Absent for a log that nobody else has. */
  readonly replication?: ReplicationOptions;
  /** Of a member with several logs: the order in which it applies what they have. */
  readonly applyClock?: ApplyClock;
}

/** One shard's log and its projection on this member: the only way to its data. */
export class Store implements ObjectStore {
  readonly feed: Feed;
  /** Only of a member with several logs. */
  readonly applied: ApplyLog | undefined;
  readonly #keyValue: KeyValueStore;
  /** What readers see of it. */
  readonly #reads: KeyValueStore;
  readonly #rows: RowReader;
  readonly #aliases: AliasReader;
  readonly #defaultSets: DefaultSets;
  readonly #derived: DerivedObjects;
  readonly #pipeline: CommitPipeline;
  readonly #sequencer: Sequencer;
  readonly #log: ReplicatedLog | undefined;
  readonly #trimmer: LogTrimmer;
  readonly #clock: Clock;
  readonly #historyMs: number;
  readonly #abort = new AbortController();
  #compacting: Promise<void> = Promise.resolve();
  #cancelCompaction: (() => void) | undefined;

  private constructor(options: StoreOptions, parts: StoreParts) {
    const { keyValue } = options;
    const pinnable = options.replication === undefined ? undefined : new PinnableReads(keyValue);
    const reads = pinnable ?? keyValue;
    this.applied = parts.applied;
    this.#keyValue = keyValue;
    this.#reads = reads;
    this.#defaultSets = parts.defaultSets;
    const derived = new DerivedObjects(parts.defaultSets, (key) => reads.get(key));
    this.#derived = derived;
    this.#rows = new RowReader(reads, derived);
    this.#aliases = new AliasReader(reads, derived);
    this.#clock = options.clock;
    this.#historyMs = retentionMs(options.historyMs ?? limits.historyMsDefault);
    this.feed = new Feed(parts.head.revision, options.clock);
    this.#pipeline = new CommitPipeline({
      keyValue,
      rows: this.#rows,
      aliases: this.#aliases,
      derived,
      feed: this.feed,
      epochs: parts.epochs,
      head: parts.head,
      undo: parts.undo,
      applied: parts.applied,
    });
    this.#trimmer = new LogTrimmer({
      keyValue,
      pipeline: this.#pipeline,
      undo: parts.undo,
      window: options.logWindow ?? LOG_WINDOW,
    });
    const ceiling = new RevisionCeiling(keyValue);
    this.#sequencer = new Sequencer({
      keyValue,
      pipeline: this.#pipeline,
      shard: options.shard,
      last: Math.max(parts.head.revision, ceiling.durable),
      clock: options.clock,
      random: options.random,
      onClockStep: options.onClockStep ?? (() => {}),
    });
    this.#log =
      options.replication &&
      new ReplicatedLog({
        keyValue,
        reads: pinnable!,
        shard: options.shard,
        clock: options.clock,
        pipeline: this.#pipeline,
        sequencer: this.#sequencer,
        feed: this.feed,
        rows: this.#rows,
        aliases: this.#aliases,
        defaultSets: parts.defaultSets,
        epochs: parts.epochs,
        undo: parts.undo!,
        applied: parts.applied,
        ceiling,
        trimmer: this.#trimmer,
        replication: options.replication,
      });
  }

  /** Throws {@link LogDamaged} when what is stored is not what was written, and `OtherFormat` for that of another version. */
  static async open(options: StoreOptions): Promise<Store> {
    await claimLayout(options.keyValue);
    if (isImporting(options.keyValue)) {
      if (options.replication === undefined)
        throw new LogDamaged('a state was being taken over from another member: join the planet again');
      await discardImport(options.keyValue);
    }
    const head = readHead(options.keyValue) ?? {
      sequence: 0,
      epoch: FIRST_EPOCH,
      revision: 0 as Revision,
      hash: NO_PREVIOUS_HASH,
    };
    const { keyValue, replication, applyClock } = options;
    const store = new Store(options, {
      head,
      defaultSets: await DefaultSets.open(keyValue),
      epochs: await Epochs.open(keyValue),
      undo: replication && (await UndoWriter.open(keyValue)),
      applied: applyClock && (await ApplyLog.open(keyValue, { clock: applyClock, last: head.revision })),
    });
    await store.#log?.open();
    store.#scheduleCompaction();
    return store;
  }

  /** Tells of every change of {@link isHome}. */
  onRole(listener: () => void): void {
    if (this.#log !== undefined) this.#log.onRole = listener;
  }

  /** How the log is replicated; only of a store that was opened for that. */
  get log(): ReplicatedLog {
    assert(this.#log !== undefined, 'the log is replicated');
    return this.#log;
  }

  /** Milliseconds since 1970 by the log's own clock. */
  nowMs(): number {
    return this.#sequencer.nowMs();
  }

  /** Why the store takes no more commits, if so. */
  get failure(): Error | undefined {
    return this.#pipeline.failure;
  }

  /** The revision up to which everything is durable and visible. */
  get revision(): Revision {
    return this.feed.revision;
  }

  isVoid(_scope: StateScope, revision: number): boolean {
    if (this.#log === undefined || this.#log.statusOf(revision as Revision) === 'valid') return false;
    const floor = this.#keyValue.get(FLOOR_KEY);
    return floor === undefined || revision > readRevision(floor, 0);
  }

  /** Its log is the order of all that it applies. */
  appliedAt(_collection: CollectionKey, revision: number): number {
    return revision;
  }

  /** The durable row of an object. */
  get(key: ObjectKey): Row | undefined {
    return this.#rows.read(objectKeyText(key))?.row;
  }

  /** The object that has taken a name in its logical cluster (`ALIASES_FIELD`), as far as that is durable. */
  aliased(cluster: LogicalCluster, alias: string): ObjectKey | undefined {
    return this.#aliases.read(cluster, alias);
  }

  /** The revision of the durable row of an object, by its key as text; 0 when there is none. */
  durableRevision(keyText: string): number {
    return this.#rows.read(keyText)?.row.revision ?? 0;
  }

  /** What a logical cluster still has by default, for the commit that ends it. */
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    return this.#derived.defaultsOf(cluster);
  }

  /** The row that the next commit would find; see {@link settled}. `keyText` is that of the key, if it is at hand. */
  newest(key: ObjectKey, keyText?: string): Row | undefined {
    return this.#sequencer.newest(key, keyText);
  }

  /** Whether a change of something in the group is on its way. */
  isMoving(asked: GroupOfCluster): boolean {
    return this.#pipeline.isMoving(asked);
  }

  /** A debt as the next commit would find it. */
  newestWork(key: WorkKey): Uint8Array | undefined {
    return this.#pipeline.newestWork(key);
  }

  /** Whether its log is sequenced here. */
  get isHome(): boolean {
    return this.#log === undefined || this.#log.role === 'home';
  }

  /** Resolves when everything that {@link newest} has shown so far is durable. */
  settled(): Promise<void> {
    return this.#pipeline.settled();
  }

  /** It has one. */
  logOf(_key: ObjectKey): string {
    return '';
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

  /**
   * The commit with an id of the last 15 minutes, once it counts; undefined when there is none. Rejects as `commit` does
   * when it never will, or nobody knows.
   */
  async committed(_cluster: LogicalCluster, commitId: Uint8Array): Promise<LoggedCommit | undefined> {
    await this.#pipeline.pendingCommit(commitId)?.durable;
    return outcomeInLog(this.#keyValue, commitId);
  }

  /** A consistent state to read; the caller closes it. */
  snapshot(): StoreSnapshot {
    return new StoreSnapshot(this.#reads, this.#defaultSets);
  }

  /**
   * Moves the floor up to the given revision by a record in the log, and frees what nobody can ask for any
   * more, frames of the log included that are not kept for others either (`StoreOptions.logWindow`). Never beyond the end
   * of the log, or a list just made of an idle log could not be watched; never back, since what is freed stays freed.
   */
  async compact(floor: Revision): Promise<void> {
    // One after the other, and the next one also after one that failed.
    const compacting = this.#compacting.then(() => this.#compact(floor));
    this.#compacting = compacting.catch(() => {});
    await compacting;
  }

  async #compact(wanted: Revision): Promise<void> {
    const compactionFloor = Math.min(wanted, this.#sequencer.head.revision);
    const floor = this.#keyValue.get(FLOOR_KEY);
    if (this.isHome && compactionFloor > (floor === undefined ? 0 : readRevision(floor, 0))) {
      await this.commit({ mutations: [], actor: 'system:compaction', originRegion: '', compactionFloor });
    }
    await compactHistory(this.#keyValue, { signal: this.#abort.signal, floor: this.#log?.finalFloor });
    if (!this.#abort.signal.aborted) await this.#trimmer.trimToWindow(this.nowMs());
  }

  /** What the log has on the disk. */
  logSize(): Promise<LogSize> {
    return this.#trimmer.size();
  }

  async close(): Promise<void> {
    this.#cancelCompaction?.();
    this.#abort.abort();
    const closing = this.#pipeline.close();
    await this.#log?.close();
    await closing;
    await this.#compacting;
    await this.#keyValue.close();
  }

  // A quarter of the retention keeps the disk's surplus small; an idle log writes no floor records.
  #scheduleCompaction(): void {
    this.#cancelCompaction = this.#clock.after(this.#historyMs / 4, () => {
      this.#compactIfDue()
        // A disk that fails is told to those who write.
        .catch(() => {})
        .finally(() => {
          if (!this.#abort.signal.aborted) this.#scheduleCompaction();
        });
    });
  }

  async #compactIfDue(): Promise<void> {
    const floor = revisionAtMs(this.nowMs() - this.#historyMs);
    const snapshot = this.snapshot();
    const isBehind = snapshot.revision > 0 && floor > snapshot.floor && snapshot.floor < snapshot.revision;
    // What another home has moved the floor over is freed here, too.
    const isDue = isBehind || this.#log?.role === 'follower';
    snapshot.close();
    // Frames of an idle log grow old, too.
    await this.compact(isDue ? floor : (0 as Revision));
  }
}

/** What is known of a store before it opens. */
interface StoreParts {
  readonly head: Head;
  readonly defaultSets: DefaultSets;
  readonly epochs: Epochs;
  readonly undo: UndoWriter | undefined;
  readonly applied: ApplyLog | undefined;
}

/** Says that the tables are ours, and of this version's layout. */
async function claimLayout(keyValue: KeyValueStore): Promise<void> {
  const format = keyValue.get(FORMAT_KEY);
  if (format?.equals(FORMAT_VERSION) === true) return;
  if (format !== undefined) throw new OtherFormat(format.toString('latin1'), FORMAT_VERSION.toString());
  await keyValue.write([{ key: FORMAT_KEY, value: FORMAT_VERSION }], { sync: true });
}
