import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fields,
  json,
  mapListOf,
  NUMBER,
  pathsOf,
  SAMPLE,
  sampleArbitrary,
  setOf,
  TEXT,
  typeWith,
} from './apply.suite.ts';
import type { ApplyType } from './apply-type.ts';
import { compareTyped } from './compare.ts';
import { differenceOf, intersectionOf, leavesOf, recursiveDifferenceOf } from './field-set-algebra.ts';
import { mergeTyped } from './merge.ts';
import { extractItems, removeItems } from './remove-items.ts';
import { reconcileSet, withNamedFields } from './schema-sets.ts';
import { fieldSetOf } from './to-field-set.ts';
import { type TypedValue, typedValue } from './typed-value.ts';

function typed(value: unknown, type: ApplyType = SAMPLE): TypedValue {
  return typedValue({ value: json(value), type, apiVersion: 'v1', allowDuplicates: true });
}

function plain({ value }: TypedValue): unknown {
  return JSON.parse(JSON.stringify(value));
}

function changes(before: unknown, after: unknown) {
  const { removed, modified, added } = compareTyped(typed(before), typed(after));
  return { removed: pathsOf(removed), modified: pathsOf(modified), added: pathsOf(added) };
}

describe('the field set of a configuration', () => {
  it.each([
    [{ text: 'a', number: 1 }, ['.number', '.text']],
    [{ set: ['a', 'b'] }, ['.set[="a"]', '.set[="b"]']],
    [{ atomic: [1, 2] }, ['.atomic']],
    [{ whole: { a: 'x' } }, ['.whole']],
    [
      { list: [{ name: 'a', value: 1 }] },
      ['.list[name="a"]', '.list[name="a"].name', '.list[name="a"].value'],
    ],
    [{ nested: { inner: { a: 'x' } } }, ['.nested.inner.a']],
    [{ labels: { x: 'y' } }, ['.labels.x']],
    [{ free: { a: { b: 1 }, c: [1] } }, ['.free.a', '.free.a.b', '.free.c']],
    [{ nested: {}, labels: null, whole: {}, set: null }, ['.labels', '.nested', '.set', '.whole']],
    [{ set: [], list: [] }, []],
    [{ set: ['a', 'a', 'b'] }, ['.set[="a"]', '.set[="b"]']],
    [
      {
        list: [
          { name: 'a', value: 1 },
          { name: 'a', value: 2 },
        ],
      },
      ['.list[name="a"]'],
    ],
  ])('of %j is %j', (value, paths) => {
    expect(pathsOf(fieldSetOf(typed(value)))).toEqual(paths);
  });
});

describe('a comparison', () => {
  it('finds nothing between a value and itself or a copy', () => {
    fc.assert(
      fc.property(sampleArbitrary, (value) => {
        expect(changes(value, structuredClone(value))).toEqual({ removed: [], modified: [], added: [] });
      }),
    );
  });

  it('finds the same, the other way round, when the sides change places', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (before, after) => {
        const forth = changes(before, after);
        const back = changes(after, before);
        expect(back).toEqual({ removed: forth.added, modified: forth.modified, added: forth.removed });
      }),
    );
  });

  it.each([
    ['scalars', { text: 'a' }, { text: 'b' }, { modified: ['.text'] }],
    [
      'what is new, with all that is below it',
      {},
      { nested: { inner: { a: 'x' } } },
      { added: ['.nested', '.nested.inner', '.nested.inner.a'] },
    ],
    [
      'what is gone, with all that is below it',
      { list: [{ name: 'a' }] },
      {},
      { removed: ['.list', '.list[name="a"]', '.list[name="a"].name'] },
    ],
    [
      'items by their keys, whatever their order',
      { list: [{ name: 'a' }, { name: 'b', value: 1 }] },
      { list: [{ name: 'b', value: 2 }, { name: 'a' }] },
      { modified: ['.list[name="b"].value'] },
    ],
    [
      'elements of sets',
      { set: ['a', 'b'] },
      { set: ['c', 'b'] },
      { removed: ['.set[="a"]'], added: ['.set[="c"]'] },
    ],
    ['atomic lists as a whole', { atomic: [1, 2] }, { atomic: [2, 1] }, { modified: ['.atomic'] }],
    ['atomic maps as a whole', { whole: { a: 'x' } }, { whole: { b: 'x' } }, { modified: ['.whole'] }],
    ['null and empty as different leaves', { labels: null }, { labels: {} }, { modified: ['.labels'] }],
    ['an empty map that gets members', { labels: {} }, { labels: { a: 'b' } }, { added: ['.labels.a'] }],
    [
      'a deduced value that changes its kind',
      { free: { a: 1 } },
      { free: { a: { b: 2 } } },
      { modified: ['.free.a'], added: ['.free.a.b'] },
    ],
    ['whole numbers as equal, however they are written', { free: { a: 1 } }, { free: { a: 1.0 } }, {}],
    [
      'repeated items that change as one leaf',
      { set: ['a', 'a', 'a'] },
      { set: ['a', 'a'] },
      { modified: ['.set[="a"]'] },
    ],
    [
      'an item that is no longer repeated',
      { set: ['a', 'a'] },
      { set: ['a'] },
      { removed: ['.set[="a"]'], added: ['.set[="a"]'] },
    ],
    [
      'an item that is repeated now',
      { list: [{ name: 'a', value: 1 }] },
      { list: [{ name: 'a' }, { name: 'a' }] },
      {
        removed: ['.list[name="a"]', '.list[name="a"].name', '.list[name="a"].value'],
        added: ['.list[name="a"]'],
      },
    ],
  ])('finds %s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual({ removed: [], modified: [], added: [], ...expected });
  });
});

