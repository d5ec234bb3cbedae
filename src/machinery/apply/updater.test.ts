import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  atomicListOf,
  fields,
  json,
  mapListOf,
  mapOf,
  NUMBER,
  pathsOf,
  SAMPLE,
  Scene,
  sampleArbitrary,
  setOf,
  TEXT,
  types,
  typeWith,
} from './apply.suite.ts';
import { compareTyped } from './compare.ts';
import { excludeFields, includeFields, pathMatcher } from './field-filter.ts';
import { differenceOf, intersectionOf } from './field-set-algebra.ts';
import { fieldElement } from './path-element.ts';
import { fieldSetOf } from './to-field-set.ts';
import { typedValue } from './typed-value.ts';

const PLAIN = typeWith({ a: TEXT, b: TEXT, n: NUMBER });
const ITEMS = mapListOf(['name'], { name: TEXT, v: NUMBER, w: NUMBER });
const LISTS = typeWith({ set: setOf(TEXT), list: ITEMS, atomic: atomicListOf(TEXT), labels: mapOf(TEXT) });

describe('applying', () => {
  it('owns what it says', () => {
    const scene = new Scene(PLAIN).apply('m', { a: 'x', n: 1 });
    expect(scene.owned()).toEqual({ m: '{"f:a":{},"f:n":{}}' });
    expect(scene.managers.get('m')).toMatchObject({ apiVersion: 'v1', isApplied: true });
    scene.expectObject({ a: 'x', n: 1 });
  });

  it('shares what two say alike, and keeps it until both have dropped it', () => {
    const scene = new Scene(PLAIN).apply('one', { a: 'x', n: 1 }).apply('two', { a: 'x' });
    expect(scene.owned()).toEqual({ one: '{"f:a":{},"f:n":{}}', two: '{"f:a":{}}' });
    scene.apply('one', { n: 1 }).expectObject({ a: 'x', n: 1 });
    scene.apply('two', {}).expectObject({ n: 1 });
    expect(scene.owned()).toEqual({ one: '{"f:n":{}}' });
  });

  it('conflicts with everybody who owns a field that it changes', () => {
    const scene = new Scene(PLAIN).apply('two', { a: 'x', n: 1 }).apply('one', { a: 'x', n: 1 });
    expect(scene.conflicts('three', { a: 'y', n: 2 })).toBe(
      'conflicts with "one":\n- .a\n- .n\nconflicts with "two":\n- .a\n- .n',
    );
    expect(scene.conflicts('two', { a: 'y', n: 1 })).toBe('conflict with "one": .a');
    scene.expectObject({ a: 'x', n: 1 });
  });

  it('by force takes the fields away, and only those', () => {
    const scene = new Scene(PLAIN).apply('one', { a: 'x', n: 1 }).force('two', { a: 'y' });
    expect(scene.owned()).toEqual({ one: '{"f:n":{}}', two: '{"f:a":{}}' });
    scene.expectObject({ a: 'y', n: 1 });
  });

  it('removes who is left with nothing', () => {
    const scene = new Scene(PLAIN).apply('one', { a: 'x' }).force('two', { a: 'y' });
    expect(Object.keys(scene.owned())).toEqual(['two']);
    expect(scene.apply('two', {}).owned()).toEqual({});
    scene.expectObject(null);
  });

  it('returns no object when nothing changes, and the very entry', () => {
    const scene = new Scene(SAMPLE).apply('m', { text: 'x', list: [{ name: 'a' }] });
    const before = scene.object;
    const entry = scene.managers.get('m');
    scene.apply('m', { text: 'x', list: [{ name: 'a' }] });
    expect(scene.object).toBe(before);
    expect(scene.managers.get('m')).toBe(entry);
  });

  it('conflicts with who updated a field, too', () => {
    const scene = new Scene(PLAIN).apply('one', { a: 'x' }).update('controller', { a: 'z' });
    expect(scene.owned()).toEqual({ controller: '{"f:a":{}}' });
    expect(scene.conflicts('one', { a: 'x' })).toBe('conflict with "controller": .a');
    expect(scene.force('one', { a: 'x' }).owned()).toEqual({ one: '{"f:a":{}}' });
  });

  it('gives back to itself what another one did not touch', () => {
    const scene = new Scene(PLAIN).apply('one', { a: 'x', b: 'y' }).update('two', { a: 'z', b: 'y' });
    expect(scene.owned()).toEqual({ one: '{"f:b":{}}', two: '{"f:a":{}}' });
  });
});

