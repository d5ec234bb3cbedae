import { expect, test } from 'vitest';
import type { JsonObject } from '../../json-value.ts';
import type { Schema } from '../schema.ts';
import { RuleValidator } from './rule-validator.ts';

const integers = { type: 'array', items: { type: 'integer' } };
const schema: Schema = {
  type: 'object',
  properties: {
    list: integers,
    set: { ...integers, 'x-kubernetes-list-type': 'set' },
    items: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
      items: { type: 'object', properties: { a: { type: 'integer' } } },
    },
    texts: { type: 'array', items: { type: 'string' } },
    text: { type: 'string' },
    map: { type: 'object', additionalProperties: { type: 'integer' } },
  },
};

const COUNT = 10_000;
const numbers = Array.from({ length: COUNT }, (_, index) => index);
const object: JsonObject = {
  list: numbers,
  set: numbers,
  items: numbers.map((a) => ({ a })),
  texts: numbers.map((index) => `a{1000}${index}`),
  text: 'a'.repeat(300_000),
  map: Object.fromEntries(numbers.map((index) => [`k${index}`, index])),
};

const details = (rule: string, value: JsonObject = object) =>
  RuleValidator.of({ ...schema, 'x-kubernetes-validations': [{ rule }] }, { isResourceRoot: false })!
    .validate(value, { path: 'spec' })
    .map(({ detail }) => detail);

// cel-go calls each of these cheap, whatever the size of what it has to look at.
test.each([
  'self.list.all(x, (self.list + self.list).size() > 0)',
  'self.list.all(x, [self.list] == [self.list])',
  'self.list.all(x, [self.map] == [self.map])',
  'self.list.all(x, [self.set] == [self.set])',
  'self.list.all(x, (self.items + self.items).size() > 0)',
  'self.list.all(x, [self.list, self.list].flatten().size() > 0)',
  'self.list.all(x, self.list.slice(0, 1).size() > 0)',
  'self.list.all(x, self.map.size() > 0)',
  'self.list.all(x, self.map.exists(k, true))',
  "self.texts.all(x, !'b'.matches(x))",
  "self.list.all(x, '%s'.format([self.list]) != '')",
])('%s ends when it has held the server long enough', (rule) => {
  const start = performance.now();
  expect(details(rule)).toEqual([
    'validation failed due to running out of cost budget, no further validation rules will be run',
  ]);
  expect(performance.now() - start).toBeLessThan(5_000);
});

test('looking at long texts many times takes no time that counts', () => {
  expect(
    details('self.list.all(x, self.text.size() > 0)', { ...object, list: numbers.slice(0, 100) }),
  ).toEqual([]);
});

test('the same rules pass on objects of real sizes', () => {
  const small = { ...object, list: [1, 2, 3], set: [1, 2, 3], map: { a: 1 }, items: [{ a: 1 }] };
  expect(
    details('self.list.all(x, (self.list + self.list).size() > 0 && [self.map] == [self.map])', small),
  ).toEqual([]);
  expect(
    details('self.list.all(x, (self.items + self.items).size() > 0 && [self.set] == [self.set])', small),
  ).toEqual([]);
});
