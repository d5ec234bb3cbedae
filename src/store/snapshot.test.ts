import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE, type LogicalCluster, limits } from '../base/mod.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { type ObjectKey, objectKeyText } from './object-key.ts';
import type { ListScope, StoreSnapshot } from './snapshot.ts';
import type { Store } from './store.ts';
import {
  change,
  collect,
  dump,
  keyOf,
  openStore,
  printObjects,
  proposalOf,
  ROOT,
  rowOf,
  TestClock,
  textOf,
} from './store-fixtures.suite.ts';
import { PROJECTION_TABLES } from './tables.ts';

const COLLECTION = keyOf('');
const LISTED_CHANGES_MAX = limits.listedChangesMax;

// Names that are prefixes of each other, and namespaces that sort between them.
const keyArbitrary = fc.record({
  namespace: fc.constantFrom('a', 'a-b', 'b'),
  name: fc.constantFrom('a', 'a-', 'a.b', 'ab', 'b', 'b0'),
});
const commitArbitrary = fc.uniqueArray(fc.record({ key: keyArbitrary, isDelete: fc.boolean() }), {
  minLength: 1,
  maxLength: 4,
  selector: ({ key }) => `${key.namespace}/${key.name}`,
});
const historyArbitrary = fc.array(commitArbitrary, { minLength: 1, maxLength: 25 });

type State = ReadonlyMap<string, string>;

/** Commits a random history; the state after each change, by its revision. */
async function play(
  store: Store,
  history: readonly (readonly { key: { namespace: string; name: string }; isDelete: boolean }[])[],
): Promise<Map<number, State>> {
  const states = new Map<number, State>([[0, new Map()]]);
  let state = new Map<string, string>();
  let count = 0;
  for (const commit of history) {
    const existing = commit.filter(({ key, isDelete }) => !isDelete || state.has(keyTextOf(key)));
    if (existing.length === 0) continue;
    const outcome = await store.commit(
      proposalOf(
        existing.map(({ key, isDelete }) => {
          const objectKey = keyOf(key.name, { namespace: key.namespace });
          return isDelete ? { key: objectKey } : { key: objectKey, row: rowOf(`v${count++}`) };
        }),
      ),
    );
    count -= existing.filter(({ isDelete }) => !isDelete).length;
    existing.forEach(({ key, isDelete }, index) => {
      state = new Map(state);
      if (isDelete) state.delete(keyTextOf(key));
      else state.set(keyTextOf(key), `v${count++}`);
      states.set(outcome.revisions[index]!, state);
    });
  }
  return states;
}

function keyTextOf(key: { readonly namespace: string; readonly name: string }): string {
  return `${key.namespace}\0${key.name}`;
}

function expected(state: State, scope: { readonly namespace?: string; readonly after?: string }): string[] {
  return [...state]
    .filter(([key]) => scope.namespace === undefined || key.startsWith(`${scope.namespace}\0`))
    .filter(([key]) => scope.after === undefined || key > scope.after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => `${key}=${text}`);
}

async function found(
  snapshot: StoreSnapshot,
  scope: Partial<ListScope>,
  revision: number,
): Promise<string[]> {
  const objects = await collect(snapshot.listAt({ collection: COLLECTION, ...scope }, revision));
  return objects.map(({ key, row }) => `${keyTextOf(key)}=${textOf(row)}`);
}

