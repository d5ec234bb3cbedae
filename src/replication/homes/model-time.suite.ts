/** The time of a model: what is to happen happens in order, and takes none by itself. */
export class ModelTime {
  // A heap is not worth it: sorted from late to early, with binary insertion.
  readonly #events: { readonly atMs: number; readonly run: () => void }[] = [];
  nowMs = 0;

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** What is to happen at the same moment happens in the order of these calls. */
  at(atMs: number, run: () => void): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.atMs > atMs) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { atMs, run });
  }

  pass(untilMs: number): void {
    for (
      let event = this.#events.at(-1);
      event !== undefined && event.atMs <= untilMs;
      event = this.#events.at(-1)
    ) {
      this.#events.pop();
      this.nowMs = Math.max(this.nowMs, event.atMs);
      event.run();
    }
  }
}
