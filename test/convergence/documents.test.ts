import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { CONTROLLERS, documentKey, readDocumentRow } from '../../src/api/mod.ts';
import { ROOT_CLUSTER, VirtualClock } from '../../src/base/mod.ts';
import { nameConflictController } from '../../src/controllers/mod.ts';
import { EXPORT_CONTROLLERS } from '../../src/exports/debts.ts';
import { objectAt, objectsAt } from '../../src/machinery/mod.ts';
import type { MemoryKeyValue, StoreEvent } from '../../src/store/mod.ts';
import {
  apiExport,
  EXPORTS,
  exchangeAll,
  foundedRoot,
  jsonOf,
  OffsetClock,
  Region,
  SCHEMAS,
  WIDGETS,
  widget,
} from './regions.suite.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const REGIONS = ['eu', 'us'];
const time = new VirtualClock();
let root: MemoryKeyValue;
let members = 0;

beforeAll(async () => {
  root = await foundedRoot(new OffsetClock(time));
});

async function open(name: string, options: Partial<Parameters<typeof Region.open>[0]> = {}): Promise<Region> {
  members += 1;
  await time.advance(1_000);
  return Region.open({
    name,
    member: members % 1_024,
    root,
    regions: REGIONS,
    isHome: name === 'eu',
    clock: new OffsetClock(time),
    ...options,
  });
}

async function openBoth(): Promise<{ readonly eu: Region; readonly us: Region }> {
  return { eu: await open('eu'), us: await open('us') };
}

const heal = (...regions: Region[]) => exchangeAll(time, regions);

function conditionOf(region: Region, name: string, type: string) {
  const conditions = objectsAt(objectAt(region.object(WIDGETS, name), 'status'), 'conditions');
  return conditions.find((condition) => condition['type'] === type);
}

/** What watchers of all widgets see from now on. */
function watch(region: Region): string[] {
  const seen: string[] = [];
  const collection = { cluster: ROOT_CLUSTER, group: 'example.io', resource: 'widgets', identity: '' };
  region.store.feed.subscribe(collection, (events: readonly StoreEvent[]) => {
    for (const { oldRow, newRow, key } of events) {
      const type = oldRow === undefined ? 'ADDED' : newRow === undefined ? 'DELETED' : 'MODIFIED';
      seen.push(`${type} ${key.name}`);
    }
  });
  return seen;
}

test('a region that is new has all that another has, byte for byte', async () => {
  const { eu, us } = await openBoth();
  await eu.adopt(root);
  await eu.sendTo(us);
  const all = await eu.everything();
  expect(Object.keys(all).length).toBeGreaterThan(10);
  expect(await us.everything()).toEqual(all);
  expect(us.reports).toEqual([]);
  // Nothing is left to say, and nothing is committed.
  const before = us.store.revision;
  expect(await eu.sendTo(us)).toBe(0);
  expect(us.store.revision).toBe(before);
});

test('an object that is edited on both sides at once is the same in both afterwards, with both edits', async () => {
  const { eu, us } = await openBoth();
  await eu.create(EXPORTS, apiExport('shared', {}, { first: 'eu' }));
  await heal(eu, us);
  const generation = eu.object(EXPORTS, 'shared')!.metadata.generation!;
  await eu.patch(EXPORTS, 'shared', jsonOf({ metadata: { labels: { eu: 'yes' } } }));
  await time.advance(10);
  const claim = { group: '', resource: 'configmaps', verbs: ['get'] };
  await us.patch(
    EXPORTS,
    'shared',
    jsonOf({ metadata: { labels: { us: 'yes', first: 'us' } }, spec: { permissionClaims: [claim] } }),
  );
  await heal(eu, us);
  expect(us.json(EXPORTS, 'shared')).toBe(eu.json(EXPORTS, 'shared'));
  const merged = eu.object(EXPORTS, 'shared')!;
  expect(merged.metadata.labels).toEqual({ eu: 'yes', us: 'yes', first: 'us' });
  expect(merged.metadata.generation).toBe(generation + 1);
});

test('watchers see a merge as a modification, and what controllers owe for a write they owe for a merge', async () => {
  const { eu, us } = await openBoth();
  const seen = watch(us);
  await eu.create(WIDGETS, widget('w'));
  await eu.create(EXPORTS, apiExport('bound'));
  await eu.sendTo(us);
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'other' } }));
  await eu.sendTo(us);
  await eu.remove(WIDGETS, 'w');
  await eu.sendTo(us);
  await time.advance(1_000);
  expect(seen).toEqual(['ADDED w', 'MODIFIED w', 'DELETED w']);
  const snapshot = us.store.snapshot();
  const debts: string[] = [];
  for await (const batch of snapshot.work(EXPORT_CONTROLLERS.consumers)) {
    debts.push(...batch.map(({ key }) => key.key));
  }
  snapshot.close();
  expect(debts).toEqual(['bound']);
});

