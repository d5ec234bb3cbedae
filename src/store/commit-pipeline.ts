import { limits } from '../base/mod.ts';
import type { AliasReader } from './alias-reader.ts';
import type { ApplyLog } from './apply-log.ts';
import { LogUnavailable } from './commit-errors.ts';
import { type CommitGroup, framesOf, newGroup, takeFirst } from './commit-group.ts';
import { DefaultsUnderWay } from './defaults-under-way.ts';
import type { DerivedObjects } from './derived-objects.ts';
import type { EpochOpening } from './epoch-records.ts';
import type { Epochs } from './epochs.ts';
import type { Feed } from './feed.ts';
import { type Frame, firstRevisionOf, frameHash, lastRevisionOf, type WorkChange } from './frame.ts';
import { encodeHead, type Head, headOperation, type Position } from './head.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import type { StoredFrame } from './log-reader.ts';
import { MovingGroups } from './moving-groups.ts';
import { objectKeyText } from './object-key.ts';
import type { Outcome } from './outcome.ts';
import { PendingValues } from './pending-values.ts';
import { projectFrame, type StoredRow } from './projection.ts';
import type { GroupOfCluster } from './proposal.ts';
import type { RowReader } from './row-reader.ts';
import { TAIL_KEY, type WorkKey, workKey } from './tables.ts';
import type { UndoWriter } from './undo-writer.ts';

/** A commit that has its place in the log, but counts only once `durable` has resolved. */
export interface SequencedCommit extends Outcome {
  /** It is on the disk, has met its goal, and everybody can see it. */
  readonly durable: Promise<void>;
}

/** The newest rows of keys that were looked for; undefined where there is none. */
export type FoundRows = ReadonlyMap<string, StoredRow | undefined>;

/** What goes to the disk with one sync. */
interface Batch {
  readonly operations: readonly WriteOperation[];
  /** Groups whose frames it writes. */
  readonly written: readonly CommitGroup[];
  /** Groups that everybody can see after it. */
  readonly met: readonly CommitGroup[];
}

/**
 * The way of a commit from its place in the log to everybody's eyes, for those that are sequenced here and those that
 * come from a shard's home alike.
 *
 * On a single member a group goes to the disk with its projection in one batch, and is visible. Where the log is
 * replicated a frame is synced first, and its projection follows in a later batch, once the commit is known to have met
 * its survival goal: so whatever reads the tables sees what counts, and nothing else, also after a restart. Rows that
 * were ahead of what counts would have to be looked through by every reader of every index.
 */
export class CommitPipeline {
  readonly defaults: DefaultsUnderWay<CommitGroup>;
  readonly #keyValue: KeyValueStore;
  readonly #rows: RowReader;
  readonly #aliases: AliasReader;
  readonly #derived: DerivedObjects;
  readonly #feed: Feed;
  readonly #epochs: Epochs;
  /** Only of a replicated log: what was shown may have to be taken back. */
  readonly #undo: UndoWriter | undefined;
  /** Only of a member with several logs: when it applies what. */
  readonly #applied: ApplyLog | undefined;
  readonly #pending = new PendingValues<StoredRow, CommitGroup>();
  readonly #pendingWork = new PendingValues<Uint8Array, CommitGroup>();
  readonly #pendingCommitIds = new Map<string, SequencedCommit>();
  readonly #moving = new MovingGroups();
  /** Groups that wait for the disk, oldest first; the last one takes commits until it is full. */
  readonly #waiting: CommitGroup[] = [];
  #writing: readonly CommitGroup[] = [];
  /** Groups of the batch that is on its way, which nobody may overtake in the order of the member. */
  #placed: readonly CommitGroup[] = [];
  /** Groups that are on the disk and have not met their goal. */
  #held: CommitGroup[] = [];
  readonly #tasks: { run(): Promise<void>; reject(error: Error): void }[] = [];
  readonly #idleWaiters: (() => void)[] = [];
  #head: Head;
  #durable: Head;
  #visible: Head;
  #mark: number;
  #isSealed = false;
  #firstOfEpoch = 1;
  #settings: Uint8Array | undefined;
  #isFlushing = false;
  #hasTail = false;
  #pendingCommits = 0;
  #pendingBytes = 0;
  #failure: LogUnavailable | undefined;
  /** Told of the end of what is on the disk. */
  onDurable: (position: Position, frames: readonly StoredFrame[]) => void = () => {};
  /** Whether commits count only when {@link confirm} says so. */
  isGated = false;

