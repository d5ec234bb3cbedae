import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestMatch } from './nearest-match.ts';

describe('nearestMatch', () => {
  const flags = ['region', 'root-directory', 'secure-port', 'log-level', 'help'];

  it.each([
    ['regoin', 'region'],
    ['Region', 'region'],
    ['secureport', 'secure-port'],
    ['root-dir', 'root-directory'],
    ['hlep', 'help'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearestMatch(word, flags)).toBe(meant);
  });

  it.each(['', 'x', 'verbose', 'r'.repeat(100_000)])('finds nothing near %.20s', (word) => {
    expect(nearestMatch(word, flags)).toBeUndefined();
  });

  it('does not choose between two that continue what was typed', () => {
    expect(nearestMatch('log', ['log-level', 'log-format'])).toBeUndefined();
  });
});

describe('editDistance', () => {
  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('strat', 'start')).toBe(1);
  });

  it('is symmetric, zero only for equal texts, and at most the longer length', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
