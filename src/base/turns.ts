/** Runs work of one key after the other, in the order in which it comes; work of other keys goes on meanwhile. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Keys with work that runs or waits. */
  get size(): number {
    return this.#last.size;
  }

  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    // What went before may have failed: that is its own business.
    const result = before.catch(() => {}).then(work);
    this.#last.set(key, result);
    try {
      return await result;
    } finally {
      if (this.#last.get(key) === result) this.#last.delete(key);
    }
  }
}
