import { beforeEach, describe, expect, it } from 'vitest';
import { revisionAtMs } from '../base/mod.ts';
import type { Schema } from '../machinery/mod.ts';
import { clientIdOf, memberOfClient, refuseTakenClient } from './client-id.ts';
import { checkWriterClock, nextStamp, stampHorizon, stampTimeMs } from './stamps.ts';
import { START_MS, TestRegion, thing } from './two-regions.suite.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { color: { type: 'string' }, size: { type: 'integer' } } },
  },
};

describe('stamps', () => {
  it('are not before the clock, and above all that the document has', () => {
    expect(nextStamp({ newest: 0, nowMs: START_MS })).toBe(revisionAtMs(START_MS));
    const ahead = revisionAtMs(START_MS + 500);
    expect(nextStamp({ newest: ahead, nowMs: START_MS })).toBe(ahead + 1);
    expect(stampTimeMs(ahead + 1)).toBe(START_MS + 500);
  });

  it('are refused to a writer whose clock is more than two seconds ahead of the others', () => {
    const check = (...peersMs: number[]) => checkWriterClock({ nowMs: START_MS, peersMs });
    expect(() => check()).not.toThrow();
    expect(() => check(START_MS - 2_000)).not.toThrow();
    expect(() => check(START_MS - 2_001)).toThrow(expect.objectContaining({ refusal: 'ClockAhead' }));
    expect(() => check(START_MS, START_MS, START_MS - 60_000)).not.toThrow();
    expect(() => check(START_MS - 9_000, START_MS, START_MS - 60_000)).toThrow('9.0 s ahead');
    expect(() => check(START_MS + 60_000, START_MS + 60_000)).not.toThrow();
  });
});

describe('client ids', () => {
  it('hold the start of a member and its number', () => {
    const client = clientIdOf({ startMs: START_MS, member: 1_023 });
    expect(client).toBe(START_MS * 1_024 + 1_023);
    expect(memberOfClient(client)).toBe(1_023);
    expect(() => clientIdOf({ startMs: START_MS, member: 1_024 })).toThrow();
    expect(() => clientIdOf({ startMs: 2 ** 44, member: 0 })).toThrow();
  });

  it('are refused when somebody has met them already', () => {
    const region = new TestRegion('eu', SCHEMA).create(thing({}));
    const known = region.document.vector().keys();
    expect(() => refuseTakenClient(region.client, known)).toThrow(
      expect.objectContaining({ refusal: 'ClientIdTaken' }),
    );
    expect(() => refuseTakenClient(region.client + 1_024, region.document.vector().keys())).not.toThrow();
  });
});

