import { type Clock, limits, type Random } from '../../base/mod.ts';

/** Waits that grow with every failure in a row, with jitter, so that members do not come back all at once. */
export class Retry {
  readonly #clock: Clock;
  readonly #random: Random;
  #failures = 0;
  #wake: (() => void) | undefined;

  constructor(options: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** It worked: the next wait is the shortest again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Resolves after the next wait, or when told to go on. */
  async wait(): Promise<void> {
    const longestMs = Math.min(limits.retryMsMax, limits.retryMsMin * 2 ** Math.min(this.#failures++, 16));
    const waitMs = longestMs - this.#random.below(Math.ceil(longestMs / 2));
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(waitMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Ends a wait now, because there is reason to believe that it works. */
  goOn(): void {
    this.#wake?.();
  }
}
