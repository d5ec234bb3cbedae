import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldSetArbitrary, fields, pathsOf } from './apply.suite.ts';
import { FieldSet } from './field-set.ts';
import {
  differenceOf,
  intersectionOf,
  leavesOf,
  recursiveDifferenceOf,
  unionOf,
} from './field-set-algebra.ts';
import { decodeFieldsV1, encodeFieldsV1, encodeFieldsV1Text } from './fields-v1.ts';
import { describePath, fieldElement, keyElement, valueElement } from './path-element.ts';

describe('a field set', () => {
  const path = [fieldElement('spec'), fieldElement('list'), keyElement({ name: 'a' }), fieldElement('x')];

  it('has the paths that were inserted, and not those on the way to them', () => {
    const set = FieldSet.empty.insert(path);
    expect(set.has(path)).toBe(true);
    expect(set.has(path.slice(0, 2))).toBe(false);
    expect(set.insert(path.slice(0, 2)).has(path.slice(0, 2))).toBe(true);
    expect(set.size).toBe(1);
  });

  it('does not change when a path is inserted', () => {
    const set = FieldSet.of(path);
    set.insert([fieldElement('spec')]);
    expect(pathsOf(set)).toEqual(['.spec.list[name="a"].x']);
  });

  it('never has the empty path', () => {
    expect(FieldSet.of([]).isEmpty).toBe(true);
    expect(FieldSet.of(path).has([])).toBe(false);
  });

  it('lists its members before what is below them, fields before keys before values before indexes', () => {
    const set = fields({
      'i:2': {},
      'v:10': {},
      'v:9': {},
      'k:{"n":"b"}': {},
      'f:b': { 'f:c': {} },
      'f:a': {},
    });
    expect([...set].map(describePath)).toEqual(['.a', '[n="b"]', '[=9]', '[=10]', '[2]', '.b.c']);
  });

  it('says what is below an element', () => {
    const set = fields({ 'f:a': { '.': {}, 'v:1': {} } });
    expect(pathsOf(set.below(fieldElement('a')))).toEqual(['[=1]']);
    expect(set.below(valueElement(1)).isEmpty).toBe(true);
  });
});

describe('the algebra of field sets', () => {
  const check = (property: (a: FieldSet, b: FieldSet, c: FieldSet) => void) =>
    fc.assert(
      fc.property(fieldSetArbitrary, fieldSetArbitrary, fieldSetArbitrary, (a, b, c) => {
        property(a, b, c);
      }),
    );

  it('unites as sets of paths do', () => {
    check((a, b) => expect(pathsOf(unionOf(a, b))).toEqual(sorted([...pathsOf(a), ...pathsOf(b)])));
  });

  it('intersects as sets of paths do', () => {
    check((a, b) => {
      const other = new Set(pathsOf(b));
      expect(pathsOf(intersectionOf(a, b))).toEqual(pathsOf(a).filter((path) => other.has(path)));
    });
  });

  it('subtracts as sets of paths do', () => {
    check((a, b) => {
      const other = new Set(pathsOf(b));
      expect(pathsOf(differenceOf(a, b))).toEqual(pathsOf(a).filter((path) => !other.has(path)));
    });
  });

  it('subtracts recursively what is below a member too', () => {
    check((a, b) => {
      const left = recursiveDifferenceOf(a, b);
      for (const path of a) {
        const isGone = path.some((_, index) => b.has(path.slice(0, index + 1)));
        expect(left.has(path)).toBe(!isGone);
      }
      expect(left.size).toBeLessThanOrEqual(a.size);
    });
  });

  it('is commutative, associative and absorbing where it should be', () => {
    check((a, b, c) => {
      expect(unionOf(a, b).equals(unionOf(b, a))).toBe(true);
      expect(intersectionOf(a, b).equals(intersectionOf(b, a))).toBe(true);
      expect(unionOf(unionOf(a, b), c).equals(unionOf(a, unionOf(b, c)))).toBe(true);
      expect(intersectionOf(a, unionOf(a, b)).equals(a)).toBe(true);
      expect(unionOf(differenceOf(a, b), intersectionOf(a, b)).equals(a)).toBe(true);
    });
  });

  it('keeps as leaves the members with no members below them', () => {
    check((a) => {
      const leaves = leavesOf(a);
      for (const path of a) expect(leaves.has(path)).toBe(isLeaf(a, path));
    });
  });

  it('leaves its operands as they are', () => {
    check((a, b) => {
      const before = [encodeFieldsV1Text(a), encodeFieldsV1Text(b)];
      for (const operation of [unionOf, intersectionOf, differenceOf, recursiveDifferenceOf]) operation(a, b);
      expect([encodeFieldsV1Text(a), encodeFieldsV1Text(b)]).toEqual(before);
    });
  });

  it('returns the very set where nothing changes', () => {
    const a = fields({ 'f:a': { 'f:b': {} }, 'v:1': {} });
    expect(unionOf(a, fields({ 'f:a': { 'f:b': {} } }))).toBe(a);
    expect(differenceOf(a, fields({ 'f:b': {} }))).toBe(a);
    expect(recursiveDifferenceOf(a, FieldSet.empty)).toBe(a);
  });
});

