import { assert, limits, type Revision, revisionAtMs } from '../base/mod.ts';
import { inTurns } from './apply-turns.ts';
import { LogUnavailable, OutcomeUnknown } from './commit-errors.ts';
import type { SequencedCommit } from './commit-pipeline.ts';
import type { RevisionStatus } from './epochs.ts';
import {
  type Fork,
  forkOf,
  judgeFrame,
  type KnownLog,
  readForeignFrame,
  type Verdict,
} from './foreign-frame.ts';
import { type Head, isSamePosition, type Position } from './head.ts';
import { baseOf, framesFrom, headAt, type StoredFrame } from './log-reader.ts';
import { LogReplacement, type ReplicatedParts } from './log-replacement.ts';
import { forgetNotAdopted, type NotAdopted, readNotAdopted } from './not-adopted.ts';
import { readQuarantine, writeQuarantine } from './quarantine.ts';
import type {
  ApplyResult,
  ApplyVerdict,
  EpochOptions,
  FrameBatch,
  Heartbeat,
  Observation,
  Quarantine,
  ReplicationOptions,
  SurvivalGate,
  UndoReport,
  WrittenListener,
} from './replication.ts';
import { exportState } from './state-export.ts';
import { openState } from './state-import.ts';

type Role = ReplicationOptions['role'];

// 4096 units a millisecond: see HybridClock.
const AHEAD = limits.announcedAheadMs * 4096;

/** A shard's log as one of several that are the same: at its home, which sequences it, or at a member that follows. */
export class ReplicatedLog {
  readonly #parts: ReplicatedParts;
  readonly #replacement: LogReplacement;
  #currentRole: Role;
  #gate: SurvivalGate | undefined;
  #quarantine: Quarantine | undefined;
  #isSealing = false;
  /** Why nothing is acknowledged for the moment, though this member is the home. */
  #doubt: string | undefined;
  readonly #writtenListeners = new Set<WrittenListener>();
  #renewing: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Told when this member has become the home, or ceased to be it. */
  onRole = () => {};

