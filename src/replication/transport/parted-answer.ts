import { type Clock, limits } from '../../base/mod.ts';
import { TransportError } from './errors.ts';

export interface AnswerPart {
  readonly body: Uint8Array;
  /** No further part follows. */
  readonly isLast: boolean;
}

export interface PartedAnswerOptions {
  readonly clock: Clock;
  readonly body: AsyncIterable<Uint8Array>;
  /** Called once, when nobody can ask for parts any more. */
  readonly onClose: () => void;
}

/**
 * An answer whose parts are fetched one by one. Parts are made when they are asked for, at most a window ahead of
 * those that have arrived, and kept until they have: one that was lost is given again. Closes by itself after its
 * end, and when nobody asks for too long.
 */
export class PartedAnswer {
  readonly #options: PartedAnswerOptions;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #parts = new Map<number, Promise<AnswerPart>>();
  #made = 0;
  #arrived = 0;
  // What of a large piece has not been given out as parts yet.
  #rest: Uint8Array | undefined;
  #isExhausted = false;
  #isClosed = false;
  #cancelStall = () => {};

  constructor(options: PartedAnswerOptions) {
    this.#options = options;
    this.#iterator = options.body[Symbol.asyncIterator]();
    this.#restartStall();
  }

  /** @throws {TransportError} `failed` for a part that nobody who follows the rules asks for; what the body's iteration throws. */
  async part(index: number, arrived: number): Promise<AnswerPart> {
    this.#restartStall();
    this.#arrived = Math.max(this.#arrived, Math.min(arrived, this.#made));
    for (const made of this.#parts.keys()) {
      if (made < this.#arrived) this.#parts.delete(made);
    }
    if (index < this.#arrived || index >= this.#arrived + limits.answerPartsWindow || this.#isClosed) {
      throw new TransportError('failed', `part ${index} was asked for when ${this.#arrived} had arrived`);
    }
    while (this.#made <= index) {
      const previous = this.#parts.get(this.#made - 1);
      const made = (previous ?? Promise.resolve()).then(() => this.#make());
      // Each of them is awaited by whoever asks for it, maybe later.
      made.catch(() => {});
      this.#parts.set(this.#made++, made);
    }
    return this.#parts.get(index)!;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelStall();
    this.#parts.clear();
    // An iteration that fails while it is given up has nobody to tell.
    Promise.resolve(this.#iterator.return?.()).catch(() => {});
    this.#options.onClose();
  }

  async #make(): Promise<AnswerPart> {
    if (this.#isExhausted) return { body: new Uint8Array(0), isLast: true };
    if (this.#rest === undefined) {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#isExhausted = true;
        return { body: new Uint8Array(0), isLast: true };
      }
      this.#rest = next.value;
    }
    const body = this.#rest.subarray(0, limits.answerPartBytesMax);
    this.#rest = body.length < this.#rest.length ? this.#rest.subarray(body.length) : undefined;
    return { body, isLast: false };
  }

  #restartStall(): void {
    this.#cancelStall();
    this.#cancelStall = this.#options.clock.after(limits.answerStallMs, () => this.close());
  }
}
