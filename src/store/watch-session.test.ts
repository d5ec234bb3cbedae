import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogicalCluster, Revision } from '../base/mod.ts';
import type { Entry, IterateOptions, KeyRange, KeyValueStore } from './key-value.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import type { CollectionScope } from './object-key.ts';
import type { StoreEvent } from './projection.ts';
import type { Store } from './store.ts';
import {
  change,
  keyOf,
  openStore,
  printEvents,
  proposalOf,
  rowOf,
  TestClock,
  textOf,
  turns,
} from './store-fixtures.suite.ts';
import { RecordingSink } from './watch-fixtures.suite.ts';
import { WatchSession } from './watch-session.ts';

const CLUSTERS = ['one', 'two'] as LogicalCluster[];
const RESOURCES = ['configmaps', 'secrets'];

const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      commit: fc.uniqueArray(
        fc.record({
          cluster: fc.nat(1),
          resource: fc.nat(1),
          name: fc.constantFrom('a', 'b'),
          isDelete: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4, selector: (each) => `${each.cluster}${each.resource}${each.name}` },
      ),
      isAwaited: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      /** Two clusters, or all of them. */
      cluster: fc.nat(2),
      resource: fc.nat(1),
      roomFor: fc.constantFrom(1, 2, 5, Number.POSITIVE_INFINITY),
      /** How far back it starts, as a share of the history. */
      percent: fc.nat(100),
    }),
  },
  { weight: 2, arbitrary: fc.record({ drain: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ advanceMs: fc.constantFrom(1, 4, 100) }) },
  { weight: 1, arbitrary: fc.record({ compactPercent: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ close: fc.nat(5) }) },
);
type Step = typeof stepArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

interface Watcher {
  readonly session: WatchSession;
  readonly sink: RecordingSink;
  readonly scope: CollectionScope;
  readonly start: number;
  closedWith: number | undefined;
}

/** Answers some turns later, as real disks do: what is published meanwhile must not be lost. */
class SlowMemory extends MemoryKeyValue {
  override async *iterate(
    range: KeyRange,
    options?: IterateOptions,
  ): AsyncIterableIterator<readonly Entry[]> {
    await turns(2);
    for await (const batch of super.iterate(range, options)) {
      yield batch;
      await turns(1);
    }
  }
}

/** Plays steps on a store and checks what every watcher got. */
class Interleaving {
  readonly #clock = new TestClock();
  readonly #log: StoreEvent[] = [];
  readonly #watchers: Watcher[] = [];
  readonly #commits: Promise<unknown>[] = [];
  #count = 0;

