import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Doc, encodeStateAsUpdateV2, mergeUpdatesV2, Text } from 'yjs';
import type { Schema } from '../machinery/mod.ts';
import { ConvergentDocument } from './document.ts';
import { encodeKey } from './document-key.ts';
import { ConvergentError, type ConvergentRefusal } from './errors.ts';
import { encodeContent } from './register.ts';
import { TestRegion, thing } from './two-regions.suite.ts';
import { MAP_NAME } from './update-scan.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: { spec: { type: 'object', additionalProperties: { type: 'string' } } },
};

function refusing(refusal: ConvergentRefusal): unknown {
  return expect.objectContaining({ name: 'ConvergentError', refusal });
}

/** The bytes of a Yjs document that somebody else has made. */
function foreign(client: number, make: (doc: Doc) => void): Uint8Array {
  const doc = new Doc();
  doc.clientID = client;
  make(doc);
  return encodeStateAsUpdateV2(doc);
}

/** A register under any key, as only a forger writes it. */
function forged(
  client: number,
  key: Parameters<typeof encodeKey>[0],
  bytes = encodeContent({ stamp: 1, value: 1 }),
) {
  return foreign(client, (doc) => doc.getMap(MAP_NAME).set(encodeKey(key), bytes));
}

describe('bytes that are no document', () => {
  let eu: TestRegion;
  let us: TestRegion;
  beforeEach(() => {
    eu = new TestRegion('eu', SCHEMA).create(thing({ a: 'one', b: 'two' }));
    us = new TestRegion('us', SCHEMA).hear(eu);
  });

  it('are refused, whatever they are, and change nothing', () => {
    const before = us.document.encode();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => us.document.merge(bytes)).toThrow(ConvergentError);
      }),
      { numRuns: 500, examples: [[new Uint8Array()]] },
    );
    expect(us.document.encode()).toEqual(before);
  });

  it('are refused or harmless where some of a document are damaged', () => {
    const bytes = eu.updateSpec({ a: 'one', c: 'three' }).document.encode();
    const damages = fc.array(fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damages, fc.option(fc.nat(bytes.length)), (places, end) => {
        const damaged = Uint8Array.from(bytes.subarray(0, end ?? bytes.length));
        for (const { at, to } of places) if (at < damaged.length) damaged[at] = to;
        const copy = ConvergentDocument.open(us.document.encode());
        try {
          copy.merge(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(ConvergentError);
          expect([...copy.registers()]).toEqual([...us.document.registers()]);
        }
        // What was taken is a document again.
        ConvergentDocument.open(copy.encode());
      }),
      { numRuns: 400 },
    );
  }, 120_000);

  it('are refused at once where a few of them stand for structures without end', () => {
    const bomb = Uint8Array.from(foreign(77, (doc) => doc.getMap(MAP_NAME).set('x', 1)));
    for (let at = 0; at < bomb.length; at++) {
      const grown = Uint8Array.from([
        ...bomb.subarray(0, at),
        0xff,
        0xff,
        0xff,
        0xff,
        0x7f,
        ...bomb.subarray(at),
      ]);
      expect(() => us.document.merge(grown)).toThrow(ConvergentError);
    }
  });

  it.each<[string, (doc: Doc) => void]>([
    ['a text', (doc) => doc.getText('t').insert(0, 'hello')],
    ['another map', (doc) => doc.getMap('other').set('/a\neu\n2a\n0', encodeContent({ stamp: 1 }))],
    ['a nested map', (doc) => doc.getMap(MAP_NAME).set('/a\neu\n2a\n0', new Text('x'))],
    ['a value that is no register', (doc) => doc.getMap(MAP_NAME).set('/a\neu\n2a\n0', 'text')],
    ['a key that is none', (doc) => doc.getMap(MAP_NAME).set('hello', encodeContent({ stamp: 1 }))],
    ['content that is none', (doc) => doc.getMap(MAP_NAME).set('/a\neu\n25\n0', new Uint8Array([1, 2]))],
    ['a path that is none', (doc) => doc.getMap(MAP_NAME).set('a[[\neu\n25\n0', encodeContent({ stamp: 1 }))],
  ])('are refused where they hold %s', (_, make) => {
    expect(() => us.document.merge(foreign(77, make))).toThrow(refusing('DocumentCorrupt'));
  });

  it('are refused where the beginning of what a client has written is missing', () => {
    const region = new TestRegion('eu', SCHEMA).create(thing({ a: 'x' }));
    const vector = region.document.vector();
    expect(vector.get(region.client)).toBeGreaterThan(0);
    const doc = new Doc();
    doc.clientID = 91;
    const map = doc.getMap(MAP_NAME);
    map.set(encodeKey({ path: '/a', region: 'eu', client: 91, clock: 0 }), encodeContent({ stamp: 1 }));
    let tail: Uint8Array = new Uint8Array();
    doc.on('updateV2', (update: Uint8Array) => {
      tail = update;
    });
    map.set(encodeKey({ path: '/b', region: 'eu', client: 91, clock: 1 }), encodeContent({ stamp: 2 }));
    expect(() => us.document.merge(tail)).toThrow(refusing('DocumentCorrupt'));
    expect(() => us.document.merge(mergeUpdatesV2([us.document.encode(), tail]))).toThrow(
      refusing('DocumentCorrupt'),
    );
  });

  it('are refused where they replace what is still to be written', () => {
    const replacing = (clock: number) =>
      forged(
        77,
        { path: '/spec/a', region: 'ap', client: 77, clock: 0 },
        encodeContent({ stamp: 1, seen: new Map([[77, clock]]) }),
      );
    expect(us.document.merge(replacing(0))).toBe(true);
    expect(() => eu.document.merge(replacing(1))).toThrow(refusing('DocumentCorrupt'));
  });

  it('are refused where they are of another object', () => {
    const other = new TestRegion('us', SCHEMA).create(thing({ a: 'x' }, { metadata: { uid: 'uid-2' } }));
    expect(() => eu.hear(other)).toThrow(refusing('DocumentCorrupt'));
  });

  it('are refused where they would make an object that is too deep to be read', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'x' : [nested(levels - 1)]);
    const value = nested(99) as string;
    const deep = forged(
      77,
      { path: '/spec', region: 'ap', client: 77, clock: 0 },
      encodeContent({ stamp: 1, value }),
    );
    expect(us.document.merge(deep)).toBe(true);
    const deeper = forged(
      78,
      { path: '/spec/a', region: 'ap', client: 78, clock: 0 },
      encodeContent({ stamp: 1, value }),
    );
    expect(() => us.document.merge(deeper)).toThrow(refusing('DocumentCorrupt'));
  });

  it('are read again, however deep the object is that a user has written', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'x' : [nested(levels - 1)]);
    const whole: Schema = {
      type: 'object',
      properties: { spec: { 'x-kubernetes-preserve-unknown-fields': true } },
    };
    const region = new TestRegion('eu', whole).create(thing(nested(99)));
    const there = new TestRegion('us', whole).hear(region);
    there.update({ ...there.object, spec: thing(nested(98))['spec']! });
    expect(region.hear(there).object).toEqual(there.object);
  });

  it('are refused where they are too many', () => {
    expect(() => us.document.merge(new Uint8Array(3 * 1024 * 1024))).toThrow(refusing('DocumentTooLarge'));
    const large = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`f${index}`, 'x'.repeat(40_000)]),
    );
    expect(() => us.updateSpec(large)).toThrow(refusing('DocumentTooLarge'));
    const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`f${index}`, '']));
    expect(() => new TestRegion('eu', SCHEMA).create(thing(many))).toThrow(refusing('DocumentTooLarge'));
  }, 120_000);
});

