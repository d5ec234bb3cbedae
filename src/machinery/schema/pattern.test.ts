import { expect, test } from 'vitest';
import { compilePattern, PatternError } from './pattern.ts';

test('patterns have the meaning of RE2 and match anywhere', () => {
  expect(compilePattern('b+').test('abbc')).toBe(true);
  expect(compilePattern('(?i)^HELLO\\z').test('hello')).toBe(true);
  expect(compilePattern('^a$').test('a\n')).toBe(false);
  expect(compilePattern('(?P<name>\\pL+)').test('é')).toBe(true);
});

test.each([
  ['(a', 'error parsing regexp: missing closing ): `(a`'],
  ['(?=x)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
  ['a\\', 'error parsing regexp: trailing backslash at end of expression: ``'],
  ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
])('%s is refused in the words of Go', (pattern, message) => {
  expect(() => compilePattern(pattern)).toThrow(new PatternError(message));
});

test('a pattern of unreasonable length is refused', () => {
  expect(() => compilePattern('a'.repeat(100_000))).toThrow(PatternError);
});

test('a pattern that makes backtracking engines hang takes no time', () => {
  const start = performance.now();
  expect(compilePattern('^(a+)+$').test(`${'a'.repeat(5_000)}b`)).toBe(false);
  expect(performance.now() - start).toBeLessThan(1_000);
});

test('matches are found from a place on, and the leftmost one is preferred', () => {
  const pattern = compilePattern('a|ab|^b');
  expect(pattern.find('xaxab', 0)).toEqual({ start: 1, end: 2 });
  expect(pattern.find('xaxab', 2)).toEqual({ start: 3, end: 4 });
  expect(pattern.find('xaxab', 4)).toBeUndefined();
});
