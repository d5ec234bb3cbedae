import type { Entry, KeyRange, KeyValueSnapshot, KeyValueStore } from './key-value.ts';

/** The tables as they were at one moment. */
export class TablesView {
  readonly #keyValue: KeyValueStore;
  readonly #snapshot: KeyValueSnapshot;

  constructor(keyValue: KeyValueStore) {
    this.#keyValue = keyValue;
    this.#snapshot = keyValue.snapshot();
  }

  close(): void {
    this.#snapshot.close();
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#keyValue.get(key, { snapshot: this.#snapshot });
  }

  iterate(
    range: KeyRange,
    options: { readonly limit?: number; readonly keysOnly?: boolean } = {},
  ): AsyncIterableIterator<readonly Entry[]> {
    return this.#keyValue.iterate(range, { ...options, snapshot: this.#snapshot });
  }
}
