import { assert, type Clock, type Revision } from '../base/mod.ts';
import type { AliasReader } from './alias-reader.ts';
import type { ApplyLog } from './apply-log.ts';
import { OutcomeUnknown } from './commit-errors.ts';
import type { CommitPipeline } from './commit-pipeline.ts';
import type { DefaultSets } from './default-sets.ts';
import type { Epochs } from './epochs.ts';
import type { Feed } from './feed.ts';
import { decodeFrame, lastRevisionOf } from './frame.ts';
import { decodeHead, type Head, isSamePosition } from './head.ts';
import type { KeyValueStore } from './key-value.ts';
import { baseOf, framesFrom } from './log-reader.ts';
import type { LogTrimmer } from './log-trimmer.ts';
import { keepNotAdopted } from './not-adopted.ts';
import type { PinnableReads } from './pinnable-reads.ts';
import type { ReplicationOptions, UndoReport } from './replication.ts';
import type { RevisionCeiling } from './revision-ceiling.ts';
import type { RowReader } from './row-reader.ts';
import type { Sequencer } from './sequencer.ts';
import { discardImport, importState, type OpenedState } from './state-import.ts';
import { LOG_RANGE, logKey, SETTINGS_KEY, TAIL_KEY } from './tables.ts';
import { UndoneChange, undoTail, undoVisible } from './undo.ts';
import type { UndoWriter } from './undo-writer.ts';

export interface ReplacedParts {
  readonly keyValue: KeyValueStore;
  readonly reads: PinnableReads;
  readonly shard: string;
  readonly pipeline: CommitPipeline;
  readonly feed: Feed;
  readonly rows: RowReader;
  readonly aliases: AliasReader;
  readonly defaultSets: DefaultSets;
  readonly epochs: Epochs;
  readonly undo: UndoWriter;
  readonly applied: ApplyLog | undefined;
  readonly ceiling: RevisionCeiling;
}

/** What a replicated log is made of. */
export interface ReplicatedParts extends ReplacedParts {
  readonly clock: Clock;
  readonly sequencer: Sequencer;
  readonly trimmer: LogTrimmer;
  readonly replication: ReplicationOptions;
}

/**
 * Puts something else in the place of what a log has: what it had before some commits, or a state from another member.
 * Nothing is written meanwhile, and whoever remembers anything of the tables forgets it afterwards.
 */
export class LogReplacement {
  readonly #parts: ReplacedParts;
  /** Taking over a state has failed: there is nothing to go on from. */
  #needsState = false;

  constructor(parts: ReplacedParts) {
    this.#parts = parts;
  }

  /** Whether there is no log to go on with until a state is taken over. */
  get needsState(): boolean {
    return this.#needsState;
  }

  /** Whether what has been shown above a commit was all written down. */
  canUndo(to: number): boolean {
    const { visible } = this.#parts.pipeline;
    const { first } = this.#parts.undo;
    return to >= visible.sequence || (first !== undefined && first <= to + 1);
  }