test('a write that changes nothing commits nothing, nor does a dry run', async () => {
  const eu = await open('eu');
  await eu.create(WIDGETS, widget('w', { a: 1 }));
  const before = eu.row(WIDGETS, 'w');
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { a: 1 } }));
  expect(eu.row(WIDGETS, 'w')?.revision).toBe(before?.revision);
});

test('a deletion beats whatever is edited at the same time, and is forgotten when all have seen it', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('w'));
  await heal(eu, us);
  const uid = eu.row(WIDGETS, 'w')!.uid;
  await eu.remove(WIDGETS, 'w');
  await time.advance(1_000);
  await us.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'later' } }));
  // Nobody else has seen it yet.
  expect(await eu.merger.forget([uid])).toBe(0);
  const early = (await us.documents()).find(({ row }) => row.uid === uid)!;
  await heal(eu, us);
  for (const region of [eu, us]) {
    expect(region.row(WIDGETS, 'w')).toBeUndefined();
    expect(readDocumentRow(region.store.get(documentKey(uid))!)?.state).toBe('tombstone');
  }
  const last = (await us.documents()).find(({ row }) => row.uid === uid)!;
  for (const region of [eu, us]) {
    expect(await region.merger.forget([uid])).toBe(1);
    expect(region.store.get(documentKey(uid))).toBeUndefined();
  }
  // A tombstone that comes once more brings nothing back.
  const { key } = early;
  expect(await eu.merger.merge({ key, uid, document: last.row.document!, region: us.name })).toBe('ignored');
  expect(eu.store.get(documentKey(uid))).toBeUndefined();
});

test('of a name that was given twice the earlier object is served everywhere, and the other one after it', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('twice', { note: 'eu' }));
  await time.advance(5);
  await us.create(WIDGETS, widget('twice', { note: 'us' }));
  const first = eu.row(WIDGETS, 'twice')!.uid;
  const second = us.row(WIDGETS, 'twice')!.uid;
  const seen = watch(us);
  await heal(eu, us);
  expect(seen.slice(0, 2)).toEqual(['DELETED twice', 'ADDED twice']);
  for (const region of [eu, us]) {
    expect(region.row(WIDGETS, 'twice')!.uid).toBe(first);
    expect(conditionOf(region, 'twice', 'Conflict')).toMatchObject({
      status: 'True',
      reason: 'NameTakenTwice',
    });
    expect(readDocumentRow(region.store.get(documentKey(second))!)?.state).toBe('loser');
  }
  expect(us.json(WIDGETS, 'twice')).toBe(eu.json(WIDGETS, 'twice'));
  // The home of the logical cluster tells it in an event; the other region leaves that to it.
  const debt = { cluster: ROOT_CLUSTER, controller: CONTROLLERS.nameConflict, key: second };
  for (const region of [eu, us]) {
    const controller = nameConflictController(region.api);
    const { signal } = new AbortController();
    expect(await controller.reconcile({ key: debt, payload: Buffer.alloc(0) }, signal)).toBe('settled');
    const events = { cluster: ROOT_CLUSTER, group: '', resource: 'events', identity: '' };
    const snapshot = region.store.snapshot();
    expect(await snapshot.count({ collection: events }, 10)).toBe(region === eu ? 1 : 0);
    snapshot.close();
  }
  // An edit keeps what is said of it, and says nothing of its own.
  await eu.patch(WIDGETS, 'twice', jsonOf({ spec: { a: 1 } }));
  expect(conditionOf(eu, 'twice', 'Conflict')).toBeDefined();
  await heal(eu, us);
  await eu.remove(WIDGETS, 'twice');
  await eu.merger.settleName(eu.key(WIDGETS, 'twice'));
  await heal(eu, us);
  for (const region of [eu, us]) {
    expect(region.row(WIDGETS, 'twice')!.uid).toBe(second);
    expect(conditionOf(region, 'twice', 'Conflict')).toBeUndefined();
  }
  expect(us.json(WIDGETS, 'twice')).toBe(eu.json(WIDGETS, 'twice'));
});

