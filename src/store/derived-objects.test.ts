import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVERYWHERE, type LogicalCluster, type Revision, reservedRevision } from '../base/mod.ts';
import { ExpectationFailed } from './commit-errors.ts';
import { compactHistory } from './compaction.ts';
import { sampleKey, sampleRow, sampleSet } from './default-objects.suite.ts';
import type { DefaultSet } from './default-set.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { type CollectionScope, type ObjectKey, objectKeyText } from './object-key.ts';
import type { StoreEvent } from './projection.ts';
import type { Mutation, NewDefaults } from './proposal.ts';
import { replayLog } from './replay.ts';
import { encodeRow, type Row } from './row.ts';
import type { ListedObject, OneListScope, StoreSnapshot } from './snapshot.ts';
import type { Store } from './store.ts';
import { change, collect, dump, openStore, proposalOf, rowOf, TestClock } from './store-fixtures.suite.ts';
import { objectRange, PROJECTION_TABLES } from './tables.ts';
import { RecordingSink } from './watch-fixtures.suite.ts';
import { WatchSession } from './watch-session.ts';

const TIME = '2026-01-01T00:00:00Z';
const RESOURCES = ['configmaps', 'namespaces', 'secrets'];
const NAMESPACES = ['', 'a', 'a-b', 'b'];
// Not in the order of their keys, and two sets that share some objects.
const SETS = [
  sampleSet(['namespaces//b', 'configmaps/a/b', 'namespaces//a', 'configmaps/a-b/a', 'configmaps/a/a']),
  sampleSet([
    'configmaps/b/a.b',
    'configmaps/a/a',
    ...'abcdefgh'.split('').map((name) => `namespaces//${name}`),
  ]),
];
const CLUSTERS = ['a', 'a-b', 'b', 'c'] as LogicalCluster[];

function keyIn(cluster: LogicalCluster, place: string): ObjectKey {
  return { ...sampleKey(place), cluster };
}

function defaultsOf(cluster: LogicalCluster, set: DefaultSet): NewDefaults {
  return { cluster, set, seed: `seed of ${cluster}`, creationTime: TIME };
}

async function found(store: Store, cluster: LogicalCluster, set: DefaultSet, names: readonly string[] = []) {
  const mutations = names.map((name) => ({ key: keyIn(cluster, `secrets/a/${name}`), row: rowOf(name) }));
  return store.commit(proposalOf(mutations, { defaults: defaultsOf(cluster, set) }));
}

async function within<Value>(
  store: Store,
  read: (snapshot: StoreSnapshot) => Promise<Value>,
): Promise<Value> {
  const snapshot = store.snapshot();
  try {
    return await read(snapshot);
  } finally {
    snapshot.close();
  }
}

const [FIRST, SECOND] = CLUSTERS as [LogicalCluster, LogicalCluster];
const [SET] = SETS as [DefaultSet];

