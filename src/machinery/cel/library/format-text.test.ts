import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFixed, formatPlainFixed, formatScientific } from './go-float.ts';
import { evaluate, fault, problemsOf } from './library.suite.ts';

const NOT_SHOWN =
  'error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given kubernetes.Quantity';

describe('string.format', () => {
  it.each([
    ["'%s %s %s'.format([1, 'a', true])", '1 a true'],
    ["'%s|%s|%s'.format([1.0, 1e300, 123456789.0])", '1|1e+300|1.23456789e+08'],
    ["'%s %s'.format([null, type(1)])", 'null int'],
    ["'%s'.format([duration('90s')])", '90s'],
    [
      "'%s'.format([[1.0, 'a', b'x', {'k': 1u}, duration('1s')]])",
      '[1.000000, "a", b"x", {"k":1}, duration("1s")]',
    ],
    ["'%s'.format([[timestamp('2020-01-01T00:00:00Z')]])", '[timestamp("2020-01-01T00:00:00Z")]'],
    ["'%s'.format([{true: 1, 'a': 2, 3: 3}])", '{"a":2, 3:3, true:1}'],
    ["'%d %d'.format([-5, 7u])", '-5 7'],
    ["'%f %.2f %.0f'.format([1234567.891, 1234567.891, 2.5])", '1,234,567.891000 1,234,567.89 2'],
    ["'%f %f'.format(['NaN', '-Infinity'])", 'NaN -∞'],
    ["'%e %.1e'.format([1052.033, -0.00123])", '1.052033×10⁰³ -1.230000×10⁻⁰³'],
    ["'%x %X %x %x'.format([-255, 'hé', b'\\xff', 255u])", '-ff 68C3A9 ff ff'],
    ["'%o %b %b'.format([-8, 5, true])", '-10 101 1'],
    ["'100%% %s'.format(['é'])", '100% é'],
    [
      "dyn('%d').format(['x'])",
      fault('error during formatting: decimal clause can only be used on integers, was given string'),
    ],
    ["dyn('%s %s').format([1])", fault('index 1 out of range')],
    ["dyn('%s').format([quantity('1')])", fault(NOT_SHOWN)],
    [
      "dyn('%s').format([[quantity('1')]])",
      fault('error during formatting: no formatting function for kubernetes.Quantity'),
    ],
    [
      "dyn('%s').format([{1.5: 1}])",
      fault('error during formatting: no formatting function for map key of type double'),
    ],
    ["dyn('%é').format([1])", fault('could not parse formatting clause: unrecognized formatting clause "Ã"')],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it.each([
    [
      "'%d'.format(['x'])",
      '13: error during formatting: decimal clause can only be used on integers, was given string',
    ],
    ["'%s'.format([1, 'a'])", '11: too many arguments supplied to string.format (expected 1, got 2)'],
    ["'%s'.format([])", '11: index 0 out of range'],
    ["'%'.format([1])", '10: unexpected end of string'],
    [
      "'%.1'.format([1])",
      '12: could not parse formatting clause: error while parsing precision: could not find end of precision specifier',
    ],
    ["'%s'.format([[quantity('1')]])", `22: ${NOT_SHOWN}`],
  ])('is checked while compiling: %s', (source, problem) => {
    expect(problemsOf(source)).toEqual([problem]);
  });

  it('takes arguments of mixed types, which other lists may not hold', () => {
    expect(problemsOf("'%s %s'.format([1, [1, 'a']])")).toEqual([]);
    expect(problemsOf("[1, 'a']")).toEqual(["4: expected type 'int' but found 'string'"]);
  });
});

describe('the texts of doubles', () => {
  it('are exact, and round halves to even', () => {
    expect(formatFixed(0.1, 20)).toBe('0.10000000000000000555');
    expect([0.5, 1.5, 2.5].map((value) => formatFixed(value, 0))).toEqual(['0', '2', '2']);
    expect(formatFixed(1e21, 0)).toBe('1,000,000,000,000,000,000,000');
  });

  it('have a sign wherever the number is negative, though nothing of it is shown', () => {
    expect(formatFixed(-0.0000001, 6)).toBe('-0.000000');
    expect(formatFixed(-0, 1)).toBe('0.0');
  });

  it('take the precision of %e for a width', () => {
    expect(formatScientific(1, 15)).toBe('  1.000000×10⁰⁰');
    expect(formatScientific(Number.NaN, 6)).toBe('   NaN');
    expect(formatScientific(9.9999996, 0)).toBe('1.000000×10⁰¹');
    expect(formatScientific(5e-324, 0)).toBe('4.940656×10⁻³²⁴');
  });

  it('agree with what JavaScript prints, where no half is rounded', () => {
    const doubles = fc.double({ min: -1e15, max: 1e15, noNaN: true });
    fc.assert(
      fc.property(doubles, fc.nat(20), (value, precision) => {
        fc.pre(!/5$/.test(Math.abs(value).toFixed(precision + 1)) && !Object.is(value, -0));
        expect(formatFixed(value, precision).replaceAll(',', '')).toBe(value.toFixed(precision));
        expect(formatPlainFixed(value, precision)).toBe(value.toFixed(precision));
      }),
    );
  });
});