  constructor(options: {
    readonly keyValue: KeyValueStore;
    readonly rows: RowReader;
    readonly aliases: AliasReader;
    readonly derived: DerivedObjects;
    readonly feed: Feed;
    readonly epochs: Epochs;
    readonly head: Head;
    readonly undo: UndoWriter | undefined;
    readonly applied: ApplyLog | undefined;
  }) {
    this.#keyValue = options.keyValue;
    this.#rows = options.rows;
    this.#aliases = options.aliases;
    this.#derived = options.derived;
    this.defaults = new DefaultsUnderWay(options.derived);
    this.#feed = options.feed;
    this.#epochs = options.epochs;
    this.#undo = options.undo;
    this.#applied = options.applied;
    this.#head = options.head;
    this.#durable = options.head;
    this.#visible = options.head;
    this.#mark = options.head.sequence;
  }

  /** The end of the log, with commits that are not durable yet. */
  get head(): Head {
    return this.#head;
  }

  /** The end of what is on the disk, also of commits that have not met their goal. */
  get durable(): Head {
    return this.#durable;
  }

  /** The last commit that everybody can see. */
  get visible(): Head {
    return this.#visible;
  }

  /** Whether the epoch at the end of the log is over. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** The first frame of the epoch at the end of the log. */
  get firstOfEpoch(): number {
    return this.#firstOfEpoch;
  }

  /** What the end of the log says about how it is replicated. */
  get settings(): Uint8Array | undefined {
    return this.#settings;
  }

  /** Why the log takes no more commits, if so. */
  get failure(): LogUnavailable | undefined {
    return this.#failure;
  }

  /** The newest row of an object: what the next commit would find. It may not be durable yet. */
  newest(keyText: string): StoredRow | undefined {
    const pending = this.#pending.get(keyText);
    if (pending !== undefined) return pending.value;
    const stored = this.#rows.read(keyText);
    // What is derived comes and goes with its defaults, before the disk has it.
    const isDurable =
      stored !== undefined && !(stored.defaultIndex !== undefined && this.defaults.isEnding(keyText));
    return isDurable ? stored : this.defaults.newlyDerived(keyText);
  }

  newestWork(key: WorkKey): Uint8Array | undefined {
    const pending = this.#pendingWork.get(workText(key));
    return pending === undefined ? this.#keyValue.get(workKey(key)) : pending.value;
  }

  /** A commit that nobody can see yet, by its id. */
  pendingCommit(commitId: Uint8Array): SequencedCommit | undefined {
    return this.#pendingCommitIds.get(idText(commitId));
  }

  /** Whether a change of something in the group is on its way. */
  isMoving(asked: GroupOfCluster): boolean {
    return this.#moving.has(asked);
  }

  /** Resolves when everything that {@link newest} may have shown until now is visible. */
  async settled(): Promise<void> {
    await (this.#waiting.at(-1) ?? this.#writing.at(-1) ?? this.#held.at(-1))?.durable;
  }

  /** Throws while no commit may be appended. */
  assertAccepting(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pendingCommits >= limits.pendingCommitsMax || this.#pendingBytes >= limits.pendingBytesMax) {
      throw new LogUnavailable('too many commits wait for the disk', { reason: 'full' });
    }
  }

