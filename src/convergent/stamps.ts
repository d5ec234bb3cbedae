import { assert, limits, revisionAtMs, revisionTimeMs } from '../base/mod.ts';
import { ConvergentError } from './errors.ts';

/**
 * When a register was written: a hybrid time, in the same units as a revision (milliseconds since 2025 × 4096), but of
 * one document and not of a log.
 */
export type Stamp = number;

/** The stamp of a write: not before the clock, and above every stamp that the document has and that is not parked. */
export function nextStamp({ newest, nowMs }: { readonly newest: Stamp; readonly nowMs: number }): Stamp {
  const stamp = Math.max(revisionAtMs(nowMs), newest + 1);
  assert(Number.isSafeInteger(stamp), 'stamps only grow within 53 bits');
  return stamp;
}

/** The newest stamp that counts now: what lies beyond is parked until the clock has come there. */
export function stampHorizon(nowMs: number): Stamp {
  // To the end of the millisecond, so that what is written after the newest stamp that counts does so, too.
  return revisionAtMs(nowMs + limits.registerAheadMsMax + 1) - 1;
}

/** The clock's part of a stamp, in milliseconds since 1970. */
export function stampTimeMs(stamp: Stamp): number {
  return revisionTimeMs(stamp);
}

/** The first millisecond since 1970, on this clock, in which a register of this stamp is not parked any more. */
export function countsAtMs(stamp: Stamp): number {
  return stampTimeMs(stamp) - limits.registerAheadMsMax;
}

/**
 * Refuses to write while the own clock is too far ahead of what the reachable peers say. With none in reach there is
 * nothing to compare with: a region that is cut off goes on writing.
 *
 * @throws {ConvergentError} `ClockAhead`
 */
export function checkWriterClock({
  nowMs,
  peersMs,
}: {
  readonly nowMs: number;
  readonly peersMs: readonly number[];
}): void {
  const median = medianOf(peersMs);
  if (median === undefined || nowMs - median <= limits.clockAheadMsMax) return;
  throw new ConvergentError(
    'ClockAhead',
    `the clock of this region is ${((nowMs - median) / 1000).toFixed(1)} s ahead of the other regions': set it before shared objects are written here`,
  );
}

/** The lower one of the two in the middle where their number is even, so that one wrong clock of two is noticed. */
function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
