import { limits } from '../../base/mod.ts';
import type { StoredFrame } from '../../store/mod.ts';

/** How many frames from one of them on go into one message: at least one, if there is one. */
export function countInMessage(frames: readonly StoredFrame[], from: number): number {
  let sizeBytes = 0;
  let to = from;
  for (; to < frames.length; to++) {
    sizeBytes += frames[to]!.bytes.length;
    if (to > from && sizeBytes > limits.publishBatchBytes) break;
  }
  return to - from;
}

/**
 * The frames that have just come to the disk, so that they need not be read from there again to be published. Bounded:
 * whoever is too late for them reads them after all.
 */
export class FreshFrames {
  readonly #frames: StoredFrame[] = [];
  #sizeBytes = 0;

  push(frames: readonly StoredFrame[]): void {
    for (const frame of frames) {
      const last = this.#frames.at(-1);
      // The log went back, or something came to it that was not told here.
      if (last !== undefined && frame.sequence !== last.sequence + 1) this.clear();
      this.#frames.push(frame);
      this.#sizeBytes += frame.bytes.length;
    }
    if (this.#sizeBytes > limits.publishFreshBytesMax) this.clear();
  }

  /** Frames from one on, as many as fit in one message; undefined when the disk has to be asked. */
  take(from: number): readonly StoredFrame[] | undefined {
    const first = this.#frames[0];
    if (first === undefined || first.sequence > from) return undefined;
    this.#drop(from - first.sequence);
    const count = countInMessage(this.#frames, 0);
    return count === 0 ? undefined : this.#drop(count);
  }

  clear(): void {
    this.#frames.length = 0;
    this.#sizeBytes = 0;
  }

  #drop(count: number): readonly StoredFrame[] {
    const dropped = this.#frames.splice(0, count);
    for (const { bytes } of dropped) this.#sizeBytes -= bytes.length;
    return dropped;
  }
}
