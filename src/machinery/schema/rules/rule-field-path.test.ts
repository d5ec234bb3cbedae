import { describe, expect, test } from 'vitest';
import type { Schema } from '../schema.ts';
import { normalizeFieldPath } from './rule-field-path.ts';

const STRING: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    a: { type: 'object', properties: { b: STRING, 'x.y': STRING, "it's": STRING } },
    map: { type: 'object', additionalProperties: { type: 'object', properties: { c: STRING } } },
    list: { type: 'array', items: { type: 'object', properties: { c: STRING } } },
    any: { type: 'object', additionalProperties: true },
  },
};

describe('the fieldPath of a rule', () => {
  test.each([
    ['.a', 'a'],
    ['.a.b', 'a.b'],
    [".a['b']", 'a.b'],
    ["['a'].b", 'a.b'],
    [".a['x.y']", 'a.x.y'],
    [".a['it\\'s']", "a.it's"],
    ['.map.key', 'map[key]'],
    [".map['k.l'].c", 'map[k.l].c'],
    ['.map.k.c', 'map[k].c'],
    ['.list', 'list'],
    ['.any.x', 'any[x]'],
  ])('%s is %s in errors', (path, normalized) => {
    expect(normalizeFieldPath(path, SCHEMA)).toBe(normalized);
  });

  test.each([
    'a',
    '.',
    '.a.',
    '.b',
    '..a',
    '.a[b]',
    '.a["b"]',
    ".a['b'",
    ".a['b'.",
    ".a['b",
    ".a['\\q']",
    '.a.b.c',
    '.list[0]',
    ".list['0']",
    '.list.c',
    '.any.x.y',
    '.a b',
  ])('%s is none', (path) => {
    expect(normalizeFieldPath(path, SCHEMA)).toBeUndefined();
  });

  test('that is long and broken is read in no time', () => {
    for (const text of ["['", '[', '.a', "'\\'", "\\'"]) {
      expect(normalizeFieldPath(text.repeat(20_000), SCHEMA)).toBeUndefined();
    }
  });
});