describe('registers in a wrong name', () => {
  let eu: TestRegion;
  let us: TestRegion;
  beforeEach(() => {
    eu = new TestRegion('eu', SCHEMA).create(thing({ a: 'one' }));
    us = new TestRegion('us', SCHEMA).hear(eu).updateSpec({ a: 'two' });
  });

  it('are refused where the item is of another client than the key says', () => {
    const update = forged(77, { path: '/spec/a', region: 'us', client: us.client, clock: 0 });
    expect(() => eu.document.merge(update)).toThrow(refusing('ClientForged'));
    const late = forged(77, { path: '/spec/a', region: 'us', client: 77, clock: 5 });
    expect(() => eu.document.merge(late)).toThrow(refusing('ClientForged'));
  });

  it('are refused where they are news of what only this member writes', () => {
    const other = new TestRegion('us', SCHEMA).hear(eu);
    other.client = us.client;
    other.updateSpec({ a: 'x' }).updateSpec({ a: 'y' }).updateSpec({ a: 'z' });
    expect(() => us.hear(other)).toThrow(refusing('ClientForged'));
  });

  it('are refused where a client changes its region', () => {
    const two = foreign(77, (doc) => {
      const map = doc.getMap(MAP_NAME);
      map.set(encodeKey({ path: '/a', region: 'eu', client: 77, clock: 0 }), encodeContent({ stamp: 1 }));
      map.set(encodeKey({ path: '/b', region: 'us', client: 77, clock: 1 }), encodeContent({ stamp: 1 }));
    });
    expect(() => eu.document.merge(two)).toThrow(refusing('RegionForged'));
    const thief = forged(us.client, { path: '/spec/a', region: 'ap', client: us.client, clock: 0 });
    expect(() => eu.hear(us).document.merge(thief)).toThrow(refusing('RegionForged'));
    const stranger = forged(77, { path: '/spec/a', region: 'eu', client: 77, clock: 0 });
    expect(() => eu.document.merge(stranger, { regionOf: () => 'ap' })).toThrow(refusing('RegionForged'));
    expect(eu.document.merge(stranger, { regionOf: () => 'eu' })).toBe(true);
  });

  it('are noticed where two writers have used one client id', () => {
    // A process loses its last writes, which others have seen, and goes on as if it had never made them.
    const lost = us.document.encode();
    us.updateSpec({ a: 'seen elsewhere' });
    const ap = new TestRegion('ap', SCHEMA).hear(us);
    us.document = ConvergentDocument.open(lost);
    us.updateSpec({ a: 'written again' });
    expect(() => ap.hear(us)).toThrow(refusing('ClientIdReused'));
    // Under a client id of its own it is one writer after the other.
    us.document = ConvergentDocument.open(lost);
    us.restart().updateSpec({ a: 'written again' });
    expect(ap.hear(us).spec).toEqual(us.hear(ap).spec);
  });
});

