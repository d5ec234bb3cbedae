import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

test('it holds as many entries as it was given, and forgets the least recently used', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  expect(cache.size).toBe(2);
});

test('setting a key again replaces its value, counts as use and takes no room', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.set('a', 10);
  expect(cache.size).toBe(2);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b')]).toEqual([10, undefined]);
});

test('a value is made once while it is cached, and one that could not be made is not cached', () => {
  const cache = new BoundedCache<string, number>(1);
  let made = 0;
  const make = () => ++made;
  expect([cache.getOrMake('a', make), cache.getOrMake('a', make)]).toEqual([1, 1]);
  expect(() =>
    cache.getOrMake('b', () => {
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(cache.get('a')).toBe(1);
  expect([cache.getOrMake('b', make), cache.getOrMake('a', make)]).toEqual([2, 3]);
});

test('it behaves like a list of the most recently used', () => {
  const step = fc.record({ key: fc.nat(6), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step), (entriesMax, steps) => {
      const cache = new BoundedCache<number, number>(entriesMax);
      let model: { key: number; value: number }[] = [];
      steps.forEach(({ key, isSet }, value) => {
        const entry = model.find((each) => each.key === key);
        if (isSet) cache.set(key, value);
        else expect(cache.get(key)).toBe(entry?.value);
        const used = isSet ? { key, value } : entry;
        if (used !== undefined)
          model = [used, ...model.filter((each) => each.key !== key)].slice(0, entriesMax);
        expect(cache.size).toBe(model.length);
      });
    }),
  );
});
