import { beforeEach, describe, expect, it } from 'vitest';
import type { Schema } from '../machinery/mod.ts';
import { conflictsOf } from './conflicts.ts';
import { meet, START_MS, TestRegion, thing } from './two-regions.suite.ts';

const TEXT: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        color: TEXT,
        size: { type: 'integer' },
        limits: { type: 'object', additionalProperties: TEXT },
        selector: { type: 'object', additionalProperties: TEXT, 'x-kubernetes-map-type': 'atomic' },
        args: { type: 'array', items: TEXT },
        tags: { type: 'array', items: TEXT, 'x-kubernetes-list-type': 'set' },
        ports: {
          type: 'array',
          items: { type: 'object', properties: { name: TEXT, number: { type: 'integer' }, note: TEXT } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
        storage: {
          type: 'object',
          properties: { disk: { type: 'object', properties: { size: TEXT } }, cloud: { type: 'object' } },
          oneOf: [{ required: ['disk'] }, { required: ['cloud'] }],
        },
        anything: { 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
};

describe('two regions that edit one object without knowing of each other', () => {
  let eu: TestRegion;
  let us: TestRegion;
  beforeEach(() => {
    eu = new TestRegion('eu', SCHEMA);
    us = new TestRegion('us', SCHEMA);
  });

  /** The same object in both, then an edit in each; eu's is the older one. */
  function merged(base: unknown, inEu: unknown, inUs: unknown): unknown {
    eu.create(thing(base));
    us.hear(eu);
    us.nowMs += 1_000;
    eu.updateSpec(inEu);
    us.updateSpec(inUs);
    meet(eu, us);
    expect(eu.object).toEqual(us.object);
    return eu.spec;
  }

  it('keeps both where they have changed different fields', () => {
    expect(merged({ color: 'red', size: 1 }, { color: 'blue', size: 1 }, { color: 'red', size: 2 })).toEqual({
      color: 'blue',
      size: 2,
    });
    expect(conflictsOf(eu.view)).toEqual([]);
  });

  it('keeps the newer value of one field, and shows the older one', () => {
    expect(merged({ color: 'red' }, { color: 'blue' }, { color: 'green' })).toEqual({ color: 'green' });
    const conflict = {
      path: '/spec/color',
      field: '.spec.color',
      winner: { region: 'us', timeMs: us.nowMs, value: 'green' },
      losers: [{ region: 'eu', timeMs: eu.nowMs, value: 'blue' }],
    };
    expect(conflictsOf(eu.view)).toEqual([conflict]);
    expect(conflictsOf(us.view)).toEqual([conflict]);
  });

  it('ends a conflict with the next write that has seen both', () => {
    merged({ color: 'red' }, { color: 'blue' }, { color: 'green' });
    eu.nowMs = us.nowMs;
    eu.updateSpec({ color: 'white' });
    us.hear(eu);
    expect(us.spec).toEqual({ color: 'white' });
    expect(conflictsOf(us.view)).toEqual([]);
  });

  it('gives a tie to the region whose name sorts last', () => {
    eu.create(thing({ color: 'red' }));
    us.hear(eu);
    us.nowMs = eu.nowMs;
    eu.updateSpec({ color: 'blue' });
    us.updateSpec({ color: 'green' });
    meet(eu, us);
    expect([eu.spec, us.spec]).toEqual([{ color: 'green' }, { color: 'green' }]);
  });

  it('keeps what both have added to a map, and what neither has removed', () => {
    const base = { limits: { cpu: '1', disk: '9' } };
    expect(
      merged(base, { limits: { cpu: '1', memory: '2' } }, { limits: { cpu: '1', disk: '9', gpu: '3' } }),
    ).toEqual({
      limits: { cpu: '1', memory: '2', gpu: '3' },
    });
  });

  it('takes an atomic map and an atomic list from one of them', () => {
    const base = { selector: { a: '1' }, args: ['x'] };
    const older = { selector: { a: '1', b: '2' }, args: ['x', 'y'] };
    expect(merged(base, older, { selector: { c: '3' }, args: ['z'] })).toEqual({
      selector: { c: '3' },
      args: ['z'],
    });
  });

  it('unites what both have added to a set, in an order that both agree on', () => {
    expect(merged({ tags: ['b', 'a'] }, { tags: ['b', 'a', 'z'] }, { tags: ['b', 'a', 'c'] })).toEqual({
      tags: ['b', 'a', 'z', 'c'],
    });
  });

  it('merges items with the same keys field by field', () => {
    const base = { ports: [{ name: 'http', number: 80, note: '' }] };
    expect(
      merged(
        base,
        { ports: [{ name: 'http', number: 8080, note: '' }] },
        { ports: [{ name: 'http', number: 80, note: 'public' }] },
      ),
    ).toEqual({ ports: [{ name: 'http', number: 8080, note: 'public' }] });
  });

  it('lets an item go for good, though somebody has edited it meanwhile', () => {
    const base = {
      ports: [
        { name: 'http', number: 80 },
        { name: 'ssh', number: 22 },
      ],
    };
    const edited = {
      ports: [
        { name: 'http', number: 81 },
        { name: 'ssh', number: 22 },
      ],
    };
    expect(merged(base, { ports: [{ name: 'ssh', number: 22 }] }, edited)).toEqual({
      ports: [{ name: 'ssh', number: 22 }],
    });
  });

  it('does not mix two items that were added under the same keys', () => {
    expect(
      merged(
        {},
        { ports: [{ name: 'http', number: 80, note: 'eu' }] },
        { ports: [{ name: 'http', number: 8080 }] },
      ),
    ).toEqual({ ports: [{ name: 'http', number: 8080 }] });
    expect(conflictsOf(us.view)).toMatchObject([
      {
        field: '.spec.ports[name="http"]',
        winner: { region: 'us', value: { name: 'http', number: 8080 } },
        losers: [{ region: 'eu', value: { name: 'http', number: 80, note: 'eu' } }],
      },
    ]);
  });

  it('does not bring back what an item had before it was removed and added again', () => {
    eu.create(thing({ ports: [{ name: 'http', number: 80, note: 'old' }] }));
    eu.updateSpec({ ports: [] }).updateSpec({ ports: [{ name: 'http', number: 81 }] });
    expect(us.hear(eu).spec).toEqual({ ports: [{ name: 'http', number: 81 }] });
  });

  it('chooses one alternative where only one may be there', () => {
    const base = { storage: { disk: { size: '1' } } };
    expect(merged(base, { storage: { cloud: {} } }, { storage: { disk: { size: '2' } } })).toEqual({
      storage: { disk: { size: '2' } },
    });
  });

  it('gives a place that became a map here and a number there to the newer one', () => {
    expect(merged({}, { anything: { a: 1 } }, { anything: 5 })).toEqual({ anything: 5 });
    eu.nowMs = us.nowMs;
    eu.updateSpec({ anything: { b: 1 } });
    expect(us.hear(eu).spec).toEqual({ anything: { b: 1 } });
  });

  it('lets an empty map give way to what is put into it elsewhere', () => {
    expect(merged({}, { limits: { cpu: '1' } }, { limits: {} })).toEqual({ limits: { cpu: '1' } });
  });

  it('counts the edits of the spec in all regions, and status and labels not', () => {
    merged({ size: 1 }, { size: 2 }, { size: 3 });
    expect(eu.object.metadata.generation).toBe(3);
    eu.update({ ...eu.object, metadata: { ...eu.object.metadata, labels: { a: 'b' } } });
    expect(eu.object.metadata.generation).toBe(3);
    expect(us.hear(eu).updateSpec({ size: 4 }).object.metadata.generation).toBe(4);
  });

  it('writes nothing where nothing was changed, and only what was', () => {
    eu.create(
      thing({
        color: 'red',
        ports: [
          { name: 'a', number: 1 },
          { name: 'b', number: 2 },
        ],
      }),
    );
    const before = eu.document.encode();
    eu.update(eu.object);
    expect(eu.document.encode()).toEqual(before);
    eu.updateSpec({
      color: 'red',
      ports: [
        { name: 'a', number: 1 },
        { name: 'b', number: 3 },
      ],
    });
    const paths = [...eu.document.registers()]
      .filter(({ stamp }) => stamp === eu.view.newest)
      .map(({ path }) => path);
    expect(paths).toEqual(['/spec/ports[k:{"name":"b"}/number', '@generation']);
  });

  it('touches only what the writer has changed in an object that was read before a merge', () => {
    eu.create(
      thing({ color: 'red', size: 1, tags: ['a'], ports: [{ name: 'a', number: 1 }, { name: 'b' }] }),
    );
    us.hear(eu);
    const old = eu.object;
    us.nowMs += 1_000;
    us.updateSpec({ color: 'red', size: 2, tags: ['a', 'b'], ports: [{ name: 'a', number: 1 }] });
    eu.hear(us);
    eu.nowMs = us.nowMs;
    const spec = thing({
      color: 'blue',
      size: 1,
      tags: ['a', 'c'],
      ports: [
        { name: 'a', number: 1 },
        { name: 'b', note: 'x' },
      ],
    })['spec']!;
    eu.update({ ...old, spec }, old);
    expect(eu.spec).toEqual({
      color: 'blue',
      size: 2,
      tags: ['a', 'c', 'b'],
      ports: [{ name: 'a', number: 1 }],
    });
  });

  it('says the same after a restart, and lets go of what the earlier process has written in the same place', () => {
    eu.create(thing({ color: 'red', size: 1 }));
    const before = [...eu.document.registers()].length;
    eu.restart().updateSpec({ color: 'blue', size: 1 });
    const registers = [...eu.document.registers()];
    expect(registers.length).toBe(before + 1);
    const ofColor = registers.filter(({ path }) => path === '/spec/color');
    expect(ofColor).toMatchObject([{ client: eu.client, value: 'blue' }]);
    expect(us.hear(eu).spec).toEqual({ color: 'blue', size: 1 });
  });

  it('does not grow with the number of edits', () => {
    eu.create(thing({ color: 'red', size: 0 }));
    us.hear(eu);
    const sizes: number[] = [];
    for (let round = 0; round < 120; round++) {
      const region = round % 2 === 0 ? eu : us;
      region.nowMs = START_MS + 1_000 + round * 10;
      region.updateSpec({ color: `c${round % 7}`, size: round % 5, limits: { [`k${round % 3}`]: 'v' } });
      meet(eu, us);
      sizes.push(eu.document.encode().byteLength);
    }
    expect(sizes.at(-1)).toBeLessThan(sizes[20]! * 1.3);
  });
});
