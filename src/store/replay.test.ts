import { beforeEach, describe, expect, test } from 'vitest';
import { limits, type Revision, revisionAtMs } from '../base/mod.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { LogDamaged, replayLog } from './replay.ts';
import {
  change,
  dump,
  keyOf,
  openStore,
  proposalOf,
  rowOf,
  TestClock,
  textOf,
  turns,
} from './store-fixtures.suite.ts';
import { COMPACTED_KEY, FORMAT_KEY, HEAD_KEY, LOG_RANGE, logKey, PROJECTION_TABLES } from './tables.ts';

const FRAMES = 5;

/** A log of some frames; the store that wrote it is gone. */
async function writeLog(texts = 'v'): Promise<MemoryKeyValue> {
  const keyValue = new MemoryKeyValue();
  const store = await openStore(keyValue);
  for (let index = 1; index <= FRAMES; index++) await change(store, keyOf('a'), { text: `${texts}${index}` });
  return keyValue.crash();
}

async function frameOf(keyValue: MemoryKeyValue, sequence: number): Promise<Buffer> {
  return Buffer.from(keyValue.get(logKey(sequence))!);
}

async function put(keyValue: MemoryKeyValue, key: Buffer, value?: Uint8Array): Promise<void> {
  await keyValue.write([value === undefined ? { key } : { key, value }], { sync: true });
}

const replay = (keyValue: MemoryKeyValue) => replayLog(keyValue, new MemoryKeyValue());

describe('the hash chain', () => {
  let keyValue: MemoryKeyValue;
  beforeEach(async () => {
    keyValue = await writeLog();
  });

  test('a sound log replays to its head', async () => {
    expect(await replay(keyValue)).toMatchObject({ sequence: FRAMES, epoch: 1 });
  });

  test('a changed byte in any frame is found', async () => {
    for (let sequence = 1; sequence <= FRAMES; sequence++) {
      const sound = await frameOf(keyValue, sequence);
      for (let at = 0; at < sound.length; at += 11) {
        const damaged = Buffer.from(sound);
        damaged[at] = damaged[at]! ^ 1;
        await put(keyValue, logKey(sequence), damaged);
        await expect(replay(keyValue), `frame ${sequence}, byte ${at}`).rejects.toThrow(LogDamaged);
      }
      await put(keyValue, logKey(sequence), sound);
    }
  });

  test('a missing frame is found, also the first and the last', async () => {
    for (let sequence = 1; sequence <= FRAMES; sequence++) {
      const sound = await frameOf(keyValue, sequence);
      await put(keyValue, logKey(sequence));
      await expect(replay(keyValue), `frame ${sequence}`).rejects.toThrow(LogDamaged);
      await put(keyValue, logKey(sequence), sound);
    }
  });

  test('a frame of another log is found', async () => {
    const other = await writeLog('other');
    for (let sequence = 1; sequence <= FRAMES; sequence++) {
      const sound = await frameOf(keyValue, sequence);
      await put(keyValue, logKey(sequence), await frameOf(other, sequence));
      await expect(replay(keyValue), `frame ${sequence}`).rejects.toThrow(LogDamaged);
      await put(keyValue, logKey(sequence), sound);
    }
  });

  test('exchanged frames are found', async () => {
    const [second, third] = [await frameOf(keyValue, 2), await frameOf(keyValue, 3)];
    await put(keyValue, logKey(2), third);
    await put(keyValue, logKey(3), second);
    await expect(replay(keyValue)).rejects.toThrow(LogDamaged);
  });
});

