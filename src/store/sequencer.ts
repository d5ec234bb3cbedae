import {
  assert,
  type Clock,
  HybridClock,
  limits,
  type Random,
  type Revision,
  type ShardName,
} from '../base/mod.ts';
import type { AliasReader } from './alias-reader.ts';
import type { EndedDefaults } from './cluster-defaults.ts';
import { CommitTooLarge, ExpectationFailed, LogUnavailable, WorkChanged } from './commit-errors.ts';
import { DefaultsUnderWay } from './defaults-under-way.ts';
import type { DerivedObjects } from './derived-objects.ts';
import type { Feed } from './feed.ts';
import { type Change, encodeFrame, type Frame, frameHash, lastRevisionOf, type WorkChange } from './frame.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { isKeyComponent, type ObjectKey, objectKeyText } from './object-key.ts';
import { type Outcome, outcomeInLog } from './outcome.ts';
import { PendingValues } from './pending-values.ts';
import { type Head, headOperation, projectFrame, type StoredRow, type StoreEvent } from './projection.ts';
import type { GroupOfCluster, Proposal } from './proposal.ts';
import type { NewRow, Row } from './row.ts';
import type { RowReader } from './row-reader.ts';
import { type WorkKey, workKey } from './tables.ts';

/** A commit that has its place in the log, but counts only once `durable` has resolved. */
export interface SequencedCommit extends Outcome {
  readonly durable: Promise<void>;
}

/** The newest rows of keys that were looked for; undefined where there is none. */
type FoundRows = ReadonlyMap<string, StoredRow | undefined>;

interface Group {
  readonly operations: WriteOperation[];
  readonly events: StoreEvent[];
  readonly work: WorkChange[];
  readonly touchedGroups: Set<string>;
  readonly defaultSets: string[];
  readonly ended: EndedDefaults[];
  readonly commitIds: string[];
  readonly durable: Promise<void>;
  readonly settle: { resolve(): void; reject(error: unknown): void };
  head: Head;
  sizeBytes: number;
  commits: number;
}

/**
 * Gives every commit its place: checks expectations against the newest rows (also those on their way to
 * the disk), assigns revisions, chains the frame, and writes frame and projection in groups with one
 * fsync each. Nothing is locked while the disk works.
 */
export class Sequencer {
  readonly #keyValue: KeyValueStore;
  readonly #rows: RowReader;
  readonly #aliases: AliasReader;
  readonly #derived: DerivedObjects;
  readonly #feed: Feed;
  readonly #shard: ShardName;
  readonly #hybridClock: HybridClock;
  readonly #commitIdPrefix: Uint8Array;
  readonly #pending = new PendingValues<StoredRow, Group>();
  readonly #defaults: DefaultsUnderWay<Group>;
  readonly #pendingWork = new PendingValues<Uint8Array, Group>();
  readonly #pendingCommitIds = new Map<string, SequencedCommit>();
  #head: Head;
  #durableSequence: number;
  #commitCount = 0;
  /** Groups that wait for the disk, oldest first; the last one takes commits until it is full. */
  readonly #waiting: Group[] = [];
  #writing: Group | undefined;
  #isFlushing = false;
  #pendingCommits = 0;
  #pendingBytes = 0;
  #failure: LogUnavailable | undefined;

