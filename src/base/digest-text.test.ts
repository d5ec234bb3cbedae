import { describe, expect, it, test } from 'vitest';
import { base62Sha224, numberText } from './digest-text.ts';

describe('a hash as a label', () => {
  // From kcp-dev/apimachinery, pkg/util/crypto.
  test.each([
    ['', 'aAkHCkvjglfF66mdhRcVKb0I3FT1lepYlWZNwj'],
    ['hello', 'bPWFAjMdldrWYheSsV0t7VkdTNtgGHBplr6qLF'],
    ['input50', 'WF7EK9IErgKvTHdcQRzkjJDEJDBOwfQSmzEQ'],
  ])('of %j is that of kcp', (text, expected) => {
    expect(base62Sha224(text)).toBe(expected);
  });

  it('of nothing but zeros is one zero', () => {
    expect(numberText(Buffer.alloc(4), 62)).toBe('0');
  });

  it('has the digits of Go', () => {
    expect([9, 10, 35, 36, 61, 62].map((value) => numberText(Buffer.of(value), 62))).toEqual([
      '9',
      'a',
      'z',
      'A',
      'Z',
      '10',
    ]);
  });
});
