import { assert, type Clock, type Revision, revisionAtMs } from '../base/mod.ts';

// Revisions count in steps of eight, below which are the slots of epochs.
const STEP = 8;
/** A place that stands for "everything before": no change that was there already is shown at or behind it. */
const FRESH_START_UNITS = 2 ** 18;

/** The changes of some commits in a member's order: their revisions, each that much later. */
export interface Placement {
  readonly shift: number;
  /** The last place that it takes. */
  readonly last: Revision;
  /** Runs when everything up to here is durable, in the order of places. */
  onRelease(run: () => void): void;
}

class OpenPlacement implements Placement {
  readonly shift: number;
  readonly last: Revision;
  isDurable = false;
  readonly #runs: (() => void)[] = [];

  constructor(shift: number, last: Revision) {
    this.shift = shift;
    this.last = last;
  }

  onRelease(run: () => void): void {
    this.#runs.push(run);
  }

  release(): void {
    for (const run of this.#runs) run();
  }
}

/**
 * The order in which one member applies the changes of all its logs. A change has the place of its own revision as long as
 * that is behind all places before, and the next free one otherwise: so on a member with one log places are its revisions,
 * and nothing has to be written down.
 *
 * Places are given when a batch is made, and batches of several logs come to the disk in any order: what is durable before
 * something that has an earlier place is held back.
 */
export class ApplyClock {
  readonly #clock: Clock;
  #last = 0;
  #published = 0;
  readonly #open: OpenPlacement[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everything up to this place is durable, and was published. */
  get published(): Revision {
    return this.#published as Revision;
  }

  /** A log was opened that has places up to here. */
  recall(last: number): void {
    this.#last = Math.max(this.#last, last);
    if (this.#open.length === 0) this.#published = this.#last;
  }

  /** The places of changes with revisions from one to another, behind all that were given. */
  place(first: number, last: number): Placement {
    const shift = first > this.#last ? 0 : Math.ceil((this.#last - first + 1) / STEP) * STEP;
    return this.#take(shift, last + shift);
  }

  /** A place behind everything that there is, now or at a revision: what was before it is told by nobody any more. */
  freshStart(revision: number): Placement {
    const nowUnits = revisionAtMs(this.#clock.nowMs());
    return this.#take(0, Math.max(this.#last, nowUnits, revision) + FRESH_START_UNITS);
  }

  /** What has the placement is on the disk, or will never be. */
  settle(placement: Placement): void {
    assert(placement instanceof OpenPlacement, 'placements are made here');
    placement.isDurable = true;
    while (this.#open[0]?.isDurable === true) {
      const released = this.#open.shift()!;
      this.#published = released.last;
      released.release();
    }
  }

  #take(shift: number, last: number): Placement {
    assert(Number.isSafeInteger(last), 'places only grow within 53 bits');
    this.#last = last;
    const placement = new OpenPlacement(shift, last as Revision);
    this.#open.push(placement);
    return placement;
  }
}