describe('merging', () => {
  it('gives what the configuration says, and has nothing to add to it then', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (live, config) => {
        const merged = mergeTyped(typed(live), typed(config));
        const again = mergeTyped(merged, typed(config));
        expect(plain(again)).toEqual(plain(merged));
        const said = compareTyped(typed({}), merged).added;
        for (const path of fieldSetOf(typed(config))) expect(said.has(path)).toBe(true);
      }),
    );
  });

  it('keeps what the configuration does not say', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (live, config) => {
        const { removed } = compareTyped(typed(live), mergeTyped(typed(live), typed(config)));
        // Only atomic values and kinds of deduced values are replaced: nothing granular goes.
        expect(pathsOf(removed).filter((path) => !path.startsWith('.free'))).toEqual([]);
      }),
    );
  });

  it('changes neither side', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (live, config) => {
        const sides = [typed(live), typed(config)] as const;
        mergeTyped(...sides);
        expect(sides.map(plain)).toEqual([live, config].map((side) => JSON.parse(JSON.stringify(side))));
      }),
    );
  });

  it.each([
    ['abc', 'cab', 'cab'],
    ['abc', 'd', 'abcd'],
    ['abc', 'b', 'abc'],
    ['abcd', 'dx', 'abcdx'],
    ['abcd', 'xd', 'abcxd'],
    ['abcd', 'ca', 'bcda'],
    ['abc', 'cxa', 'bcxa'],
    ['axbyc', 'cba', 'xycba'],
    ['', 'ba', 'ba'],
    ['ab', '', 'ab'],
    ['aab', 'a', 'ab'],
    ['baa', 'c', 'baac'],
    ['abab', 'b', 'aba'],
  ])('of the set %s with %s gives %s', (live, config, merged) => {
    const type = typeWith({ set: setOf(TEXT) });
    const result = mergeTyped(typed({ set: [...live] }, type), typed({ set: [...config] }, type));
    expect((plain(result) as { readonly set?: readonly string[] }).set?.join('') ?? '').toBe(merged);
  });

  it('merges items by key and orders them like elements of sets', () => {
    const live = {
      list: [
        { name: 'a', value: 1 },
        { name: 'b', value: 1 },
        { name: 'c', value: 1 },
      ],
    };
    const config = { list: [{ name: 'c', tags: ['x'] }, { name: 'd' }, { name: 'a', value: 2 }] };
    expect(plain(mergeTyped(typed(live), typed(config)))).toEqual({
      list: [
        { name: 'b', value: 1 },
        { name: 'c', value: 1, tags: ['x'] },
        { name: 'd' },
        { name: 'a', value: 2 },
      ],
    });
  });

  it('replaces what is repeated in the live list by the one item of the configuration', () => {
    const live = { list: [{ name: 'a', value: 1 }, { name: 'b' }, { name: 'a', value: 2 }] };
    expect(plain(mergeTyped(typed(live), typed({ list: [{ name: 'a', tags: ['x'] }] })))).toEqual({
      list: [{ name: 'a', tags: ['x'] }, { name: 'b' }],
    });
  });

  it('takes defaults of keys for what is left out', () => {
    const type = typeWith({
      list: mapListOf(['n', 'p'], { n: TEXT, p: { type: 'string', default: 'TCP' }, v: NUMBER }),
    });
    const merged = mergeTyped(
      typed({ list: [{ n: 'a', p: 'TCP', v: 1 }] }, type),
      typed({ list: [{ n: 'a', v: 2 }] }, type),
    );
    expect(plain(merged)).toEqual({ list: [{ n: 'a', p: 'TCP', v: 2 }] });
  });

  it('keeps null and empty where the configuration says so', () => {
    expect(
      plain(mergeTyped(typed({ labels: { a: 'b' }, text: 'x' }), typed({ labels: {}, text: null }))),
    ).toEqual({
      labels: { a: 'b' },
      text: null,
    });
    expect(plain(mergeTyped(typed({ labels: {} }), typed({ labels: null })))).toEqual({ labels: null });
  });
});