describe('a derived object', () => {
  test('is, byte by byte, what a write of the same object would have stored', async () => {
    const store = await openStore(new MemoryKeyValue());
    const { revision } = await found(store, FIRST, SET);
    const first = reservedRevision(revision, 1 - SET.count);
    for (let index = 0; index < SET.count; index++) {
      const key = SET.keyOf(index, FIRST);
      const row = store.get(key)!;
      const bytes = SET.rowBytes(index, {
        ...defaultsOf(FIRST, SET),
        ...{ setHash: SET.hash, count: SET.count },
        firstRevision: first,
        superseded: Buffer.alloc(0),
      });
      expect(Buffer.from(encodeRow(sampleRow(key.name, row.uid, TIME), row.revision)).equals(bytes)).toBe(
        true,
      );
      expect(row.revision).toBe(reservedRevision(first, index));
      expect(row.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(JSON.parse(row.json.toString())).toMatchObject({
        metadata: { uid: row.uid, creationTimestamp: TIME },
      });
    }
  });

  test('has a uid of its own, and keeps it and its revision', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    await found(store, FIRST, SET);
    await found(store, SECOND, SET);
    const keys = [FIRST, SECOND].flatMap((cluster) =>
      Array.from({ length: SET.count }, (_, index) => SET.keyOf(index, cluster)),
    );
    const identities = keys.map((key) => [store.get(key)?.uid, store.get(key)?.revision]);
    expect(new Set(identities.map(([uid]) => uid)).size).toBe(2 * SET.count);
    expect(new Set(identities.map(([, revision]) => revision)).size).toBe(2 * SET.count);
    const copy = new MemoryKeyValue();
    await replayLog(keyValue, copy);
    for (const survivor of [await openStore(keyValue.crash()), await openStore(copy)]) {
      expect(keys.map((key) => [survivor.get(key)?.uid, survivor.get(key)?.revision])).toEqual(identities);
    }
  });

  test('needs no row, however many logical clusters there are', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    for (let index = 0; index < 50; index++) await found(store, `c${index}` as LogicalCluster, SET);
    const tables = (await dump(keyValue, PROJECTION_TABLES)).map((line) => line[0]);
    expect(tables.filter((table) => table === 's')).toHaveLength(1);
    expect(tables.filter((table) => table === 'd')).toHaveLength(50);
    expect(tables.filter((table) => 'egovwx'.includes(table!))).toEqual([]);
  });

  test('is there for the next commit before the disk has it', async () => {
    const store = await openStore(new MemoryKeyValue());
    const founding = found(store, FIRST, SET);
    const key = keyIn(FIRST, 'configmaps/a/b');
    expect(store.get(key)).toBeUndefined();
    const revision = store.newest(key)?.revision;
    expect(revision).toBeDefined();
    await expect(change(store, key, { text: 'new', expected: 0 })).rejects.toMatchObject({
      current: revision,
    });
    const put = change(store, key, { text: 'new', expected: revision! });
    const deletion = change(store, keyIn(FIRST, 'configmaps/a/a'));
    await Promise.all([founding, put, deletion]);
    expect(store.get(key)?.json.toString()).toBe('new');
    expect(store.get(keyIn(FIRST, 'configmaps/a/a'))).toBeUndefined();
    expect(store.get(keyIn(FIRST, 'configmaps/a-b/a'))).toBeDefined();
  });

  test('that was deleted stays deleted, whatever is compacted', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    await found(store, FIRST, SET);
    const key = keyIn(FIRST, 'namespaces//a');
    await change(store, key);
    await store.compact(store.revision);
    await change(store, key, { text: 'again', expected: 0 });
    await change(store, key);
    await store.compact(store.revision);
    expect(store.get(key)).toBeUndefined();
    expect((await openStore(keyValue.crash())).get(key)).toBeUndefined();
  });

  test('is told to watchers in order, and built only for those who look', async () => {
    const store = await openStore(new MemoryKeyValue());
    const seen: StoreEvent[] = [];
    store.feed.subscribeToGroups(({ events }) => seen.push(...events));
    const { revision } = await found(store, FIRST, SET, ['x', 'y']);
    expect(seen.map(({ key }) => objectKeyText(key))).toEqual(
      [
        keyIn(FIRST, 'secrets/a/x'),
        keyIn(FIRST, 'secrets/a/y'),
        ...Array.from({ length: SET.count }, (_, index) => SET.keyOf(index, FIRST)),
      ].map(objectKeyText),
    );
    expect(seen.map((event) => event.revision)).toEqual(
      seen.map((_, index) => reservedRevision(revision, index + 1 - seen.length)),
    );
    const { newRow } = seen.at(-1)!;
    expect(newRow).toBe(seen.at(-1)!.newRow);
    expect(newRow).toEqual(store.get(seen.at(-1)!.key));
  });

  test('cannot be one that the same commit writes, nor be given twice', async () => {
    const store = await openStore(new MemoryKeyValue());
    const mutations = [{ key: keyIn(FIRST, 'configmaps/a/a'), row: rowOf('x') }];
    const defaults = defaultsOf(FIRST, SET);
    await expect(store.commit(proposalOf(mutations, { defaults }))).rejects.toThrow('does not write');
    await found(store, FIRST, SET);
    await expect(found(store, FIRST, SET)).rejects.toThrow(ExpectationFailed);
  });

  test('is not looked for where no set has one', async () => {
    const reads: string[] = [];
    class Noted extends MemoryKeyValue {
      override get(...args: Parameters<MemoryKeyValue['get']>) {
        reads.push(Buffer.from(args[0]).toString('latin1'));
        return super.get(...args);
      }
    }
    const store = await openStore(new Noted());
    await found(store, FIRST, SET, ['x']);
    const snapshot = store.snapshot();
    reads.length = 0;
    store.get(keyIn(FIRST, 'secrets/a/absent'));
    store.get(keyIn(FIRST, 'configmaps/a/absent'));
    snapshot.get(keyIn(FIRST, 'configmaps/a/absent'));
    await collect(snapshot.list({ collection: keyIn(FIRST, 'secrets/a/x') }));
    expect(reads.filter((key) => !key.startsWith('o'))).toEqual([]);
    snapshot.close();
  });
});

