import {
  assert,
  type Clock,
  HybridClock,
  limits,
  type Random,
  type Revision,
  type ShardName,
} from '../base/mod.ts';
import { CommitTooLarge, ExpectationFailed, type LogUnavailable, WorkChanged } from './commit-errors.ts';
import type { CommitPipeline, FoundRows, SequencedCommit } from './commit-pipeline.ts';
import { type Change, encodeFrame, type Frame } from './frame.ts';
import type { Head } from './head.ts';
import type { KeyValueStore } from './key-value.ts';
import { isKeyComponent, type ObjectKey, objectKeyText } from './object-key.ts';
import { outcomeInLog } from './outcome.ts';
import type { StoredRow } from './projection.ts';
import type { GroupOfCluster, Proposal } from './proposal.ts';
import type { NewRow, Row } from './row.ts';

/** Why a home sequences nothing for now; undefined while it does. */
export type Refusal = () => LogUnavailable | undefined;

/**
 * Gives every commit its place: checks expectations against the newest rows (also those on their way to
 * the disk), assigns revisions, chains the frame, and hands it to the pipeline. Nothing is locked while the disk works.
 */
export class Sequencer {
  readonly #keyValue: KeyValueStore;
  readonly #pipeline: CommitPipeline;
  readonly #shard: ShardName;
  readonly #clock: Clock;
  readonly #onClockStep: (stepMs: number) => void;
  readonly #commitIdPrefix: Uint8Array;
  #hybridClock: HybridClock;
  #commitCount = 0;
  /** Asked before anything is sequenced. */
  refusal: Refusal = () => undefined;

  constructor(options: {
    readonly keyValue: KeyValueStore;
    readonly pipeline: CommitPipeline;
    readonly shard: ShardName;
    /** Above this all revisions will be. */
    readonly last: number;
    readonly clock: Clock;
    readonly random: Random;
    readonly onClockStep: (stepMs: number) => void;
  }) {
    this.#keyValue = options.keyValue;
    this.#pipeline = options.pipeline;
    this.#shard = options.shard;
    this.#clock = options.clock;
    this.#onClockStep = options.onClockStep;
    this.#commitIdPrefix = options.random.bytes(8);
    this.#hybridClock = this.#clockAfter(options.last);
  }

  /** Milliseconds since 1970 by the log's own clock, which ignores steps of the wall clock. */
  nowMs(): number {
    return this.#hybridClock.nowMs();
  }

  /** The end of the log, with commits that are not durable yet. */
  get head(): Head {
    return this.#pipeline.head;
  }

  /** The newest row of an object: what the next commit would find. It may not be durable yet. */
  newest(key: ObjectKey, keyText = objectKeyText(key)): Row | undefined {
    return this.#pipeline.newest(keyText)?.row;
  }

