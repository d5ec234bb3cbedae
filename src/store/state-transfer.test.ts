import { describe, expect, test } from 'vitest';
import type { Revision } from '../base/mod.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import {
  framesOf,
  ORIGIN,
  openFollower,
  openHome,
  ship,
  shipFrom,
  writeAllKinds,
} from './replication-fixtures.suite.ts';
import { decodeStatePart, encodeStatePart, StateRefused } from './state-parts.ts';
import type { Store } from './store.ts';
import { change, dump, keyOf, TestClock, textOf, turns } from './store-fixtures.suite.ts';
import { LOG_RANGE, PROJECTION_TABLES } from './tables.ts';
import { RecordingSink } from './watch-fixtures.suite.ts';
import { WatchSession } from './watch-session.ts';

describe('a state that is handed over', () => {
  async function partsOf(store: Store): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    for await (const part of store.log.exportState()) parts.push(part);
    return parts;
  }
  async function* streamOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* parts;
  }

  test('gives a new member byte for byte what the other shows, history included, and frames go on from there', async () => {
    const values = [new MemoryKeyValue(), new MemoryKeyValue()];
    const home = await openHome(values[0]!);
    await writeAllKinds(home, 'x');
    await home.compact(home.revision);
    await writeAllKinds(home, 'y');
    await home.log.finalize(home.log.end.sequence);
    await home.compact(0 as Revision);
    const follower = await openFollower(values[1]!);
    const head = await follower.log.importState(streamOf(await partsOf(home)));
    expect(head.sequence).toBe(home.log.visible.sequence);
    expect(await dump(values[1]!, PROJECTION_TABLES)).toEqual(await dump(values[0]!, PROJECTION_TABLES));
    expect(follower.log.base.sequence).toBeGreaterThan(0);
    await writeAllKinds(home, 'z');
    expect(await ship(home, follower)).toMatchObject({ kind: 'applied', applied: 6 });
    expect(await dump(values[1]!, PROJECTION_TABLES)).toEqual(await dump(values[0]!, PROJECTION_TABLES));
    const first = follower.log.base.sequence + 1;
    const restarted = await openFollower(values[1]!.crash());
    expect(restarted.revision).toBe(home.revision);
    expect(restarted.log.replay(1)).toEqual({ kind: 'below', first });
  });

  test('goes in parts of bounded size', async () => {
    const home = await openHome(new MemoryKeyValue());
    for (let index = 0; index < 12; index++)
      await change(home, keyOf(`n${index}`), { text: 'x'.repeat(200_000) });
    const parts = await partsOf(home);
    expect(parts.length).toBeGreaterThan(6);
    for (const part of parts) expect(part.length).toBeLessThan(1024 * 1024);
  });

  test('is refused when it is not whole, not in order, not of the shard, or of another version', async () => {
    const home = await openHome(new MemoryKeyValue());
    for (let index = 0; index < 3; index++)
      await change(home, keyOf(`n${index}`), { text: 'x'.repeat(600_000) });
    const parts = await partsOf(home);
    expect(parts.length).toBeGreaterThan(4);
    const flipped = [...parts];
    flipped[1] = Buffer.from(flipped[1]!);
    flipped[1]![flipped[1]!.length - 9]! ^= 1;
    const swapped = [parts[0]!, parts[2]!, parts[1]!, ...parts.slice(3)];
    const broken = [parts.slice(0, -1), swapped, flipped, [parts[0]!, parts[0]!]];
    for (const sent of broken) {
      const follower = await openFollower();
      await expect(follower.log.importState(streamOf(sent))).rejects.toThrow(StateRefused);
      // Nothing to go on from, until a state comes that is whole.
      expect(await ship(home, follower)).toMatchObject({ kind: 'beyond', applied: 0 });
      await follower.log.importState(streamOf(parts));
      expect(follower.revision).toBe(home.revision);
    }
  });

  test('changes nothing where it is refused by what it says it is of', async () => {
    const home = await openHome(new MemoryKeyValue());
    await change(home, keyOf('a'), { text: '1' });
    const parts = await partsOf(home);
    const first = decodeStatePart(parts[0]!);
    const headers = [{ version: 2 }, { shard: 'other' }].map((header) => {
      const changed = first.kind === 'header' ? { ...first.header, ...header } : undefined;
      return [encodeStatePart({ kind: 'header', header: changed! }), ...parts.slice(1)];
    });
    const values = new MemoryKeyValue();
    const follower = await openFollower(values);
    await ship(home, follower);
    const before = await dump(values, [...PROJECTION_TABLES, LOG_RANGE]);
    for (const sent of [...headers, parts.slice(1), []]) {
      await expect(follower.log.importState(streamOf(sent))).rejects.toThrow(StateRefused);
      expect(await dump(values, [...PROJECTION_TABLES, LOG_RANGE])).toEqual(before);
    }
    await change(home, keyOf('a'), { text: '2' });
    expect(await ship(home, follower)).toMatchObject({ kind: 'applied', applied: 1 });
  });

  test('that ends before what a member has is not taken where it was to bring it forward', async () => {
    const home = await openHome(new MemoryKeyValue());
    await change(home, keyOf('a'), { text: '1' });
    const parts = await partsOf(home);
    await change(home, keyOf('a'), { text: '2' });
    const follower = await openFollower();
    // It has the second commit, and does not show it: a voter counts for that.
    await follower.log.apply({ frames: await framesOf(home), mark: 0 });
    const taking = follower.log.importState(streamOf(parts), { isForward: true });
    await expect(taking).rejects.toThrow(StateRefused);
    expect(follower.log.end).toEqual(home.log.end);
    await (await home.log.openEpoch({ epoch: 9, ...ORIGIN })).durable;
    const newer = await partsOf(home);
    expect((await follower.log.importState(streamOf(newer), { isForward: true })).epoch).toBe(9);
  });

  test('is not seen in part: readers have the state before until it is there, and none after a crash', async () => {
    const home = await openHome(new MemoryKeyValue());
    const values = new MemoryKeyValue();
    const follower = await openFollower(values);
    await change(home, keyOf('a'), { text: 'old' });
    await ship(home, follower);
    await change(home, keyOf('a'), { text: 'new' });
    await change(home, keyOf('b'), { text: 'new' });
    const parts = await partsOf(home);
    const seen: (string | undefined)[] = [];
    let crashed: MemoryKeyValue | undefined;
    async function* watched(): AsyncGenerator<Uint8Array> {
      for (const part of parts) {
        const snapshot = follower.snapshot();
        seen.push(
          textOf(follower.get(keyOf('a'))),
          textOf(snapshot.get(keyOf('a'))),
          textOf(follower.get(keyOf('b'))),
        );
        snapshot.close();
        yield part;
      }
    }
    await follower.log.importState(watched());
    expect(new Set(seen)).toEqual(new Set(['old', undefined]));
    expect(textOf(follower.get(keyOf('b')))).toBe('new');

    const halfValues = new MemoryKeyValue();
    const interrupted = await openFollower(halfValues);
    await ship(home, interrupted);
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield parts[0]!;
      yield parts[1]!;
      crashed = halfValues.crash();
      yield* parts.slice(2);
    }
    await interrupted.log.importState(cut()).catch(() => {});
    const restarted = await openFollower(crashed!);
    expect(restarted.revision).toBe(0);
    expect(await ship(home, restarted)).toMatchObject({ kind: 'applied', applied: 3 });
  });

  test('lets watches that it bridges go on from the log, and ends those that it does not reach', async () => {
    const clock = new TestClock();
    const home = await openHome(new MemoryKeyValue(), { clock });
    const follower = await openFollower(new MemoryKeyValue(), clock);
    await change(home, keyOf('a'), { text: '1' });
    await ship(home, follower);
    const sinks = [new RecordingSink(), new RecordingSink()];
    const sessions = sinks.map(
      (sink, index) =>
        new WatchSession({
          store: follower,
          scope: keyOf(''),
          sink,
          position: (index === 0 ? follower.revision : follower.revision - 8) as Revision,
        }),
    );
    for (const session of sessions) session.start();
    await turns(10);
    clock.advance(60_000);
    const floor = home.revision;
    await change(home, keyOf('b'), { text: '1' });
    await home.compact(floor);
    await follower.log.importState(streamOf(await partsOf(home)));
    await turns(20);
    clock.advance(1_000);
    // The other one had shown a revision that is the floor now, too, once it had its event.
    expect(sinks.map(namesOf)).toEqual([['b'], ['a', 'b']]);
    await home.compact(home.revision);
    await change(home, keyOf('c'), { text: '1' });
    await home.compact(home.revision);
    await follower.log.importState(streamOf(await partsOf(home)));
    await turns(20);
    expect(sinks.map(({ expiredAt }) => expiredAt !== undefined)).toEqual([true, true]);
    for (const session of sessions) session.close();
  });
});