  async run(steps: readonly Step[]): Promise<void> {
    // Every sync takes a turn or two, so that snapshots and feed are not always in step.
    const disk = { beforeSync: () => turns(1 + (this.#count % 2)) };
    const store = await openStore(new SlowMemory(disk), this.#clock);
    store.feed.subscribeToGroups(({ events }) => this.#log.push(...events));
    for (const step of steps) {
      await this.#play(store, step);
      this.#checkPositions();
    }
    await Promise.all(this.#commits);
    for (let round = 0; round < 400 && !this.#isQuiet(store); round++) {
      for (const { sink } of this.#watchers) sink.drain();
      this.#clock.advance(100);
      await turns(2);
    }
    this.#checkPositions();
    for (const watcher of this.#watchers) this.#checkEvents(watcher, store);
    for (const { session } of this.#watchers) session.close();
    await store.close();
  }

  async #play(store: Store, step: Step): Promise<void> {
    this.#count += 1;
    if ('commit' in step) {
      const mutations = step.commit
        .map(({ cluster, resource, name, isDelete }) => {
          const key = keyOf(name, { cluster: CLUSTERS[cluster]!, resource: RESOURCES[resource]! });
          return isDelete ? { key } : { key, row: rowOf(String(this.#count)) };
        })
        .filter((mutation) => mutation.row !== undefined || store.newest(mutation.key) !== undefined);
      const commit = store.commit(proposalOf(mutations));
      this.#commits.push(commit);
      if (step.isAwaited) await commit;
    } else if ('percent' in step) {
      const at = Math.floor((this.#log.length * step.percent) / 100);
      const start = step.percent === 0 ? 0 : (this.#log[at]?.revision ?? store.revision);
      const scope = {
        ...keyOf(''),
        cluster: CLUSTERS[step.cluster] ?? '*',
        resource: RESOURCES[step.resource]!,
      } as const;
      const sink = new RecordingSink({ roomFor: step.roomFor });
      const session = new WatchSession({ store, scope, sink, position: start as Revision });
      this.#watchers.push({ session, sink, scope, start, closedWith: undefined });
      session.start();
    } else if ('drain' in step) this.#watchers[step.drain]?.sink.drain();
    else if ('turns' in step) await turns(step.turns);
    else if ('advanceMs' in step) this.#clock.advance(step.advanceMs);
    else if ('close' in step) {
      const watcher = this.#watchers[step.close];
      if (watcher === undefined) return;
      watcher.session.close();
      watcher.closedWith ??= watcher.sink.events.length;
    } else {
      const at = Math.floor((this.#log.length * step.compactPercent) / 100);
      this.#commits.push(store.compact(this.#log[at]?.revision ?? store.revision));
    }
  }

  #isQuiet(store: Store): boolean {
    return this.#watchers.every(
      ({ session, sink, closedWith }) =>
        closedWith !== undefined || sink.expiredAt !== undefined || session.position >= store.revision,
    );
  }

  #inScope(watcher: Watcher): StoreEvent[] {
    const { scope, start } = watcher;
    return this.#log.filter(
      ({ key, revision }) =>
        revision > start &&
        key.resource === scope.resource &&
        (scope.cluster === '*' || scope.cluster === key.cluster),
    );
  }

  /** Whatever a position claims to have been delivered has been. */
  #checkPositions(): void {
    for (const watcher of this.#watchers) {
      const { position } = watcher.session;
      const claimed = this.#inScope(watcher).filter(({ revision }) => revision <= position);
      expect(print(watcher.sink.events).slice(0, claimed.length)).toEqual(print(claimed));
      const last = watcher.sink.events.at(-1)?.revision ?? 0;
      expect(position).toBeGreaterThanOrEqual(last);
    }
  }

  #checkEvents(watcher: Watcher, store: Store): void {
    const { sink, closedWith } = watcher;
    const due = print(this.#inScope(watcher));
    const got = print(sink.events);
    expect(sink.errors).toEqual([]);
    expect(got).toEqual(due.slice(0, got.length));
    if (closedWith !== undefined) expect(got.length).toBe(closedWith);
    else if (sink.expiredAt === undefined) expect(got).toEqual(due);
    else {
      const snapshot = store.snapshot();
      expect(sink.expiredAt.position).toBeLessThan(snapshot.floor);
      snapshot.close();
    }
  }
}

function print(events: readonly StoreEvent[]): string[] {
  return events.map(
    ({ key, revision, oldRow, newRow }) =>
      `${revision} ${key.cluster} ${key.resource} ${key.name} ${textOf(oldRow)} ${textOf(newRow)}`,
  );
}

describe('watch sessions', () => {
  test('any interleaving brings each session its events exactly once and in order, or expires it', {
    timeout: 30_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 5, maxLength: 40 }), (steps) =>
        new Interleaving().run(steps),
      ),
      { numRuns: 150 },
    );
  });

  const start = async (keyValue: KeyValueStore = new MemoryKeyValue()) => {
    const clock = new TestClock();
    const store = await openStore(keyValue, clock);
    const watch = (sink: RecordingSink, position: number = store.revision) => {
      const scope = keyOf('');
      const session = new WatchSession({ store, scope, sink, position: position as Revision });
      session.start();
      return session;
    };
    const settle = async () => {
      for (let round = 0; round < 4; round++) {
        clock.advance(1000);
        await turns(3);
      }
    };
    return { store, watch, settle, clock };
  };

  test('a session that begins while a batch for others is on its way misses nothing', async () => {
    const { store, watch, settle } = await start(new SlowMemory());
    const other = new RecordingSink();
    const scope = { ...keyOf(''), resource: 'secrets' };
    new WatchSession({ store, scope, sink: other, position: store.revision }).start();
    await settle();
    // Twice, so that the feed pauses between its rounds and the second batch stays with it for a while.
    await change(store, keyOf('s', { resource: 'secrets' }), { text: '1' });
    await turns(2);
    await change(store, keyOf('s', { resource: 'secrets' }), { text: '2' });
    expect(store.feed.deliveredRevision).toBeLessThan(store.revision);
    const sink = new RecordingSink();
    watch(sink, store.feed.deliveredRevision);
    // While the session reads the stored log, the feed collects this one for nobody.
    await change(store, keyOf('a'), { text: '1' });
    await turns(5);
    expect(store.feed.deliveredRevision).toBeLessThan(store.revision);
    await settle();
    await settle();
    expect(printEvents(sink.events)).toEqual(['a: - > 1']);
    expect(printEvents(other.events)).toEqual(['s: - > 1', 's: 1 > 2']);
  });

  test('a full sink gets nothing until it is drained, and then goes on from the stored log', async () => {
    const { store, watch, settle } = await start();
    const sink = new RecordingSink({ roomFor: 2 });
    const session = watch(sink);
    await settle();
    for (const text of ['1', '2', '3', '4', '5']) await change(store, keyOf('a'), { text });
    await settle();
    const full = sink.events.length;
    expect(full).toBeGreaterThanOrEqual(2);
    expect(session.position).toBe(sink.events.at(-1)?.revision);
    await change(store, keyOf('a'), { text: '6' });
    await settle();
    expect(sink.events.length).toBe(full);
    for (let round = 0; round < 3; round++) {
      sink.drain();
      await settle();
    }
    expect(sink.events.map(({ newRow }) => textOf(newRow))).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('a sink that is stuck pins no snapshot', async () => {
    let open = 0;
    class Watched extends MemoryKeyValue {
      override snapshot() {
        const inner = super.snapshot();
        open += 1;
        const close = inner.close.bind(inner);
        inner.close = () => {
          open -= 1;
          close();
        };
        return inner;
      }
    }
    const { store, watch, settle } = await start(new Watched());
    for (const text of ['1', '2', '3']) await change(store, keyOf('a'), { text });
    const sink = new RecordingSink({ roomFor: 1 });
    const session = watch(sink, 0);
    await settle();
    expect(sink.isFull).toBe(true);
    expect(open).toBe(0);
    session.close();
  });

  test('a slow sink expires when its position falls below the floor', async () => {
    const { store, watch, settle } = await start();
    const sink = new RecordingSink({ roomFor: 1 });
    watch(sink);
    await settle();
    await change(store, keyOf('a'), { text: '1' });
    await settle();
    await change(store, keyOf('a'), { text: '2' });
    const last = await change(store, keyOf('a'), { text: '3' });
    await store.compact(last.revision);
    sink.drain();
    await settle();
    expect(printEvents(sink.events)).toEqual(['a: - > 1']);
    expect(sink.expiredAt).toEqual({ position: sink.events[0]?.revision, floor: last.revision });
  });

  test('a session that keeps up does not expire, whatever the floor', async () => {
    const { store, watch, settle } = await start();
    const sink = new RecordingSink();
    const session = watch(sink);
    await settle();
    await change(store, keyOf('a'), { text: '1' });
    await store.compact(store.revision);
    await change(store, keyOf('a'), { text: '2' });
    await settle();
    expect(printEvents(sink.events)).toEqual(['a: - > 1', 'a: 1 > 2']);
    expect(session.position).toBe(store.revision);
  });

  test('a sink that throws ends only its own watch', async () => {
    const { store, watch, settle } = await start();
    const broken = new RecordingSink();
    broken.deliver = () => {
      throw new Error('broken');
    };
    const brokenLater = new RecordingSink();
    brokenLater.deliver = broken.deliver;
    await change(store, keyOf('a'), { text: '1' });
    watch(brokenLater, 0);
    watch(broken);
    const sound = new RecordingSink();
    watch(sound);
    await settle();
    await change(store, keyOf('a'), { text: '2' });
    await change(store, keyOf('a'), { text: '3' });
    await settle();
    for (const sink of [broken, brokenLater]) expect(sink.errors).toEqual([new Error('broken')]);
    expect(sound.events).toHaveLength(2);
  });

  test('nothing is told after closing, not even that the store is gone', async () => {
    const { store, watch, settle } = await start(new SlowMemory());
    await change(store, keyOf('a'), { text: '1' });
    const [live, reading, stuck] = [
      new RecordingSink(),
      new RecordingSink(),
      new RecordingSink({ roomFor: 1 }),
    ];
    const liveSession = watch(live);
    const stuckSession = watch(stuck, 0);
    await settle();
    const readingSession = watch(reading, 0);
    liveSession.close();
    readingSession.close();
    stuckSession.close();
    await change(store, keyOf('a'), { text: '2' });
    await store.close();
    stuck.drain();
    await settle();
    expect([live.events.length, reading.events.length, stuck.events.length]).toEqual([0, 0, 1]);
    for (const sink of [live, reading, stuck]) expect(sink.errors).toEqual([]);
  });

  test('a store that cannot be read ends the watch', async () => {
    const { store, watch, settle } = await start();
    await change(store, keyOf('a'), { text: '1' });
    const sink = new RecordingSink();
    await store.close();
    watch(sink, 0);
    await settle();
    expect(sink.errors).toHaveLength(1);
    expect(sink.expiredAt).toBeUndefined();
  });

  test('a session may begin in the future: it gets what comes after', async () => {
    const { store, watch, settle } = await start();
    await change(store, keyOf('a'), { text: '1' });
    const sink = new RecordingSink();
    watch(sink, store.revision + 16);
    await settle();
    await change(store, keyOf('a'), { text: '2' });
    await settle();
    await change(store, keyOf('a'), { text: '3' });
    await settle();
    expect(printEvents(sink.events).at(-1)).toBe('a: 2 > 3');
    expect(sink.events.every(({ revision }) => revision > sink.events[0]!.revision - 1)).toBe(true);
  });
});

describe('the feed', () => {
  test('reached resolves when the revision was published, at once when it was before', async () => {
    const store = await openStore(new MemoryKeyValue());
    const { signal } = new AbortController();
    let isReached = false;
    const { revision } = await change(store, keyOf('a'), { text: '1' });
    await store.feed.reached(revision, signal);
    const waiting = store.feed.reached(revision + 1, signal).then(() => {
      isReached = true;
    });
    await turns(3);
    expect(isReached).toBe(false);
    await change(store, keyOf('a'), { text: '2' });
    await waiting;
  });

  test('reached never resolves once its signal is aborted', async () => {
    const store = await openStore(new MemoryKeyValue());
    const before = new AbortController();
    const after = new AbortController();
    const resolved: string[] = [];
    before.abort();
    void store.feed.reached(1, before.signal).then(() => resolved.push('before'));
    void store.feed.reached(1, after.signal).then(() => resolved.push('after'));
    after.abort();
    await change(store, keyOf('a'), { text: '1' });
    await turns(3);
    expect(resolved).toEqual([]);
  });

  test('subscribers of other scopes hear nothing, and nobody hears anything after unsubscribing', async () => {
    const clock = new TestClock();
    const store = await openStore(new MemoryKeyValue(), clock);
    const heard: string[] = [];
    const listen = (name: string, scope: CollectionScope) =>
      store.feed.subscribe(scope, (events) => heard.push(`${name}:${events.length}`));
    const unsubscribe = listen('own', keyOf(''));
    listen('all', { ...keyOf(''), cluster: '*' });
    listen('other', keyOf('', { cluster: 'other' as LogicalCluster }));
    listen('identity', keyOf('', { identity: 'id' }));
    const write = async () => {
      await change(store, keyOf('a'), { text: 'x' });
      clock.advance(1000);
      await turns(2);
    };
    await write();
    unsubscribe();
    unsubscribe();
    await write();
    expect(heard.sort()).toEqual(['all:1', 'all:1', 'own:1']);
  });
});