describe.each([
  ['looking changed objects up', limits.listedChangesMax],
  ['scanning old values', 0],
])('lists at a revision, %s', (_way, listedChangesMax) => {
  beforeAll(() => {
    (limits as { listedChangesMax: number }).listedChangesMax = listedChangesMax;
  });
  afterAll(() => {
    (limits as { listedChangesMax: number }).listedChangesMax = LISTED_CHANGES_MAX;
  });

  test('at every past revision not below the floor they equal a model', async () => {
    await fc.assert(
      fc.asyncProperty(historyArbitrary, fc.nat(100), async (history, floorPercent) => {
        const store = await openStore(new MemoryKeyValue());
        const states = await play(store, history);
        const revisions = [...states.keys()];
        const floor = revisions[Math.floor((floorPercent / 101) * revisions.length)]!;
        await store.compact(floor as typeof store.revision);
        const snapshot = store.snapshot();
        for (const [revision, state] of states) {
          if (revision < floor) continue;
          expect(await found(snapshot, {}, revision)).toEqual(expected(state, {}));
          const inNamespace = { namespace: 'a' };
          expect(await found(snapshot, inNamespace, revision)).toEqual(expected(state, inNamespace));
          for (const [text] of state) {
            const [namespace = '', name = ''] = text.split('\0');
            const row = await snapshot.getAt(keyOf(name, { namespace }), revision);
            expect(textOf(row)).toBe(state.get(text));
          }
        }
        snapshot.close();
      }),
      { numRuns: 60 },
    );
  });

  test('pages of any size, with writes between them, add up to one state', async () => {
    const arbitrary = [historyArbitrary, historyArbitrary, fc.integer({ min: 1, max: 4 })] as const;
    await fc.assert(
      fc.asyncProperty(...arbitrary, async (before, between, size) => {
        const store = await openStore(new MemoryKeyValue());
        const states = await play(store, before);
        const revision = store.revision;
        const pages: string[] = [];
        let after: string | undefined;
        for (let turn = 0; turn < 30; turn++) {
          const snapshot = store.snapshot();
          const page = (await found(snapshot, { after }, revision)).slice(0, size);
          snapshot.close();
          if (page.length === 0) break;
          pages.push(...page);
          after = page.at(-1)!.split('=')[0];
          const [commit] = between.slice(turn);
          for (const { key } of commit ?? []) {
            await change(store, keyOf(key.name, { namespace: key.namespace }), { text: `late${turn}` });
          }
        }
        expect(pages).toEqual(expected(states.get(revision) ?? new Map(), {}));
      }),
      { numRuns: 60 },
    );
  });

  test('many objects deleted since then come in bounded batches', async () => {
    const store = await openStore(new MemoryKeyValue());
    const keys = Array.from({ length: 3000 }, (_, index) => keyOf(`n${String(index).padStart(4, '0')}`));
    await store.commit(proposalOf(keys.map((key) => ({ key, row: rowOf('x') }))));
    const { revision } = await change(store, keyOf('zz'), { text: 'x' });
    await store.commit(proposalOf(keys.map((key) => ({ key }))));
    await change(store, keyOf('n1500a'), { text: 'later' });
    const snapshot = store.snapshot();
    const names: string[] = [];
    for await (const batch of snapshot.listAt({ collection: COLLECTION }, revision)) {
      expect(batch.length).toBeLessThanOrEqual(1001);
      names.push(...batch.map(({ key }) => key.name));
    }
    expect(names).toEqual([...keys.map(({ name }) => name), 'zz']);
    for await (const batch of snapshot.listAt({ collection: COLLECTION }, revision)) {
      expect(batch[0]?.key.name).toBe('n0000');
      break;
    }
    snapshot.close();
  });
});

describe('the cost of a list at a revision', () => {
  const OBJECTS = 40;
  const nameOf = (index: number) => `n${String(index).padStart(2, '0')}`;

  /** Counts the entries that are read through it. */
  class CountingKeyValue extends MemoryKeyValue {
    entries = 0;
    override async *iterate(
      ...request: Parameters<MemoryKeyValue['iterate']>
    ): ReturnType<MemoryKeyValue['iterate']> {
      for await (const batch of super.iterate(...request)) {
        this.entries += batch.length;
        yield batch;
      }
    }
  }

  async function rewrite(store: Store, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const mutations = Array.from({ length: OBJECTS }, (_, index) => ({
        key: keyOf(nameOf(index)),
        row: rowOf(String(round)),
      }));
      await store.commit(proposalOf(mutations));
    }
  }

  async function readAt(keyValue: CountingKeyValue, store: Store, revision: number): Promise<string[]> {
    const snapshot = store.snapshot();
    keyValue.entries = 0;
    const objects = await collect(snapshot.listAt({ collection: COLLECTION }, revision));
    snapshot.close();
    return printObjects(objects);
  }

  test('grows with what has changed since then, not with the history before', async () => {
    const keyValue = new CountingKeyValue();
    const store = await openStore(keyValue);
    await rewrite(store, 300);
    const { revision } = store;
    await change(store, keyOf(nameOf(7)), { text: 'later' });
    await change(store, keyOf(nameOf(9)));
    await change(store, keyOf('new'), { text: 'later' });
    const expectedNow = Array.from({ length: OBJECTS }, (_, index) => `${nameOf(index)}=299`);
    expect(await readAt(keyValue, store, revision)).toEqual(expectedNow);
    expect(keyValue.entries).toBeLessThan(OBJECTS + 20);
  });

  test('jumps from object to object when more has changed than is looked up one by one', async () => {
    const keyValue = new CountingKeyValue();
    const store = await openStore(keyValue);
    await rewrite(store, 150);
    const { revision } = store;
    await rewrite(store, 1 + limits.listedChangesMax / OBJECTS);
    const expectedThen = Array.from({ length: OBJECTS }, (_, index) => `${nameOf(index)}=149`);
    expect(await readAt(keyValue, store, revision)).toEqual(expectedThen);
    expect(keyValue.entries - limits.listedChangesMax).toBeLessThan(OBJECTS * 12 + 1000);
  });

  test('a page reads no more of the changed objects than it shows', async () => {
    const keyValue = new CountingKeyValue();
    const store = await openStore(keyValue);
    const keys = Array.from({ length: 2000 }, (_, index) => keyOf(`n${String(index).padStart(4, '0')}`));
    const put = (text: string) => store.commit(proposalOf(keys.map((key) => ({ key, row: rowOf(text) }))));
    await put('then');
    const { revision } = store;
    await put('now');
    const snapshot = store.snapshot();
    keyValue.entries = 0;
    for await (const batch of snapshot.listAt({ collection: COLLECTION }, revision)) {
      expect(printObjects(batch.slice(0, 1))).toEqual(['n0000=then']);
      break;
    }
    snapshot.close();
    // One pass over the event table, one batch of rows, one batch of old values.
    expect(keyValue.entries).toBeLessThan(2000 + 1000 + 200);
  });
});

