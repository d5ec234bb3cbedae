import { beforeEach, describe, expect, it } from 'vitest';
import type { Schema } from '../machinery/mod.ts';
import { acknowledgeEdit, deleteEdit, updateEdit } from './edit.ts';
import { ConvergentError } from './errors.ts';
import { identityOf } from './identity.ts';
import { isForgettable, lifeOf, nameHolderOf, owesAcknowledgement } from './lifetime.ts';
import { meet, TestRegion, thing } from './two-regions.suite.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { color: { type: 'string' }, secret: { type: 'string' } } },
  },
};

describe('the life of a convergent object', () => {
  let eu: TestRegion;
  let us: TestRegion;
  beforeEach(() => {
    const options = {
      classes: {
        homeOnly: [
          ['metadata', 'finalizers'],
          ['spec', 'secret'],
        ],
      },
    };
    eu = new TestRegion('eu', SCHEMA, options).create(thing({ color: 'red' }));
    us = new TestRegion('us', SCHEMA, options).hear(eu);
  });

  it('ends with a deletion, though another region edits it later without knowing', () => {
    eu.delete();
    us.nowMs += 60_000;
    us.updateSpec({ color: 'blue' });
    meet(eu, us);
    expect([eu.materialised, us.materialised]).toEqual([undefined, undefined]);
    expect(lifeOf(us.view, { isClusterGone: () => false })).toBe('Deleted');
  });

  it('refuses edits and deletions of what is deleted', () => {
    const { object: current, type } = us;
    eu.delete();
    us.hear(eu);
    const moment = { writer: us.writer, nowMs: us.nowMs };
    const deleted = expect.objectContaining({ refusal: 'Deleted' });
    expect(() => deleteEdit(us.view, { current, ...moment })).toThrow(deleted);
    expect(() =>
      updateEdit(us.view, { type, current, old: current, object: current, isHome: true, ...moment }),
    ).toThrow(deleted);
  });

  it('keeps the tombstone until every listed region has seen it', () => {
    eu.delete();
    expect(isForgettable(eu.view, ['eu'])).toBe(true);
    expect(isForgettable(eu.view, ['eu', 'us'])).toBe(false);
    expect(owesAcknowledgement(us.view, 'us')).toBe(false);
    us.hear(eu);
    expect(owesAcknowledgement(us.view, 'us')).toBe(true);
    us.document.write(acknowledgeEdit(us.view, { writer: us.writer, nowMs: us.nowMs }));
    expect(owesAcknowledgement(us.view, 'us')).toBe(false);
    eu.hear(us);
    expect(isForgettable(eu.view, ['eu', 'us'])).toBe(true);
    expect(isForgettable(eu.view, ['eu', 'us', 'ap'])).toBe(false);
  });

  it('is not forgotten while it is alive', () => {
    expect(isForgettable(eu.view, [])).toBe(false);
  });

  it('goes on while there are finalizers', () => {
    eu.update({ ...eu.object, metadata: { ...eu.object.metadata, finalizers: ['a/b'] } });
    expect(() => eu.delete()).toThrow(expect.objectContaining({ refusal: 'FinalizersRemain' }));
  });

  it('has the earliest deletion of all, which nothing takes back', () => {
    const deleting = (region: TestRegion, deletionTimestamp: string): void => {
      region.update({ ...region.object, metadata: { ...region.object.metadata, deletionTimestamp } });
    };
    deleting(eu, '2026-06-01T00:00:00Z');
    us.nowMs += 1_000;
    deleting(us, '2026-06-01T00:00:01Z');
    meet(eu, us);
    expect(us.object.metadata.deletionTimestamp).toBe('2026-06-01T00:00:00Z');
    const { deletionTimestamp: _, ...metadata } = us.object.metadata;
    us.update({ ...us.object, metadata: metadata as typeof us.object.metadata });
    expect(us.object.metadata.deletionTimestamp).toBe('2026-06-01T00:00:00Z');
  });

  it('leaves finalizers and identities to the home of its logical cluster', () => {
    us.isHome = false;
    us.updateSpec({ color: 'blue' });
    expect(() => us.updateSpec({ color: 'blue', secret: 'mine' })).toThrow(ConvergentError);
    const finalizers = { ...us.object, metadata: { ...us.object.metadata, finalizers: ['x/y'] } };
    expect(() => us.update(finalizers)).toThrow(
      expect.objectContaining({ refusal: 'HomeOnly', details: ['.metadata.finalizers'] }),
    );
    us.isHome = true;
    us.update(finalizers);
    expect(us.object.metadata.finalizers).toEqual(['x/y']);
  });

  it('is over when its logical cluster is gone, whatever is edited elsewhere', () => {
    us.updateSpec({ color: 'blue' });
    expect(lifeOf(us.view, { isClusterGone: (cluster) => cluster === 'c1' })).toBe('Orphaned');
    expect(lifeOf(us.view, { isClusterGone: () => false })).toBe('Alive');
  });

  it('tells who it is', () => {
    expect(identityOf(us.view)).toMatchObject({
      uid: 'uid-1',
      logicalCluster: 'c1',
      group: 'example.io',
      resource: 'things',
      namespace: '',
      name: 'one',
      createdIn: 'eu',
    });
  });
});

describe('a name that regions have given twice', () => {
  const created = (region: string, uid: string, laterMs: number) => {
    const fresh = new TestRegion(region, SCHEMA);
    fresh.nowMs += laterMs;
    return identityOf(fresh.create(thing({}, { metadata: { uid } })).view)!;
  };

  it('belongs to the object that was created first, and the other one is kept', () => {
    const [first, second] = [created('us', 'b', 0), created('eu', 'a', 5)];
    for (const living of [
      [first, second],
      [second, first],
    ]) {
      expect(nameHolderOf(living)).toEqual({ holder: first, losers: [second] });
    }
    expect(nameHolderOf([second])).toEqual({ holder: second, losers: [] });
    expect(nameHolderOf([])).toBeUndefined();
  });

  it('belongs to the smaller uid where they were created at the same time', () => {
    const [first, second] = [created('us', 'a', 0), created('eu', 'b', 0)];
    expect(nameHolderOf([second, first])?.holder.uid).toBe('a');
  });
});
