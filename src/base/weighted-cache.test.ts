import { expect, test } from 'vitest';
import { WeightedCache } from './weighted-cache.ts';

test('a value is computed once while it is remembered', () => {
  const cache = new WeightedCache<string>({ weightMax: 10, weigh: (value) => value.length });
  let computed = 0;
  const compute = () => {
    computed++;
    return 'abc';
  };
  expect(cache.getOrCompute('a', compute)).toBe('abc');
  expect(cache.getOrCompute('a', compute)).toBe('abc');
  expect(computed).toBe(1);
});

test('what was not asked for longest is forgotten when the weight exceeds the bound', () => {
  const cache = new WeightedCache<string>({ weightMax: 6, weigh: (value) => value.length });
  cache.getOrCompute('a', () => 'aaa');
  cache.getOrCompute('b', () => 'bbb');
  cache.getOrCompute('a', () => 'unused');
  cache.getOrCompute('c', () => 'ccc');
  expect(cache.size).toBe(2);
  expect(cache.getOrCompute('a', () => 'again')).toBe('aaa');
  expect(cache.getOrCompute('b', () => 'again')).toBe('again');
});

test('a value heavier than the bound is remembered alone', () => {
  const cache = new WeightedCache<string>({ weightMax: 2, weigh: (value) => value.length });
  cache.getOrCompute('a', () => 'a');
  cache.getOrCompute('b', () => 'bbbb');
  expect(cache.size).toBe(1);
  expect(cache.getOrCompute('b', () => 'other')).toBe('bbbb');
});

test('an error is thrown to the caller and not remembered', () => {
  const cache = new WeightedCache<string>({ weightMax: 2, weigh: () => 1 });
  const fail = () => {
    throw new Error('broken');
  };
  expect(() => cache.getOrCompute('a', fail)).toThrow('broken');
  expect(cache.getOrCompute('a', () => 'fine')).toBe('fine');
});

test('asking for a key while computing it leaves one entry with one weight', () => {
  const cache = new WeightedCache<string>({ weightMax: 6, weigh: (value) => value.length });
  cache.getOrCompute('a', () => cache.getOrCompute('a', () => 'inner').slice(0, 3));
  cache.getOrCompute('b', () => 'bbb');
  expect(cache.size).toBe(2);
});

test('a value that grew is weighed again, and forgotten values do not come back', () => {
  const cache = new WeightedCache<string>({ weightMax: 4, weigh: (value) => value.length });
  cache.getOrCompute('a', () => 'a');
  cache.getOrCompute('b', () => 'b');
  cache.replace('b', 'bbbb');
  cache.replace('a', 'aaaa');
  expect(cache.size).toBe(1);
  expect(cache.getOrCompute('b', () => 'other')).toBe('bbbb');
});
