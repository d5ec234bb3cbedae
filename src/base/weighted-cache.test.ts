import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WeightedCache } from './weighted-cache.ts';

test('it forgets the least recently used entries until the rest is light enough', () => {
  const cache = new WeightedCache<string, number>(10);
  cache.set('a', 1, 4);
  cache.set('b', 2, 4);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3, 6);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  expect(cache.weight).toBe(10);
});

test('an entry that is too heavy is held alone', () => {
  const cache = new WeightedCache<string, number>(10);
  cache.set('a', 1, 1);
  cache.set('b', 2, 100);
  expect([cache.get('a'), cache.get('b'), cache.size]).toEqual([undefined, 2, 1]);
  cache.set('c', 3, 1);
  expect([cache.get('b'), cache.get('c'), cache.weight]).toEqual([undefined, 3, 1]);
});

test('its weight is that of its entries, and beyond the maximum only with a single one', () => {
  const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(12));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = new WeightedCache<string, number>(10);
      const last = new Map<string, number>();
      for (const [key, weight] of steps) {
        cache.set(key, weight, weight);
        last.set(key, weight);
        expect(cache.get(key)).toBe(weight);
        expect(cache.weight <= 10 || cache.size === 1).toBe(true);
      }
      const held = [...last.keys()].flatMap((key) => cache.get(key) ?? []);
      expect(held.reduce((sum, weight) => sum + weight, 0)).toBe(cache.weight);
    }),
  );
});
