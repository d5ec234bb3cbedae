import { assert } from '../base/mod.ts';
import type {
  Entry,
  IterateOptions,
  KeyRange,
  KeyValueSnapshot,
  KeyValueStore,
  ReadOptions,
  WriteOperation,
} from './key-value.ts';

/**
 * The tables as readers see them: as they are, or, while a state is being taken over, as they were before that began.
 * So reads go on, of one moment, until the new state is there as a whole.
 */
export class PinnableReads implements KeyValueStore {
  readonly #inner: KeyValueStore;
  #pinned: SharedSnapshot | undefined;

  constructor(inner: KeyValueStore) {
    this.#inner = inner;
  }

  /** From now on readers see this moment. */
  pin(): void {
    assert(this.#pinned === undefined, 'reads are pinned once');
    this.#pinned = new SharedSnapshot(this.#inner.snapshot());
  }

  /** From now on readers see what is there; those who still read the pinned state keep it as long as they do. */
  unpin(): void {
    this.#pinned?.close();
    this.#pinned = undefined;
  }

  get(key: Uint8Array, options?: ReadOptions): Buffer | undefined {
    return this.#inner.get(key, this.#optionsOf(options));
  }

  iterate(range: KeyRange, options?: IterateOptions): AsyncIterableIterator<readonly Entry[]> {
    return this.#inner.iterate(range, this.#optionsOf(options));
  }

  snapshot(): KeyValueSnapshot {
    return this.#pinned?.share() ?? this.#inner.snapshot();
  }

  write(operations: readonly WriteOperation[], options: { readonly sync: boolean }): Promise<void> {
    return this.#inner.write(operations, options);
  }

  approximateSizeBytes(range: KeyRange): Promise<number> {
    return this.#inner.approximateSizeBytes(range);
  }

  close(): Promise<void> {
    this.unpin();
    return this.#inner.close();
  }

  #optionsOf<Options extends ReadOptions>(options: Options | undefined): Options | undefined {
    const snapshot = options?.snapshot ?? this.#pinned;
    if (!(snapshot instanceof SharedSnapshot)) return options;
    return { ...options, snapshot: snapshot.inner } as Options;
  }
}

/** One snapshot for all who read while it is pinned, and as long as the last of them reads. */
class SharedSnapshot implements KeyValueSnapshot {
  readonly inner: KeyValueSnapshot;
  readonly #users: { count: number };
  #isClosed = false;

  constructor(inner: KeyValueSnapshot, users = { count: 0 }) {
    this.inner = inner;
    this.#users = users;
    users.count += 1;
  }

  share(): SharedSnapshot {
    return new SharedSnapshot(this.inner, this.#users);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#users.count -= 1;
    if (this.#users.count === 0) this.inner.close();
  }
}
