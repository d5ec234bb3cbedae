import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, PatternError } from './pattern.ts';
import { patternSizeOf } from './pattern-size.ts';

const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js');

test.each([
  'abc',
  'a{1000}',
  '(ab{3}|c){20}',
  '[^a-z\\]]{10}x?',
  '^(a|b)*$',
  '\\d{3}-\\d{4}',
  '[]a]{50}',
  '(?:a{10}){10}',
])('the size of %s is at least that of its program, and not far from it', (pattern) => {
  const program = RE2JS.compile(pattern).programSize();
  expect(patternSizeOf(pattern)).toBeGreaterThanOrEqual(program / 2);
  expect(patternSizeOf(pattern)).toBeLessThanOrEqual(4 * program + 4);
});

test('no pattern has a program of more than a few instructions for each that was foreseen', () => {
  const atom = fc.constantFrom('a', '.', '\\d', '[a-c]', '[^x]', '\\pL', '{', '}', '[]]', '[^]]', '\\{');
  const { pattern } = fc.letrec((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(tie('pattern'), fc.constantFrom('{7}', '{2,9}', '{3,}', '*', '+?', '?', '{,3}'))
        .map(([a, repetition]) => `(?:${a})${repetition}`),
    ),
  }));
  fc.assert(
    fc.property(pattern as fc.Arbitrary<string>, (text) => {
      let program: number;
      try {
        program = RE2JS.compile(text).programSize();
      } catch {
        return;
      }
      expect(program).toBeLessThanOrEqual(4 * patternSizeOf(text) + 10);
    }),
  );
});

test('a short pattern with a program of millions of instructions is refused without making it', () => {
  const start = performance.now();
  expect(() => compilePattern('a{1000}'.repeat(2_800))).toThrow(PatternError);
  expect(performance.now() - start).toBeLessThan(500);
});
