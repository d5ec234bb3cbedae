import type { KeyValueStore } from './key-value.ts';
import { CEILING_KEY, encodeNumber, readRevision } from './tables.ts';

/**
 * What a member's disk says about revisions that its log does not have: none above the ceiling was ever announced, or was
 * that of a commit which the log has lost. Whoever counts on from it gives no revision a second meaning, whatever the
 * clock says after a restart.
 */
export class RevisionCeiling {
  readonly #keyValue: KeyValueStore;
  #durable: number;
  #highest: number;

  constructor(keyValue: KeyValueStore) {
    this.#keyValue = keyValue;
    const stored = keyValue.get(CEILING_KEY);
    this.#durable = stored === undefined ? 0 : readRevision(stored, 0);
    this.#highest = this.#durable;
  }

  /** What the disk has. */
  get durable(): number {
    return this.#durable;
  }

  /** Resolves when the disk has a ceiling that is not below. Never lowers it: a clock that was set back says nothing. */
  async raise(ceiling: number): Promise<void> {
    // Batches are written in the order in which they are asked for, so the last one has to be the highest.
    const highest = Math.max(this.#highest, ceiling);
    if (highest === this.#durable) return;
    this.#highest = highest;
    await this.#keyValue.write([{ key: CEILING_KEY, value: encodeNumber(highest) }], { sync: true });
    this.#durable = Math.max(this.#durable, highest);
  }
}