describe('a commit id of a commit with defaults', () => {
  test('gets the first outcome again', async () => {
    const store = await openStore(new MemoryKeyValue());
    const proposal = proposalOf([], { commitId: Buffer.alloc(16, 7), defaults: defaultsOf(FIRST, SET) });
    const first = await store.commit(proposal);
    expect(await store.commit(proposal)).toMatchObject({ ...first });
    expect(first.revision).toBe(store.revision);
  });
});

/*
 * A store with derived objects beside one in which the same objects were written: whoever reads must not be able to
 * tell them apart. Both get the same revisions, since the clock stands still during each step.
 */

const placeArbitrary = fc
  .record({
    cluster: fc.constantFrom(...CLUSTERS),
    resource: fc.constantFrom(...RESOURCES),
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom('a', 'a-', 'a.b', 'b', 'c'),
  })
  .map(({ cluster, resource, namespace, name }) =>
    keyIn(cluster, resource === 'namespaces' ? `namespaces//${name}` : `${resource}/${namespace}/${name}`),
  );
const stepArbitrary = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('found' as const), cluster: fc.nat(3), set: fc.nat(1) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('change' as const),
      changes: fc.uniqueArray(fc.record({ key: placeArbitrary, isDelete: fc.boolean() }), {
        minLength: 1,
        maxLength: 4,
        selector: ({ key }) => objectKeyText(key),
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('end' as const), cluster: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const) }) },
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** Both stores, and what each has told its listeners. */
class Twins {
  readonly clock = new TestClock();
  readonly revisions = new Set<number>([0]);
  #count = 0;
  derived!: Store;
  written!: Store;
  derivedValues = new MemoryKeyValue();
  writtenValues = new MemoryKeyValue();
  readonly told: { readonly derived: string[]; readonly written: string[] } = { derived: [], written: [] };

  async open(): Promise<this> {
    this.derived = await openStore(this.derivedValues, this.clock);
    this.written = await openStore(this.writtenValues, this.clock);
    this.derived.feed.subscribeToGroups(({ events }) => this.told.derived.push(...events.map(printEvent)));
    this.written.feed.subscribeToGroups(({ events }) => this.told.written.push(...events.map(printEvent)));
    return this;
  }

  async run(step: Step): Promise<void> {
    this.clock.advance(1);
    switch (step.type) {
      case 'found':
        return this.#found(CLUSTERS[step.cluster]!, SETS[step.set]!);
      case 'change':
        return this.#change(step.changes);
      case 'end':
        return this.#end(CLUSTERS[step.cluster]!);
      case 'compact':
        await Promise.all([this.derived, this.written].map((store) => store.compact(store.revision)));
        return;
      case 'crash':
        this.derivedValues = this.derivedValues.crash();
        this.writtenValues = this.writtenValues.crash();
        await this.open();
    }
  }