describe('applying lists', () => {
  it('keeps the elements of sets that others own', () => {
    const scene = new Scene(LISTS).apply('one', { set: ['a', 'c'] }).apply('two', { set: ['b', 'c'] });
    scene
      .expectObject({ set: ['a', 'b', 'c'] })
      .apply('one', {})
      .expectObject({ set: ['b', 'c'] });
    scene.apply('two', { set: [] }).expectObject(null);
  });

  it('keeps the fields of items that others own, and the item with them', () => {
    const scene = new Scene(LISTS)
      .apply('one', { list: [{ name: 'a', v: 1 }] })
      .apply('two', { list: [{ name: 'a', w: 2 }] });
    scene.expectObject({ list: [{ name: 'a', v: 1, w: 2 }] });
    scene.apply('one', {}).expectObject({ list: [{ name: 'a', w: 2 }] });
    scene.apply('two', {}).expectObject(null);
  });

  it('removes an item with all its fields when nobody owns any of them', () => {
    const scene = new Scene(LISTS).apply('one', {
      list: [
        { name: 'a', v: 1 },
        { name: 'b', v: 2 },
      ],
    });
    scene.apply('one', { list: [{ name: 'b', v: 2 }] }).expectObject({ list: [{ name: 'b', v: 2 }] });
    expect(scene.owned()).toEqual({
      one: '{"f:list":{"k:{\\"name\\":\\"b\\"}":{".":{},"f:name":{},"f:v":{}}}}',
    });
  });

  it('removes an item that nobody else owns as such, with what an updater put into it', () => {
    const scene = new Scene(LISTS)
      .apply('one', { list: [{ name: 'a', v: 1 }] })
      .update('two', { list: [{ name: 'a', v: 1, w: 2 }] });
    expect(scene.pathsOf('two')).toEqual(['.list[name="a"].w']);
    scene.apply('one', {}).expectObject({ list: null });
  });

  it('replaces atomic lists as a whole, with conflicts as a whole', () => {
    const scene = new Scene(LISTS).apply('one', { atomic: ['a'] });
    expect(scene.conflicts('two', { atomic: ['a', 'b'] })).toBe('conflict with "one": .atomic');
    scene.force('two', { atomic: ['b'] }).expectObject({ atomic: ['b'] });
    scene.apply('two', {}).expectObject(null);
  });

  it('does not conflict over another order', () => {
    const scene = new Scene(LISTS)
      .apply('one', { list: [{ name: 'a' }, { name: 'b' }] })
      .apply('two', { list: [{ name: 'b' }, { name: 'a' }] });
    scene.expectObject({ list: [{ name: 'b' }, { name: 'a' }] });
  });

  it('takes over an item that the live list holds twice', () => {
    const scene = new Scene(LISTS, { object: { set: ['a', 'b', 'a'] } }).apply('one', { set: ['a'] });
    scene.expectObject({ set: ['a', 'b'] });
    expect(scene.pathsOf('one')).toEqual(['.set[="a"]']);
  });

  it('leaves alone what the live list holds twice and the configuration does not speak of', () => {
    const scene = new Scene(LISTS).update('owner', { set: ['a', 'b', 'a'] }).apply('one', { set: ['c'] });
    scene.expectObject({ set: ['a', 'b', 'a', 'c'] });
    scene.apply('one', {}).expectObject({ set: ['a', 'b', 'a'] });
  });

  it('matches items by the defaults of keys that are left out', () => {
    const type = typeWith({
      ports: mapListOf(['port', 'protocol'], {
        port: NUMBER,
        protocol: { type: 'string', default: 'TCP' },
        name: TEXT,
      }),
    });
    const scene = new Scene(type).apply('one', { ports: [{ port: 80 }] }).apply('two', {
      ports: [
        { port: 80, protocol: 'TCP', name: 'x' },
        { port: 80, protocol: 'UDP' },
      ],
    });
    scene.expectObject({
      ports: [
        { port: 80, protocol: 'TCP', name: 'x' },
        { port: 80, protocol: 'UDP' },
      ],
    });
    scene.apply('two', {}).expectObject({ ports: [{ port: 80 }] });
  });

  it('tells items apart that lack different keys', () => {
    const type = typeWith({ list: mapListOf(['a', 'b'], { a: TEXT, b: TEXT, v: NUMBER }) });
    const scene = new Scene(type)
      .apply('one', { list: [{ a: 'x' }, { b: 'x' }, { a: 'x', b: 'x' }] })
      .apply('two', { list: [{ b: 'x', v: 1 }] });
    scene.expectObject({ list: [{ a: 'x' }, { b: 'x', v: 1 }, { a: 'x', b: 'x' }] });
  });
});

