import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QuantityError,
  subtractQuantities,
} from './quantity.ts';

const canonical = (text: string) => formatQuantity(parseQuantity(text));
const compare = (a: string, b: string) => compareQuantities(parseQuantity(a), parseQuantity(b));
const add = (a: string, b: string) => formatQuantity(addQuantities(parseQuantity(a), parseQuantity(b)));
const subtract = (a: string, b: string) =>
  formatQuantity(subtractQuantities(parseQuantity(a), parseQuantity(b)));

describe('canonical texts', () => {
  test.each([
    ['0', '0'],
    ['0Ki', '0'],
    ['1000m', '1'],
    ['1.5', '1500m'],
    ['0.1', '100m'],
    ['100m', '100m'],
    ['1000k', '1M'],
    ['1024Ki', '1Mi'],
    ['1.5Gi', '1536Mi'],
    ['1536Mi', '1536Mi'],
    ['512', '512'],
    ['1Ki', '1Ki'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['12e4', '120e3'],
    ['1E6', '1E6'],
    ['1000e3', '1e6'],
    ['5E', '5E'],
    ['1000E', '1000E'],
    ['-1.5', '-1500m'],
    ['-1024Mi', '-1Gi'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['-0.1n', '-1n'],
    ['1e-12', '1e-9'],
    ['0.0001', '100u'],
    ['100000Ei', '9223372036854775807'],
    ['.5', '500m'],
    ['1.', '1'],
  ])('%s becomes %s', (text, expected) => {
    // A text such as `1.` counts as canonical upstream and is repeated; its value is what is compared.
    if (parseQuantity(text).text === text) expect(canonical(text)).toBe(text);
    else expect(canonical(text)).toBe(expected);
    expect(compare(text, expected)).toBe(0);
  });

  test('are repeated where upstream takes the input for canonical', () => {
    for (const text of ['1.500', '+5', '012', '1E6', '3Mi']) expect(canonical(text)).toBe(text);
  });
});

describe('errors', () => {
  test.each(['', 'abc', '1.2.3', '5 ', '1Gi2x', '5foo', '1,5'])('%j does not match the pattern', (text) => {
    expect(() => parseQuantity(text)).toThrow(
      new QuantityError(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      ),
    );
  });

  test.each(['Pi', '-.Ei', 'e-20'])('%j has a suffix and no number', (text) => {
    expect(() => parseQuantity(text)).toThrow(new QuantityError('unable to parse numeric part of quantity'));
  });

  test.each(['1K', '1mm', '1e', '1Kii', '1e1e1'])('%j has no known suffix', (text) => {
    expect(() => parseQuantity(text)).toThrow(QuantityError);
  });

  test('exponents and digits are bounded', () => {
    expect(() => parseQuantity('1e1000000000')).toThrow("unable to parse quantity's suffix");
    expect(() => parseQuantity('9'.repeat(100_000))).toThrow('unable to parse numeric part of quantity');
  });
});

describe('arithmetic', () => {
  test('compares across formats', () => {
    expect(compare('1', '1000m')).toBe(0);
    expect(compare('1Ki', '1k')).toBe(1);
    expect(compare('1k', '1Ki')).toBe(-1);
    expect(compare('1e3', '1k')).toBe(0);
    expect(compare('-1', '0')).toBe(-1);
  });

  test('sums keep the format of the first, or of the second if the first is zero', () => {
    expect(add('1Gi', '512Mi')).toBe('1536Mi');
    expect(add('100m', '0.9')).toBe('1');
    expect(add('0', '1Gi')).toBe('1Gi');
    expect(add('1', '1Ki')).toBe('1025');
    expect(subtract('1Gi', '1Gi')).toBe('0');
    expect(subtract('1', '1500m')).toBe('-500m');
    expect(subtract('0', '2Ki')).toBe('-2Ki');
  });

  const textsUpTo = (max: bigint) =>
    fc
      .tuple(
        fc.bigInt({ min: -max, max }),
        fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'Ki', 'Mi', 'e3', 'e-3'),
      )
      .map(([number, suffix]) => `${number}${suffix}`);
  const texts = textsUpTo(10n ** 15n);
  // Binary ones that 64 bits do not hold are capped when they are read.
  const textsInBounds = textsUpTo(10n ** 12n);

  test('formatting and parsing again keeps the value', () => {
    fc.assert(
      fc.property(textsInBounds, textsInBounds, (a, b) => {
        const sum = addQuantities(parseQuantity(a), parseQuantity(b));
        const again = parseQuantity(formatQuantity(sum));
        expect(compareQuantities(again, sum)).toBe(0);
        // Without a suffix the text does not say that it is binary: 2000 read again is 2k.
        if (again.format === sum.format) expect(formatQuantity(again)).toBe(formatQuantity(sum));
      }),
    );
  });

  test('subtraction undoes addition, and order follows the difference', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const [left, right] = [parseQuantity(a), parseQuantity(b)];
        expect(compareQuantities(subtractQuantities(addQuantities(left, right), right), left)).toBe(0);
        const difference = subtractQuantities(left, right).unscaled;
        expect(compareQuantities(left, right)).toBe(difference === 0n ? 0 : difference < 0n ? -1 : 1);
      }),
    );
  });
});