describe('the client ids that Yjs carries', () => {
  it('have 53 bits', () => {
    const region = new TestRegion('eu', SCHEMA);
    region.client = Number.MAX_SAFE_INTEGER;
    region
      .create(thing({ a: 'x' }))
      .updateSpec({ a: 'y', b: 'z' })
      .updateSpec({ b: 'z' });
    const copy = ConvergentDocument.open(region.document.encode());
    expect([...copy.vector().keys()]).toEqual([Number.MAX_SAFE_INTEGER]);
    expect([...copy.registers()]).toEqual([...region.document.registers()]);
  });

  it('are told apart where they differ in the last bit only', () => {
    const regions = [0, 1, 2, 3].map((number) => {
      const region = new TestRegion(`r${number}`, SCHEMA);
      region.client = Number.MAX_SAFE_INTEGER - number;
      return region;
    });
    const [first, ...others] = regions as [TestRegion, ...TestRegion[]];
    first.create(thing({}));
    for (const [index, region] of others.entries()) {
      region.hear(first).updateSpec({ [`f${index}`]: 'x' });
      region.nowMs += index;
    }
    first.hear(...others);
    expect(first.spec).toEqual({ f0: 'x', f1: 'x', f2: 'x' });
    expect(first.document.vector().size).toBe(4);
  });
});