describe('opening a store', () => {
  test('goes on at the end of a sound log', async () => {
    const store = await openStore(await writeLog());
    expect(textOf(store.get(keyOf('a')))).toBe(`v${FRAMES}`);
    expect((await change(store, keyOf('b'), { text: 'x' })).sequence).toBe(FRAMES + 1);
  });

  test('refuses a head that does not agree with the last frame', async () => {
    const keyValue = await writeLog();
    const head = Buffer.from(keyValue.get(HEAD_KEY)!);
    for (let at = 0; at < head.length; at++) {
      const damaged = Buffer.from(head);
      damaged[at] = damaged[at]! ^ 1;
      await put(keyValue, HEAD_KEY, damaged);
      // The highest bytes of a number take it beyond 53 bits: found as well, as something that is no number of ours.
      await expect(openStore(keyValue), `byte ${at}`).rejects.toThrow(LogDamaged);
    }
    for (const damaged of [Buffer.alloc(0), head.subarray(0, 30), Buffer.concat([head, Buffer.alloc(1)])]) {
      await put(keyValue, HEAD_KEY, damaged);
      await expect(openStore(keyValue)).rejects.toThrow(LogDamaged);
    }
  });

  test('refuses a log whose last frame is missing or changed', async () => {
    const keyValue = await writeLog();
    const last = await frameOf(keyValue, FRAMES);
    last[last.length - 1]! ^= 1;
    await put(keyValue, logKey(FRAMES), last);
    await expect(openStore(keyValue)).rejects.toThrow(LogDamaged);
    await put(keyValue, logKey(FRAMES));
    await expect(openStore(keyValue)).rejects.toThrow(LogDamaged);
  });

  test('refuses a log that goes on beyond its head, or has none', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    await change(store, keyOf('a'), { text: '1' });
    const older = Buffer.from(keyValue.get(HEAD_KEY)!);
    await change(store, keyOf('a'), { text: '2' });
    await put(keyValue, HEAD_KEY, older);
    await expect(openStore(keyValue)).rejects.toThrow(LogDamaged);
    await expect(replay(keyValue)).rejects.toThrow(LogDamaged);
    await put(keyValue, HEAD_KEY);
    await expect(openStore(keyValue)).rejects.toThrow(LogDamaged);
    expect(await replay(keyValue)).toMatchObject({ sequence: 2 });
  });

  test('refuses a layout of tables that it does not know', async () => {
    const keyValue = await writeLog();
    await put(keyValue, FORMAT_KEY, Buffer.from('antipode/999'));
    await expect(openStore(keyValue)).rejects.toThrow('antipode/999');
  });

  test('refuses a layout of former versions, and leaves it as it is', async () => {
    const keyValue = await writeLog();
    await put(keyValue, FORMAT_KEY, Buffer.from('antipode/3'));
    await expect(openStore(keyValue)).rejects.toThrow(
      'its format is antipode/3, this version reads antipode/4',
    );
    expect(keyValue.get(FORMAT_KEY)?.toString()).toBe('antipode/3');
  });

  test('changes nothing when it refuses', async () => {
    const keyValue = await writeLog();
    await put(keyValue, HEAD_KEY, Buffer.alloc(3));
    const before = await dump(keyValue, [...PROJECTION_TABLES, LOG_RANGE]);
    await expect(openStore(keyValue)).rejects.toThrow(LogDamaged);
    expect(await dump(keyValue, [...PROJECTION_TABLES, LOG_RANGE])).toEqual(before);
  });
});

describe('compaction', () => {
  test('of a long history in several steps, at several floors, replays to the same bytes', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    const floors: Revision[] = [];
    for (let round = 0; round < 3; round++) {
      const puts = Array.from({ length: 620 }, (_, index) =>
        store.commit(
          proposalOf([
            { key: keyOf(`n${index % 50}`), row: rowOf('x'.repeat(1500), { owners: [`o${index}`] }) },
          ]),
        ),
      );
      floors.push((await Promise.all(puts))[310 + round]!.revision);
      if (round === 1) await Promise.all(floors.map((floor) => store.compact(floor)));
    }
    await change(store, keyOf('n0'));
    await store.compact(floors[2]!);
    expect(await dump(keyValue, PROJECTION_TABLES)).not.toEqual([]);
    const copy = new MemoryKeyValue();
    await replayLog(keyValue, copy);
    expect(await dump(copy, PROJECTION_TABLES)).toEqual(await dump(keyValue, PROJECTION_TABLES));
  });

  test('frees what lies below the floor and nothing else', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    for (const text of ['1', '2', '3', '4']) await change(store, keyOf('a'), { text });
    const before = (await dump(keyValue, PROJECTION_TABLES)).length;
    await store.compact(store.revision);
    // Three superseded values, four events and four commit ids are gone; floor, progress and the commit
    // id of the record that moved the floor are new.
    expect((await dump(keyValue, PROJECTION_TABLES)).length).toBe(before - 11 + 3);
    expect(textOf(store.get(keyOf('a')))).toBe('4');
  });

  test('runs by itself, keeps the history it was told to keep, and leaves an idle log alone', async () => {
    const clock = new TestClock();
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue, clock);
    const floorNow = () => {
      const snapshot = store.snapshot();
      snapshot.close();
      return snapshot.floor;
    };
    const quarter = async () => {
      clock.advance(limits.historyMsDefault / 4);
      await turns(5);
    };
    for (let round = 0; round < 6; round++) {
      await change(store, keyOf('a'), { text: String(round) });
      await quarter();
    }
    expect(floorNow()).toBe(revisionAtMs(clock.wallMs - limits.historyMsDefault));
    for (let round = 0; round < 6; round++) await quarter();
    // Nothing is older than the end of the log, so that a list of it can still be watched.
    expect(floorNow()).toBe(store.revision);
    const { length } = await dump(keyValue, [LOG_RANGE]);
    for (let round = 0; round < 6; round++) await quarter();
    expect((await dump(keyValue, [LOG_RANGE])).length).toBe(length);
    await store.close();
    clock.advance(limits.historyMsDefault);
  });

  test('of a log in which the floor has not moved does nothing', async () => {
    const keyValue = new MemoryKeyValue();
    const store = await openStore(keyValue);
    await change(store, keyOf('a'), { text: '1' });
    await store.compact(store.revision);
    const before = await dump(keyValue, [...PROJECTION_TABLES, LOG_RANGE]);
    await store.compact(store.revision);
    await store.compact(0 as Revision);
    expect(await dump(keyValue, [...PROJECTION_TABLES, LOG_RANGE])).toEqual(before);
    expect(keyValue.get(COMPACTED_KEY)).toBeDefined();
  });
});
