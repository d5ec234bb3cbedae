import { limits } from '../base/mod.ts';
import type { DerivedObjects } from './derived-objects.ts';
import type { KeyValueStore } from './key-value.ts';
import type { StoredRow } from './projection.ts';
import { decodeRow } from './row.ts';
import { objectRowKey } from './tables.ts';

/**
 * Reads durable rows, also derived ones, and remembers those used last up to a number of bytes: the rows that every
 * request reads (its logical cluster, its namespace, its CRD) come from here. Whoever makes changes
 * durable says so with {@link forget}, in the same step in which they become visible.
 *
 * They are in two generations: when the younger one has half of the bytes it becomes the older one, whose rows are forgotten
 * unless somebody uses them meanwhile. So what is in use is found by one look, and nothing is moved for it.
 */
export class RowReader {
  readonly #keyValue: KeyValueStore;
  readonly #derived: DerivedObjects;
  #younger = new Map<string, StoredRow>();
  #older = new Map<string, StoredRow>();
  #youngerBytes = 0;

  constructor(keyValue: KeyValueStore, derived: DerivedObjects) {
    this.#keyValue = keyValue;
    this.#derived = derived;
  }

  read(keyText: string): StoredRow | undefined {
    const young = this.#younger.get(keyText);
    if (young !== undefined) return young;
    const known = this.#older.get(keyText);
    if (known !== undefined) {
      this.#older.delete(keyText);
      this.#remember(keyText, known);
      return known;
    }
    const bytes = this.#keyValue.get(objectRowKey(keyText));
    const stored = bytes === undefined ? this.#derived.read(keyText) : { row: decodeRow(bytes), bytes };
    if (stored !== undefined) this.#remember(keyText, stored);
    return stored;
  }

  forget(keyText: string): void {
    this.#older.delete(keyText);
    const known = this.#younger.get(keyText);
    if (known === undefined) return;
    this.#younger.delete(keyText);
    this.#youngerBytes -= sizeOf(keyText, known);
  }

  /** The tables have been replaced. */
  forgetAll(): void {
    this.#younger.clear();
    this.#older.clear();
    this.#youngerBytes = 0;
  }

  #remember(keyText: string, stored: StoredRow): void {
    this.#younger.set(keyText, stored);
    this.#youngerBytes += sizeOf(keyText, stored);
    if (this.#youngerBytes <= limits.rowCacheBytesMax / 2) return;
    this.#older = this.#younger;
    this.#younger = new Map();
    this.#youngerBytes = 0;
  }
}

// What a Map entry and a decoded row cost besides their bytes, roughly.
const OVERHEAD_BYTES = 512;

function sizeOf(keyText: string, stored: StoredRow): number {
  return stored.bytes.length + keyText.length + OVERHEAD_BYTES;
}