  /** Goes back to a commit; what comes after it is kept as a report. */
  undo(to: number): Promise<UndoReport> {
    const { keyValue, pipeline, feed, rows, applied } = this.#parts;
    return this.#exclusive(async () => {
      const { visible, durable: from } = pipeline;
      // What only this member's disk had seen was never in the order of anything.
      const wasShown = to < visible.sequence;
      if (wasShown) await applied?.beginAnew();
      await this.#keepCeiling();
      const held = await undoTail(keyValue, { visible, end: from, to });
      let head = visible;
      let shown = 0;
      const revision = (Math.max(feed.revision, visible.revision) + 1) as Revision;
      for await (const step of undoVisible(keyValue, { from: visible, to })) {
        head = step.head;
        shown += step.commits;
        this.#forgetAll();
        const events = step.changes.map((change) => new UndoneChange(change, { revision, rows }));
        feed.publishUndone({ events, work: [] });
      }
      await this.#restart(head, new OutcomeUnknown('the shard goes on without this commit'));
      if (wasShown) await applied?.begun(visible.revision);
      if (shown > 0) {
        const { revision: common } = head;
        feed.restart({ revision: common, common, survives: (seen) => seen <= common });
      }
      await this.recall();
      const { epoch, sequence, hash } = pipeline.durable;
      return { from, to: { epoch, sequence, hash }, commits: held + shown, visible: shown };
    });
  }

  /** Takes over a state. Until it is there as a whole readers see what was there before, also if that fails. */
  async importState(state: OpenedState): Promise<Head> {
    const { keyValue, reads, pipeline, feed, epochs, applied } = this.#parts;
    let refused: unknown;
    const head = await this.#exclusive(async () => {
      if (!this.#needsState) reads.pin();
      this.#needsState = true;
      await this.#keepCeiling();
      const replaced = new OutcomeUnknown('the shard was taken over from another member');
      let taken: Head;
      await applied?.beginAnew();
      try {
        taken = await importState(keyValue, state);
      } catch (error) {
        refused = error;
        await discardImport(keyValue);
        pipeline.restart(baseOf(keyValue), replaced);
        return undefined;
      }
      const { visible } = pipeline;
      await this.#restart(taken, replaced);
      await this.#reportVoid(visible.sequence);
      await applied?.begun(taken.revision);
      reads.unpin();
      this.#forgetAll();
      this.#needsState = false;
      const survives = (seen: Revision) => epochs.statusOf(seen) === 'valid';
      feed.restart({ revision: taken.revision, common: 0 as Revision, survives });
      await this.recall();
      return taken;
    });
    if (head === undefined) throw refused;
    return head;
  }

  /** Keeps those commits of the log before that are void in what has taken its place. */
  async #reportVoid(visible: number): Promise<void> {
    const { keyValue, reads, epochs } = this.#parts;
    // Still pinned to what was there before.
    for await (const entries of reads.iterate(LOG_RANGE)) {
      const lost = entries.flatMap(([, frameBytes]) => {
        const frame = decodeFrame(frameBytes);
        const revision = lastRevisionOf(frame);
        const isVoid = revision !== undefined && epochs.statusOf(revision) === 'void';
        return isVoid ? [keepNotAdopted(frameBytes, frame.sequence <= visible)] : [];
      });
      if (lost.length > 0) await keyValue.write(lost, { sync: true });
    }
  }

  /** What the end of the log on the disk says; frames there that have not met their goal are taken up again. */
  async recall(): Promise<void> {
    const { keyValue, pipeline } = this.#parts;
    const { sequence } = pipeline.visible;
    const last = sequence === 0 ? undefined : keyValue.get(logKey(sequence));
    pipeline.recall({
      isSealed: last !== undefined && decodeFrame(last).seal !== undefined,
      settings: keyValue.get(SETTINGS_KEY),
    });
    const tailBytes = keyValue.get(TAIL_KEY);
    if (tailBytes === undefined) return;
    for await (const frames of framesFrom(keyValue, sequence + 1)) {
      for (const { bytes } of frames) {
        const frame = decodeFrame(bytes);
        assert(frame.sequence === pipeline.head.sequence + 1, 'the tail of the log has no gaps');
        pipeline.append({ frame, frameBytes: bytes, isStored: true });
      }
    }
    assert(isSamePosition(pipeline.head, decodeHead(tailBytes)), 'the tail of the log ends where it says');
  }

  /** What is about to go was shown, or may have been: its revisions stay what they were. */
  #keepCeiling(): Promise<void> {
    const { pipeline, feed, ceiling } = this.#parts;
    return ceiling.raise(Math.max(pipeline.durable.revision, feed.revision));
  }

  #forgetAll(): void {
    this.#parts.rows.forgetAll();
    this.#parts.aliases.forgetAll();
  }

  async #restart(head: Head, error: Error): Promise<void> {
    const { keyValue, pipeline, undo, defaultSets, epochs } = this.#parts;
    pipeline.restart(head, error);
    await undo.reload();
    await defaultSets.reload(keyValue);
    await epochs.reload(keyValue);
    this.#forgetAll();
  }

  #exclusive<Result>(task: () => Promise<Result>): Promise<Result> {
    const { pipeline } = this.#parts;
    return pipeline.exclusive(async () => {
      try {
        return await task();
      } catch (error) {
        // Half of it is done, and memory and disk may disagree: a restart begins with what the disk has.
        pipeline.fail(error);
        throw error;
      }
    });
  }
}
