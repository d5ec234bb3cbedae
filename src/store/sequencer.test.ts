import { describe, expect, test } from 'vitest';
import { limits, type Revision } from '../base/mod.ts';
import { CommitTooLarge, ExpectationFailed, LogUnavailable, WorkChanged } from './commit-errors.ts';
import { decodeFrame } from './frame.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { replayLog } from './replay.ts';
import type { Store } from './store.ts';
import {
  change,
  collect,
  commitIdOf,
  dump,
  keyOf,
  openStore,
  proposalOf,
  ROOT,
  rowOf,
  TestClock,
  textOf,
  turns,
} from './store-fixtures.suite.ts';
import { LOG_RANGE, PROJECTION_TABLES, type WorkKey } from './tables.ts';

/** A disk that holds every sync until it is told to go on. */
class HeldDisk {
  readonly #waiting: (() => void)[] = [];
  #isHeld = true;
  syncs = 0;

  async beforeSync(): Promise<void> {
    this.syncs += 1;
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
  hold(): void {
    this.#isHeld = true;
  }
  release(): void {
    this.#isHeld = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Counts the writes that go through it. */
function counting(inner: KeyValueStore): KeyValueStore & { readonly writes: (readonly WriteOperation[])[] } {
  const writes: (readonly WriteOperation[])[] = [];
  return {
    writes,
    get: (key, options) => inner.get(key, options),
    iterate: (range, options) => inner.iterate(range, options),
    write(operations, options) {
      expect(options.sync).toBe(true);
      writes.push(operations);
      return inner.write(operations, options);
    },
    snapshot: () => inner.snapshot(),
    approximateSizeBytes: (range) => inner.approximateSizeBytes(range),
    close: () => inner.close(),
  };
}

async function openHeld(): Promise<{ disk: HeldDisk; store: Store; keyValue: MemoryKeyValue }> {
  const disk = new HeldDisk();
  disk.release();
  const keyValue = new MemoryKeyValue(disk);
  const store = await openStore(keyValue);
  return { disk, store, keyValue };
}

const debt = (key: string): WorkKey => ({ controller: 'gc', cluster: ROOT, key });
const payload = (text: string) => Buffer.from(text);
async function debts(store: Store): Promise<string[]> {
  const snapshot = store.snapshot();
  const rows = await collect(snapshot.work('gc'));
  snapshot.close();
  return rows.map((row) => `${row.key.key}=${row.payload}`);
}

describe('expectations', () => {
  test('each change of a commit gets a revision of its own, in order, of the epoch', async () => {
    const store = await openStore(new MemoryKeyValue());
    const mutations = ['a', 'b', 'c'].map((name) => ({ key: keyOf(name), row: rowOf(name) }));
    const outcome = await store.commit(proposalOf(mutations));
    expect(outcome.revisions).toHaveLength(3);
    expect([...outcome.revisions].sort((a, b) => a - b)).toEqual(outcome.revisions);
    expect(new Set(outcome.revisions).size).toBe(3);
    expect(outcome.revision).toBe(outcome.revisions[2]);
    expect(outcome.revisions.map((revision) => revision % 8)).toEqual([1, 1, 1]);
    expect(store.get(keyOf('b'))?.revision).toBe(outcome.revisions[1]);
  });

  test('one failed expectation fails the whole commit', async () => {
    const store = await openStore(new MemoryKeyValue());
    const { revision } = await change(store, keyOf('a'), { text: '1' });
    const proposal = proposalOf([
      { key: keyOf('b'), row: rowOf('new'), expected: 0 },
      { key: keyOf('a'), row: rowOf('2'), expected: revision - 8 },
    ]);
    await expect(store.commit(proposal)).rejects.toMatchObject({ key: keyOf('a'), current: revision });
    expect(store.newest(keyOf('b'))).toBeUndefined();
    expect(textOf(store.newest(keyOf('a')))).toBe('1');
  });

  test('a precondition on another object must hold, and says that it was one', async () => {
    const store = await openStore(new MemoryKeyValue());
    const namespace = keyOf('default', { resource: 'namespaces', namespace: '' });
    const { revision } = await change(store, namespace, { text: 'Active' });
    const write = (name: string, expected: number) =>
      store.commit(
        proposalOf([{ key: keyOf(name), row: rowOf('x') }], {
          preconditions: [{ key: namespace, revision: expected }],
        }),
      );
    await write('a', revision);
    const terminating = await change(store, namespace, { text: 'Terminating' });
    await expect(write('b', revision)).rejects.toMatchObject({
      isPrecondition: true,
      key: namespace,
      current: terminating.revision,
    });
    await expect(write('b', 0)).rejects.toThrow(ExpectationFailed);
    await change(store, namespace);
    await write('b', 0);
  });

  test('a commit changes an object once', async () => {
    const store = await openStore(new MemoryKeyValue());
    const twice = proposalOf([
      { key: keyOf('a'), row: rowOf('1') },
      { key: keyOf('a'), row: rowOf('2') },
    ]);
    await expect(store.commit(twice)).rejects.toThrow('once');
    expect(store.newest(keyOf('a'))).toBeUndefined();
  });

  test('commits build on commits that are still on their way to the disk', async () => {
    const { disk, store } = await openHeld();
    disk.hold();
    const made = change(store, keyOf('a'), { text: '1', expected: 0 });
    const first = store.newest(keyOf('a'))!;
    await turns(2);
    // The first group is at the disk; this one waits behind it.
    const changed = change(store, keyOf('a'), { text: '2', expected: first.revision });
    const second = store.newest(keyOf('a'))!;
    await expect(change(store, keyOf('a'), { text: 'x', expected: first.revision })).rejects.toMatchObject({
      current: second.revision,
    });
    const removed = change(store, keyOf('a'), { expected: second.revision });
    expect(store.newest(keyOf('a'))).toBeUndefined();
    const again = change(store, keyOf('a'), { text: '3', expected: 0 });
    expect(textOf(store.newest(keyOf('a')))).toBe('3');
    expect(store.get(keyOf('a'))).toBeUndefined();
    expect(store.revision).toBe(0);
    disk.release();
    await Promise.all([made, changed, removed, again]);
    expect(textOf(store.get(keyOf('a')))).toBe('3');
    expect(textOf(store.newest(keyOf('a')))).toBe('3');
    const snapshot = store.snapshot();
    const texts = (await collect(snapshot.history(keyOf(''), { after: 0, upTo: snapshot.revision }))).map(
      ({ oldRow, newRow }) => [textOf(oldRow), textOf(newRow)],
    );
    expect(texts).toEqual([
      [undefined, '1'],
      ['1', '2'],
      ['2', undefined],
      [undefined, '3'],
    ]);
  });

  test('settled waits for what newest has shown', async () => {
    const { disk, store } = await openHeld();
    disk.hold();
    void change(store, keyOf('a'), { text: '1' });
    await turns(2);
    void change(store, keyOf('a'), { text: '2' });
    let isSettled = false;
    const settled = store.settled().then(() => {
      isSettled = true;
    });
    await turns(3);
    expect(isSettled).toBe(false);
    disk.release();
    await settled;
    expect(textOf(store.get(keyOf('a')))).toBe('2');
    await store.settled();
  });
});

describe('commit ids', () => {
  const create = (store: Store, id: number, name = 'a') =>
    store.commit(
      proposalOf([{ key: keyOf(name), row: rowOf('1'), expected: 0 }], { commitId: commitIdOf(id) }),
    );

  test('a repeat gets the first outcome: in flight, afterwards, and after a restart', async () => {
    const { disk, store, keyValue } = await openHeld();
    disk.hold();
    const first = create(store, 1);
    const inFlight = create(store, 1);
    await turns(2);
    const atTheDisk = create(store, 1);
    disk.release();
    const { sequence, revision, revisions } = await first;
    expect(await inFlight).toMatchObject({ sequence, revision, revisions });
    expect(await atTheDisk).toMatchObject({ sequence, revision, revisions });
    await change(store, keyOf('b'), { text: 'x' });
    expect(await create(store, 1)).toMatchObject({ sequence, revision, revisions });
    const reopened = await openStore(keyValue.crash());
    expect(await create(reopened, 1)).toMatchObject({ sequence, revision, revisions });
    await expect(create(reopened, 2)).rejects.toThrow(ExpectationFailed);
  });

  test('a failed commit is not remembered', async () => {
    const store = await openStore(new MemoryKeyValue());
    await change(store, keyOf('a'), { text: '1' });
    await expect(create(store, 1)).rejects.toThrow(ExpectationFailed);
    await change(store, keyOf('a'));
    expect((await create(store, 1)).sequence).toBe(3);
  });

  test('a repeat of a commit without changes gets the revision of its time', async () => {
    const store = await openStore(new MemoryKeyValue());
    const before = await change(store, keyOf('a'), { text: '1' });
    const work = [{ ...debt('a'), payload: payload('x') }];
    const owe = () => store.commit(proposalOf([], { work, commitId: commitIdOf(1) }));
    const first = await owe();
    expect(first).toMatchObject({ sequence: 2, revision: before.revision, revisions: [] });
    await change(store, keyOf('a'), { text: '2' });
    expect(await owe()).toMatchObject({ sequence: 2, revision: before.revision, revisions: [] });
  });

  test('one that compaction freed is a new commit', async () => {
    const store = await openStore(new MemoryKeyValue());
    const first = await create(store, 1);
    await change(store, keyOf('b'), { text: 'x' });
    await store.compact(store.revision);
    await expect(create(store, 1)).rejects.toMatchObject({ current: first.revision });
  });
});

describe('owed work', () => {
  test('a debt is written with the commit that causes it and removed by the one that settles it', async () => {
    const store = await openStore(new MemoryKeyValue());
    const work = [
      { ...debt('b'), payload: payload('1') },
      { ...debt('a\0x'), payload: payload('2') },
    ];
    await store.commit(proposalOf([{ key: keyOf('a'), row: rowOf('x') }], { work }));
    expect(await debts(store)).toEqual(['a\0x=2', 'b=1']);
    await store.commit(proposalOf([], { settles: [{ key: debt('b'), payload: payload('1') }] }));
    expect(await debts(store)).toEqual(['a\0x=2']);
  });

  test('a debt that was caused again is not settled with the old payload', async () => {
    const { disk, store } = await openHeld();
    const owe = (text: string) =>
      store.commit(proposalOf([], { work: [{ ...debt('a'), payload: payload(text) }] }));
    const settle = (text: string) =>
      store.commit(
        proposalOf([{ key: keyOf('done'), row: rowOf('x') }], {
          settles: [{ key: debt('a'), payload: payload(text) }],
        }),
      );
    await owe('1');
    disk.hold();
    const again = owe('2');
    await expect(settle('1')).rejects.toThrow(WorkChanged);
    expect(store.newest(keyOf('done'))).toBeUndefined();
    const settled = settle('2');
    await expect(settle('2')).rejects.toThrow(WorkChanged);
    disk.release();
    await Promise.all([again, settled]);
    await expect(settle('2')).rejects.toThrow(WorkChanged);
    expect(await debts(store)).toEqual([]);
  });

  test('a commit that settles a debt and causes it again leaves it owed', async () => {
    const store = await openStore(new MemoryKeyValue());
    await store.commit(proposalOf([], { work: [{ ...debt('a'), payload: payload('1') }] }));
    const step = proposalOf([], {
      settles: [{ key: debt('a'), payload: payload('1') }],
      work: [{ ...debt('a'), payload: payload('2') }],
    });
    await store.commit(step);
    expect(await debts(store)).toEqual(['a=2']);
    await store.commit(proposalOf([], { settles: [{ key: debt('a'), payload: payload('2') }] }));
    expect(await debts(store)).toEqual([]);
  });
});

describe('limits', () => {
  test('a commit larger than a message of the log is refused whole, and the log goes on', async () => {
    const store = await openStore(new MemoryKeyValue());
    const huge = rowOf('x'.repeat(limits.frameBytesMax));
    await expect(store.commit(proposalOf([{ key: keyOf('a'), row: huge }]))).rejects.toThrow(CommitTooLarge);
    expect(store.newest(keyOf('a'))).toBeUndefined();
    expect((await change(store, keyOf('a'), { text: 'small' })).sequence).toBe(1);
  });

  test('too many commits in waiting are refused for the moment', async () => {
    const { disk, store } = await openHeld();
    disk.hold();
    const pending = Array.from({ length: limits.pendingCommitsMax }, () =>
      store.commit(proposalOf([{ key: keyOf('a'), row: rowOf('x') }])),
    );
    const refused = await change(store, keyOf('b'), { text: 'x' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LogUnavailable);
    expect(refused).toMatchObject({ isTransient: true });
    expect(store.failure).toBeUndefined();
    disk.release();
    await Promise.all(pending);
    await change(store, keyOf('b'), { text: 'x' });
    // No group has more commits than the limit.
    expect(disk.syncs).toBeGreaterThanOrEqual(limits.pendingCommitsMax / limits.groupCommitsMax);
  });

  test('too many bytes in waiting are refused for the moment, and go to the disk in bounded groups', async () => {
    const disk = new HeldDisk();
    disk.release();
    const keyValue = counting(new MemoryKeyValue(disk));
    const store = await openStore(keyValue);
    disk.hold();
    const row = rowOf('x'.repeat(3_900_000));
    const pending: Promise<unknown>[] = [];
    for (let index = 0; index < 18; index++)
      pending.push(store.commit(proposalOf([{ key: keyOf(`n${index}`), row }])));
    await expect(change(store, keyOf('b'), { text: 'x' })).rejects.toMatchObject({ isTransient: true });
    disk.release();
    const results = await Promise.allSettled(pending);
    const accepted = results.filter(({ status }) => status === 'fulfilled').length;
    expect(accepted).toBeGreaterThanOrEqual(16);
    for (const operations of keyValue.writes) {
      const sizeBytes = operations.reduce(
        (sum, { key, value }) => sum + key.length + (value?.length ?? 0),
        0,
      );
      expect(sizeBytes).toBeLessThan(limits.groupBytesMax + 2 * limits.frameBytesMax);
    }
    await change(store, keyOf('b'), { text: 'x' });
  });
});

describe('groups', () => {
  test('concurrent commits share a write, and every write is a sync', async () => {
    const keyValue = counting(new MemoryKeyValue());
    const store = await openStore(keyValue);
    const before = keyValue.writes.length;
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) => change(store, keyOf(`n${index}`), { text: 'x' })),
    );
    expect(keyValue.writes.length - before).toBeLessThanOrEqual(2);
    expect(new Set(outcomes.map(({ sequence }) => sequence)).size).toBe(64);
  });

  test('what arrives while the disk works goes out together afterwards', async () => {
    const { disk, store } = await openHeld();
    const before = disk.syncs;
    disk.hold();
    const commits: Promise<unknown>[] = [change(store, keyOf('first'), { text: 'x' })];
    for (let round = 0; round < 32; round++) {
      await turns(1);
      commits.push(
        change(store, keyOf(`a${round}`), { text: 'x' }),
        change(store, keyOf(`b${round}`), { text: 'x' }),
      );
    }
    disk.release();
    await Promise.all(commits);
    expect(disk.syncs - before).toBe(2);
  });

  test('a commit resolves only after its sync, with the feed already at its revision', async () => {
    const { disk, store } = await openHeld();
    disk.hold();
    let seen: Revision | undefined;
    const commit = change(store, keyOf('a'), { text: 'x' }).then((outcome) => {
      seen = store.revision;
      return outcome;
    });
    await turns(5);
    expect(seen).toBeUndefined();
    disk.release();
    expect((await commit).revision).toBe(seen);
  });

  test('group listeners get the events and the work of each group', async () => {
    const store = await openStore(new MemoryKeyValue());
    const seen: string[] = [];
    const unsubscribe = store.feed.subscribeToGroups(({ events, work }) => {
      seen.push(`${events.map((event) => event.key.name)} ${work.map((each) => each.key)}`);
    });
    const work = [{ ...debt('w'), payload: payload('1') }];
    await Promise.all([
      store.commit(proposalOf([{ key: keyOf('a'), row: rowOf('x') }], { work })),
      change(store, keyOf('b'), { text: 'x' }),
    ]);
    unsubscribe();
    await change(store, keyOf('c'), { text: 'x' });
    expect(seen).toEqual(['a,b w']);
  });
});

describe('a key', () => {
  test.each([
    ['a name', keyOf('a\0b')],
    ['a namespace', keyOf('a', { namespace: 'default\0x' })],
    ['half a surrogate pair in a name', keyOf('a\ud800')],
    ['half a surrogate pair in a namespace', keyOf('a', { namespace: '\udc00' })],
  ])('that would be read back as another is refused: %s', async (_case, key) => {
    const store = await openStore(new MemoryKeyValue());
    await expect(change(store, key, { text: 'x' })).rejects.toThrow('can be parts of a key');
    await expect(change(store, keyOf('other'), { text: 'x' })).resolves.toMatchObject({ sequence: 1 });
    const snapshot = store.snapshot();
    expect(await collect(snapshot.list({ collection: keyOf('') }))).toHaveLength(1);
    snapshot.close();
  });
});

describe('the written log', () => {
  test('frames are dense, chained, marked, timed, and say who asked', async () => {
    const clock = new TestClock();
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue, clock);
    await change(store, keyOf('a'), { text: '1' });
    clock.advance(5);
    await store.commit(proposalOf([{ key: keyOf('a') }], { actor: 'alice', originRegion: 'fsn' }));
    const frames = [];
    for await (const entries of keyValue.iterate(LOG_RANGE)) {
      for (const [, bytes] of entries) frames.push(decodeFrame(bytes));
    }
    expect(frames.map(({ sequence, mark, epoch, shard }) => ({ sequence, mark, epoch, shard }))).toEqual([
      { sequence: 1, mark: 0, epoch: 1, shard: 'main' },
      { sequence: 2, mark: 1, epoch: 1, shard: 'main' },
    ]);
    expect(frames[1]).toMatchObject({ actor: 'alice', originRegion: 'fsn', timeMs: clock.wallMs });
    expect(frames[1]?.changes[0]).toMatchObject({ verb: 'delete', row: { uid: 'uid' } });
  });

  test('owners with any text as uid replay to the same bytes', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    const owners = rowOf('1', { owners: ['ü', 'ü', 'uid\0with separator', ''] });
    await store.commit(proposalOf([{ key: keyOf('a'), row: owners }]));
    await store.commit(proposalOf([{ key: keyOf('a'), row: rowOf('2', { owners: ['ü'] }) }]));
    const copy = new MemoryKeyValue();
    await replayLog(keyValue, copy);
    expect(await dump(copy, PROJECTION_TABLES)).toEqual(await dump(keyValue, PROJECTION_TABLES));
  });
});
