import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { humanDuration } from './human-duration.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

describe('humanDuration', () => {
  test.each([
    [-2 * SECOND, '<invalid>'],
    [-2 * SECOND + 1, '0s'],
    [-1 * SECOND, '0s'],
    [-1, '0s'],
    [0, '0s'],
    [999, '0s'],
    [SECOND, '1s'],
    [2 * MINUTE - 1, '119s'],
    [2 * MINUTE, '2m'],
    [2 * MINUTE + SECOND, '2m1s'],
    [10 * MINUTE - 1, '9m59s'],
    [10 * MINUTE, '10m'],
    [10 * MINUTE + 30 * SECOND, '10m'],
    [3 * HOUR - 1, '179m'],
    [3 * HOUR, '3h'],
    [3 * HOUR + MINUTE, '3h1m'],
    [8 * HOUR - 1, '7h59m'],
    [8 * HOUR, '8h'],
    [8 * HOUR + 59 * MINUTE, '8h'],
    [48 * HOUR - 1, '47h'],
    [48 * HOUR, '2d'],
    [2 * DAY + HOUR, '2d1h'],
    [8 * DAY - 1, '7d23h'],
    [8 * DAY, '8d'],
    [8 * DAY + 5 * HOUR, '8d'],
    [2 * YEAR - 1, '729d'],
    [2 * YEAR, '2y'],
    [2 * YEAR + DAY, '2y1d'],
    [8 * YEAR - 1, '7y364d'],
    [8 * YEAR, '8y'],
    [8 * YEAR + 100 * DAY, '8y'],
    [100 * YEAR, '100y'],
  ])('%d ms reads %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });

  test('never overstates a duration and loses less than a tenth of it from two minutes on', () => {
    const units: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, y: YEAR };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7 * YEAR }), (ms) => {
        let shown = 0;
        for (const [, count, unit] of humanDuration(ms).matchAll(/(\d+)([smhdy])/g)) {
          shown += Number(count) * units[unit!]!;
        }
        expect(shown).toBeLessThanOrEqual(ms);
        expect(ms - shown).toBeLessThanOrEqual(Math.max(SECOND, ms * 0.125));
      }),
    );
  });
});
