import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from './label-selector.ts';

describe('a label selector', () => {
  it.each([
    ['region=eu', { matchLabels: { region: 'eu' } }],
    ['region == eu, example.org/tier=', { matchLabels: { region: 'eu', 'example.org/tier': '' } }],
    ['region!=eu', { matchExpressions: [{ key: 'region', operator: 'NotIn', values: ['eu'] }] }],
    [
      'tier in (a, b),zone notin (c),fast,!spare',
      {
        matchExpressions: [
          { key: 'tier', operator: 'In', values: ['a', 'b'] },
          { key: 'zone', operator: 'NotIn', values: ['c'] },
          { key: 'fast', operator: 'Exists' },
          { key: 'spare', operator: 'DoesNotExist' },
        ],
      },
    ],
    ['', {}],
  ])('%j is read as kubectl reads it', (text, selector) => {
    expect(parseLabelSelector(text)).toEqual(selector);
  });

  it.each(['a b', 'a in b', 'a=b=c', '=a', 'a in (b,-)', 'a=(b)', '!'])('%j is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(/is no /);
  });
});