describe('removing fields', () => {
  const value = {
    text: 'a',
    set: ['x', 'y'],
    list: [{ name: 'a', value: 1 }, { name: 'b' }],
    nested: { inner: { a: 'z' } },
    whole: { a: 'x' },
  };

  it.each([
    ['a field', { 'f:text': {} }, { text: undefined }],
    ['an item', { 'f:list': { 'k:{"name":"b"}': {} } }, { list: [{ name: 'a', value: 1 }] }],
    [
      'a field of an item',
      { 'f:list': { 'k:{"name":"a"}': { 'f:value': {} } } },
      { list: [{ name: 'a' }, { name: 'b' }] },
    ],
    ['an element of a set', { 'f:set': { 'v:"x"': {} } }, { set: ['y'] }],
    [
      'all that is in a list or map, leaving null',
      { 'f:set': { 'v:"x"': {}, 'v:"y"': {} }, 'f:nested': { 'f:inner': { 'f:a': {} } } },
      { set: null, nested: { inner: null } },
    ],
    ['a part of something atomic, leaving null', { 'f:whole': { 'f:a': {} } }, { whole: null }],
  ])('takes away %s', (_, set, expected) => {
    const result = JSON.parse(JSON.stringify({ ...value, ...expected }));
    expect(plain(removeItems(typed(value), fields(set)))).toEqual(result);
  });

  it('gives back the very value when nothing goes', () => {
    const before = typed(value);
    expect(removeItems(before, fields({}))).toBe(before);
  });

  it('takes away all that is asked for, and keeps all else', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (a, b) => {
        const before = typed(a);
        const gone = fieldSetOf(typed(b));
        const after = removeItems(before, gone);
        const { removed, modified } = compareTyped(before, after);
        for (const path of intersectionOf(fieldSetOf(before), gone)) {
          expect(removed.has(path) || modified.has(path)).toBe(true);
        }
        const kept = recursiveDifferenceOf(leavesOf(fieldSetOf(before)), gone);
        expect(differenceOf(kept, fieldSetOf(after)).isEmpty).toBe(true);
      }),
    );
  });
});

describe('extracting fields', () => {
  const value = {
    text: 'a',
    list: [
      { name: 'a', value: 1 },
      { name: 'b', value: 2 },
    ],
    whole: { a: 'x' },
  };

  it('leaves only what is asked for', () => {
    const set = fields({ 'f:whole': {}, 'f:list': { 'k:{"name":"b"}': { 'f:value': {} } } });
    expect(plain(extractItems(typed(value), set))).toEqual({ list: [{ value: 2 }], whole: { a: 'x' } });
  });

  it('takes the key fields of items along on request', () => {
    const set = fields({ 'f:list': { 'k:{"name":"b"}': { 'f:value': {} } } });
    expect(plain(extractItems(typed(value), set, { withKeyFields: true }))).toEqual({
      list: [{ name: 'b', value: 2 }],
    });
  });

  it('of the fields of a value gives its leaves back', () => {
    const all = fieldSetOf(typed(value));
    expect(plain(extractItems(typed(value), all))).toEqual(value);
  });
});

describe('a set and a schema', () => {
  it('makes declared fields members for what is below them', () => {
    const set = fields({
      'f:nested': { 'f:inner': { 'f:a': {} } },
      'f:free': { 'f:x': { 'f:y': {} } },
      'f:list': { 'k:{"name":"a"}': { 'f:tags': { 'v:"t"': {} } } },
    });
    expect(pathsOf(withNamedFields(set, SAMPLE))).toEqual([
      '.free',
      '.free.x.y',
      '.list',
      '.list[name="a"].tags',
      '.list[name="a"].tags[="t"]',
      '.nested',
      '.nested.inner',
      '.nested.inner.a',
    ]);
  });

  it('owns as a whole what has become atomic', () => {
    const set = fields({
      'f:nested': { 'f:inner': { 'f:a': {} } },
      'f:list': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } },
      'f:gone': { 'f:x': {} },
      'f:free': { 'f:x': { 'f:y': {} } },
    });
    const now = typeWith({
      nested: {
        type: 'object',
        properties: { inner: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: TEXT } } },
      },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'atomic',
        items: { type: 'object', properties: { name: TEXT } },
      },
      free: { type: 'object' },
    });
    expect(pathsOf(reconcileSet(set, now))).toEqual(['.free.x.y', '.gone.x', '.list', '.nested.inner']);
    expect(reconcileSet(set, SAMPLE)).toBe(set);
  });

  it('stays as it is where something atomic has become granular', () => {
    const set = fields({ 'f:nested': {}, 'f:list': {} });
    expect(reconcileSet(set, SAMPLE)).toBe(set);
  });
});
