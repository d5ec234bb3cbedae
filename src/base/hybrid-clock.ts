import { assert } from './assert.ts';
import type { Clock } from './clock.ts';
import type { Revision } from './ids.ts';

/** 2025-01-01T00:00:00Z: revisions count milliseconds from here. */
export const REVISION_EPOCH_MS = 1_735_689_600_000;
/** 2025-02-01T00:00:00Z: a clock before this is certainly wrong, and is refused. */
export const CLOCK_MS_MIN = 1_738_368_000_000;

const UNITS_PER_MS = 4096;
const EPOCH_SLOTS = 8;
// Up to here a difference between wall clock and monotonic clock counts as slewing, not as a step.
const SLEW_MS = 250;
const SLEW_RATE = 0.001;

/** The wall clock's time inside a revision, in milliseconds since 1970. */
export function revisionTimeMs(revision: number): number {
  return Math.floor(revision / UNITS_PER_MS) + REVISION_EPOCH_MS;
}

/** The smallest revision of a point in time: what was written before it is smaller. */
export function revisionAtMs(timeMs: number): Revision {
  return (Math.max(0, timeMs - REVISION_EPOCH_MS) * UNITS_PER_MS) as Revision;
}

/** The slot (epoch mod 8) of the home that assigned a revision. */
export function revisionEpochSlot(revision: number): number {
  return revision % EPOCH_SLOTS;
}

/** The revision that many places after one, among those that {@link HybridClock.reserve} has reserved together. */
export function reservedRevision(first: number, index: number): Revision {
  return (first + index * EPOCH_SLOTS) as Revision;
}

export class ClockRefused extends Error {
  override readonly name = 'ClockRefused';
}

/**
 * Hands out revisions: milliseconds since 2025 × 4096 + counter × 8 + epoch slot, each above both the
 * clock and the last one. Steps of the wall clock that the monotonic clock does not confirm are ignored
 * and reported once each.
 */
export class HybridClock {
  readonly #clock: Clock;
  readonly #onStep: (stepMs: number) => void;
  #last: number;
  #wallMs: number;
  #monotonicMs: number;
  #reportedStepMs = 0;

  /** Throws {@link ClockRefused} when the wall clock is before 2025-02-01. */
  constructor(options: {
    readonly clock: Clock;
    readonly last: number;
    readonly onStep?: (stepMs: number) => void;
  }) {
    this.#clock = options.clock;
    this.#last = options.last;
    this.#onStep = options.onStep ?? (() => {});
    this.#wallMs = options.clock.nowMs();
    this.#monotonicMs = options.clock.monotonicMs();
    if (this.#wallMs < CLOCK_MS_MIN) {
      throw new ClockRefused(
        `the clock of this machine says ${new Date(this.#wallMs).toISOString()}, which cannot be: set it and start again`,
      );
    }
  }

  /** The last revision handed out (or restored). */
  get last(): Revision {
    return this.#last as Revision;
  }

  /** Milliseconds since 1970, never following an unconfirmed step. */
  nowMs(): number {
    const wallMs = this.#clock.nowMs();
    const monotonicMs = this.#clock.monotonicMs();
    const elapsedMs = monotonicMs - this.#monotonicMs;
    const expectedMs = this.#wallMs + elapsedMs;
    const stepMs = wallMs - expectedMs;
    if (Math.abs(stepMs) <= SLEW_MS + elapsedMs * SLEW_RATE) {
      this.#wallMs = wallMs;
      this.#monotonicMs = monotonicMs;
      this.#reportedStepMs = 0;
      return wallMs;
    }
    if (Math.abs(stepMs - this.#reportedStepMs) > SLEW_MS) {
      this.#reportedStepMs = stepMs;
      this.#onStep(stepMs);
    }
    return Math.floor(expectedMs);
  }

  /** The next revision in the given epoch slot (0–7). */
  next(epochSlot: number): Revision {
    const clockUnits = (this.nowMs() - REVISION_EPOCH_MS) * UNITS_PER_MS;
    const above = this.#last - (this.#last % EPOCH_SLOTS) + EPOCH_SLOTS;
    const next = Math.max(clockUnits, above) + epochSlot;
    assert(Number.isSafeInteger(next) && next > this.#last, 'revisions only grow within 53 bits');
    this.#last = next;
    return next as Revision;
  }
  /** Takes so many revisions at once, all in the given slot; the first of them ({@link reservedRevision}). */
  reserve(epochSlot: number, count: number): Revision {
    assert(count > 0, 'at least one revision is reserved');
    const first = this.next(epochSlot);
    const last = reservedRevision(first, count - 1);
    assert(Number.isSafeInteger(last), 'revisions only grow within 53 bits');
    this.#last = last;
    return first;
  }
}