describe('applying nested values', () => {
  const DEEP = typeWith({
    struct: {
      type: 'object',
      properties: { a: TEXT, inner: { type: 'object', properties: { b: TEXT, c: TEXT } } },
    },
    maps: mapOf(mapOf(TEXT)),
    lists: mapListOf(['name'], { name: TEXT, items: ITEMS, set: setOf(TEXT) }),
  });

  it('removes structs with what was in them, as far as it is gone', () => {
    const scene = new Scene(DEEP)
      .apply('one', { struct: { a: 'x', inner: { b: 'y' } } })
      .apply('two', { struct: { inner: { c: 'z' } } });
    scene.apply('one', {}).expectObject({ struct: { inner: { c: 'z' } } });
    scene.apply('two', {}).expectObject(null);
  });

  it('keeps an empty struct that somebody else speaks of', () => {
    const scene = new Scene(DEEP)
      .apply('one', { struct: { inner: { b: 'x' } } })
      .apply('two', { struct: { inner: {} } });
    expect(scene.owned()).toMatchObject({ two: '{"f:struct":{"f:inner":{}}}' });
    scene.apply('one', {}).expectObject({ struct: { inner: null } });
  });

  it('owns the entries of maps, which go with their last owner', () => {
    const scene = new Scene(DEEP)
      .apply('one', { maps: { a: { x: '1' } } })
      .apply('two', { maps: { a: { y: '2' } } });
    expect(scene.owned()).toMatchObject({ one: '{"f:maps":{"f:a":{".":{},"f:x":{}}}}' });
    scene.apply('one', {}).expectObject({ maps: { a: { y: '2' } } });
    scene.apply('two', { maps: {} }).expectObject({ maps: null });
  });

  it('keeps an item of a list in a list while somebody owns anything in it', () => {
    const scene = new Scene(DEEP)
      .apply('one', { lists: [{ name: 'l', items: [{ name: 'a', v: 1 }], set: ['s'] }] })
      .apply('two', { lists: [{ name: 'l', items: [{ name: 'a', w: 2 }] }] });
    scene.apply('one', {}).expectObject({ lists: [{ name: 'l', items: [{ name: 'a', w: 2 }] }] });
  });

  it('removes the struct that holds only what an updater added, if it applied the struct', () => {
    const scene = new Scene(DEEP)
      .apply('one', { struct: { a: 'x' } })
      .update('two', { struct: { a: 'x', inner: { b: 'y' } } });
    expect(scene.pathsOf('two')).toEqual(['.struct.inner', '.struct.inner.b']);
    scene.apply('one', {}).expectObject({ struct: { inner: { b: 'y' } } });
  });
});

describe('applying without schema', () => {
  const free = types.custom(undefined);

  it('merges maps and replaces lists', () => {
    const scene = new Scene(free)
      .apply('one', { spec: { a: 1, list: [1, 2], deep: { x: 'y' } } })
      .apply('two', { spec: { b: 2, deep: { z: 'w' } } });
    scene.expectObject({ spec: { a: 1, b: 2, list: [1, 2], deep: { x: 'y', z: 'w' } } });
    expect(scene.conflicts('two', { spec: { list: [1] } })).toBe('conflict with "one": .spec.list');
    scene.apply('one', {}).expectObject({ spec: { b: 2, deep: { z: 'w' } } });
  });

  it('lets a value change its kind by force', () => {
    const scene = new Scene(free).apply('one', { a: { b: 1 } });
    expect(scene.conflicts('two', { a: 'x' })).toBe('conflict with "one": .a');
    scene.force('two', { a: 'x' }).expectObject({ a: 'x' });
    expect(scene.owned()).toEqual({ two: '{"f:a":{}}' });
  });

  it('treats unknown fields below a preserving node so, and declared ones by their schema', () => {
    const type = typeWith({
      spec: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { set: setOf(TEXT) },
      },
    });
    const scene = new Scene(type)
      .apply('one', { spec: { set: ['a'], list: ['a'], x: { y: 1 } } })
      .apply('two', { spec: { set: ['b'], x: { z: 2 } } });
    scene.expectObject({ spec: { set: ['a', 'b'], list: ['a'], x: { y: 1, z: 2 } } });
    expect(scene.conflicts('two', { spec: { list: ['b'] } })).toBe('conflict with "one": .spec.list');
  });
});

