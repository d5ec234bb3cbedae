/** One put (with value) or delete (without) of a batch. */
export interface WriteOperation {
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** Keys from `start` (inclusive) to `end` (exclusive), in byte order. */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

export type Entry = readonly [key: Buffer, value: Buffer];

/** The state of the store at one moment, until it is closed. */
export interface KeyValueSnapshot {
  close(): void;
}

export interface ReadOptions {
  readonly snapshot?: KeyValueSnapshot;
}

export interface IterateOptions extends ReadOptions {
  readonly reverse?: boolean;
  /** Leaves values empty, which spares their copies. */
  readonly keysOnly?: boolean;
  /** Entries at most in all. */
  readonly limit?: number;
}

/**
 * The ordered map from bytes to bytes that everything is kept in: LevelDB in a member, memory in tests
 * and simulations. Both pass `keyValueSuite`.
 */
export interface KeyValueStore {
  /** The value now (or in the snapshot), synchronously: point reads must not cost a thread switch. */
  get(key: Uint8Array, options?: ReadOptions): Buffer | undefined;
  /** Batches of entries in key order. Stopping early releases the iterator. Sees one consistent state. */
  iterate(range: KeyRange, options?: IterateOptions): AsyncIterableIterator<readonly Entry[]>;
  /**
   * Applies all operations or none. With `sync`, resolves only when they would survive a loss of power;
   * nothing of the batch is readable before.
   */
  write(operations: readonly WriteOperation[], options: { readonly sync: boolean }): Promise<void>;
  snapshot(): KeyValueSnapshot;
  /** Bytes on disk of a range, roughly; for reports. */
  approximateSizeBytes(range: KeyRange): Promise<number>;
  close(): Promise<void>;
}