  constructor(options: {
    readonly keyValue: KeyValueStore;
    readonly rows: RowReader;
    readonly aliases: AliasReader;
    readonly derived: DerivedObjects;
    readonly feed: Feed;
    readonly shard: ShardName;
    readonly head: Head;
    readonly clock: Clock;
    readonly random: Random;
    readonly onClockStep: (stepMs: number) => void;
  }) {
    this.#keyValue = options.keyValue;
    this.#rows = options.rows;
    this.#aliases = options.aliases;
    this.#derived = options.derived;
    this.#defaults = new DefaultsUnderWay(options.derived);
    this.#feed = options.feed;
    this.#shard = options.shard;
    this.#head = options.head;
    this.#durableSequence = options.head.sequence;
    this.#commitIdPrefix = options.random.bytes(8);
    this.#hybridClock = new HybridClock({
      clock: options.clock,
      last: options.head.revision,
      onStep: options.onClockStep,
    });
  }

  /** Milliseconds since 1970 by the log's own clock, which ignores steps of the wall clock. */
  nowMs(): number {
    return this.#hybridClock.nowMs();
  }

  /** The end of the log, with commits that are not durable yet. */
  get head(): Head {
    return this.#head;
  }

  /** Why the log takes no more commits, if so. */
  get failure(): LogUnavailable | undefined {
    return this.#failure;
  }

  /** The newest row of an object: what the next commit would find. It may not be durable yet. */
  newest(key: ObjectKey, keyText = objectKeyText(key)): Row | undefined {
    return this.#newest(keyText)?.row;
  }

  /** Resolves when everything that {@link newest} may have shown until now is durable. */
  async settled(): Promise<void> {
    await (this.#waiting.at(-1) ?? this.#writing)?.durable;
  }

  /**
   * Sequences a commit. Throws {@link ExpectationFailed}, {@link WorkChanged}, {@link LogUnavailable} or
   * {@link CommitTooLarge}; then nothing was written. `durable` rejects only when the disk fails.
   */
  propose(proposal: Proposal): SequencedCommit {
    this.#assertAccepting();
    const repeated = this.#repeatOf(proposal);
    if (repeated !== undefined) return repeated;
    const found = this.#check(proposal);

    const revisions: Revision[] = [];
    const slot = this.#head.epoch % 8;
    const changes = proposal.mutations.map((mutation): Change => {
      const revision = this.#hybridClock.next(slot);
      revisions.push(revision);
      if (mutation.row !== undefined) return { revision, key: mutation.key, verb: 'put', row: mutation.row };
      const uid = this.#newest(objectKeyText(mutation.key))?.row.uid ?? '';
      return { revision, key: mutation.key, verb: 'delete', row: emptyRow(uid) };
    });
    const frame: Frame = {
      shard: this.#shard,
      epoch: this.#head.epoch,
      sequence: this.#head.sequence + 1,
      previousHash: this.#head.hash,
      commitId: proposal.commitId ?? this.#nextCommitId(),
      mark: this.#durableSequence,
      timeMs: this.#hybridClock.nowMs(),
      actor: proposal.actor,
      originRegion: proposal.originRegion,
      changes,
      // Settled first: a debt that the same commit causes again stays owed.
      work: [...(proposal.settles ?? []).map((settled) => settled.key), ...(proposal.work ?? [])],
      compactionFloor: proposal.compactionFloor ?? 0,
      ...this.#defaults.ofCommit(proposal, (count) => this.#hybridClock.reserve(slot, count)),
    };
    const frameBytes = encodeFrame(frame);
    if (frameBytes.length > limits.frameBytesMax) {
      throw new CommitTooLarge(
        `the commit has ${frameBytes.length} bytes, the limit is ${limits.frameBytesMax}`,
      );
    }
    return this.#append({ frame, frameBytes, found }, revisions);
  }

  /** Waits for what is sequenced, and refuses everything after. */
  async close(): Promise<void> {
    this.#failure ??= new LogUnavailable('the log is closed', { isTransient: false });
    await this.settled().catch(() => {});
  }

  #append(
    {
      frame,
      frameBytes,
      found,
    }: { readonly frame: Frame; readonly frameBytes: Buffer; readonly found: FoundRows },
    revisions: readonly Revision[],
  ): SequencedCommit {
    const group = this.#openGroup();
    const head: Head = {
      sequence: frame.sequence,
      epoch: frame.epoch,
      revision: lastRevisionOf(frame) ?? this.#head.revision,
      hash: frameHash(frameBytes),
    };
    const { operations, events } = projectFrame(
      { frame, frameBytes },
      {
        newest: (keyText) => (found.has(keyText) ? found.get(keyText) : this.#newest(keyText)),
        defaultsOf: (cluster) => this.#defaults.of(cluster),
        defaultSet: (hash) => this.#derived.sets.get(hash),
        onRow: (keyText, stored) => this.#pending.set(keyText, stored, group),
        onDefaults: (cluster, defaults) => this.#defaults.set(cluster, defaults, group),
        onDefaultSet: (set) => {
          this.#derived.sets.add(set);
          group.defaultSets.push(set.hash);
        },
      },
    );
    for (const operation of operations) group.operations.push(operation);
    for (const event of events) group.events.push(event);
    // Of what is derived nobody knows anything yet: its logical cluster exists from this commit on.
    for (const { key } of frame.changes) group.touchedGroups.add(groupText(key));
    if (frame.ended !== undefined) {
      group.ended.push(frame.ended);
      const { cluster, setHash } = frame.ended.defaults;
      for (const name of this.#derived.sets.get(setHash).groups)
        group.touchedGroups.add(groupText({ cluster, group: name }));
    }
    for (const work of frame.work) {
      const text = workText(work);
      this.#pendingWork.set(text, work.payload, group);
      group.work.push(work);
    }
    group.head = head;
    group.sizeBytes += frameBytes.length * 2;
    group.commits += 1;
    this.#pendingCommits += 1;
    this.#pendingBytes += frameBytes.length * 2;
    this.#head = head;
    this.#startFlushing();
    const commit = { sequence: head.sequence, revision: head.revision, revisions, durable: group.durable };
    const commitId = idText(frame.commitId);
    this.#pendingCommitIds.set(commitId, commit);
    group.commitIds.push(commitId);
    return commit;
  }

  /** What is there of all that a proposal changes, if it may: nobody has to look again for the same commit. */
  #check(proposal: Proposal): FoundRows {
    for (const { key, revision, keyText = objectKeyText(key) } of proposal.preconditions ?? []) {
      const current = this.#newest(keyText)?.row.revision ?? 0;
      if (current !== revision) throw new ExpectationFailed({ key, current, isPrecondition: true });
    }
    for (const pending of proposal.settled ?? []) this.#assertSettled(pending);
    for (const { key, payload } of proposal.settles ?? []) {
      const current = this.#newestWork(key);
      if (current === undefined || Buffer.compare(current, payload) !== 0) {
        throw new WorkChanged(`the debt ${key.controller} ${key.key} has changed`);
      }
    }
    const found = new Map<string, StoredRow | undefined>();
    for (const { key, expected, row } of proposal.mutations) {
      // Such a row could be read back as nothing, or as another object: it would poison its whole collection.
      assert(
        isKeyComponent(key.namespace) && isKeyComponent(key.name),
        'namespace and name can be parts of a key',
      );
      const keyText = objectKeyText(key);
      assert(!found.has(keyText), 'a commit changes an object once');
      const newest = this.#newest(keyText);
      found.set(keyText, newest);
      const current = newest?.row.revision ?? 0;
      const isEnded = proposal.ends?.cluster === key.cluster && newest?.defaultIndex !== undefined;
      assert(!isEnded, 'a commit does not write what it ends');
      // What does not exist cannot be deleted, not even by someone who expects that: it would be an event of nothing.
      const isWrong =
        (row === undefined && current === 0) || (expected !== undefined && current !== expected);
      if (isWrong) throw new ExpectationFailed({ key, current, isPrecondition: false });
    }
    if (proposal.ends !== undefined) this.#defaults.checkEnd(proposal.ends);
    if (proposal.defaults !== undefined) this.#defaults.checkNew(proposal.defaults, proposal.mutations);
    return found;
  }

  #assertSettled(asked: GroupOfCluster): void {
    const text = groupText(asked);
    const isMoving = (group: Group | undefined) => group?.touchedGroups.has(text) === true;
    if (!isMoving(this.#writing) && !this.#waiting.some(isMoving)) return;
    const key = { ...asked, resource: '', identity: '', namespace: '', name: '' };
    throw new ExpectationFailed({ key, current: 0, isPrecondition: true, isUnsettled: true });
  }

  #newest(keyText: string): StoredRow | undefined {
    const pending = this.#pending.get(keyText);
    if (pending !== undefined) return pending.value;
    const stored = this.#rows.read(keyText);
    // What is derived comes and goes with its defaults, before the disk has it.
    const isDurable =
      stored !== undefined && !(stored.defaultIndex !== undefined && this.#defaults.isEnding(keyText));
    return isDurable ? stored : this.#defaults.newlyDerived(keyText);
  }

  #newestWork(key: WorkKey): Uint8Array | undefined {
    const pending = this.#pendingWork.get(workText(key));
    return pending === undefined ? this.#keyValue.get(workKey(key)) : pending.value;
  }

  /** The first outcome of a commit id that is already in the log. */
  #repeatOf(proposal: Proposal): SequencedCommit | undefined {
    if (proposal.commitId === undefined) return undefined;
    assert(proposal.commitId.length === 16, 'a commit id has 16 bytes');
    const pending = this.#pendingCommitIds.get(idText(proposal.commitId));
    if (pending !== undefined) return pending;
    const outcome = outcomeInLog(this.#keyValue, proposal.commitId);
    return outcome && { ...outcome, durable: Promise.resolve() };
  }

  #nextCommitId(): Uint8Array {
    const id = Buffer.alloc(16);
    id.set(this.#commitIdPrefix, 0);
    this.#commitCount += 1;
    id.writeUIntBE(this.#commitCount, 10, 6);
    return id;
  }

  #openGroup(): Group {
    const last = this.#waiting.at(-1);
    if (
      last !== undefined &&
      last.commits < limits.groupCommitsMax &&
      last.sizeBytes < limits.groupBytesMax
    ) {
      return last;
    }
    let settle: Group['settle'] | undefined;
    const durable = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Every proposer waits on this promise; one that has gone away must not make its rejection fatal.
    durable.catch(() => {});
    assert(settle !== undefined, 'a promise runs its executor at once');
    const group: Group = {
      operations: [],
      events: [],
      work: [],
      touchedGroups: new Set(),
      defaultSets: [],
      ended: [],
      commitIds: [],
      durable,
      settle,
      head: this.#head,
      sizeBytes: 0,
      commits: 0,
    };
    this.#waiting.push(group);
    return group;
  }

  #startFlushing(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Requests that arrived in the same turn of the event loop share the first group.
    setImmediate(() => void this.#flushGroups());
  }

  /** One group after the other: while one is on its way to the disk, the next one fills. */
  async #flushGroups(): Promise<void> {
    for (let group = this.#waiting.shift(); group !== undefined; group = this.#waiting.shift()) {
      this.#writing = group;
      try {
        await this.#keyValue.write([...group.operations, headOperation(group.head)], { sync: true });
      } catch (error) {
        this.#fail(group, error);
        return;
      }
      this.#writing = undefined;
      this.#durableSequence = group.head.sequence;
      this.#pendingCommits -= group.commits;
      this.#pendingBytes -= group.sizeBytes;
      for (const keyText of this.#pending.settle(group)) this.#rows.forget(keyText);
      this.#aliases.forget(group.operations);
      for (const hash of group.defaultSets) this.#derived.sets.settled(hash);
      for (const ended of group.ended)
        for (const key of this.#derived.keysOf(ended.defaults)) this.#rows.forget(objectKeyText(key));
      this.#defaults.settle(group);
      this.#pendingWork.settle(group);
      for (const commitId of group.commitIds) this.#pendingCommitIds.delete(commitId);
      this.#feed.publish(group, group.head.revision);
      group.settle.resolve();
    }
    // In the same step as the check above: whoever proposes from now on starts the next round.
    this.#isFlushing = false;
  }

  // After a failed write nobody knows what is on the disk: go on with nothing, and let a restart find out.
  #fail(group: Group, cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new LogUnavailable(`writing the log failed: ${message}`, { isTransient: false, cause });
    group.settle.reject(this.#failure);
    for (const waiting of this.#waiting.splice(0)) waiting.settle.reject(this.#failure);
  }

  #assertAccepting(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pendingCommits >= limits.pendingCommitsMax || this.#pendingBytes >= limits.pendingBytesMax) {
      throw new LogUnavailable('too many commits wait for the disk', { isTransient: true });
    }
  }
}

// The name of a logical cluster holds no slash.
function groupText({ cluster, group }: GroupOfCluster): string {
  return `${cluster}/${group}`;
}

function idText(commitId: Uint8Array): string {
  return Buffer.from(commitId).toString('latin1');
}

function workText(key: WorkKey): string {
  return `${key.controller}\0${key.cluster}\0${key.key}`;
}

function emptyRow(uid: string): NewRow {
  return {
    uid,
    definitionHash: '',
    json: Buffer.alloc(0),
    metadataOffset: 0,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
  };
}
