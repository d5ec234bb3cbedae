import type { ModelFrame, ModelLog } from './model-log.suite.ts';

/** The streams of one region, one for each epoch that its member has begun: they outlive its disk. */
export class ModelCopy {
  /** By epoch: the log up to the last frame that the stream has; only those of the epoch are in the stream. */
  readonly #streams = new Map<number, readonly ModelFrame[]>();

  /** Takes what the home has on its disk. Returns how far the stream is, or undefined if it has something else. */
  publish(epoch: number, frames: readonly ModelFrame[]): number | undefined {
    const known = this.#streams.get(epoch) ?? [];
    const ours = frames[known.length - 1];
    if (ours !== undefined && ours !== known.at(-1)) return undefined;
    if (frames.length > known.length) this.#streams.set(epoch, frames);
    return Math.max(known.length, frames.length);
  }

  /** Takes all of it into a log. Returns whether all of it is there then. */
  readInto(log: ModelLog): boolean {
    for (const [epoch, frames] of this.#streams) {
      const first = frames.findIndex((frame) => frame.epoch === epoch);
      const before = frames[first - 1];
      const isNews =
        epoch > log.head.epoch || (epoch === log.head.epoch && frames.length > log.frames.length);
      // What comes before the epoch's first frame has to come from others.
      if (isNews && before !== undefined && log.frames[first - 1] !== before) return false;
      if (isNews) log.apply(frames);
    }
    return true;
  }
}