describe('large rows', () => {
  test('batches of events, of wildcard lists and of dependents are bounded by their rows', async () => {
    const store = await openStore(new MemoryKeyValue());
    const text = 'x'.repeat(200_000);
    for (let index = 0; index < 12; index++) {
      await store.commit(proposalOf([{ key: keyOf(`n${index}`), row: rowOf(text, { owners: ['o'] }) }]));
    }
    const snapshot = store.snapshot();
    const range = { after: 0, upTo: snapshot.revision };
    const streams = [
      snapshot.history(COLLECTION, range),
      snapshot.history({ ...COLLECTION, cluster: EVERYWHERE }, range),
      snapshot.listWildcard('', 'configmaps'),
      snapshot.dependents(ROOT, 'o'),
    ];
    for (const stream of streams) {
      let count = 0;
      for await (const batch of stream as AsyncIterable<readonly unknown[]>) {
        expect(batch.length * text.length).toBeLessThan(limits.iteratorBatchBytes * 2 + text.length);
        count += batch.length;
      }
      expect(count).toBe(12);
    }
    snapshot.close();
  });

  test('the history of a range delete is read with one look at its frame', { timeout: 10_000 }, async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    const keys = Array.from({ length: 8000 }, (_, index) => keyOf(`n${index}`));
    await store.commit(proposalOf(keys.map((key) => ({ key, row: rowOf('x') }))));
    const before = store.revision;
    await store.commit(proposalOf(keys.map((key) => ({ key }))));
    const snapshot = store.snapshot();
    const events = await collect(snapshot.history(COLLECTION, { after: before, upTo: snapshot.revision }));
    expect(events.map(({ key }) => key.name)).toEqual(keys.map(({ name }) => name));
    expect(events.every(({ oldRow, newRow }) => textOf(oldRow) === 'x' && newRow === undefined)).toBe(true);
    snapshot.close();
  });
});