describe('what is kept of a log', () => {
  test('frames go only when neither history nor an undo needs them, and the log goes on', async () => {
    const values = new MemoryKeyValue();
    const home = await openHome(values);
    for (const text of ['1', '2', '3', '4']) await change(home, keyOf('a'), { text });
    expect((await home.log.trim(3)).sequence).toBe(0);
    await home.compact(home.revision);
    expect((await home.log.trim(3)).sequence).toBe(0);
    await home.log.finalize(4);
    await home.compact(home.revision);
    expect((await home.log.trim(3)).sequence).toBe(0);
    // The record that moved the floor is final only now.
    await home.log.finalize(5);
    await home.compact(home.revision);
    expect((await home.log.trim(3)).sequence).toBe(3);
    expect(home.log.replay(3)).toEqual({ kind: 'below', first: 4 });
    expect(await framesOf(home, 4)).toHaveLength(2);
    const restarted = await openHome(values.crash());
    expect(textOf(restarted.get(keyOf('a')))).toBe('4');
    await change(restarted, keyOf('a'), { text: '5' });
    expect(restarted.log.end.sequence).toBe(6);
  });

  test('a member that has gone too far to go back asks for a state, and takes it', async () => {
    const home = await openHome(new MemoryKeyValue());
    const second = await openFollower();
    await change(home, keyOf('a'), { text: '1' });
    await ship(home, second);
    await change(home, keyOf('a'), { text: 'lost' });
    await home.log.finalize(2);
    await (await second.log.openEpoch({ epoch: 10, ...ORIGIN })).durable;
    expect(await shipFrom(second, home, 2)).toMatchObject({ kind: 'beyond' });
    await home.log.importState(second.log.exportState());
    expect(textOf(home.get(keyOf('a')))).toBe('1');
    await change(second, keyOf('a'), { text: '2' });
    expect(await ship(second, home)).toMatchObject({ kind: 'applied' });
  });
});

function namesOf({ events }: RecordingSink): string[] {
  return events.map(({ key }) => key.name);
}
