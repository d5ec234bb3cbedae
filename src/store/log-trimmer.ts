import { assert, type Revision, revisionAtMs } from '../base/mod.ts';
import type { CommitPipeline } from './commit-pipeline.ts';
import { encodeHead, type Head } from './head.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { baseOf, headAt } from './log-reader.ts';
import { BASE_KEY, COMPACTED_KEY, logKey, readRevision } from './tables.ts';
import type { UndoWriter } from './undo-writer.ts';

/**
 * Which frames a log keeps for others that lack them, when nothing here needs them any more: those to which all three
 * apply. Whoever lacks older ones takes over a state.
 */
export interface LogWindow {
  /** They are at most so old. */
  readonly ageMsMax: number;
  /** From them on to the end, the log has at most so much, as the disk has it. */
  readonly bytesMax: number;
  readonly framesMax: number;
}

/**
 * A day, as the streams keep them that those members follow; and by a million also for the time that applying them takes:
 * some minutes, which a state does not.
 */
export const LOG_WINDOW: LogWindow = {
  ageMsMax: 24 * 60 * 60_000,
  bytesMax: 256 * 1024 * 1024,
  framesMax: 1_000_000,
};

/** What a log has on this member's disk. */
export interface LogSize {
  /** Its first frame that is kept. */
  readonly first: number;
  readonly frames: number;
  /** About, and without what came in the last moments. */
  readonly bytes: number;
}

const TRIMMED_PER_STEP = 1_000;

/**
 * Removes frames from the beginning of a log, and keeps the head of what is gone in their place: the chain goes on from
 * there. Each step is one batch, made while nothing else is on its way to the disk, so that the log is whole after each,
 * and neither an undo nor a state that is taken over is in the midst of it.
 */
export class LogTrimmer {
  readonly #keyValue: KeyValueStore;
  readonly #pipeline: CommitPipeline;
  readonly #undo: UndoWriter | undefined;
  readonly #window: LogWindow;

  constructor(options: {
    readonly keyValue: KeyValueStore;
    readonly pipeline: CommitPipeline;
    readonly undo: UndoWriter | undefined;
    readonly window: LogWindow;
  }) {
    this.#keyValue = options.keyValue;
    this.#pipeline = options.pipeline;
    this.#undo = options.undo;
    this.#window = options.window;
  }

  /**
   * Removes frames up to one that nobody else needs, as far as neither history nor an undo nor a restart does. Resolves
   * with what the log begins after then.
   */
  async trim(sequence: number): Promise<Head> {
    while (sequence > this.#base.sequence && this.#dispensable > this.#base.sequence) {
      if (!(await this.#pipeline.exclusive(() => this.#step(sequence)))) break;
    }
    return this.#base;
  }

  /** Removes what is neither needed here nor in the window, by the wall clock. */
  async trimToWindow(nowMs: number): Promise<void> {
    const from = this.#base.sequence;
    const to = this.#dispensable;
    if (to <= from) return;
    const { ageMsMax, bytesMax, framesMax } = this.#window;
    const aged = revisionAtMs(nowMs - ageMsMax);
    const counted = this.#pipeline.visible.sequence - framesMax;
    const old = await lastOf(from, to, async (at) => (this.#revisionAt(at) ?? 0) <= aged);
    const large = await lastOf(from, to, async (at) => (await this.#bytesFrom(at)) > bytesMax);
    await this.trim(Math.max(counted, old, large));
  }

  async size(): Promise<LogSize> {
    const first = this.#base.sequence + 1;
    const frames = Math.max(0, this.#pipeline.durable.sequence + 1 - first);
    return { first, frames, bytes: await this.#bytesFrom(first) };
  }

  get #base(): Head {
    return baseOf(this.#keyValue);
  }

  /** The last frame that this member does not need. */
  get #dispensable(): number {
    const bytes = this.#keyValue.get(COMPACTED_KEY);
    // Events and commit ids point to frames, until the floor of the history has passed them.
    const compacted = bytes === undefined ? 0 : readRevision(bytes, 0);
    const undoable = this.#undo?.first ?? Number.MAX_SAFE_INTEGER;
    // A log that is opened is held against its last frame that counts. What comes after that does not count yet.
    return Math.min(compacted, undoable - 1, this.#pipeline.visible.sequence - 1);
  }

  async #step(wanted: number): Promise<boolean> {
    const { sequence } = this.#base;
    const end = Math.min(wanted, this.#dispensable, sequence + TRIMMED_PER_STEP);
    if (end <= sequence) return false;
    const base = headAt(this.#keyValue, end);
    assert(base !== undefined, 'what is trimmed was kept');
    const operations: WriteOperation[] = [{ key: BASE_KEY, value: encodeHead(base) }];
    for (let at = sequence + 1; at <= end; at++) operations.push({ key: logKey(at) });
    await this.#keyValue.write(operations, { sync: true });
    return true;
  }

  #revisionAt(sequence: number): Revision | undefined {
    return headAt(this.#keyValue, sequence)?.revision;
  }

  #bytesFrom(sequence: number): Promise<number> {
    const end = this.#pipeline.durable.sequence;
    return this.#keyValue.approximateSizeBytes({ start: logKey(sequence), end: logKey(end + 1) });
  }
}

/** The last frame after one up to another of which something holds that holds of all before it; the first one if of none. */
async function lastOf(
  after: number,
  upTo: number,
  holds: (sequence: number) => Promise<boolean>,
): Promise<number> {
  let low = after;
  let high = upTo;
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    if (await holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
