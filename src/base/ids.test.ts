import { describe, expect, test } from 'vitest';
import { parseLogicalCluster, parseRevision } from './ids.ts';

describe('logical clusters', () => {
  test.each(['root', 'a', '2x1kq8v0', 'root:org:team-1', 'system:admin', 'x'.repeat(63)])(
    '%s is one',
    (text) => {
      expect(parseLogicalCluster(text)).toBe(text);
    },
  );

  test.each([
    '',
    '*',
    ':',
    'root:',
    ':root',
    'root::a',
    'Root',
    '-a',
    'a-',
    'a.b',
    '..',
    'a/b',
    'a%2fb',
    'a\0b',
    'a\n',
    'ä',
    'x'.repeat(64),
    Array(33).fill('a').join(':'),
    Array(9).fill('x'.repeat(63)).join(':'),
  ])('%j is none', (text) => {
    expect(parseLogicalCluster(text)).toBeUndefined();
  });

  test('a hostile text is refused quickly', () => {
    const startMs = performance.now();
    for (const text of [
      `${'a-'.repeat(300_000)}!`,
      `${'a:'.repeat(300_000)}!`,
      'a'.repeat(500),
      '-'.repeat(511),
    ]) {
      expect(parseLogicalCluster(text)).toBeUndefined();
    }
    expect(performance.now() - startMs).toBeLessThan(500);
  });
});

describe('revisions', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['129171472384017', 129_171_472_384_017],
    [String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
  ])('%s is one', (text, revision) => {
    expect(parseRevision(text)).toBe(revision);
  });

  test.each([
    '',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    ' 1',
    '1 ',
    '0x1',
    '9007199254740992',
    '99999999999999999999',
    'NaN',
    '١',
  ])('%j is none', (text) => {
    expect(parseRevision(text)).toBeUndefined();
  });
});
