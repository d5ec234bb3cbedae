import { type Revision, revisionEpochSlot } from '../base/mod.ts';
import type { EpochOpening } from './epoch-records.ts';
import type { KeyValueStore } from './key-value.ts';
import { EPOCHS_RANGE, encodeNumber, readRevision } from './tables.ts';

/** Whether a revision is one of the history that was adopted. */
export type RevisionStatus = 'valid' | 'void';

/** The first term of office of a log's first home: it begins without a record. */
export const FIRST_EPOCH = 1;

/** How many epochs have the same slot, and how many slots there are: see `HybridClock`. */
const EPOCH_SLOTS = 8;

/** An epoch that began with a record in the log. */
interface EpochBounds {
  readonly epoch: number;
  readonly formerEpoch: number;
  readonly formerSequence: number;
  /** The last revision of the epoch before. */
  readonly formerEnd: number;
  readonly begin: number;
}

/** The row of an epoch: small, and kept for ever, since somebody may come back with any revision. */
export function encodeEpoch({ former, revision }: EpochOpening): Buffer {
  return Buffer.concat([former.epoch, former.sequence, former.revision, revision].map(encodeNumber));
}

/** Where the epochs of a log began and ended. */
export class Epochs {
  #bounds: readonly EpochBounds[] = [];

  static async open(keyValue: KeyValueStore): Promise<Epochs> {
    const epochs = new Epochs();
    await epochs.reload(keyValue);
    return epochs;
  }

  /** Some epoch has begun, or was undone. */
  async reload(keyValue: KeyValueStore): Promise<void> {
    const bounds: EpochBounds[] = [];
    for await (const entries of keyValue.iterate(EPOCHS_RANGE)) {
      for (const [key, value] of entries) {
        bounds.push({
          epoch: readRevision(key, 1),
          formerEpoch: readRevision(value, 0),
          formerSequence: readRevision(value, 8),
          formerEnd: readRevision(value, 16),
          begin: readRevision(value, 24),
        });
      }
    }
    this.#bounds = bounds;
  }

  /** The same for one that has begun, without reading. */
  add(epoch: number, { former, revision }: EpochOpening): void {
    const bounds = {
      epoch,
      formerEpoch: former.epoch,
      formerSequence: former.sequence,
      formerEnd: former.revision,
      begin: revision,
    };
    this.#bounds = [...this.#bounds.filter((other) => other.epoch < epoch), bounds];
  }

  /** The first frame of the last epoch that has begun. */
  get firstSequence(): number {
    return (this.#bounds.at(-1)?.formerSequence ?? 0) + 1;
  }

  /** The epoch before the last one that has begun; undefined if that was the first. */
  get formerEpoch(): number | undefined {
    const former = this.#bounds.at(-1)?.formerEpoch ?? 0;
    return former === 0 ? undefined : former;
  }

  /**
   * Whether a revision that somebody has seen is one of this history. Void is what lies between the end of an epoch and
   * the beginning of the next one, and what another home's slot has given out. Says nothing about revisions to come.
   */
  statusOf(revision: Revision): RevisionStatus {
    if (revision === 0) return 'valid';
    // Also where no other epoch is known yet: whoever comes may have been shown what another home sequenced.
    let covering = this.#bounds[0]?.formerEpoch ?? FIRST_EPOCH;
    for (const { epoch, formerEnd, begin } of this.#bounds) {
      if (revision <= formerEnd) break;
      if (revision < begin) return 'void';
      covering = epoch;
    }
    return revisionEpochSlot(revision) === covering % EPOCH_SLOTS ? 'valid' : 'void';
  }
}