describe('updating', () => {
  it('owns what it adds and changes, and takes it from all others', () => {
    const scene = new Scene(PLAIN).update('one', { a: 'x', n: 1 }).update('two', { a: 'y', n: 1, b: 'z' });
    expect(scene.owned()).toEqual({ one: '{"f:n":{}}', two: '{"f:a":{},"f:b":{}}' });
    expect(scene.managers.get('two')?.isApplied).toBe(false);
  });

  it('takes from everybody what it removes', () => {
    const scene = new Scene(PLAIN).apply('one', { a: 'x', n: 1 }).update('two', { n: 1 });
    expect(scene.owned()).toEqual({ one: '{"f:n":{}}' });
  });

  it('leaves everything as it is when nothing changes', () => {
    const scene = new Scene(SAMPLE).update('one', { text: 'a', list: [{ name: 'a' }] });
    const entry = scene.managers.get('one');
    scene.update('two', { text: 'a', list: [{ name: 'a' }] });
    expect([...scene.managers.keys()]).toEqual(['one']);
    expect(scene.managers.get('one')).toBe(entry);
  });

  it('owns whole what it brings in, maps and structs included', () => {
    const scene = new Scene(SAMPLE).update('one', { nested: { inner: { a: 'x' } }, labels: { l: 'm' } });
    expect(scene.pathsOf('one')).toEqual([
      '.labels',
      '.labels.l',
      '.nested',
      '.nested.inner',
      '.nested.inner.a',
    ]);
  });

  it('may leave repeated items behind, which it then owns as one', () => {
    const scene = new Scene(LISTS).update('one', {
      set: ['a', 'a'],
      list: [{ name: 'x', v: 1 }, { name: 'x' }],
    });
    expect(scene.pathsOf('one')).toEqual(['.list', '.list[name="x"]', '.set', '.set[="a"]']);
  });
});

describe('fields that an endpoint does not let its writers own', () => {
  const type = typeWith({ spec: mapOf(TEXT), status: mapOf(TEXT) });
  const noStatus = { filterOf: () => excludeFields(fields({ 'f:status': {} })) };

  it('are owned neither by applying nor by updating', () => {
    const scene = new Scene(type, { rules: noStatus })
      .apply('one', { spec: { a: '1' }, status: { b: '2' } })
      .update('two', { spec: { a: '1', c: '3' }, status: { b: '4' } });
    expect(scene.owned()).toEqual({ one: '{"f:spec":{"f:a":{}}}', two: '{"f:spec":{"f:c":{}}}' });
  });

  it('cause no conflicts', () => {
    const owner = new Scene(type).apply('one', { status: { a: '1' } });
    const scene = new Scene(type, { object: owner.object, rules: noStatus });
    scene.managers = owner.managers;
    expect(scene.conflicts('two', { status: { a: '2' } })).toBe('');
    expect(owner.conflicts('two', { status: { a: '2' } })).toBe('conflict with "one": .status.a');
  });

  it('may be all but what matches', () => {
    const rules = { filterOf: () => includeFields(pathMatcher([fieldElement('status'), '*'])) };
    const scene = new Scene(type, { rules }).apply('one', { spec: { a: '1' }, status: { b: '2' } });
    expect(scene.owned()).toEqual({ one: '{"f:status":{"f:b":{}}}' });
  });
});