test('of two writes that break a rule together the newer one is left out, everywhere, and a condition says so', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('w', { a: 1, b: 1 }));
  await heal(eu, us);
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { a: 9 } }));
  await time.advance(10);
  await us.patch(WIDGETS, 'w', jsonOf({ spec: { b: 9 } }));
  await heal(eu, us);
  expect(us.json(WIDGETS, 'w')).toBe(eu.json(WIDGETS, 'w'));
  expect(objectAt(eu.object(WIDGETS, 'w'), 'spec')).toMatchObject({ a: 9, b: 1 });
  expect(conditionOf(us, 'w', 'MergeInvalid')).toMatchObject({ status: 'True', reason: 'FieldsLeftOut' });
  // Whoever makes it valid again has both.
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { a: 1, note: 'mended' } }));
  await heal(eu, us);
  expect(conditionOf(us, 'w', 'MergeInvalid')).toBeUndefined();
  expect(us.json(WIDGETS, 'w')).toBe(eu.json(WIDGETS, 'w'));
});

test('a field that two regions have written at the same time is shown as a conflict until somebody writes it again', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('w'));
  await heal(eu, us);
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'eu' } }));
  await us.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'us' } }));
  await heal(eu, us);
  const shown = conditionOf(eu, 'w', 'Conflict');
  expect(shown).toMatchObject({ reason: 'ConcurrentWrites' });
  expect(shown?.['message']).toContain('.spec.note');
  await us.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'agreed' } }));
  await heal(eu, us);
  expect(conditionOf(eu, 'w', 'Conflict')).toBeUndefined();
  expect(us.json(WIDGETS, 'w')).toBe(eu.json(WIDGETS, 'w'));
});

test('where there are no conditions a conflict is said in an annotation, which is no part of the object', async () => {
  const { eu, us } = await openBoth();
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: {} };
  const spec = { group: 'example.com', names, scope: 'Cluster', versions: [version] };
  const metadata = { name: 'v1.things.example.com' };
  const thing = jsonOf({ apiVersion: 'apis.kcp.io/v1alpha1', kind: 'APIResourceSchema', metadata, spec });
  await eu.create(SCHEMAS, thing);
  await us.create(SCHEMAS, thing);
  await heal(eu, us);
  const annotation = 'planet.antipode.dev/conflict';
  expect(eu.object(SCHEMAS, metadata.name)?.metadata.annotations?.[annotation]).toContain('given to');
  expect(us.json(SCHEMAS, metadata.name)).toBe(eu.json(SCHEMAS, metadata.name));
});

test('finalizers are changed only where the logical cluster is at home', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('w'));
  await heal(eu, us);
  const held = jsonOf({ metadata: { finalizers: ['example.io/held'] } });
  await expect(us.patch(WIDGETS, 'w', held)).rejects.toMatchObject({ code: 403 });
  await eu.patch(WIDGETS, 'w', held);
  await heal(eu, us);
  // Marked anywhere, it stays until whoever holds it lets go.
  await us.remove(WIDGETS, 'w');
  await heal(eu, us);
  expect(eu.object(WIDGETS, 'w')?.metadata.deletionTimestamp).toBeDefined();
  await eu.patch(WIDGETS, 'w', jsonOf({ metadata: { finalizers: null } }));
  await heal(eu, us);
  expect(us.row(WIDGETS, 'w')).toBeUndefined();
});

test('a region whose clock is ahead of the others that it reaches writes nothing', async () => {
  let peers: number[] = [];
  const eu = await open('eu', { peersMs: () => peers });
  await eu.create(WIDGETS, widget('w'));
  peers = [eu.clock.nowMs() - 3_000];
  await expect(eu.patch(WIDGETS, 'w', jsonOf({ spec: { a: 1 } }))).rejects.toMatchObject({ code: 503 });
  await expect(eu.remove(WIDGETS, 'w')).rejects.toMatchObject({ code: 503 });
  peers = [eu.clock.nowMs() - 1_000];
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { a: 1 } }));
});

test('what a clock that is far ahead has written wins over nothing until its time has come, and then everywhere', async () => {
  const eu = await open('eu');
  const fast = new OffsetClock(time);
  fast.offsetMs = 60_000;
  const us = await open('us', { clock: fast });
  await eu.create(WIDGETS, widget('w', { note: 'eu' }));
  await heal(eu, us);
  await us.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'ahead' } }));
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'now' } }));
  await us.sendTo(eu);
  expect(objectAt(eu.object(WIDGETS, 'w'), 'spec')?.['note']).toBe('now');
  expect(eu.reports.some(({ kind }) => kind === 'parked')).toBe(true);
  await time.advance(70_000);
  await eu.merger.settleName(eu.key(WIDGETS, 'w'));
  await heal(eu, us);
  expect(objectAt(eu.object(WIDGETS, 'w'), 'spec')?.['note']).toBe('ahead');
  expect(us.json(WIDGETS, 'w')).toBe(eu.json(WIDGETS, 'w'));
});

