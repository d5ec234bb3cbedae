/** Work of one key that runs or waits: the last that is alone, and what shares a turn behind it. */
interface Line {
  readonly alone: Promise<unknown>;
  readonly shared: Set<Promise<unknown>>;
}

/**
 * Runs work of one key in turns, in the order in which it comes: each alone, or together with others that share a turn.
 * Work of other keys goes on meanwhile.
 */
export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Keys with work that runs or waits. */
  get size(): number {
    return this.#lines.size;
  }

  /** Whether work of this key runs or waits. */
  isBusy(key: string): boolean {
    return this.#lines.has(key);
  }

  /** Waits for its turn; what went before may have failed, which is its own business. */
  async take<Result>(
    key: string,
    work: () => Promise<Result>,
    { isShared = false }: { readonly isShared?: boolean } = {},
  ): Promise<Result> {
    const line = this.#lines.get(key) ?? { alone: Promise.resolve(), shared: new Set() };
    const before = isShared ? [line.alone] : [line.alone, ...line.shared];
    const result = Promise.allSettled(before).then(work);
    const own: Line = isShared ? line : { alone: result, shared: new Set() };
    if (isShared) line.shared.add(result);
    this.#lines.set(key, own);
    try {
      return await result;
    } finally {
      own.shared.delete(result);
      // Who shares a turn had to wait for the one that is alone before it: that is over in any case.
      if (own.shared.size === 0 && this.#lines.get(key) === own) this.#lines.delete(key);
    }
  }
}