describe('FieldsV1', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(fieldSetArbitrary, (set) => {
        expect(decodeFieldsV1(encodeFieldsV1(set)).equals(set)).toBe(true);
        expect(fields(JSON.parse(encodeFieldsV1Text(set))).equals(set)).toBe(true);
      }),
    );
  });

  it.each([
    '{}',
    '{"f:a":{},"f:b":{".":{},"f:c":{}},"k:{\\"name\\":\\"x\\"}":{"f:d":{}},"v:2":{},"v:10":{},"v:\\"s\\"":{},"v:true":{},"i:1":{},"i:12":{}}',
    '{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{},"k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}":{}}',
    '{"v:\\"\\\\u003cb\\\\u003e\\"":{}}',
  ])('writes %s back as it was', (text) => {
    expect(encodeFieldsV1Text(fields(JSON.parse(text)))).toBe(text);
  });

  it('takes different spellings of one item for one', () => {
    const set = fields({ 'k:{ "b": 1.0, "a": "x" }': {}, 'k:{"a":"x","b":1}': { 'f:c': {} }, 'v:1.0': {} });
    expect(encodeFieldsV1Text(set)).toBe('{"k:{\\"a\\":\\"x\\",\\"b\\":1}":{".":{},"f:c":{}},"v:1":{}}');
  });

  it('drops elements of unknown kinds with all that is below them', () => {
    expect(encodeFieldsV1Text(fields({ 'f:a': {}, 'r:b': { 'f:c': {} } }))).toBe('{"f:a":{}}');
    expect(encodeFieldsV1Text(fields({ 'f:a': { 'r:b': {} } }))).toBe('{"f:a":{}}');
  });

  it('takes null for an empty node', () => {
    expect(pathsOf(fields({ 'f:a': null }))).toEqual(['.a']);
    expect(fields(null).isEmpty).toBe(true);
  });

  it.each([
    '',
    'x',
    'no-colon',
    'i:x',
    'i:1.5',
    'i:',
    'v:',
    'v:nonsense',
    'k:nonsense',
    'k:[1]',
    'k:{"a":x}',
  ])('refuses the key %j', (key) => {
    expect(() => fields({ [key]: {} })).toThrow();
  });

  it('refuses a node that is no object', () => {
    expect(() => fields({ 'f:a': 'x' })).toThrow('must be an object');
  });
});

function sorted(paths: readonly string[]): string[] {
  return [...new Set(paths)].sort();
}

function isLeaf(set: FieldSet, path: Parameters<FieldSet['has']>[0]): boolean {
  for (const other of set) {
    if (other.length > path.length && describePath(other.slice(0, path.length)) === describePath(path))
      return false;
  }
  return true;
}