describe('indexes', () => {
  const cluster = (name: string) => name as LogicalCluster;

  test('a wildcard list brings one kind of all logical clusters, in order of cluster and name', async () => {
    const store = await openStore(new MemoryKeyValue());
    const put = (name: string, options: Partial<ObjectKey>) =>
      change(store, keyOf(name, options), { text: options.cluster ?? '' });
    await put('b', { cluster: cluster('two') });
    await put('a', { cluster: cluster('two') });
    await put('z', { cluster: cluster('one') });
    await put('z', { cluster: cluster('one:deeper') });
    await put('other', { cluster: cluster('one'), resource: 'configmapsets' });
    await put('other', { cluster: cluster('one'), group: 'g' });
    await put('bound', { cluster: cluster('one'), identity: 'id' });
    await put('gone', { cluster: cluster('one') });
    await change(store, keyOf('gone', { cluster: cluster('one') }));
    await put('b', { cluster: cluster('two') });
    const snapshot = store.snapshot();
    const list = async (resource: string) =>
      (await collect(snapshot.listWildcard('', resource))).map(({ key }) => `${key.cluster}/${key.name}`);
    expect(await list('configmaps')).toEqual(['one/z', 'one:deeper/z', 'two/a', 'two/b']);
    expect(await list('configmaps:id')).toEqual(['one/bound']);
    expect(await list('none')).toEqual([]);
    snapshot.close();
  });

  test('wildcard history begins and ends where it is told, over commits without changes', async () => {
    const store = await openStore(new MemoryKeyValue());
    const revisions: number[] = [];
    for (let index = 0; index < 12; index++) {
      const key = keyOf(`n${index}`, { cluster: cluster(index % 2 === 0 ? 'one' : 'two') });
      revisions.push((await change(store, key, { text: 'x' })).revision);
      const debt = { controller: 'c', cluster: ROOT, key: 'k', payload: Buffer.from([index]) };
      if (index % 3 !== 0) await store.commit(proposalOf([], { work: [debt] }));
      if (index === 11) await store.commit(proposalOf([], { work: [debt] }));
    }
    const snapshot = store.snapshot();
    for (let after = -1; after < 12; after++) {
      for (let upTo = after; upTo < 12; upTo++) {
        const range = { after: revisions[after] ?? 0, upTo: revisions[upTo] ?? 0 };
        const events = await collect(snapshot.history({ ...COLLECTION, cluster: EVERYWHERE }, range));
        expect(events.map(({ revision }) => revision)).toEqual(revisions.slice(after + 1, upTo + 1));
      }
    }
    snapshot.close();
  });

  test('dependents follow the owners of each write, within the logical cluster', async () => {
    const store = await openStore(new MemoryKeyValue());
    const own = (name: string, owners: string[], options: Partial<ObjectKey> = {}) =>
      store.commit(proposalOf([{ key: keyOf(name, options), row: rowOf('x', { owners }) }]));
    const dependents = async (uid: string) => {
      const snapshot = store.snapshot();
      const names = printObjects(await collect(snapshot.dependents(ROOT, uid)));
      expect(await snapshot.hasDependents(ROOT, uid)).toBe(names.length > 0);
      snapshot.close();
      return names;
    };
    await own('a', ['u', 'v']);
    await own('b', ['u'], { namespace: 'a' });
    await own('c', ['u2']);
    await own('d', ['u'], { cluster: cluster('other') });
    expect(await dependents('u')).toEqual(['a=x', 'b=x'].sort().reverse());
    await own('a', ['v', 'w']);
    expect(await dependents('u')).toEqual(['b=x']);
    expect(await dependents('w')).toEqual(['a=x']);
    await change(store, keyOf('a'));
    expect(await dependents('v')).toEqual([]);
  });

  test('what is deleted leaves no row and no index entry behind', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    await store.commit(proposalOf([{ key: keyOf('a'), row: rowOf('x', { owners: ['o'] }) }]));
    const current = PROJECTION_TABLES.filter(({ start }) => 'gox'.includes(String.fromCharCode(start[0]!)));
    expect(await dump(keyValue, current)).toHaveLength(3);
    await change(store, keyOf('a'));
    expect(await dump(keyValue, current)).toEqual([]);
  });

  test('an owner uid may be any text without harm to the dependents of others', async () => {
    const store = await openStore(new MemoryKeyValue());
    const own = (name: string, owners: string[]) =>
      store.commit(proposalOf([{ key: keyOf(name), row: rowOf('x', { owners }) }]));
    await own('plain', ['u']);
    await own('foreign', ['ü', 'u\0root\0\0configmaps\0default\0plain', 'u\0']);
    const snapshot = store.snapshot();
    expect(printObjects(await collect(snapshot.dependents(ROOT, 'u')))).toEqual(['plain=x']);
    expect(printObjects(await collect(snapshot.dependents(ROOT, 'ü')))).toEqual(['foreign=x']);
    snapshot.close();
  });

  test('work rows are kept by controller', async () => {
    const store = await openStore(new MemoryKeyValue(), new TestClock());
    const work = ['gc', 'gc2', 'g'].map((controller) => ({
      controller,
      cluster: ROOT,
      key: `of ${controller}`,
      payload: Buffer.from(controller),
    }));
    await store.commit(proposalOf([], { work }));
    const snapshot = store.snapshot();
    const rows = await collect(snapshot.work('gc'));
    expect(rows).toEqual([
      { key: { controller: 'gc', cluster: ROOT, key: 'of gc' }, payload: Buffer.from('gc') },
    ]);
    snapshot.close();
  });
});

describe('keys', () => {
  test('equal key texts are equal keys', () => {
    const texts = [
      keyOf('a'),
      keyOf('a', { identity: 'b' }),
      keyOf('a', { group: 'b' }),
      keyOf('a', { namespace: '' }),
      keyOf('', { namespace: 'a' }),
      keyOf('a', { cluster: cluster2 }),
    ].map(objectKeyText);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

const cluster2 = 'root:default' as LogicalCluster;
