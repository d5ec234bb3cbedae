import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CelArray, itemsOf } from '../values.ts';
import { costsOf, evaluate, fault, problemsOf } from './library.suite.ts';
import { sortByKeys } from './list-sort.ts';

describe("Kubernetes' functions on lists", () => {
  it.each([
    ['[1, 2, 2].isSorted()', true],
    ["['b', 'a'].isSorted()", false],
    ["['\\uffff', '\\U0001f600'].isSorted()", true],
    ['[false, true].isSorted()', true],
    ['[1, 2].sum()', 3n],
    ['[1.5, 2.0].sum()', 3.5],
    ['[3u, 1u].sum()', 4n],
    ["string([duration('1m'), duration('1s')].sum())", '61s'],
    ['[9223372036854775807, 1].sum()', fault('integer overflow')],
    ['[18446744073709551615u, 1u].sum()', fault('unsigned integer overflow')],
    ["[duration('9223372036s'), duration('9223372036s')].sum()", fault('integer overflow')],
    ['[3, 1, 2].max()', 3n],
    ["['b', 'a'].min()", 'a'],
    ['[].max()', fault('max called on empty list')],
    ['[1, 2, 2].indexOf(2)', 1n],
    ['[1, 2, 2].lastIndexOf(2)', 2n],
    ['[1, 2].indexOf(3)', -1n],
    ["dyn([dyn(1), dyn('x')]).isSorted()", true],
    ["dyn([dyn(1), dyn('x')]).sum()", fault('no such overload')],
    ['dyn([dyn(1), dyn(null)]).max()', fault('no such overload')],
    ['dyn([dyn(null)]).max()', fault('no such overload: max(list)')],
    ['dyn([1.5, 2.5]).sum()', 4],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });
});

describe("cel-go's functions on lists", () => {
  it.each([
    ['[1, 2, 3, 4].slice(1, 3)', [2n, 3n]],
    ['[1, 2].slice(0, 3)', fault('cannot slice(0, 3), list is length 2')],
    ['[1, 2].slice(-1, 3)', fault('cannot slice(-1, 3), negative indexes not supported')],
    ['[1, 2].slice(2, 1)', fault('cannot slice(2, 1), start index must be less than or equal to end index')],
    ['[[1], [2, 3]].flatten()', [1n, 2n, 3n]],
    ['dyn([dyn([dyn([dyn(1)])]), dyn(2)]).flatten(5)', [1n, 2n]],
    ['dyn([dyn([dyn([dyn(1)])]), dyn(2)]).flatten(0)', [[[1n]], 2n]],
    ['dyn([dyn(1)]).flatten(-1)', fault('level must be non-negative')],
    ["dyn('x').flatten()", fault('no such overload: string.flatten()')],
    ['[3, 1, 2].sort()', [1n, 2n, 3n]],
    ["dyn([dyn(1), dyn('x')]).sort()", fault('list elements must have the same type')],
    ['dyn([dyn(null)]).sort()', fault('list elements must be comparable')],
    ["dyn('x').sort()", fault('no such overload')],
    ["['ccc', 'a', 'bb'].sortBy(x, x.size())", ['a', 'bb', 'ccc']],
    ['[2, 1].sortBy(x, -x)', [2n, 1n]],
    ['lists.range(3)', [0n, 1n, 2n]],
    ['lists.range(-3)', []],
    ['[1, 2, 3].reverse()', [3n, 2n, 1n]],
    ['[1, 2, 1].distinct()', [1n, 2n]],
    ['dyn([dyn(1), dyn(1.0), dyn(1u)]).distinct()', [1n]],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('have no use for memory when a range is far too long', () => {
    expect(evaluate('lists.range(9223372036854775807).size() > 1000')).toBe(true);
  });

  it('sort what they get, and keep the order of what has the same key', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }), (numbers) => {
        const keys = new CelArray(numbers.map(BigInt));
        const places = new CelArray(numbers.map((_, index) => BigInt(index)));
        const sorted = itemsOf(sortByKeys(places, keys) as CelArray).map(Number);
        for (const [index, place] of sorted.entries()) {
          const next = sorted[index + 1];
          if (next === undefined) continue;
          const [key, nextKey] = [numbers[place]!, numbers[next]!];
          expect(key < nextKey || (key === nextKey && place < next)).toBe(true);
        }
      }),
    );
  });

  it.each([
    [
      "'b'.sortBy(x, x)",
      '0: sortBy can only be applied to a list, identifier, comprehension, call or select expression',
    ],
    ['[1].sortBy(x.y, 1)', '12: argument is not an identifier'],
    ['[1].flatten()', "11: found no matching overload for 'flatten' applied to 'list(int).()'"],
  ])('refuse %s', (source, problem) => {
    expect(problemsOf(source)).toEqual([problem]);
  });

  it.each([
    ['[1, 2, 3].reverse()', '14 (24..24)'],
    ['[1, 2].distinct()', '19 (29..29)'],
    ['lists.range(5)', '16 (16..16)'],
    ["['b', 'a'].sort()", '19 (30..30)'],
  ])('cost what upstream charges: %s', (source, cost) => {
    expect(costsOf(source)).toBe(cost);
  });

  it('are for stored rules only: what the release before does not know, new rules may not use', () => {
    for (const name of ['sort', 'reverse', 'distinct', 'flatten', 'slice']) {
      expect(problemsOf(`[1].${name}()`, 'new')[0]).toContain(`undeclared reference to '${name}'`);
    }
    expect(problemsOf('[1].sortBy(x, x)', 'new')).not.toEqual([]);
    expect(problemsOf('[1].max() == 1', 'new')).toEqual([]);
  });
});

describe("cel-go's functions on sets", () => {
  it.each([
    ['sets.contains([1, 2, 3], [3, 1])', true],
    ['sets.contains([1], [1, 2])', false],
    ['sets.contains([], [])', true],
    ['sets.equivalent([1, 1, 2], [2, 1])', true],
    ['sets.equivalent([1], [1, 2])', false],
    ['sets.intersects([1, 2], [2, 3])', true],
    ['sets.intersects([], [1])', false],
    ['sets.contains(dyn([1.0]), dyn([1]))', true],
    ["sets.contains(dyn([ip('1.1.1.1')]), dyn([1]))", false],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toBe(expected);
  });

  it('cost the product of the sizes', () => {
    expect(costsOf('sets.contains([1, 2, 3], [3, 1])')).toBe('7 (27..27)');
    expect(costsOf('sets.equivalent([1, 2, 3], [3, 1])')).toBe('13 (33..33)');
  });
});