describe('a region whose clock is a minute ahead', () => {
  let eu: TestRegion;
  let us: TestRegion;
  beforeEach(() => {
    eu = new TestRegion('eu', SCHEMA).create(thing({ color: 'red', size: 1 }));
    us = new TestRegion('us', SCHEMA).hear(eu);
    us.nowMs += 60_000;
    us.updateSpec({ color: 'blue', size: 1 });
  });

  it('has its registers parked, and reported, while the rest is merged', () => {
    us.nowMs -= 60_000;
    us.update({ ...us.object, metadata: { ...us.object.metadata, labels: { a: 'b' } } });
    eu.hear(us);
    expect(eu.spec).toEqual({ color: 'red', size: 1 });
    expect(eu.object.metadata.labels).toEqual({ a: 'b' });
    const parked = eu.view.parked.filter(({ path }) => path === '/spec/color');
    expect(parked).toMatchObject([{ field: '.spec.color', region: 'us', client: us.client }]);
    const { countsAtMs } = parked[0]!;
    expect(countsAtMs).toBeGreaterThan(eu.nowMs + 54_000);
    eu.nowMs = countsAtMs - 1;
    expect(eu.spec).toEqual({ color: 'red', size: 1 });
    eu.nowMs = countsAtMs;
    expect(eu.spec).toEqual({ color: 'blue', size: 1 });
    expect(eu.view.parked).toEqual([]);
  });

  it('moves nobody else ahead', () => {
    eu.hear(us);
    eu.updateSpec({ color: 'red', size: 2 });
    expect(stampTimeMs(eu.view.newest)).toBe(eu.nowMs);
    expect(eu.view.newest).toBeLessThan(stampHorizon(eu.nowMs));
  });

  it('does not win later over what has replaced its value knowingly', () => {
    eu.hear(us).updateSpec({ color: 'green', size: 1 });
    us.hear(eu);
    eu.nowMs += 120_000;
    expect([eu.spec, us.spec]).toEqual([
      { color: 'green', size: 1 },
      { color: 'green', size: 1 },
    ]);
  });

  it('wins again once its clock is right, over what has replaced its value before', () => {
    eu.hear(us).updateSpec({ color: 'green', size: 1 });
    us.nowMs = eu.nowMs + 1_000;
    us.hear(eu).restart().updateSpec({ color: 'white', size: 1 });
    us.updateSpec({ color: 'black', size: 1 });
    eu.hear(us);
    expect([eu.spec, us.spec]).toEqual([
      { color: 'black', size: 1 },
      { color: 'black', size: 1 },
    ]);
    eu.nowMs += 120_000;
    expect(eu.spec).toEqual({ color: 'black', size: 1 });
  });

  it('wins with a newer value over an older one whose writer has seen the parked one', () => {
    eu.hear(us).updateSpec({ color: 'green', size: 1 });
    us.nowMs = eu.nowMs + 1_000;
    us.updateSpec({ color: 'black', size: 1 });
    for (const laterMs of [2_000, 120_000]) {
      eu.hear(us).nowMs += laterMs;
      us.hear(eu).nowMs = eu.nowMs;
      expect([eu.spec, us.spec]).toEqual([
        { color: 'black', size: 1 },
        { color: 'black', size: 1 },
      ]);
    }
  });

  it('hides nothing before its time, though it has replaced it', () => {
    const ap = new TestRegion('ap', SCHEMA).hear(us, eu);
    eu.hear(us);
    us.nowMs = ap.nowMs;
    expect([eu.spec, us.spec, ap.spec]).toEqual(Array(3).fill({ color: 'red', size: 1 }));
    for (const region of [eu, us, ap]) region.nowMs += 120_000;
    expect([eu.spec, us.spec, ap.spec]).toEqual(Array(3).fill({ color: 'blue', size: 1 }));
  });

  it('gives way with a whole map to another value of the same place', () => {
    const untyped: Schema = {
      type: 'object',
      properties: { spec: { 'x-kubernetes-preserve-unknown-fields': true } },
    };
    eu = new TestRegion('eu', untyped).create(thing({ a: 'text' }));
    us = new TestRegion('us', untyped).hear(eu);
    us.nowMs += 60_000;
    us.updateSpec({ a: { x: 1 } });
    expect(eu.hear(us).spec).toEqual({ a: 'text' });
    eu.nowMs = us.nowMs;
    expect(eu.spec).toEqual({ a: { x: 1 } });
  });

  it('keeps fields that nobody else has written', () => {
    us.updateSpec({ color: 'blue', size: 1 });
    us.update({ ...us.object, metadata: { ...us.object.metadata, labels: { only: 'here' } } });
    expect(eu.hear(us).object.metadata.labels).toEqual({ only: 'here' });
  });

  it('is put right by an operator, in every region and for good', () => {
    const ap = new TestRegion('ap', SCHEMA).hear(us);
    ap.nowMs += 100;
    const wrong = us.client;
    ap.restamp(wrong, stampHorizon(ap.nowMs));
    eu.hear(ap, us);
    expect(eu.view.parked).toEqual([]);
    expect(eu.spec).toEqual({ color: 'blue', size: 1 });
    eu.nowMs = ap.nowMs;
    eu.updateSpec({ color: 'green', size: 1 });
    us.nowMs = eu.nowMs;
    us.hear(eu).restart().updateSpec({ color: 'green', size: 9 });
    expect(ap.hear(us, eu).spec).toEqual({ color: 'green', size: 9 });
    ap.nowMs += 600_000;
    expect(ap.spec).toEqual({ color: 'green', size: 9 });
  });
});
