import { describe, expect, it } from 'vitest';
import { parseDurationMs } from './duration.ts';

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1h', 3_600_000],
    ['1h0m0s', 3_600_000],
    ['1h30m', 5_400_000],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['250ms', 250],
  ])('%s is so many milliseconds: %i', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it.each(['', '1', '-1h', '1d', 'h', '1h ', `${'9'.repeat(30)}h`])('is not written as "%s"', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });
});
