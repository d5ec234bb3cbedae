import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFormatDuration } from './duration-format.ts';
import { matchesFormat } from './formats.ts';

describe('a duration', () => {
  test.each([
    ['0', 0n],
    ['1h', 3_600_000_000_000n],
    ['-1.5h', -5_400_000_000_000n],
    ['1h30m5s', 5_405_000_000_000n],
    ['.5s', 500_000_000n],
    ['1.0000000001s', 1_000_000_000n],
    ['1us', 1_000n],
    ['1µs', 1_000n],
    ['3 days', 259_200_000_000_000n],
    ['2 weeks 1 day', 1_296_000_000_000_000n],
    ['5 secs', 5_000_000_000n],
    ['about 3 days!', 259_200_000_000_000n],
    ['1h x', 3_600_000_000_000n],
    ['9223372036854775807ns', 9_223_372_036_854_775_807n],
    ['-9223372036854775808ns', -9_223_372_036_854_775_808n],
  ])('%s has %s nanoseconds', (text, nanos) => {
    expect(parseFormatDuration(text)).toBe(nanos);
  });

  test.each(['', '1', 'h', '1x', '9223372036854775808ns', '1h '.repeat(400)])('“%s” is none', (text) => {
    expect(parseFormatDuration(text)).toBeUndefined();
  });

  test('that parses has the format', () => {
    const part = fc
      .tuple(fc.nat(99), fc.constantFrom('ns', 's', 'm', 'h', ' days', ' d', 'x'))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), (parts) => {
        const text = parts.join('');
        expect(matchesFormat('duration', text)).toBe(parseFormatDuration(text) !== undefined);
      }),
    );
  });
});
