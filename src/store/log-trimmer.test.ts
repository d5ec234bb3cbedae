import { describe, expect, test } from 'vitest';
import { type Revision, type ShardName, systemRandom } from '../base/mod.ts';
import { decodeFrame, frameHash, NO_PREVIOUS_HASH } from './frame.ts';
import { FrameArchive } from './frame-archive.suite.ts';
import type { LogWindow } from './log-trimmer.ts';
import { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
import { replayLog } from './replay.ts';
import { framesOf, openFollower, openHome, ship } from './replication-fixtures.suite.ts';
import { Store } from './store.ts';
import { change, collect, dump, keyOf, TestClock, textOf, turns } from './store-fixtures.suite.ts';
import { logKey, PROJECTION_TABLES } from './tables.ts';

const HOUR_MS = 60 * 60_000;
const UNBOUNDED: LogWindow = {
  ageMsMax: 1_000 * HOUR_MS,
  bytesMax: Number.MAX_SAFE_INTEGER,
  framesMax: Number.MAX_SAFE_INTEGER,
};

function open(
  values: MemoryKeyValue,
  options: { readonly clock?: TestClock; readonly window?: Partial<LogWindow>; readonly isAlone?: boolean },
): Promise<Store> {
  const { clock = new TestClock(), window, isAlone = false } = options;
  return Store.open({
    keyValue: values,
    shard: 'main' as ShardName,
    clock,
    random: systemRandom,
    logWindow: { ...UNBOUNDED, ...window },
    ...(!isAlone && { replication: { role: 'home' } }),
  });
}

/** Nothing of what there was is needed here any more, as far as that is up to commits. */
async function settle(store: Store): Promise<void> {
  await store.compact(store.revision);
  await store.log.finalize(store.log.end.sequence);
  await store.compact(store.revision);
}

describe('what is kept of a log that nobody here needs any more', () => {
  test('is what is not too old', async () => {
    const clock = new TestClock();
    const store = await open(new MemoryKeyValue(), { clock, window: { ageMsMax: 2 * HOUR_MS } });
    for (const text of ['1', '2', '3']) {
      await change(store, keyOf('a'), { text });
      clock.wallMs += HOUR_MS;
      clock.elapsedMs += HOUR_MS;
    }
    await settle(store);
    // The first one is three hours old, the second one not more than two.
    expect(store.log.base.sequence).toBe(1);
  });

  test('is so many frames', async () => {
    const store = await open(new MemoryKeyValue(), { window: { framesMax: 3 } });
    for (let index = 0; index < 9; index++) await change(store, keyOf('a'), { text: String(index) });
    await settle(store);
    const { sequence } = store.log.visible;
    expect(store.log.base.sequence).toBe(sequence - 3);
    expect(await store.logSize()).toMatchObject({ first: sequence - 2, frames: 3 });
  });

  test('is so many bytes', async () => {
    const store = await open(new MemoryKeyValue(), { window: { bytesMax: 35_000 } });
    for (let index = 0; index < 9; index++) await change(store, keyOf('a'), { text: 'x'.repeat(10_000) });
    await settle(store);
    const size = await store.logSize();
    expect(size.bytes).toBeLessThan(35_000);
    // Three large ones, and the record that has moved the floor.
    expect(size.frames).toBe(4);
  });

  test('is all of it as long as history needs it, whatever the window says', async () => {
    const store = await open(new MemoryKeyValue(), { window: { ageMsMax: 0, bytesMax: 0, framesMax: 0 } });
    for (const text of ['1', '2', '3']) await change(store, keyOf('a'), { text });
    await store.log.finalize(3);
    const floor = store.revision;
    await store.compact(0 as Revision);
    expect(store.log.base.sequence).toBe(0);
    for (const text of ['4', '5']) await change(store, keyOf('a'), { text });
    await store.compact(floor);
    await store.log.finalize(store.log.end.sequence);
    await store.compact(floor);
    expect(store.log.base.sequence).toBe(3);
    const snapshot = store.snapshot();
    const seen = await collect(snapshot.history(keyOf(''), { after: floor, upTo: snapshot.revision }));
    expect(seen.map(({ newRow }) => textOf(newRow))).toEqual(['4', '5']);
    snapshot.close();
  });

  test('is bounded on a member that is alone, too, which may found a planet with it', async () => {
    const values = new MemoryKeyValue();
    const alone = await open(values, { isAlone: true, window: { framesMax: 2 } });
    for (const text of ['1', '2', '3', '4']) await change(alone, keyOf('a'), { text });
    await alone.compact(alone.revision);
    await change(alone, keyOf('a'), { text: '5' });
    await alone.compact(alone.revision);
    expect((await alone.logSize()).first).toBeGreaterThan(1);
    await alone.close();
    const home = await openHome(values.crash());
    const follower = await openFollower();
    await follower.log.importState(home.log.exportState());
    await change(home, keyOf('a'), { text: '6' });
    expect(await ship(home, follower)).toMatchObject({ kind: 'applied' });
    expect(textOf(follower.get(keyOf('a')))).toBe('6');
  });
});

test('a state comes whole also while frames go, and nothing goes of what has taken its place', async () => {
  const home = await openHome(new MemoryKeyValue());
  for (let index = 0; index < 6; index++) await change(home, keyOf('a'), { text: String(index) });
  await settle(home);
  const follower = await openFollower();
  await ship(home, follower);
  await follower.log.finalize(follower.log.end.sequence);
  await follower.compact(0 as Revision);
  await change(home, keyOf('a'), { text: 'last' });
  const taking = follower.log.importState(home.log.exportState());
  const trims = [1, 2, 3, 4, 5, 6].map((sequence) => follower.log.trim(sequence));
  await home.log.trim(4);
  await Promise.all([taking, ...trims]);
  const first = follower.log.base.sequence + 1;
  const frames = await framesOf(follower, first);
  expect(frames.map((bytes) => decodeFrame(bytes).sequence)).toEqual(
    Array.from({ length: follower.log.end.sequence + 1 - first }, (_, index) => first + index),
  );
  expect(decodeFrame(frames[0]!).previousHash).toEqual(Buffer.from(follower.log.base.hash));
  expect(textOf(follower.get(keyOf('a')))).toBe('last');
});

test('a loss of power at any sync leaves a log that is whole, and goes on', async () => {
  const syncs = await liveUntil(Number.POSITIVE_INFINITY);
  expect(syncs).toBeGreaterThan(20);
  for (let crashAt = 1; crashAt <= syncs; crashAt++) await liveUntil(crashAt);
}, 60_000);

/** Commits, moves the floor and trims by and by; loses power at a sync, or when all is done. Returns how many there were. */
async function liveUntil(crashAt: number): Promise<number> {
  let syncs = 0;
  let survivor: MemoryKeyValue | undefined;
  const disk: MemoryDisk = {
    async beforeSync() {
      syncs += 1;
      await turns(1);
      if (syncs === crashAt) survivor = values.crash({});
    },
  };
  const values: MemoryKeyValue = new MemoryKeyValue(disk);
  const archive = new FrameArchive();
  const store = await openHome(values).catch(() => undefined);
  const acknowledged: string[] = [];
  if (store !== undefined) {
    archive.listen(store);
    const commit = async (text: string) => {
      await change(store, keyOf(text), { text });
      if (survivor === undefined) acknowledged.push(text);
    };
    const living = async () => {
      for (let round = 0; round < 3; round++) {
        for (let index = 0; index < 3; index++) await commit(`${round}-${index}`);
        await settle(store);
        const beside = commit(`beside-${round}`);
        beside.catch(() => {});
        for (let sequence = 1; sequence <= store.log.end.sequence; sequence++) await store.log.trim(sequence);
        await beside;
      }
    };
    await living().catch(() => {});
  }
  survivor ??= values.crash({});
  const restarted = await openHome(survivor);
  for (const text of acknowledged) expect(textOf(restarted.get(keyOf(text)))).toBe(text);
  // What was interrupted is finished, so that the bytes are comparable.
  await restarted.log.finalize(restarted.log.end.sequence);
  await restarted.compact(0 as Revision);
  const history = await archive.historyOf(restarted);
  const [log, copy] = [new MemoryKeyValue(), new MemoryKeyValue()];
  const rows = history.map((value, index) => ({ key: logKey(index + 1), value }));
  await log.write(rows, { sync: true });
  await replayLog(log, copy);
  expect(await dump(survivor, PROJECTION_TABLES)).toEqual(await dump(copy, PROJECTION_TABLES));
  await change(restarted, keyOf('after'), { text: 'x' });
  expect(restarted.log.end.sequence).toBe(history.length + 1);
  const last = (await framesOf(restarted, history.length + 1))[0]!;
  const before = history.at(-1);
  const hash = before === undefined ? NO_PREVIOUS_HASH : frameHash(before);
  expect(Buffer.from(decodeFrame(last).previousHash)).toEqual(Buffer.from(hash));
  return syncs;
}
