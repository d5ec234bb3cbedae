import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import {
  CLOCK_MS_MIN,
  ClockRefused,
  HybridClock,
  REVISION_EPOCH_MS,
  reservedRevision,
  revisionAtMs,
  revisionEpochSlot,
  revisionTimeMs,
} from './hybrid-clock.ts';

class TwoClocks implements Clock {
  wallMs = Date.UTC(2026, 0, 1);
  elapsedMs = 1000;
  nowMs(): number {
    return this.wallMs;
  }
  monotonicMs(): number {
    return this.elapsedMs;
  }
  after(): () => void {
    return () => {};
  }
  advance(durationMs: number): void {
    this.wallMs += durationMs;
    this.elapsedMs += durationMs;
  }
}

describe('the hybrid clock', () => {
  let clock: TwoClocks;
  let steps: number[];
  const open = (last = 0) => new HybridClock({ clock, last, onStep: (stepMs) => steps.push(stepMs) });
  beforeEach(() => {
    clock = new TwoClocks();
    steps = [];
  });

  test('a revision tells its time and its slot', () => {
    const revision = open().next(5);
    expect(revisionTimeMs(revision)).toBe(clock.wallMs);
    expect(revisionEpochSlot(revision)).toBe(5);
    expect(revision).toBe(revisionAtMs(clock.wallMs) + 5);
  });

  test('the revision of a time is below all that are given then and above all before', () => {
    const hybrid = open();
    const before = hybrid.next(7);
    clock.advance(1);
    expect(revisionAtMs(clock.wallMs)).toBeGreaterThan(before);
    expect(hybrid.next(0)).toBeGreaterThanOrEqual(revisionAtMs(clock.wallMs));
    expect(revisionAtMs(REVISION_EPOCH_MS - 5)).toBe(0);
  });

  test('revisions only grow, whatever the clocks do and whichever slot is asked for', () => {
    const move = fc.record({
      wallMs: fc.oneof(fc.integer({ min: -400, max: 400 }), fc.integer({ min: -1e9, max: 1e9 })),
      elapsedMs: fc.nat(1000),
      slot: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        clock = new TwoClocks();
        const hybrid = open();
        let last = 0;
        for (const { wallMs, elapsedMs, slot } of moves) {
          clock.wallMs += wallMs;
          clock.elapsedMs += elapsedMs;
          const revision = hybrid.next(slot);
          expect(revision).toBeGreaterThan(last);
          expect(revision % 8).toBe(slot);
          expect(hybrid.last).toBe(revision);
          last = revision;
        }
      }),
    );
  });

  test('more than 512 revisions in a millisecond run ahead of the clock, which then catches up', () => {
    const hybrid = open();
    const revisions = Array.from({ length: 1500 }, () => hybrid.next(1));
    expect(new Set(revisions).size).toBe(1500);
    expect(revisionTimeMs(revisions[511]!)).toBe(clock.wallMs);
    expect(revisionTimeMs(revisions[512]!)).toBe(clock.wallMs + 1);
    expect(revisionTimeMs(revisions[1499]!)).toBe(clock.wallMs + 2);
    clock.advance(10);
    expect(revisionTimeMs(hybrid.next(1))).toBe(clock.wallMs);
  });

  test('it counts on from a last revision that lies in the future', () => {
    const last = revisionAtMs(clock.wallMs + 3_600_000) + 2;
    const hybrid = open(last);
    expect(hybrid.last).toBe(last);
    const next = hybrid.next(3);
    expect(next).toBeGreaterThan(last);
    expect(next - last).toBeLessThan(16);
    expect(next % 8).toBe(3);
  });

  test('a change of slot does not make a revision smaller', () => {
    const hybrid = open();
    const last = hybrid.next(7);
    expect(hybrid.next(0)).toBe(last + 1);
  });

  test.each([3_600_000, -3_600_000, 400, -400])('a step of %i ms is ignored and reported once', (stepMs) => {
    const hybrid = open();
    const startMs = clock.wallMs;
    clock.wallMs += stepMs;
    for (let second = 1; second <= 5; second++) {
      clock.advance(10);
      expect(hybrid.nowMs()).toBe(startMs + second * 10);
    }
    expect(steps).toEqual([stepMs]);
  });

  test('each further step is reported again', () => {
    const hybrid = open();
    clock.wallMs += 1000;
    hybrid.nowMs();
    clock.wallMs += 1000;
    hybrid.nowMs();
    hybrid.nowMs();
    expect(steps).toEqual([1000, 2000]);
  });

  test('a step that is taken back is forgotten', () => {
    const hybrid = open();
    clock.wallMs += 5000;
    hybrid.nowMs();
    clock.wallMs -= 5000;
    clock.advance(7);
    expect(hybrid.nowMs()).toBe(clock.wallMs);
    clock.wallMs += 5000;
    hybrid.nowMs();
    expect(steps).toEqual([5000, 5000]);
  });

  test('slewing is followed: small differences and slow drift', () => {
    const hybrid = open();
    clock.advance(50);
    clock.wallMs += 200;
    expect(hybrid.nowMs()).toBe(clock.wallMs);
    for (let hour = 0; hour < 24; hour++) {
      clock.advance(3_600_000);
      // Half a part in a thousand, as NTP slews at most.
      clock.wallMs += 1800;
      expect(hybrid.nowMs()).toBe(clock.wallMs);
    }
    expect(steps).toEqual([]);
  });

  test('time is whole milliseconds, also while a step is ignored', () => {
    const hybrid = open();
    clock.wallMs += 10_000;
    clock.elapsedMs += 3.7;
    expect(Number.isInteger(hybrid.nowMs())).toBe(true);
    expect(Number.isSafeInteger(hybrid.next(0))).toBe(true);
  });

  test('revisions that are reserved together are those that one would have got one after the other', () => {
    const hybrid = open();
    const single = open();
    const first = hybrid.reserve(3, 700);
    for (let index = 0; index < 700; index++) expect(reservedRevision(first, index)).toBe(single.next(3));
    expect(hybrid.last).toBe(single.last);
    expect(hybrid.next(3)).toBe(single.next(3));
    expect(() => hybrid.reserve(3, 0)).toThrow('at least one');
    expect(() => open(Number.MAX_SAFE_INTEGER - 100).reserve(0, 20)).toThrow('53 bits');
  });

  test('a clock before February 2025 is refused', () => {
    clock.wallMs = CLOCK_MS_MIN - 1;
    expect(() => open()).toThrow(ClockRefused);
    expect(() => open()).toThrow('2025-01-31T23:59:59.999Z');
    clock.wallMs = CLOCK_MS_MIN;
    expect(open().next(0)).toBeGreaterThan(0);
  });

  test('what 53 bits cannot hold is an assertion, not a wrong number', () => {
    expect(() => open(Number.MAX_SAFE_INTEGER - 3).next(0)).toThrow('53 bits');
  });
});
