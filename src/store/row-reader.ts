import { limits } from '../base/mod.ts';
import type { DerivedObjects } from './derived-objects.ts';
import type { KeyValueStore } from './key-value.ts';
import type { StoredRow } from './projection.ts';
import { decodeRow } from './row.ts';
import { objectRowKey } from './tables.ts';

/**
 * Reads durable rows, also derived ones, and remembers the last used ones up to a number of bytes: the rows that every
 * request reads (its logical cluster, its namespace, its CRD) come from here. Whoever makes changes
 * durable says so with {@link forget}, in the same step in which they become visible.
 */
export class RowReader {
  readonly #keyValue: KeyValueStore;
  readonly #derived: DerivedObjects;
  readonly #rows = new Map<string, StoredRow>();
  #sizeBytes = 0;

  constructor(keyValue: KeyValueStore, derived: DerivedObjects) {
    this.#keyValue = keyValue;
    this.#derived = derived;
  }

  read(keyText: string): StoredRow | undefined {
    const known = this.#rows.get(keyText);
    if (known !== undefined) {
      this.#rows.delete(keyText);
      this.#rows.set(keyText, known);
      return known;
    }
    const bytes = this.#keyValue.get(objectRowKey(keyText));
    const stored = bytes === undefined ? this.#derived.read(keyText) : { row: decodeRow(bytes), bytes };
    if (stored === undefined) return undefined;
    this.#remember(keyText, stored);
    return stored;
  }

  forget(keyText: string): void {
    const known = this.#rows.get(keyText);
    if (known === undefined) return;
    this.#rows.delete(keyText);
    this.#sizeBytes -= sizeOf(keyText, known);
  }

  #remember(keyText: string, stored: StoredRow): void {
    this.#rows.set(keyText, stored);
    this.#sizeBytes += sizeOf(keyText, stored);
    for (const [oldest] of this.#rows) {
      if (this.#sizeBytes <= limits.rowCacheBytesMax) return;
      this.forget(oldest);
    }
  }
}

// What a Map entry and a decoded row cost besides their bytes, roughly.
const OVERHEAD_BYTES = 512;

function sizeOf(keyText: string, stored: StoredRow): number {
  return stored.bytes.length + keyText.length + OVERHEAD_BYTES;
}
