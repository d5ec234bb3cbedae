import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatMicroTime,
  formatTime,
  microTimeParseError,
  normalizeMicroTime,
  normalizeTime,
  parseTime,
  timeParseError,
} from './timestamps.ts';

describe('times', () => {
  test('are printed in UTC with whole seconds', () => {
    expect(formatTime(Date.UTC(2024, 0, 2, 3, 4, 5, 999))).toBe('2024-01-02T03:04:05Z');
    expect(formatMicroTime(Date.UTC(2024, 0, 2, 3, 4, 5, 7))).toBe('2024-01-02T03:04:05.007000Z');
    expect(formatMicroTime(-0.001)).toBe('1969-12-31T23:59:59.999999Z');
  });

  test('offsets and fractions are taken and dropped', () => {
    expect(normalizeTime('2024-01-02T03:04:05+02:00')).toBe('2024-01-02T01:04:05Z');
    expect(normalizeTime('2024-01-01T00:00:00.999-00:30')).toBe('2024-01-01T00:30:00Z');
    expect(normalizeTime('1969-12-31T23:59:59.5Z')).toBe('1969-12-31T23:59:59Z');
    expect(normalizeTime('0001-01-01T00:00:00Z')).toBe('0001-01-01T00:00:00Z');
    expect(normalizeTime('2024-02-29T00:00:00Z')).toBe('2024-02-29T00:00:00Z');
  });

  test('micro times keep microseconds exactly', () => {
    expect(normalizeMicroTime('2024-01-02T03:04:05.123456+01:00')).toBe('2024-01-02T02:04:05.123456Z');
    expect(normalizeMicroTime('9999-12-31T23:59:59.999999Z')).toBe('9999-12-31T23:59:59.999999Z');
    expect(normalizeMicroTime('1969-12-31T23:59:59.000001Z')).toBe('1969-12-31T23:59:59.000001Z');
  });

  test.each([
    ['2024-01-02T03:04:05Z', 'cannot parse "Z" as ".000000"'],
    ['2024-01-02T03:04:05.5Z', 'cannot parse ".5Z" as ".000000"'],
    ['2024-01-02T03:04:05.123456789+01:00', 'cannot parse "789+01:00" as "Z07:00"'],
  ])('micro times have six fractional digits, not as in %s', (text, message) => {
    expect(normalizeMicroTime(text)).toBeUndefined();
    expect(microTimeParseError(text)).toBe(
      `parsing time "${text}" as "2006-01-02T15:04:05.000000Z07:00": ${message}`,
    );
    expect(timeParseError(text)).toBeUndefined();
  });

  test('parsing agrees with Date.parse', () => {
    const range = { min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') };
    fc.assert(
      fc.property(fc.date({ ...range, noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime());
        expect(normalizeTime(date.toISOString())).toBe(formatTime(Math.floor(date.getTime() / 1000) * 1000));
        const micro = formatMicroTime(date.getTime());
        expect(normalizeMicroTime(micro)).toBe(micro);
        expect(parseTime(micro)).toBe(date.getTime());
      }),
    );
  });

  test.each([
    ['', 'cannot parse "" as "2006"'],
    ['yesterday', 'cannot parse "yesterday" as "2006"'],
    ['2024-01-02', 'cannot parse "" as "T"'],
    ['2024-1-02T00:00:00Z', 'cannot parse "1-02T00:00:00Z" as "01"'],
    ['2024-01-02T00:00:00', 'cannot parse "" as "Z07:00"'],
    ['2024-13-02T00:00:00Z', 'month out of range'],
    ['2023-02-29T00:00:00Z', 'day out of range'],
    ['2024-01-02T24:00:00Z', 'hour out of range'],
    ['2024-01-02T00:00:00Zx', 'extra text: "x"'],
    ['0000-01-01T00:00:00+01:00', 'year out of range'],
  ])('%j is refused in the words of Go', (text, message) => {
    expect(parseTime(text)).toBeUndefined();
    expect(normalizeTime(text)).toBeUndefined();
    expect(normalizeMicroTime(text)).toBeUndefined();
    expect(timeParseError(text)).toContain(message);
    expect(timeParseError(text)).toContain(`parsing time "${text}"`);
  });

  test('a good time has no error', () => {
    expect(timeParseError('2024-01-02T03:04:05Z')).toBeUndefined();
  });
});