test('documents of logical clusters that are gone are dead, wherever they come from', async () => {
  const eu = await open('eu', { isClusterGone: () => true });
  const us = await open('us');
  await us.create(WIDGETS, widget('w'));
  await heal(eu, us);
  expect(eu.row(WIDGETS, 'w')).toBeUndefined();
  expect(us.row(WIDGETS, 'w')).toBeUndefined();
});

test('what no region of ours can have written is reported, and changes nothing', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('w'));
  await eu.create(WIDGETS, widget('other'));
  const { uid, document } = eu.row(WIDGETS, 'w')!;
  const before = us.store.revision;
  const region = eu.name;
  const key = us.key(WIDGETS, 'w');
  await us.merger.merge({ key, uid, document: Buffer.from('nonsense'), region });
  await us.merger.merge({ key: us.key(WIDGETS, 'other'), uid, document: document!, region });
  await us.merger.merge({ key, uid: 'other', document: document!, region });
  const secret = {
    cluster: ROOT_CLUSTER,
    group: '',
    resource: 'secrets',
    identity: '',
    namespace: 'default',
  };
  await us.merger.merge({ key: { ...secret, name: 'x' }, uid, document: document!, region });
  expect(us.reports.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused', 'refused']);
  expect(us.store.revision).toBe(before);
});

test('after a crash everything that was answered is there, and is merged as before', async () => {
  const { eu, us } = await openBoth();
  await eu.create(WIDGETS, widget('w'));
  await heal(eu, us);
  await us.patch(WIDGETS, 'w', jsonOf({ spec: { note: 'us' } }));
  const again = await open('us', { convergent: us.convergent.crash() });
  expect(again.convergence.writer.client).not.toBe(us.convergence.writer.client);
  await again.patch(WIDGETS, 'w', jsonOf({ spec: { a: 2 } }));
  await eu.patch(WIDGETS, 'w', jsonOf({ spec: { b: 2 } }));
  await heal(eu, again);
  expect(objectAt(eu.object(WIDGETS, 'w'), 'spec')).toMatchObject({ a: 2, b: 2, note: 'us' });
  expect(again.json(WIDGETS, 'w')).toBe(eu.json(WIDGETS, 'w'));
  expect(again.reports).toEqual([]);
});

const NAMES = ['one', 'two'];
const step = fc.record({
  region: fc.nat(2),
  action: fc.constantFrom('create', 'edit', 'edit', 'edit', 'part', 'tag', 'delete', 'send', 'send', 'pass'),
  name: fc.constantFrom(...NAMES),
  value: fc.nat(9),
});

test('whatever is written wherever, and in whatever order it comes, all regions come to the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const regions = ['ap', 'eu', 'us'];
      const all: Region[] = [];
      for (const region of regions) all.push(await open(region, { regions }));
      for (const { region, action, name, value } of steps) {
        const at = all[region]!;
        const parts = [{ name: `p${value % 3}`, size: value }];
        const run = {
          create: () => at.create(WIDGETS, widget(name, { a: value })),
          edit: () =>
            at.patch(WIDGETS, name, jsonOf({ spec: value % 2 === 0 ? { a: value } : { b: value } })),
          part: () => at.patch(WIDGETS, name, jsonOf({ spec: { parts } })),
          tag: () => at.patch(WIDGETS, name, jsonOf({ spec: { tags: [`t${value % 3}`] } })),
          // As whoever exchanges them does when a name is free.
          delete: () => at.remove(WIDGETS, name).then(() => at.merger.settleName(at.key(WIDGETS, name))),
          send: () => at.sendTo(all[(region + 1 + (value % 2)) % 3]!),
          pass: () => time.advance(value),
        }[action]!;
        // Names that are taken or missing, and values that break the rule, are refused as ever.
        await run().catch((error: unknown) =>
          expect([404, 409, 422]).toContain((error as { code: number }).code),
        );
      }
      await heal(...all);
      const [first, ...others] = all;
      const wanted = await first!.everything();
      for (const other of others) expect(await other.everything()).toEqual(wanted);
      for (const { reports } of all) expect(reports.filter(({ kind }) => kind === 'refused')).toEqual([]);
    }),
    { numRuns: Number(process.env['ANTIPODE_CONVERGENCE_RUNS'] ?? 25) },
  );
});