  constructor(parts: ReplicatedParts) {
    this.#parts = parts;
    this.#replacement = new LogReplacement(parts);
    this.#currentRole = parts.replication.role;
    this.#gate = parts.replication.gate;
    this.#quarantine = readQuarantine(parts.keyValue);
    parts.pipeline.isGated = this.#role === 'follower' || this.#gate !== undefined;
    parts.pipeline.onDurable = (position, frames) => {
      if (this.#role === 'home') this.#gate?.written(position);
      for (const listener of this.#writtenListeners) listener(position, frames);
    };
    parts.sequencer.refusal = () => this.#refusal();
  }

  /** Takes up what a former process has left. */
  async open(): Promise<void> {
    await this.#replacement.recall();
    const { pipeline, sequencer } = this.#parts;
    // Commits that have not met their goal have their revisions, too, whatever the clock says now.
    sequencer.countFrom(pipeline.head.revision);
    // Without anything to wait for, what is on the disk counts.
    if (!pipeline.isGated) await pipeline.settled();
    const { durable, visible } = pipeline;
    if (this.#role !== 'home') return;
    if (durable.sequence > visible.sequence) this.#gate?.written(durable);
    await this.renewCeiling();
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => {});
  }

  get role(): Role {
    return this.#currentRole;
  }

  get #role(): Role {
    return this.#currentRole;
  }

  set #role(role: Role) {
    if (role === this.#currentRole) return;
    this.#currentRole = role;
    // Not in the middle of what is being decided.
    queueMicrotask(() => this.onRole());
  }

  /** The end of what is on this member's disk: what it counts for as a voter. */
  get end(): Head {
    return this.#parts.pipeline.durable;
  }

  /** The last commit that has met its goal, as this member knows it, and that readers see. */
  get visible(): Head {
    return this.#parts.pipeline.visible;
  }

  /** What this member's log begins after. */
  get base(): Head {
    return baseOf(this.#parts.keyValue);
  }

  get isSealed(): boolean {
    return this.#parts.pipeline.isSealed;
  }

  get quarantine(): Quarantine | undefined {
    return this.#quarantine;
  }

  /** What the end of the log says about how it is replicated. */
  get settings(): Uint8Array | undefined {
    return this.#parts.pipeline.settings;
  }

  /** Up to which floor nothing is needed for an undo; undefined when all is well. */
  get finalFloor(): number | undefined {
    return this.#parts.undo.finalFloor;
  }

  /** Calls a listener whenever more of the log is on this member's disk. */
  subscribeToWritten(listener: WrittenListener): () => void {
    this.#writtenListeners.add(listener);
    return () => this.#writtenListeners.delete(listener);
  }

  /** Calls a listener whenever more of the log is visible. */
  subscribeToVisible(listener: () => void): () => void {
    return this.#parts.feed.subscribeToGroups(listener);
  }

  /** The first frame of the epoch at the end of the log. */
  get firstOfEpoch(): number {
    return this.#parts.pipeline.firstOfEpoch;
  }

  /** The epoch before that, as far as it counts; undefined where the first one goes on. */
  get formerEpoch(): number | undefined {
    return this.#parts.epochs.formerEpoch;
  }

  /** The place of a commit in this log, if it is kept. */
  positionAt(sequence: number): Position | undefined {
    return sequence > this.end.sequence ? undefined : headAt(this.#parts.keyValue, sequence);
  }

  statusOf(revision: Revision): RevisionStatus {
    return this.#parts.epochs.statusOf(revision);
  }

  // ---- At the home.

  /** Commits up to here have met their goal: the gate says so. Of another epoch than the log's it says nothing. */
  confirm({ epoch, sequence }: Pick<Position, 'epoch' | 'sequence'>): void {
    const { pipeline } = this.#parts;
    if (this.#role !== 'home' || this.#doubt !== undefined || epoch !== pipeline.head.epoch) return;
    pipeline.confirm(Math.min(sequence, pipeline.durable.sequence));
  }

  /**
   * What a home tells all others: after it, no commit will come at or below the revision. That is held to also after a
   * restart, by a ceiling on the disk, which is renewed here; as long as it is not, the revision stays where it is.
   */
  announce(): Heartbeat {
    const { pipeline, sequencer, feed, ceiling } = this.#parts;
    assert(this.#role === 'home', 'a home announces');
    const { visible, head } = pipeline;
    const { epoch, sequence, hash } = visible;
    // What is under way has revisions already, and those below the next one are not all visible.
    const isQuiet = visible.sequence === head.sequence && !this.isSealed && !this.#isSealing;
    const revision = isQuiet ? sequencer.nextRevision() : visible.revision;
    if (revision > ceiling.durable - AHEAD / 2)
      void this.renewCeiling().catch((error) => pipeline.fail(error));
    if (!isQuiet || revision > ceiling.durable) return { epoch, sequence, hash, revision: visible.revision };
    feed.announce(revision);
    return { epoch, sequence, hash, revision };
  }

  /** Makes room for revisions to be announced in the next seconds. */
  renewCeiling(): Promise<void> {
    const { sequencer, pipeline, ceiling } = this.#parts;
    const now = Math.max(pipeline.head.revision, revisionAtMs(sequencer.nowMs()));
    this.#renewing ??= ceiling.raise(now + AHEAD).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Says in the log how it is replicated from here on, in the words of those who do it: once `durable` has resolved. */
  configure(
    settings: Uint8Array,
    origin: { readonly actor: string; readonly originRegion: string },
  ): SequencedCommit {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    return this.#parts.sequencer.record(origin, { settings });
  }

  /** Ends the epoch: resolves with its last commit, which has met its goal. Nothing is taken from the first moment on. */
  async seal(origin: { readonly actor: string; readonly originRegion: string }): Promise<Head> {
    assert(this.#role === 'home' && !this.isSealed, 'a home seals its epoch');
    this.#isSealing = true;
    try {
      const revision = this.#parts.sequencer.nextRevision();
      await this.#parts.sequencer.record(origin, { seal: { revision } }).durable;
      return this.#parts.pipeline.head;
    } finally {
      this.#isSealing = false;
    }
  }

  /**
   * Becomes the home in a new epoch, which goes on after all that this member has, whether that had met its goal or not.
   * Nothing counts before the epoch's first record does.
   */
  async openEpoch(options: EpochOptions): Promise<SequencedCommit> {
    return this.#inTurn(async () => {
      const { pipeline, sequencer, feed, ceiling } = this.#parts;
      assert(this.#quarantine === undefined && !this.#replacement.needsState, 'a home has the shard');
      if (this.#role === 'home') this.#stepDown('the shard has another epoch');
      await pipeline.idle();
      const former = pipeline.head;
      if (options.settings !== undefined && options.settings !== pipeline.settings)
        throw new Error('the voters of the shard have changed in the meantime');
      assert(options.epoch > former.epoch || former.sequence === 0, 'epochs only grow');
      sequencer.countFrom(Math.max(former.revision, ceiling.durable, options.above ?? 0, feed.revision));
      const revision = sequencer.nextRevision(options.epoch);
      this.#role = 'home';
      this.#gate = options.gate;
      const isFirst = former.sequence === 0;
      const opening = { former: isFirst ? { ...former, epoch: 0 } : former, revision };
      const { epoch, actor, originRegion } = options;
      const commit = sequencer.record({ actor, originRegion }, { epoch, opening });
      if (options.gate === undefined) pipeline.ungate();
      return commit;
    });
  }

  /**
   * Becomes the home again in the epoch of the log, after a restart as a member that follows: it has all that it ever
   * sequenced, and nobody has promised a higher epoch.
   */
  async resume(gate?: SurvivalGate): Promise<void> {
    await this.#inTurn(async () => {
      const { pipeline, sequencer, feed, ceiling } = this.#parts;
      assert(this.#role === 'follower' && !this.isSealed, 'a home goes on where it was');
      assert(this.#quarantine === undefined && !this.#replacement.needsState, 'a home has the shard');
      await pipeline.idle();
      sequencer.countFrom(Math.max(pipeline.head.revision, ceiling.durable, feed.revision));
      this.#role = 'home';
      this.#gate = gate;
      if (gate === undefined) pipeline.ungate();
      else gate.written(pipeline.durable);
    });
  }

  /**
   * Sequences nothing more: somebody else is the home, or may be. Whoever waits for a commit is told that its outcome is
   * unknown; the commits stay in the log until it is clear which history is adopted.
   */
  async follow(reason: string): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#role === 'home') this.#stepDown(reason);
      await this.#parts.pipeline.idle();
    });
  }

  /**
   * Acknowledges nothing and sequences nothing, since somebody else may be the home by now. What waits goes on waiting:
   * {@link proceed} says that the epoch was confirmed, {@link follow} that it is over.
   */
  suspend(reason: string): void {
    if (this.#role !== 'home') return;
    this.#doubt = reason;
    this.#parts.pipeline.isGated = true;
  }

  /** The epoch is still this home's. */
  proceed(): void {
    if (this.#doubt === undefined || this.#role !== 'home') return;
    this.#doubt = undefined;
    if (this.#gate === undefined) this.#parts.pipeline.ungate();
    else this.#gate.written(this.#parts.pipeline.durable);
  }

  // ---- At a member that follows.

  /**
   * Takes frames: each is checked for shard, epoch, dense sequence and hash chain, and what can be taken is on the disk
   * when this resolves. Goes back on its own to where a new epoch says that it began, and steps down for it.
   */
  apply(batch: FrameBatch): Promise<ApplyResult> {
    return this.#inTurn(() => this.#apply(batch));
  }

  /** Holds a home's heartbeat against the log, and shows what it proves. */
  observe(heartbeat: Heartbeat): Promise<Observation> {
    return this.#inTurn(() => this.#observe(heartbeat));
  }

  /** Lets a quarantined log go on: somebody has decided that what it has is right after all. */
  async liftQuarantine(): Promise<void> {
    await writeQuarantine(this.#parts.keyValue, undefined);
    this.#quarantine = undefined;
  }

  // ---- For other members.

  /** Frames from one on, met or not; `below` when they are not kept as far back. */
  replay(
    from: number,
  ):
    | { readonly kind: 'frames'; readonly batches: AsyncGenerator<readonly StoredFrame[]> }
    | { readonly kind: 'below'; readonly first: number } {
    const first = this.base.sequence + 1;
    if (from < first || this.#replacement.needsState) return { kind: 'below', first };
    return { kind: 'frames', batches: framesFrom(this.#parts.keyValue, from) };
  }

  /** The state that readers see, in parts; see `exportState`. */
  exportState(): AsyncGenerator<Buffer, void, undefined> {
    return exportState(this.#parts.keyValue, this.#parts.shard);
  }

  /**
   * Takes over a state in place of all that this member has. Readers see the one of before until it is there.
   *
   * @param isForward it must not end before this log does, since a voter may count for all that it has: of those
   * who take a state because frames are not kept any more, and not of those whose history was not adopted.
   */
  importState(parts: AsyncIterable<Uint8Array>, { isForward = false } = {}): Promise<Head> {
    return this.#inTurn(async () => {
      const atLeast = isForward ? this.end : undefined;
      const state = await openState(parts, { shard: this.#parts.shard, atLeast });
      if (this.#role === 'home') this.#stepDown('the shard is taken over from another member');
      await this.#parts.pipeline.idle();
      const head = await this.#replacement.importState(state);
      this.#quarantine = undefined;
      return head;
    });
  }

  /** Nobody will go back behind this commit. Frees what an undo would need. */
  finalize(sequence: number): Promise<void> {
    return this.#parts.undo.finalize(Math.min(sequence, this.visible.sequence));
  }

  /** Removes frames up to one that others hold; see {@link LogTrimmer.trim}. */
  trim(sequence: number): Promise<Head> {
    return this.#parts.trimmer.trim(sequence);
  }

  /** What was undone. */
  notAdopted(): AsyncGenerator<readonly NotAdopted[]> {
    return readNotAdopted(this.#parts.keyValue);
  }
  forgetNotAdopted(epoch: number): Promise<void> {
    return forgetNotAdopted(this.#parts.keyValue, epoch);
  }

  #refusal(): LogUnavailable | undefined {
    if (this.#role === 'follower')
      return new LogUnavailable('the home of the shard is elsewhere', { reason: 'away' });
    if (this.#isSealing || this.isSealed)
      return new LogUnavailable('the home of the shard is moving', { reason: 'away' });
    const reason = this.#doubt ?? this.#gate?.outOfReach();
    return reason === undefined ? undefined : new LogUnavailable(reason, { reason: 'goal' });
  }

  #stepDown(reason: string): void {
    this.#role = 'follower';
    this.#gate = undefined;
    this.#doubt = undefined;
    this.#parts.pipeline.isGated = true;
    this.#parts.pipeline.abandon(new OutcomeUnknown(reason));
  }

  async #apply({ frames, mark = 0, epoch = 0 }: FrameBatch): Promise<ApplyResult> {
    const { pipeline } = this.#parts;
    const fresh = new Map<number, Head>();
    let undone: UndoReport | undefined;
    let verdict: Verdict | undefined;
    for await (const bytes of inTurns(frames)) {
      if (pipeline.failure !== undefined) throw pipeline.failure;
      if (this.#quarantine !== undefined || this.#replacement.needsState) break;
      const frame = readForeignFrame(bytes);
      if (typeof frame === 'string') {
        verdict = { kind: 'damaged', reason: frame };
        break;
      }
      if (this.#role === 'home' && Math.max(epoch, frame.epoch) > pipeline.head.epoch) {
        this.#stepDown('another epoch of the shard has begun');
        await pipeline.idle();
      }
      verdict = judgeFrame(frame, bytes, this.#knownLog(fresh), epoch);
      if (verdict.kind === 'undo') {
        await pipeline.idle();
        if (!this.#replacement.canUndo(verdict.to.sequence)) {
          verdict = { kind: 'beyond' };
          break;
        }
        undone = await this.#replacement.undo(verdict.to.sequence);
        fresh.clear();
        verdict = judgeFrame(frame, bytes, this.#knownLog(fresh), epoch);
      }
      if (verdict.kind === 'next' && this.#role === 'home') verdict = { kind: 'stale' };
      if (verdict.kind === 'next') {
        const frameBytes = Buffer.from(bytes);
        pipeline.append({ frame, frameBytes });
        fresh.set(frame.sequence, pipeline.head);
      } else if (verdict.kind !== 'known') break;
      // What a frame says, and a batch of what it proves: both of the history that the log has now.
      if (this.#role === 'follower')
        pipeline.confirm(Math.max(Math.min(frame.mark, frame.sequence), Math.min(mark, frame.sequence)));
    }
    await pipeline.idle();
    if (pipeline.failure !== undefined) throw pipeline.failure;
    if (verdict?.kind === 'fork') await this.#enterQuarantine(verdict.fork);
    return {
      ...this.#outcomeOf(verdict),
      applied: fresh.size,
      end: this.end,
      ...(undone && { undone }),
    };
  }

  #outcomeOf(verdict: Verdict | undefined): ApplyVerdict {
    if (this.#quarantine !== undefined) return { kind: 'quarantined', quarantine: this.#quarantine };
    if (this.#replacement.needsState) return { kind: 'beyond' };
    if (verdict === undefined || verdict.kind === 'next' || verdict.kind === 'known')
      return { kind: 'applied' };
    assert(verdict.kind !== 'fork' && verdict.kind !== 'undo', 'these were dealt with');
    return verdict;
  }

  async #observe(heartbeat: Heartbeat): Promise<Observation> {
    const { pipeline, feed } = this.#parts;
    if (this.#quarantine !== undefined) return { kind: 'quarantined', quarantine: this.#quarantine };
    const { end } = this;
    if (heartbeat.epoch < end.epoch) return { kind: 'stale' };
    if (heartbeat.sequence > end.sequence) return { kind: 'behind', wants: end.sequence + 1 };
    const ours = this.positionAt(heartbeat.sequence);
    if (ours === undefined) return { kind: 'stale' };
    if (!isSamePosition(ours, heartbeat)) {
      if (ours.epoch !== heartbeat.epoch) return { kind: 'diverged', wants: Math.max(1, heartbeat.sequence) };
      await this.#enterQuarantine(forkOf(ours, heartbeat.hash));
      return { kind: 'quarantined', quarantine: this.#quarantine! };
    }
    if (this.#role === 'home') return { kind: 'stale' };
    pipeline.confirm(heartbeat.sequence);
    await pipeline.idle();
    if (pipeline.visible.sequence === heartbeat.sequence) feed.announce(heartbeat.revision);
    return { kind: 'current' };
  }

  #knownLog(fresh: ReadonlyMap<number, Head>): KnownLog {
    const { pipeline, keyValue, shard } = this.#parts;
    return {
      shard,
      end: pipeline.head,
      isSealed: pipeline.isSealed,
      at: (sequence) => fresh.get(sequence) ?? headAt(keyValue, sequence),
    };
  }

  async #enterQuarantine(fork: Fork): Promise<void> {
    this.#quarantine = { ...fork, sinceMs: this.#parts.clock.nowMs() };
    await writeQuarantine(this.#parts.keyValue, this.#quarantine);
  }

  /** One after the other: each looks at the end of the log and goes on from there. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const run = this.#turn.then(task);
    this.#turn = run.catch(() => {});
    return run;
  }
}