  /** Resolves when nothing is on its way to the disk. */
  async idle(): Promise<void> {
    if (this.#isFlushing) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Waits until everything that has a place in the log is on the disk, and refuses everything after. */
  async close(): Promise<void> {
    this.#failure ??= new LogUnavailable('the log is closed', { reason: 'closed' });
    await this.idle();
    for (const group of this.#held) group.settle.reject(this.#failure);
  }

  /** Appends a frame that follows the head. `isStored`: the disk has it already, and only its goal is open. */
  append({
    frame,
    frameBytes,
    found,
    isStored = false,
  }: {
    readonly frame: Frame;
    readonly frameBytes: Buffer;
    readonly found?: FoundRows;
    readonly isStored?: boolean;
  }): SequencedCommit {
    const group = isStored ? newGroup(this.#head) : this.#openGroup();
    const head = headAfter(this.#head, frame, frameBytes);
    const { operations, events } = projectFrame(
      { frame, frameBytes },
      {
        newest: (keyText) => (found?.has(keyText) ? found.get(keyText) : this.newest(keyText)),
        defaultsOf: (cluster) => this.defaults.of(cluster),
        defaultSet: (hash) => this.#derived.sets.get(hash),
        onRow: (keyText, stored) => this.#pending.set(keyText, stored, group),
        onDefaults: (cluster, defaults) => this.defaults.set(cluster, defaults, group),
        onDefaultSet: (set) => {
          this.#derived.sets.add(set);
          group.defaultSets.push(set.hash);
        },
      },
    );
    // The first one is the frame itself: of a replicated log it goes to the disk before the rest.
    let first = 0;
    if (this.#undo !== undefined) group.frames.push(operations[first++]!);
    for (let index = first; index < operations.length; index++) group.operations.push(operations[index]!);
    for (const event of events) group.events.push(event);
    // Of what is derived nobody knows anything yet: its logical cluster exists from this commit on.
    for (const { key } of frame.changes) this.#moving.touch(key, group);
    if (frame.ended !== undefined) {
      group.ended.push(frame.ended);
      const { cluster, setHash } = frame.ended.defaults;
      for (const name of this.#derived.sets.get(setHash).groups)
        this.#moving.touch({ cluster, group: name }, group);
    }
    for (const work of frame.work) {
      this.#pendingWork.set(workText(work), work.payload, group);
      group.work.push(work);
    }
    if (frame.opening !== undefined) {
      group.opening = frame.opening;
      this.#firstOfEpoch = frame.sequence;
    }
    if (frame.settings !== undefined) this.#settings = frame.settings;
    if (frame.compactionFloor > 0) group.movesFloor = true;
    group.firstRevision ??= firstRevisionOf(frame);
    group.head = head;
    group.sizeBytes += frameBytes.length * 2;
    group.commits += 1;
    this.#pendingCommits += 1;
    this.#pendingBytes += frameBytes.length * 2;
    this.#head = head;
    this.#isSealed = frame.seal !== undefined;
    if (isStored) {
      this.#hasTail = true;
      this.#held.push(group);
      this.#durable = head;
    }
    this.#startFlushing();
    const revisions = frame.changes.map((change) => change.revision);
    const commit = { sequence: head.sequence, revision: head.revision, revisions, durable: group.durable };
    const commitId = idText(frame.commitId);
    this.#pendingCommitIds.set(commitId, commit);
    group.commitIds.push(commitId);
    return commit;
  }

  /** Commits up to here have met their goal. */
  confirm(sequence: number): void {
    if (sequence <= this.#mark || this.#failure !== undefined) return;
    this.#mark = sequence;
    if (this.#held.length > 0) this.#startFlushing();
  }

  /** From now on commits count when they are on the disk: those that waited for more do, too. */
  ungate(): void {
    this.isGated = false;
    if (this.#held.length > 0) this.#startFlushing();
  }

  /** Whoever waits for a commit is told this, whatever becomes of it. */
  abandon(error: Error): void {
    for (const group of [...this.#held, ...this.#writing, ...this.#waiting]) group.settle.reject(error);
  }

  /** Runs when nothing is on its way to the disk, and holds up what comes. */
  exclusive<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#tasks.push({ run: () => task().then(resolve, reject), reject });
      this.#startFlushing();
    });
  }

  /** What is on the disk has been replaced, up to a new head; only to be called in {@link exclusive}. */
  restart(head: Head, error: Error): void {
    for (const group of [...this.#held.splice(0), ...this.#waiting.splice(0)]) {
      group.settle.reject(error);
      this.#forget(group);
    }
    this.#head = head;
    this.#durable = head;
    this.#visible = head;
    this.#mark = head.sequence;
    this.#isSealed = false;
    this.#settings = undefined;
  }

  /** What the disk has said since: the end of its log is the end of an epoch, and how the log is replicated. */
  recall(known: { readonly isSealed: boolean; readonly settings: Uint8Array | undefined }): void {
    this.#isSealed = known.isSealed;
    this.#settings = known.settings;
    this.#firstOfEpoch = this.#epochs.firstSequence;
  }

  #openGroup(): CommitGroup {
    const last = this.#waiting.at(-1);
    if (
      // A replicated log shows commits one by one: each is a group, and they share batches instead.
      this.#undo === undefined &&
      last !== undefined &&
      last.commits < limits.groupCommitsMax &&
      last.sizeBytes < limits.groupBytesMax
    ) {
      return last;
    }
    const group = newGroup(this.#head);
    this.#waiting.push(group);
    return group;
  }

  #startFlushing(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Requests that arrived in the same turn of the event loop share the first group.
    setImmediate(() => void this.#flush());
  }

  /** One batch after the other: while one is on its way to the disk, the next one fills. */
  async #flush(): Promise<void> {
    for (;;) {
      const task = this.#tasks.shift();
      if (task !== undefined) {
        await task.run();
        continue;
      }
      let batch: Batch | undefined;
      try {
        batch = this.#nextBatch();
        if (batch === undefined) break;
        await this.#keyValue.write(batch.operations, { sync: true });
      } catch (error) {
        this.fail(error);
        break;
      }
      this.#writing = [];
      this.#placed = [];
      this.#settle(batch);
    }
    // In the same step as the check above: whoever proposes from now on starts the next round.
    this.#isFlushing = false;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** What waits no more is being written from here on: if the disk fails before the batch is made, they are told, too. */
  #nextBatch(): Batch | undefined {
    if (this.#undo !== undefined) return this.#nextReplicatedBatch(this.#undo);
    const group = this.#waiting.shift();
    if (group === undefined) return undefined;
    const groups = [group];
    this.#writing = groups;
    this.#placed = groups;
    const operations = [...group.operations, headOperation(group.head)];
    this.#place(groups, operations);
    return { operations, written: groups, met: groups };
  }

  /** Says when this member applies what readers will see, in the batch that makes it visible. */
  #place(groups: readonly CommitGroup[], operations: WriteOperation[]): void {
    const applied = this.#applied;
    if (applied === undefined) return;
    for (const group of groups) {
      if (group.firstRevision === undefined) continue;
      group.placement = applied.place(group.firstRevision, group.head.revision);
    }
    operations.push(...applied.operations());
  }

  /** As many frames as may go, and the projections of all that have met their goal when the frames are written. */
  #nextReplicatedBatch(undo: UndoWriter): Batch | undefined {
    const written = takeFirst(this.#waiting, () => true);
    const mark = this.isGated ? this.#mark : Number.POSITIVE_INFINITY;
    const met = takeFirst([...this.#held, ...written], ({ head }) => head.sequence <= mark);
    if (written.length === 0 && met.length === 0) return undefined;
    this.#writing = written;
    this.#placed = met;
    const operations = written.flatMap(({ frames }) => frames);
    let visible = this.#visible;
    const batch = undo.batch();
    for (const group of met) {
      for (const operation of group.operations) operations.push(operation);
      for (const operation of batch.recordOf(group, visible)) operations.push(operation);
      visible = group.head;
    }
    this.#place(met, operations);
    const durable = written.at(-1)?.head ?? this.#durable;
    if (met.length > 0) operations.push(headOperation(visible));
    const hasTail = visible.sequence < durable.sequence;
    if (hasTail) operations.push({ key: TAIL_KEY, value: encodeHead(durable) });
    else if (this.#hasTail) operations.push({ key: TAIL_KEY });
    this.#hasTail = hasTail;
    return { operations, written, met };
  }

  #settle({ written, met }: Batch): void {
    if (this.#undo !== undefined) {
      const fresh = [...this.#held, ...written];
      this.#held = fresh.slice(met.length);
    }
    const durable = written.at(-1)?.head;
    if (durable !== undefined) this.#durable = durable;
    for (const group of met) {
      this.#visible = group.head;
      this.#forget(group);
      if (group.opening !== undefined) this.#beginEpoch(group.head.epoch, group.opening);
      this.#feed.publish(group, group.head.revision);
      const { placement } = group;
      if (placement === undefined) group.settle.resolve();
      else {
        // A list of all logical clusters that follows an answer has what was answered.
        placement.onRelease(() => group.settle.resolve());
        this.#applied!.settle(placement);
      }
    }
    if (durable !== undefined) this.onDurable(durable, framesOf(written));
  }

  #beginEpoch(epoch: number, opening: EpochOpening): void {
    this.#epochs.add(epoch, opening);
    const end = opening.former.revision;
    // What the former home announced beyond its last commit that counts, and what may come below that again.
    if (this.#feed.revision > end)
      this.#feed.restart({ revision: end, common: end, survives: (shown) => shown <= end });
  }

  /** The tables have what the group brought, or will never have it. */
  #forget(group: CommitGroup): void {
    this.#pendingCommits -= group.commits;
    this.#pendingBytes -= group.sizeBytes;
    for (const keyText of this.#pending.settle(group)) this.#rows.forget(keyText);
    this.#aliases.forget(group.operations);
    for (const hash of group.defaultSets) this.#derived.sets.settled(hash);
    for (const ended of group.ended)
      for (const key of this.#derived.keysOf(ended.defaults)) this.#rows.forget(objectKeyText(key));
    this.defaults.settle(group);
    this.#pendingWork.settle(group);
    for (const commitId of group.commitIds) this.#pendingCommitIds.delete(commitId);
    this.#moving.settle(group);
  }

  /** After a failed write nobody knows what is on the disk: goes on with nothing, and lets a restart find out. */
  fail(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new LogUnavailable(`writing the log failed: ${message}`, { reason: 'failed', cause });
    this.abandon(this.#failure);
    for (const { placement } of this.#placed) if (placement !== undefined) this.#applied!.settle(placement);
    this.#placed = [];
    this.#waiting.length = 0;
    for (const task of this.#tasks.splice(0)) task.reject(this.#failure);
  }
}

/** The head after a frame that follows another one. */
export function headAfter(before: Head, frame: Frame, frameBytes: Uint8Array): Head {
  return {
    sequence: frame.sequence,
    epoch: frame.epoch,
    revision: lastRevisionOf(frame) ?? before.revision,
    hash: frameHash(frameBytes),
  };
}

function idText(commitId: Uint8Array): string {
  return Buffer.from(commitId).toString('latin1');
}

function workText(key: WorkKey | WorkChange): string {
  return `${key.controller}\0${key.cluster}\0${key.key}`;
}