  /** Only of a logical cluster in which there is nothing yet. */
  async #found(cluster: LogicalCluster, set: DefaultSet): Promise<void> {
    const marker = keyIn(cluster, 'secrets//marker');
    if (this.derived.get(marker) !== undefined) return;
    const isEmpty = await within(this.derived, async (snapshot) => {
      for (const resource of RESOURCES) {
        if ((await snapshot.count({ collection: keyIn(cluster, `${resource}//`) }, 1)) > 0) return false;
      }
      return true;
    });
    if (!isEmpty) return;
    const mutations: Mutation[] = [{ key: marker, row: rowOf('founded') }];
    const outcome = await this.derived.commit(proposalOf(mutations, { defaults: defaultsOf(cluster, set) }));
    const written = Array.from({ length: set.count }, (_, index) => {
      const key = set.keyOf(index, cluster);
      const row = this.derived.get(key)!;
      return { key, row: sampleRow(key.name, row.uid, TIME) };
    });
    this.#note(outcome.revision, await this.written.commit(proposalOf([...mutations, ...written])));
  }

  async #change(changes: readonly { readonly key: ObjectKey; readonly isDelete: boolean }[]): Promise<void> {
    const mutations = changes.flatMap(({ key, isDelete }): Mutation[] => {
      const revision = this.derived.newest(key)?.revision ?? 0;
      if (isDelete) return revision === 0 ? [] : [{ key, expected: revision }];
      return [{ key, expected: revision, row: rowOf(`text ${this.#count++}`) }];
    });
    if (mutations.length === 0) return;
    const outcome = await this.derived.commit(proposalOf(mutations));
    this.#note(outcome.revision, await this.written.commit(proposalOf(mutations)));
  }

  /** All at once: what has rows by its rows, and what is derived by its defaults. */
  async #end(cluster: LogicalCluster): Promise<void> {
    const { rows, ends } = await within(this.derived, async (snapshot) => ({
      rows: await collect(snapshot.rowsOfCluster(cluster)),
      ends: snapshot.defaultsOf(cluster),
    }));
    if (rows.length === 0 && ends === undefined) return;
    const mutations = rows.map(({ key, row }) => ({ key, expected: row.revision }));
    const set = SETS.find(({ hash }) => hash === ends?.setHash);
    const derived = Array.from({ length: ends?.count ?? 0 }, (_, index) => set!.keyOf(index, cluster)).filter(
      (key) =>
        !rows.some((row) => objectKeyText(row.key) === objectKeyText(key)) &&
        this.derived.get(key) !== undefined,
    );
    const outcome = await this.derived.commit(proposalOf(mutations, ends === undefined ? {} : { ends }));
    const written = derived.map((key) => ({ key }));
    this.#note(outcome.revision, await this.written.commit(proposalOf([...mutations, ...written])));
  }

  #note(
    revision: Revision,
    outcome: { readonly revision: Revision; readonly revisions: readonly Revision[] },
  ): void {
    expect(revision).toBe(outcome.revision);
    for (const each of outcome.revisions) this.revisions.add(each);
  }
}

function printRow(row: Row | undefined): string {
  return row === undefined ? '-' : Buffer.from(encodeRow(row, row.revision)).toString('latin1');
}

function printObject({ key, row }: ListedObject): string {
  return `${objectKeyText(key)} ${printRow(row)}`;
}

function printEvent({ key, revision, oldRow, newRow }: StoreEvent): string {
  return [revision, objectKeyText(key), printRow(oldRow), printRow(newRow)].join(' ');
}

/** Everything that can be read of a store, at some revisions. */
async function readAll(store: Store, revisions: readonly number[]): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  const kinds = RESOURCES.map((resource) => ({ group: '', resource, identity: '' }));
  await within(store, async (snapshot) => {
    const readable = revisions.filter((revision) => revision >= snapshot.floor);
    for (const kind of kinds) {
      for (const after of ['a\0\0', 'a\0\0b', 'a-b\0a\0a', 'b\0b\0a.b']) {
        const rest = snapshot.listWildcard('', kind.resource, after);
        answers[`wildcard ${kind.resource} after ${after}`] = (await collect(rest)).map(printObject);
      }
      answers[`wildcard ${kind.resource}`] = (await collect(snapshot.listWildcard('', kind.resource))).map(
        printObject,
      );
      for (const after of readable) {
        const history = snapshot.history(
          { ...kind, cluster: EVERYWHERE },
          { after, upTo: snapshot.revision },
        );
        answers[`wildcard history ${kind.resource} ${after}`] = (await collect(history)).map(printEvent);
      }
      for (const cluster of CLUSTERS) {
        await readCollection(snapshot, { collection: { ...kind, cluster } }, readable, answers);
      }
    }
    for (const cluster of CLUSTERS) {
      for (const place of ['namespaces//a', 'namespaces//b', 'configmaps/a/a', 'configmaps/a-b/a']) {
        const key = keyIn(cluster, place);
        const text = objectKeyText(key);
        answers[`get ${text}`] = [store.get(key), store.newest(key), snapshot.get(key)].map(printRow);
        for (const at of readable) answers[`get ${text} at ${at}`] = printRow(await snapshot.getAt(key, at));
      }
    }
  });
  return answers;
}

