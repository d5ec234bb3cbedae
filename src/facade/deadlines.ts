import { type Clock, limits } from '../base/mod.ts';

/** Something whose time may be over before it has ended. */
export interface Timed {
  /** On the monotonic clock, milliseconds; infinite for what may last. It may change. */
  readonly deadlineMs: number;
}

/**
 * Watches the deadlines of what is open, with one timer for all: nearly everything ends before it fires
 * once, and must not pay for a timer of its own.
 */
export class Deadlines<Item extends Timed> {
  readonly #clock: Clock;
  readonly #onOverdue: (item: Item) => void;
  readonly #open = new Set<Item>();
  #cancel: (() => void) | undefined;

  /** `onOverdue` is called at every check until the item is ended, or has another deadline. */
  constructor(clock: Clock, onOverdue: (item: Item) => void) {
    this.#clock = clock;
    this.#onOverdue = onOverdue;
  }

  begin(item: Item): void {
    this.#open.add(item);
    this.#cancel ??= this.#clock.after(limits.deadlineCheckMs, () => this.#check());
  }

  end(item: Item): void {
    this.#open.delete(item);
  }

  #check(): void {
    this.#cancel = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (const item of [...this.#open]) {
      // A watch has its own end: nobody has to look at it again.
      if (item.deadlineMs === Number.POSITIVE_INFINITY) this.#open.delete(item);
      else if (item.deadlineMs <= nowMs) this.#onOverdue(item);
    }
    if (this.#open.size > 0) this.#cancel = this.#clock.after(limits.deadlineCheckMs, () => this.#check());
  }
}
