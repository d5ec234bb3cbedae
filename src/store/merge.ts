/**
 * Two streams of batches, each in order, as one. Batches of the left one pass as they are where nothing of the right
 * one falls into them, so a right one that has little costs little. Waits for the next batch of the right one only
 * after everything before has been handed on.
 */
export async function* mergeBatches<Item>(
  left: AsyncIterable<readonly Item[]>,
  right: AsyncGenerator<readonly Item[]>,
  /** Whether an item of the right stream comes before one of the left. */
  isBefore: (right: Item, left: Item) => boolean,
): AsyncGenerator<readonly Item[]> {
  const inserted = new Lookahead(right);
  try {
    await inserted.start();
    for await (const items of left) {
      const last = items.at(-1);
      if (last === undefined) continue;
      if (inserted.current === undefined || !isBefore(inserted.current, last)) {
        yield items;
        continue;
      }
      let batch: Item[] = [];
      for (const item of items) {
        while (inserted.current !== undefined && isBefore(inserted.current, item)) {
          batch.push(inserted.current);
          const isLoading = inserted.advance();
          if (isLoading === undefined) continue;
          yield batch;
          batch = [];
          await isLoading;
        }
        batch.push(item);
      }
      yield batch;
    }
    yield* inserted.rest();
  } finally {
    await inserted.close();
  }
}

/** A stream of at most one batch. */
export async function* singleBatch<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  if (items.length > 0) yield items;
}

/** A stream of batches as a stream of items, which waits only between batches. */
class Lookahead<Item> {
  readonly #batches: AsyncGenerator<readonly Item[]>;
  #items: readonly Item[] = [];
  #position = 0;

  constructor(batches: AsyncGenerator<readonly Item[]>) {
    this.#batches = batches;
  }

  /** The next item; undefined at the end. */
  get current(): Item | undefined {
    return this.#items[this.#position];
  }

  start(): Promise<void> {
    return this.#load();
  }

  /** Passes the current item. Returns what to wait for when the next one is still to be read. */
  advance(): Promise<void> | undefined {
    this.#position++;
    return this.#position < this.#items.length ? undefined : this.#load();
  }

  /** The items that are left, in batches. */
  async *rest(): AsyncGenerator<readonly Item[]> {
    if (this.current === undefined) return;
    yield this.#items.slice(this.#position);
    yield* this.#batches;
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }

  async #load(): Promise<void> {
    const next = await this.#batches.next();
    this.#items = next.done === true ? [] : next.value;
    this.#position = 0;
  }
}