async function readCollection(
  snapshot: StoreSnapshot,
  { collection }: OneListScope,
  revisions: readonly number[],
  answers: Record<string, unknown>,
): Promise<void> {
  const scopes: OneListScope[] = [
    { collection },
    ...NAMESPACES.map((namespace) => ({ collection, namespace })),
    ...['\0a', 'a\0a', 'a-b\0a', 'b\0a.b'].map((after) => ({ collection, after })),
    { collection, namespace: 'a', after: 'a\0a' },
  ];
  for (const scope of scopes) {
    const name = Object.values(objectRange(collection, scope)).map(String).join(' to ');
    answers[`list ${name}`] = (await collect(snapshot.list(scope))).map(printObject);
    answers[`rows ${name}`] = (await collect(snapshot.listRows(scope))).map(printRow);
    for (const max of [1, 3, 1000]) answers[`count ${name} ${max}`] = await snapshot.count(scope, max);
    for (const at of revisions) {
      answers[`list ${name} at ${at}`] = (await collect(snapshot.listAt(scope, at))).map(printObject);
    }
  }
  for (const after of revisions) {
    const history = snapshot.history(collection, { after, upTo: snapshot.revision });
    answers[`history ${collection.cluster} ${collection.resource} ${after}`] = (await collect(history)).map(
      printEvent,
    );
  }
}

test('nobody can tell derived objects from written ones', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 2, maxLength: 14 }), async (steps) => {
      const twins = await new Twins().open();
      await twins.run({ type: 'found', cluster: 1, set: 1 });
      for (const step of steps) await twins.run(step);
      const revisions = [...twins.revisions].sort((a, b) => a - b);
      // Some of them: between those of one commit, at its end, at the last one.
      const asked = revisions.filter((_, index) => index % 6 === 0 || index > revisions.length - 3);
      expect(await readAll(twins.derived, asked)).toEqual(await readAll(twins.written, asked));
      expect(twins.told.derived).toEqual(twins.told.written);

      await compactHistory(twins.derivedValues);
      const copy = new MemoryKeyValue();
      await replayLog(twins.derivedValues, copy);
      expect(await dump(copy, PROJECTION_TABLES)).toEqual(await dump(twins.derivedValues, PROJECTION_TABLES));
      expect(await readAll(await openStore(copy, twins.clock), asked)).toEqual(
        await readAll(twins.written, asked),
      );
    }),
    { numRuns: 15 },
  );
});

test('a watch gets derived objects once and in order, from the stored log and live', async () => {
  const scopes: CollectionScope[] = [
    { cluster: FIRST, group: '', resource: 'namespaces', identity: '' },
    { cluster: '*', group: '', resource: 'configmaps', identity: '' },
  ];
  for (const scope of scopes) {
    const twins = await new Twins().open();
    const sinks = [new RecordingSink({ roomFor: 2 }), new RecordingSink({ roomFor: 2 })];
    const sessions = [twins.derived, twins.written].map(
      (store, index) => new WatchSession({ store, scope, sink: sinks[index]!, position: 0 as Revision }),
    );
    await twins.run({ type: 'found', cluster: 0, set: 0 });
    for (const session of sessions) session.start();
    for (const step of [
      { type: 'found', cluster: 1, set: 1 },
      { type: 'change', changes: [{ key: keyIn(FIRST, 'namespaces//a'), isDelete: true }] },
      { type: 'change', changes: [{ key: keyIn(FIRST, 'configmaps/a/a'), isDelete: false }] },
      { type: 'found', cluster: 2, set: 0 },
      { type: 'end', cluster: 0 },
      { type: 'end', cluster: 1 },
      { type: 'found', cluster: 0, set: 1 },
    ] as const satisfies readonly Step[]) {
      await twins.run(step);
      for (const sink of sinks) sink.drain();
    }
    for (let turn = 0; turn < 60; turn++) {
      twins.clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
      for (const sink of sinks) sink.drain();
    }
    expect(sinks[0]!.events.map(printEvent)).toEqual(sinks[1]!.events.map(printEvent));
    expect(sinks[0]!.events.length).toBeGreaterThan(2);
    for (const session of sessions) session.close();
  }
});