  /** From now on all revisions are above one that another home, or this one before, has given out. */
  countFrom(last: number): void {
    if (last > this.#hybridClock.last) this.#hybridClock = this.#clockAfter(last);
  }

  /** A revision of the epoch at the end of the log that no commit will have: all that come are above it. */
  nextRevision(epoch = this.head.epoch): Revision {
    return this.#hybridClock.next(epoch % 8);
  }

  /**
   * Sequences a commit. Throws {@link ExpectationFailed}, {@link WorkChanged}, {@link LogUnavailable} or
   * {@link CommitTooLarge}; then nothing was written. `durable` rejects only when the disk fails.
   */
  propose(proposal: Proposal): SequencedCommit {
    this.#pipeline.assertAccepting();
    const refusal = this.refusal();
    if (refusal !== undefined) throw refusal;
    const repeated = this.#repeatOf(proposal);
    if (repeated !== undefined) return repeated;
    const found = this.#check(proposal);

    const slot = this.head.epoch % 8;
    const changes = proposal.mutations.map((mutation): Change => {
      const revision = this.#hybridClock.next(slot);
      if (mutation.row !== undefined) return { revision, key: mutation.key, verb: 'put', row: mutation.row };
      const uid = this.#pipeline.newest(objectKeyText(mutation.key))?.row.uid ?? '';
      return { revision, key: mutation.key, verb: 'delete', row: emptyRow(uid) };
    });
    const { head } = this;
    // Spelled out: an object that is spread from others is slow to make and to read.
    const frame: Frame = {
      shard: this.#shard,
      epoch: head.epoch,
      sequence: head.sequence + 1,
      previousHash: head.hash,
      commitId: proposal.commitId ?? this.#nextCommitId(),
      mark: this.#pipeline.visible.sequence,
      timeMs: this.#hybridClock.nowMs(),
      actor: proposal.actor,
      originRegion: proposal.originRegion,
      changes,
      // Settled first: a debt that the same commit causes again stays owed.
      work: [...(proposal.settles ?? []).map((settled) => settled.key), ...(proposal.work ?? [])],
      compactionFloor: proposal.compactionFloor ?? 0,
      ...this.#pipeline.defaults.ofCommit(proposal, (count) => this.#hybridClock.reserve(slot, count)),
    };
    const frameBytes = encodeFrame(frame);
    if (frameBytes.length > limits.frameBytesMax) {
      throw new CommitTooLarge(
        `the commit has ${frameBytes.length} bytes, the limit is ${limits.frameBytesMax}`,
      );
    }
    return this.#pipeline.append({ frame, frameBytes, found });
  }

  /** Appends a record about the log itself, of whatever epoch. Refuses nothing but what the disk demands. */
  record(
    origin: Pick<Proposal, 'actor' | 'originRegion'>,
    record: Pick<Frame, 'opening' | 'seal' | 'settings'> & { readonly epoch?: number },
  ): SequencedCommit {
    this.#pipeline.assertAccepting();
    const { epoch, sequence, hash } = this.head;
    const frame: Frame = {
      shard: this.#shard,
      epoch,
      sequence: sequence + 1,
      previousHash: hash,
      commitId: this.#nextCommitId(),
      mark: this.#pipeline.visible.sequence,
      timeMs: this.#hybridClock.nowMs(),
      actor: origin.actor,
      originRegion: origin.originRegion,
      changes: [],
      work: [],
      compactionFloor: 0,
      ...record,
    };
    return this.#pipeline.append({ frame, frameBytes: encodeFrame(frame) });
  }

  /** What is there of all that a proposal changes, if it may: nobody has to look again for the same commit. */
  #check(proposal: Proposal): FoundRows {
    for (const { key, revision, keyText = objectKeyText(key) } of proposal.preconditions ?? []) {
      const current = this.#pipeline.newest(keyText)?.row.revision ?? 0;
      if (current !== revision) throw new ExpectationFailed({ key, current, isPrecondition: true });
    }
    for (const pending of proposal.settled ?? []) this.#assertSettled(pending);
    for (const { key, payload } of proposal.settles ?? []) {
      const current = this.#pipeline.newestWork(key);
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
      const newest = this.#pipeline.newest(keyText);
      found.set(keyText, newest);
      const current = newest?.row.revision ?? 0;
      const isEnded = proposal.ends?.cluster === key.cluster && newest?.defaultIndex !== undefined;
      assert(!isEnded, 'a commit does not write what it ends');
      // What does not exist cannot be deleted, not even by someone who expects that: it would be an event of nothing.
      const isWrong =
        (row === undefined && current === 0) || (expected !== undefined && current !== expected);
      if (isWrong) throw new ExpectationFailed({ key, current, isPrecondition: false });
    }
    if (proposal.ends !== undefined) this.#pipeline.defaults.checkEnd(proposal.ends);
    if (proposal.defaults !== undefined)
      this.#pipeline.defaults.checkNew(proposal.defaults, proposal.mutations);
    return found;
  }

  #assertSettled(asked: GroupOfCluster): void {
    if (!this.#pipeline.isMoving(asked)) return;
    const key = { ...asked, resource: '', identity: '', namespace: '', name: '' };
    throw new ExpectationFailed({ key, current: 0, isPrecondition: true, isUnsettled: true });
  }

  /** The first outcome of a commit id that is already in the log. */
  #repeatOf(proposal: Proposal): SequencedCommit | undefined {
    if (proposal.commitId === undefined) return undefined;
    assert(proposal.commitId.length === 16, 'a commit id has 16 bytes');
    const pending = this.#pipeline.pendingCommit(proposal.commitId);
    if (pending !== undefined) return { ...pending, isRepeat: true };
    const logged = outcomeInLog(this.#keyValue, proposal.commitId);
    if (logged === undefined) return undefined;
    const { sequence, revision, revisions } = logged;
    return { sequence, revision, revisions, isRepeat: true, durable: Promise.resolve() };
  }

  #nextCommitId(): Uint8Array {
    const id = Buffer.alloc(16);
    id.set(this.#commitIdPrefix, 0);
    this.#commitCount += 1;
    id.writeUIntBE(this.#commitCount, 10, 6);
    return id;
  }

  #clockAfter(last: number): HybridClock {
    return new HybridClock({ clock: this.#clock, last, onStep: this.#onClockStep });
  }
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