describe('a schema that changes', () => {
  const granular = typeWith({ s: { type: 'object', properties: { a: TEXT, b: TEXT } } });
  const atomic = typeWith({
    s: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: TEXT, b: TEXT } },
  });

  it('from granular to atomic makes owners of parts owners of the whole', () => {
    const scene = new Scene(granular).apply('one', { s: { a: 'x' } }).apply('two', { s: { b: 'y' } });
    scene.type = atomic;
    expect(scene.conflicts('one', { s: { a: 'x' } })).toBe('conflict with "two": .s');
    scene.force('one', { s: { a: 'x' } }).expectObject({ s: { a: 'x' } });
    expect(scene.owned()).toEqual({ one: '{"f:s":{}}' });
  });

  it('from atomic to granular leaves the owner of the whole one until it applies again', () => {
    const scene = new Scene(atomic).apply('one', { s: { a: 'x', b: 'y' } });
    scene.type = granular;
    expect(scene.conflicts('two', { s: { b: 'z' } })).toBe('');
    expect(scene.apply('one', { s: { a: 'x' } }).owned()).toEqual({ one: '{"f:s":{"f:a":{}}}' });
    scene.expectObject({ s: { a: 'x', b: 'y' } });
  });

  it('adapts the sets on updates as well', () => {
    const scene = new Scene(granular).apply('one', { s: { a: 'x' } });
    scene.type = atomic;
    expect(scene.update('two', { s: { a: 'x' } }).owned()).toEqual({ one: '{"f:s":{}}' });
  });
});

describe('any history', () => {
  it('is not changed by applying the same again', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, sampleArbitrary, (live, first, second) => {
        const scene = new Scene(SAMPLE, { object: live }).force('one', first).force('two', second);
        const [object, owned] = [scene.object, scene.owned()];
        scene.force('two', second);
        expect(scene.object).toBe(object);
        expect(scene.owned()).toEqual(owned);
      }),
    );
  });

  it('ends with everybody owning what the last one says, and never two with different wishes', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (first, second) => {
        const scene = new Scene(SAMPLE).force('one', first).force('two', second);
        const wanted = fieldSetOf(typedSample(second));
        expect(pathsOf(differenceOf(wanted, scene.managers.get('two')?.set ?? wanted))).toEqual([]);
        const before = compareTyped(typedSample(first), typedSample(scene.object));
        const lost = intersectionOf(scene.managers.get('one')?.set ?? wanted, before.modified);
        if (scene.managers.has('one')) expect(pathsOf(lost)).toEqual([]);
      }),
    );
  });

  it('of two who speak of different fields has the same end in either order', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (a, b) => {
        const [first, second] = apart(a, b);
        const forth = new Scene(SAMPLE).apply('one', first).apply('two', second);
        const back = new Scene(SAMPLE).apply('two', second).apply('one', first);
        expect(sortLists(forth.object)).toEqual(sortLists(back.object));
        expect(forth.owned()).toEqual(back.owned());
      }),
    );
  });

  it('is undone where one drops everything that nobody else has', () => {
    fc.assert(
      fc.property(sampleArbitrary, sampleArbitrary, (a, b) => {
        const [first, second] = apart(a, b);
        const scene = new Scene(SAMPLE).apply('one', first).apply('two', second).apply('two', {});
        expect(Object.keys(scene.owned())).toEqual(Object.keys(first).length === 0 ? [] : expect.any(Array));
        expect(withoutNothing(scene.object)).toEqual(withoutNothing(first));
      }),
    );
  });
});

function typedSample(value: unknown) {
  return typedValue({ value: json(value), type: SAMPLE, apiVersion: 'v1', allowDuplicates: true });
}

/** The two configurations, the second one without the root fields that the first one has. */
function apart(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
): [Record<string, unknown>, Record<string, unknown>] {
  return [a, Object.fromEntries(Object.entries(b).filter(([name]) => a[name] === undefined))];
}

/** What commutes is the content of lists: their order is that of who came first. */
function sortLists(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sortLists).sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sortLists(member)]));
}

/** Without the null, {} and [] that emptied values leave behind. */
function withoutNothing(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [key, withoutNothing(member)] as const);
  const left = members.filter(
    ([, member]) =>
      member !== undefined && member !== null && !(Array.isArray(member) && member.length === 0),
  );
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
