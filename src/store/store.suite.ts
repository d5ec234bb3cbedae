import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogicalCluster, Revision } from '../base/mod.ts';
import { ExpectationFailed } from './commit-errors.ts';
import type { KeyValueStore } from './key-value.ts';
import type { Store } from './store.ts';
import {
  change,
  collect,
  keyOf,
  openStore,
  printEvents,
  printObjects,
  proposalOf,
  rowOf,
  TestClock,
  textOf,
  turns,
} from './store-fixtures.suite.ts';
import { RecordingSink } from './watch-fixtures.suite.ts';
import { WatchSession } from './watch-session.ts';

const COLLECTION = keyOf('');
const OTHER = 'other' as LogicalCluster;

/**
 * What Kubernetes' own storage tests ask of a storage layer, asked of the store. `open` gives a new,
 * empty key-value store.
 */
export function storeSuite(name: string, open: () => Promise<KeyValueStore>): void {
  describe(`the store on ${name}`, () => {
    let clock: TestClock;
    let store: Store;
    const sessions: WatchSession[] = [];
    beforeEach(async () => {
      clock = new TestClock();
      store = await openStore(await open(), clock);
    });
    afterEach(async () => {
      for (const session of sessions.splice(0)) session.close();
      await store.close();
    });

    const put = (objectName: string, text: string) => change(store, keyOf(objectName), { text });
    const remove = (objectName: string) => change(store, keyOf(objectName));
    const list = async (options: { namespace?: string; after?: string } = {}) => {
      const snapshot = store.snapshot();
      const objects = await collect(snapshot.list({ collection: COLLECTION, ...options }));
      snapshot.close();
      return printObjects(objects);
    };
    const listAt = async (revision: number, options: { namespace?: string; after?: string } = {}) => {
      const snapshot = store.snapshot();
      const objects = await collect(snapshot.listAt({ collection: COLLECTION, ...options }, revision));
      snapshot.close();
      return printObjects(objects);
    };
    const watch = (position: number, sink = new RecordingSink()) => {
      const session = new WatchSession({ store, scope: COLLECTION, sink, position: position as Revision });
      sessions.push(session);
      session.start();
      return { session, sink };
    };
    /** Until the sink has that many events; LevelDB answers when it likes. */
    const arrived = (sink: RecordingSink, count: number) =>
      expect
        .poll(() => {
          clock.advance(1000);
          return sink.events.length;
        })
        .toBe(count);

    test('create stores an object that did not exist, at a revision that the log then stands at', async () => {
      const made = await change(store, keyOf('a'), { text: '1', expected: 0 });
      expect(textOf(store.get(keyOf('a')))).toBe('1');
      expect(store.get(keyOf('a'))?.revision).toBe(made.revision);
      expect(store.revision).toBe(made.revision);
    });

    test('create of what exists fails, tells the current revision and changes nothing', async () => {
      const made = await change(store, keyOf('a'), { text: '1', expected: 0 });
      const repeated = change(store, keyOf('a'), { text: '2', expected: 0 });
      await expect(repeated).rejects.toMatchObject({ current: made.revision, isPrecondition: false });
      expect(textOf(store.get(keyOf('a')))).toBe('1');
      expect(store.revision).toBe(made.revision);
    });

    test('an object keeps its uid, labels, fields and owners, whatever they are called', async () => {
      const pairs = JSON.parse('{"__proto__":"x","constructor":"y","é":"ü"}');
      const row = rowOf('{}', { uid: 'u-1', labels: pairs, fields: pairs, owners: ['o-1', 'o-2'] });
      await store.commit(proposalOf([{ key: keyOf('a'), row }]));
      const stored = store.get(keyOf('a'))!;
      expect(Object.entries(stored.labels)).toEqual(Object.entries(pairs));
      expect(Object.entries(stored.fields)).toEqual(Object.entries(pairs));
      expect(stored).toMatchObject({ uid: 'u-1', owners: ['o-1', 'o-2'] });
    });

    test('conditional delete removes the object at the expected revision only', async () => {
      const first = await put('a', '1');
      const second = await put('a', '2');
      await expect(change(store, keyOf('a'), { expected: first.revision })).rejects.toMatchObject({
        current: second.revision,
      });
      await change(store, keyOf('a'), { expected: second.revision });
      expect(store.get(keyOf('a'))).toBeUndefined();
    });

    test('delete of what does not exist fails and leaves no event', async () => {
      await put('b', '1');
      const before = store.revision;
      await expect(remove('a')).rejects.toThrow(ExpectationFailed);
      await expect(change(store, keyOf('a'), { expected: 0 })).rejects.toThrow(ExpectationFailed);
      expect(store.revision).toBe(before);
    });

    test('guaranteed update: concurrent increments with retries all count', async () => {
      await put('counter', '0');
      const increment = async (): Promise<void> => {
        for (;;) {
          const row = store.newest(keyOf('counter'))!;
          const text = String(Number(textOf(row)) + 1);
          try {
            await change(store, keyOf('counter'), { text, expected: row.revision });
            return;
          } catch (error) {
            if (!(error instanceof ExpectationFailed)) throw error;
          }
        }
      };
      await Promise.all(Array.from({ length: 40 }, increment));
      expect(textOf(store.get(keyOf('counter')))).toBe('40');
    });

    test('an update based on a stale revision fails, also while the newer one is on its way to the disk', async () => {
      const { revision } = await put('a', '1');
      const newer = change(store, keyOf('a'), { text: '2', expected: revision });
      const stale = change(store, keyOf('a'), { text: '3', expected: revision });
      await expect(stale).rejects.toThrow(ExpectationFailed);
      await newer;
      expect(textOf(store.get(keyOf('a')))).toBe('2');
    });

    test('lists come in byte order of namespace and name, and stay within collection and namespace', async () => {
      const names = ['b', 'a', 'a-b', 'a.b', 'ab', 'b0'];
      for (const each of names) await put(each, 'x');
      for (const namespace of ['default-2', 'a', 'defaul']) {
        await change(store, keyOf('n', { namespace }), { text: namespace });
      }
      await change(store, keyOf('foreign', { cluster: OTHER }), { text: 'x' });
      await change(store, keyOf('foreign', { cluster: 'root:a' as LogicalCluster }), { text: 'x' });
      await change(store, keyOf('foreign', { resource: 'secrets' }), { text: 'x' });
      await change(store, keyOf('foreign', { identity: 'id' }), { text: 'x' });
      await change(store, keyOf('foreign', { group: 'g' }), { text: 'x' });
      const sorted = ['a=x', 'a-b=x', 'a.b=x', 'ab=x', 'b=x', 'b0=x'];
      expect(await list()).toEqual(['n=a', 'n=defaul', ...sorted, 'n=default-2']);
      expect(await list({ namespace: 'default' })).toEqual(sorted);
      expect(await list({ namespace: 'none' })).toEqual([]);
    });

    test('a list goes on after a given object, whether or not that still exists', async () => {
      for (const each of ['a', 'a-b', 'b', 'c']) await put(each, 'x');
      expect(await list({ after: 'default\0a' })).toEqual(['a-b=x', 'b=x', 'c=x']);
      expect(await list({ after: 'default\0a-z' })).toEqual(['b=x', 'c=x']);
      expect(await list({ after: 'default\0c' })).toEqual([]);
      expect(await list({ namespace: 'default', after: 'a\0z' })).toEqual(['a=x', 'a-b=x', 'b=x', 'c=x']);
      expect(await list({ namespace: 'default', after: 'e\0a' })).toEqual([]);
    });

    test('a list at a revision shows exactly that state', async () => {
      await put('a', '1');
      const first = await put('b', '1');
      const second = await put('a', '2');
      const third = await remove('b');
      await put('b', '3');
      const last = await put('c', '3');
      expect(await listAt(first.revision)).toEqual(['a=1', 'b=1']);
      expect(await listAt(second.revision)).toEqual(['a=2', 'b=1']);
      expect(await listAt(third.revision)).toEqual(['a=2']);
      expect(await listAt(last.revision)).toEqual(['a=2', 'b=3', 'c=3']);
      expect(await listAt(0)).toEqual([]);
    });

    test('pages of one list are consistent across writes between them', async () => {
      for (const each of ['a', 'b', 'c', 'd', 'e']) await put(each, '1');
      const at = store.revision;
      const page = async (after?: string) =>
        (await listAt(at, after === undefined ? {} : { after })).slice(0, 2);
      expect(await page()).toEqual(['a=1', 'b=1']);
      await remove('c');
      await put('d', '2');
      await put('bb', '2');
      expect(await page('default\0b')).toEqual(['c=1', 'd=1']);
      await remove('e');
      expect(await page('default\0d')).toEqual(['e=1']);
      // What a continue token without consistency shows: the newest state after the same key.
      expect(await list({ after: 'default\0b' })).toEqual(['bb=2', 'd=2']);
    });

    test('an object can be read as it was at any revision', async () => {
      const first = await put('a', '1');
      const removed = await remove('a');
      const again = await put('a', '2');
      const snapshot = store.snapshot();
      const at = async (revision: number) => textOf(await snapshot.getAt(keyOf('a'), revision));
      expect(await at(first.revision - 1)).toBeUndefined();
      expect(await at(first.revision)).toBe('1');
      expect(await at(removed.revision)).toBeUndefined();
      expect(await at(again.revision)).toBe('2');
      snapshot.close();
    });

    test('a snapshot stays what it was while the store goes on', async () => {
      await put('a', '1');
      const snapshot = store.snapshot();
      await put('a', '2');
      await put('b', '2');
      expect(printObjects(await collect(snapshot.list({ collection: COLLECTION })))).toEqual(['a=1']);
      expect(snapshot.revision).toBeLessThan(store.revision);
      expect(await snapshot.count({ collection: COLLECTION }, 10)).toBe(1);
      snapshot.close();
    });

    test('a list of many objects streams in bounded batches', async () => {
      const puts = Array.from({ length: 2500 }, (_, index) => ({
        key: keyOf(`n${String(index).padStart(4, '0')}`),
        row: rowOf('x'),
      }));
      await store.commit(proposalOf(puts));
      const snapshot = store.snapshot();
      let count = 0;
      for await (const batch of snapshot.list({ collection: COLLECTION })) {
        expect(batch.length).toBeLessThanOrEqual(1000);
        count += batch.length;
      }
      expect(count).toBe(2500);
      expect(await snapshot.count({ collection: COLLECTION }, 10_000)).toBe(2500);
      expect(await snapshot.count({ collection: COLLECTION }, 7)).toBe(7);
      expect(await snapshot.count({ collection: COLLECTION, after: 'default\0n2490' }, 100)).toBe(9);
      let early = 0;
      for await (const batch of snapshot.listRows({ collection: COLLECTION })) {
        early += batch.length;
        break;
      }
      expect(early).toBeGreaterThan(0);
      snapshot.close();
    });

    test('watch from revision 0 of a new store brings everything from the beginning', async () => {
      await put('a', '1');
      await put('a', '2');
      const { sink } = watch(0);
      await arrived(sink, 2);
      await put('b', '1');
      await arrived(sink, 3);
      expect(printEvents(sink.events)).toEqual(['a: - > 1', 'a: 1 > 2', 'b: - > 1']);
    });

    test('watch from a revision brings what came after it, once and in order', async () => {
      const first = await put('a', '1');
      await put('a', '2');
      await change(store, keyOf('a', { resource: 'secrets' }), { text: 'other kind' });
      const { sink } = watch(first.revision);
      const last = await remove('a');
      await arrived(sink, 2);
      expect(printEvents(sink.events)).toEqual(['a: 1 > 2', 'a: 2 > -']);
      expect(sink.events.at(-1)?.revision).toBe(last.revision);
    });

    test('a delete event carries the last object, at the revision of the delete', async () => {
      const made = await put('a', 'last');
      const removed = await remove('a');
      const { sink } = watch(made.revision);
      await arrived(sink, 1);
      const live = watch(removed.revision);
      await turns(3);
      const again = await put('a', 'again');
      const removedAgain = await remove('a');
      await arrived(live.sink, 2);
      expect(sink.events[0]).toMatchObject({ revision: removed.revision, newRow: undefined });
      expect(textOf(sink.events[0]?.oldRow)).toBe('last');
      expect(sink.events[0]?.oldRow?.revision).toBe(made.revision);
      expect(live.sink.events[1]).toMatchObject({ revision: removedAgain.revision, newRow: undefined });
      expect(live.sink.events[1]?.oldRow?.revision).toBe(again.revision);
    });

    test('events that were live and events that were read back are the same', async () => {
      const live = watch(0);
      await turns(3);
      await put('a', '1');
      await store.commit(
        proposalOf([
          { key: keyOf('a'), row: rowOf('2', { labels: { x: 'y' }, owners: ['o'] }) },
          { key: keyOf('b'), row: rowOf('2', { fields: { f: 'v' } }) },
        ]),
      );
      await remove('b');
      await arrived(live.sink, 4);
      const stored = watch(0);
      await arrived(stored.sink, 4);
      expect(stored.sink.events).toEqual(live.sink.events);
    });

    test('watch from below the compaction floor has expired, from the floor on it has not', async () => {
      const first = await put('a', '1');
      const second = await put('a', '2');
      await put('a', '3');
      await store.compact(second.revision);
      const old = watch(first.revision);
      await expect.poll(() => old.sink.expiredAt).toBeDefined();
      expect(old.sink.expiredAt).toEqual({ position: first.revision, floor: second.revision });
      expect(old.sink.events).toEqual([]);
      const { sink } = watch(second.revision);
      await arrived(sink, 1);
      expect(printEvents(sink.events)).toEqual(['a: 2 > 3']);
    });

    test('lists at the floor and above survive a compaction', async () => {
      await put('a', '1');
      await put('gone', '1');
      await put('a', '2');
      const floor = await remove('gone');
      const above = await put('a', '3');
      await put('a', '4');
      await store.compact(floor.revision);
      expect(await listAt(floor.revision)).toEqual(['a=2']);
      expect(await listAt(above.revision)).toEqual(['a=3']);
      expect(await list()).toEqual(['a=4']);
      const snapshot = store.snapshot();
      expect(snapshot.floor).toBe(floor.revision);
      expect(textOf(await snapshot.getAt(keyOf('a'), floor.revision))).toBe('2');
      snapshot.close();
    });

    test('a list just made of an idle log can be watched, however old the log is', async () => {
      await put('a', '1');
      await store.compact((store.revision + 1_000_000) as Revision);
      const snapshot = store.snapshot();
      expect(snapshot.floor).toBeLessThanOrEqual(snapshot.revision);
      const { sink } = watch(snapshot.revision);
      snapshot.close();
      await put('a', '2');
      await arrived(sink, 1);
      expect(sink.expiredAt).toBeUndefined();
    });

    test('a floor never moves back', async () => {
      await put('a', '1');
      const second = await put('a', '2');
      const third = await put('a', '3');
      await Promise.all([store.compact(third.revision), store.compact(second.revision)]);
      const snapshot = store.snapshot();
      expect(snapshot.floor).toBe(third.revision);
      snapshot.close();
    });

    test('initial events: the list of a snapshot and the watch from its revision leave no gap', async () => {
      const writing = (async () => {
        for (let index = 0; index < 60; index++) await put(`n${index % 7}`, String(index));
      })();
      await turns(10);
      const snapshot = store.snapshot();
      const initial = await collect(snapshot.list({ collection: COLLECTION }));
      const { sink } = watch(snapshot.revision);
      snapshot.close();
      await writing;
      const state = new Map(initial.map(({ key, row }) => [key.name, textOf(row)]));
      const counted = initial.length === 0 ? -1 : Math.max(...[...state.values()].map(Number));
      await arrived(sink, 59 - counted);
      for (const { key, oldRow, newRow } of sink.events) {
        expect(textOf(oldRow)).toBe(state.get(key.name));
        state.set(key.name, textOf(newRow));
      }
      expect([...state].map(([n, text]) => `${n}=${text}`).sort()).toEqual(await list());
    });

    test('a bookmark may name the end of the log when nothing in the scope happened', async () => {
      const { session, sink } = watch(0);
      await turns(3);
      const elsewhere = await change(store, keyOf('a', { resource: 'secrets' }), { text: 'x' });
      await expect.poll(() => session.position).toBe(elsewhere.revision);
      expect(sink.events).toEqual([]);
      session.close();
      expect(session.position).toBe(elsewhere.revision);
    });

    test('closing waits for what is sequenced, and refuses what comes after', async () => {
      const keyValue = await open();
      const first = await openStore(keyValue);
      const made = await change(first, keyOf('a'), { text: '1' });
      expect(first.failure).toBeUndefined();
      const pending = change(first, keyOf('a'), { text: '2' });
      const closing = first.close();
      await expect(change(first, keyOf('a'), { text: '3' })).rejects.toMatchObject({ isTransient: false });
      const last = await pending;
      await closing;
      expect(last.revision).toBeGreaterThan(made.revision);
    });
  });
}
