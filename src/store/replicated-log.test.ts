import { describe, expect, test } from 'vitest';
import type { Revision } from '../base/mod.ts';
import { OutcomeUnknown } from './commit-errors.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import {
  framesOf,
  ORIGIN,
  openFollower,
  openHome,
  replayedStateOf,
  ship,
  shipFrom,
  stateOf,
  TestGate,
  writeAllKinds,
} from './replication-fixtures.suite.ts';
import type { Store } from './store.ts';
import {
  change,
  collect,
  dump,
  keyOf,
  proposalOf,
  rowOf,
  TestClock,
  textOf,
  turns,
} from './store-fixtures.suite.ts';
import { LOG_RANGE, PROJECTION_TABLES } from './tables.ts';
import { RecordingSink } from './watch-fixtures.suite.ts';
import { WatchSession } from './watch-session.ts';

const EVERYTHING = [...PROJECTION_TABLES, LOG_RANGE];

describe('a member that follows', () => {
  test('has byte for byte what the home has, and shows it', async () => {
    const homeValues = new MemoryKeyValue();
    const home = await openHome(homeValues);
    const values = new MemoryKeyValue();
    const follower = await openFollower(values);
    await writeAllKinds(home, 'x');
    expect(await ship(home, follower)).toMatchObject({ kind: 'applied', applied: 6 });
    expect(follower.revision).toBe(home.revision);
    expect(await dump(values, EVERYTHING)).toEqual(await dump(homeValues, EVERYTHING));
    expect(await dump(values, PROJECTION_TABLES)).toEqual(await replayedStateOf(follower, values));
  });

  test('announces commits like a home does, in order', async () => {
    const home = await openHome(new MemoryKeyValue());
    const follower = await openFollower();
    const seen: string[] = [];
    follower.feed.subscribeToGroups(({ events }) => seen.push(...events.map(({ key }) => key.name)));
    for (const name of ['a', 'b', 'c']) await change(home, keyOf(name), { text: name });
    await ship(home, follower);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('refuses proposals, and says that it passes', async () => {
    const follower = await openFollower();
    await expect(change(follower, keyOf('a'), { text: '1' })).rejects.toMatchObject({
      reason: 'away',
      isTransient: true,
    });
  });

  test('takes repeated frames as known, asks for what is missing, and takes nothing damaged', async () => {
    const home = await openHome(new MemoryKeyValue());
    const follower = await openFollower();
    for (const text of ['1', '2', '3', '4']) await change(home, keyOf('a'), { text });
    const frames = await framesOf(home);
    expect(await follower.log.apply({ frames: frames.slice(1) })).toMatchObject({
      kind: 'gap',
      wants: 1,
      applied: 0,
    });
    expect(await follower.log.apply({ frames: frames.slice(0, 2), mark: 4 })).toMatchObject({
      kind: 'applied',
      applied: 2,
    });
    expect(follower.log.visible.sequence).toBe(2);
    expect(await follower.log.apply({ frames: [frames[0]!, frames[1]!, frames[3]!] })).toMatchObject({
      kind: 'gap',
      wants: 3,
    });
    expect(await follower.log.apply({ frames: [frames[2]!, frames[2]!] })).toMatchObject({
      kind: 'applied',
      applied: 1,
    });
    const damaged = await follower.log.apply({ frames: [Buffer.from('no frame')] });
    expect(damaged).toMatchObject({ kind: 'damaged', applied: 0 });
    const foreign = encodeFrame({ ...decodeFrame(frames[3]!), shard: 'other' });
    expect(await follower.log.apply({ frames: [foreign] })).toMatchObject({ kind: 'damaged' });
    expect(await follower.log.apply({ frames })).toMatchObject({ kind: 'applied', applied: 1 });
  });

  test('shows commits only up to the mark, also after a restart, and the rest when it comes', async () => {
    const home = await openHome(new MemoryKeyValue());
    const values = new MemoryKeyValue();
    let follower = await openFollower(values);
    for (const text of ['1', '2', '3']) await change(home, keyOf('a'), { text });
    const frames = await framesOf(home);
    // A frame says up to where commits had met their goal when it was sequenced.
    await follower.log.apply({ frames });
    expect(textOf(follower.get(keyOf('a')))).toBe('2');
    expect(follower.log.end.sequence).toBe(3);
    follower = await openFollower(values.crash());
    expect(textOf(follower.get(keyOf('a')))).toBe('2');
    expect(follower.log).toMatchObject({ visible: { sequence: 2 }, end: { sequence: 3 } });
    const seen: Revision[] = [];
    follower.feed.subscribeToGroups(({ events }) => seen.push(...events.map(({ revision }) => revision)));
    expect(await follower.log.observe(home.log.announce())).toEqual({ kind: 'current' });
    expect(textOf(follower.get(keyOf('a')))).toBe('3');
    expect(seen).toHaveLength(1);
  });

  test('advances by a heartbeat only where it has exactly that commit', async () => {
    const clock = new TestClock();
    const home = await openHome(new MemoryKeyValue(), { clock });
    const follower = await openFollower();
    await change(home, keyOf('a'), { text: '1' });
    await ship(home, follower);
    clock.advance(2_000);
    const heartbeat = home.log.announce();
    expect(heartbeat.revision).toBeGreaterThan(follower.revision);
    await follower.log.observe(heartbeat);
    expect(follower.revision).toBe(heartbeat.revision);
    await change(home, keyOf('a'), { text: '2' });
    expect(home.revision).toBeGreaterThan(heartbeat.revision);
    const next = home.log.announce();
    expect(await follower.log.observe(next)).toEqual({ kind: 'behind', wants: 2 });
    expect(follower.revision).toBe(heartbeat.revision);
  });

  test('puts a shard whose history forked into quarantine for good, and goes on to be read', async () => {
    const values = new MemoryKeyValue();
    let follower = await openFollower(values);
    const [home, other] = [await openHome(new MemoryKeyValue()), await openHome(new MemoryKeyValue())];
    await change(home, keyOf('a'), { text: 'ours' });
    await change(other, keyOf('a'), { text: 'theirs' });
    await ship(home, follower);
    expect(await follower.log.observe(other.log.announce())).toMatchObject({ kind: 'quarantined' });
    follower = await openFollower(values.crash());
    expect(follower.log.quarantine).toMatchObject({ epoch: 1, sequence: 1 });
    await change(home, keyOf('a'), { text: 'more' });
    expect(await ship(home, follower)).toMatchObject({ kind: 'quarantined', applied: 0 });
    expect(textOf(follower.get(keyOf('a')))).toBe('ours');
    await follower.log.liftQuarantine();
    expect(await ship(home, follower)).toMatchObject({ kind: 'applied', applied: 1 });
  });

  test('finds a fork also by a frame, at the end or before it', async () => {
    const [home, other] = [await openHome(new MemoryKeyValue()), await openHome(new MemoryKeyValue())];
    for (const text of ['1', '2']) {
      await change(home, keyOf('a'), { text });
      await change(other, keyOf('a'), { text: `other ${text}` });
    }
    const [first, second] = await framesOf(other);
    for (const frame of [first!, second!]) {
      const follower = await openFollower();
      await follower.log.apply({ frames: (await framesOf(home)).slice(0, 1) });
      expect(await follower.log.apply({ frames: [frame] })).toMatchObject({ kind: 'quarantined' });
    }
  });
});

describe('a home whose commits have a goal', () => {
  test('answers nobody and shows nothing before the gate confirms', async () => {
    const gate = new TestGate();
    const home = await openHome(new MemoryKeyValue(), { gate });
    const isAnswered = { first: false, second: false };
    const first = change(home, keyOf('a'), { text: '1' }).then(() => (isAnswered.first = true));
    const second = change(home, keyOf('a'), { text: '2' }).then(() => (isAnswered.second = true));
    await turns(5);
    expect(gate.last?.sequence).toBe(2);
    expect(isAnswered).toEqual({ first: false, second: false });
    expect(home.get(keyOf('a'))).toBeUndefined();
    expect(textOf(home.newest(keyOf('a')))).toBe('2');
    expect(home.revision).toBe(0);
    home.log.confirm({ epoch: 1, sequence: 1 });
    await first;
    expect(isAnswered).toEqual({ first: true, second: false });
    expect(textOf(home.get(keyOf('a')))).toBe('1');
    home.log.confirm(gate.last!);
    await second;
    expect(textOf(home.get(keyOf('a')))).toBe('2');
  });

  test('settles only with what has met its goal', async () => {
    const gate = new TestGate();
    const home = await openHome(new MemoryKeyValue(), { gate });
    void change(home, keyOf('a'), { text: '1' });
    let isSettled = false;
    const settled = home.settled().then(() => (isSettled = true));
    await turns(5);
    expect(isSettled).toBe(false);
    home.log.confirm(gate.last!);
    await settled;
  });

  test('sequences nothing while the goal is out of reach', async () => {
    const gate = new TestGate();
    const home = await openHome(new MemoryKeyValue(), { gate });
    gate.reason = 'no majority of the voters of the shard is in reach';
    await expect(change(home, keyOf('a'), { text: '1' })).rejects.toMatchObject({
      reason: 'goal',
      isTransient: true,
    });
    expect(home.log.end.sequence).toBe(0);
    gate.reason = undefined;
    void change(home, keyOf('a'), { text: '1' });
    expect(textOf(home.newest(keyOf('a')))).toBe('1');
  });

  test('shows after a restart what had been confirmed, and the rest when the gate confirms it', async () => {
    const values = new MemoryKeyValue();
    const gate = new TestGate();
    const home = await openHome(values, { gate });
    const commitId = Buffer.alloc(16, 7);
    void change(home, keyOf('a'), { text: '1' });
    void home.commit(proposalOf([{ key: keyOf('a'), row: rowOf('2') }], { commitId }));
    await turns(5);
    home.log.confirm({ epoch: 1, sequence: 1 });
    await turns(5);
    const restartedGate = new TestGate();
    const restarted = await openHome(values.crash(), { gate: restartedGate });
    expect(restartedGate.last?.sequence).toBe(2);
    expect(textOf(restarted.get(keyOf('a')))).toBe('1');
    // Whoever repeats the commit waits for the first one.
    const repeated = restarted.commit(proposalOf([{ key: keyOf('a'), row: rowOf('2') }], { commitId }));
    await turns(5);
    restarted.log.confirm(restartedGate.last!);
    expect(await repeated).toMatchObject({ sequence: 2 });
    expect(textOf(restarted.get(keyOf('a')))).toBe('2');
  });
});

describe('epochs', () => {
  /** A home, and two members that have all of it. */
  async function openThree(clock = new TestClock()): Promise<{
    home: Store;
    second: Store;
    third: Store;
    values: MemoryKeyValue[];
  }> {
    const values = [new MemoryKeyValue(), new MemoryKeyValue(), new MemoryKeyValue()];
    const home = await openHome(values[0]!, { clock });
    const [second, third] = [await openFollower(values[1]!), await openFollower(values[2]!)];
    await writeAllKinds(home, 'x');
    for (const follower of [second, third]) await ship(home, follower);
    return { home, second, third, values };
  }

  test('a planned move ends one epoch and opens the next, with nothing void', async () => {
    const { home, second, third } = await openThree();
    const announced = home.log.announce();
    const sealed = await home.log.seal(ORIGIN);
    expect(home.log.isSealed).toBe(true);
    await expect(change(home, keyOf('late'), { text: '1' })).rejects.toMatchObject({ reason: 'away' });
    await home.log.follow('the shard moves');
    await ship(home, second);
    expect(second.log.isSealed).toBe(true);
    const opening = await second.log.openEpoch({ epoch: 10, ...ORIGIN });
    await opening.durable;
    const first = await change(second, keyOf('b'), { text: '1' });
    expect(first.revision % 8).toBe(2);
    for (const store of [home, third]) {
      expect(await ship(second, store)).toMatchObject({ kind: 'applied' });
      expect(textOf(store.get(keyOf('b')))).toBe('1');
      for (const revision of [announced.revision, sealed.revision, first.revision])
        expect(store.log.statusOf(revision)).toBe('valid');
      expect(store.log.statusOf((sealed.revision + 8) as Revision)).toBe('void');
    }
  });

  test('a sealed epoch is never sequenced in again, also after a restart', async () => {
    const values = new MemoryKeyValue();
    const home = await openHome(values);
    await change(home, keyOf('a'), { text: '1' });
    await home.log.seal(ORIGIN);
    const restarted = await openHome(values.crash());
    await expect(change(restarted, keyOf('a'), { text: '2' })).rejects.toMatchObject({ reason: 'away' });
    const opening = await restarted.log.openEpoch({ epoch: 9, ...ORIGIN });
    await opening.durable;
    await change(restarted, keyOf('a'), { text: '2' });
  });

  test('a member that is past the end of an epoch undoes back to it, byte for byte, and reports', async () => {
    const { home, second, third, values } = await openThree();
    const common = home.log.end.sequence;
    const before = await dump(values[0]!, EVERYTHING);
    const lost: string[] = [];
    for (let index = 0; index < 3; index++) {
      await writeAllKinds(home, `lost${index}`);
      lost.push(`lost${index}`);
    }
    const lostRevision = home.revision;
    const opening = await second.log.openEpoch({ epoch: 10, ...ORIGIN });
    await opening.durable;
    const result = await home.log.apply({ frames: (await framesOf(second)).slice(0, common) });
    expect(result).toMatchObject({ kind: 'applied', applied: 0 });
    expect(home.log.role).toBe('home');
    const applied = await shipFrom(second, home, common + 1);
    expect(applied).toMatchObject({ kind: 'applied', applied: 1, undone: { commits: 18, visible: 18 } });
    expect(home.log.role).toBe('follower');
    expect(await dump(values[0]!, EVERYTHING)).toEqual(await dump(values[1]!, EVERYTHING));
    expect(before.length).toBeGreaterThan(0);
    expect(await dump(values[0]!, PROJECTION_TABLES)).toEqual(await replayedStateOf(home, values[0]!));
    const reported = await collect(home.log.notAdopted());
    expect(reported).toHaveLength(18);
    expect(reported[0]).toMatchObject({
      wasVisible: true,
      frame: { epoch: 1, sequence: common + 1, actor: 'tester' },
    });
    expect(home.log.statusOf(lostRevision)).toBe('void');
    await home.log.forgetNotAdopted(1);
    expect(await collect(home.log.notAdopted())).toEqual([]);
    await change(second, keyOf('on'), { text: '1' });
    for (const store of [home, third]) await ship(second, store);
    expect(await stateOf(values[0]!)).toEqual(await stateOf(values[2]!));
  });

  test('commits that wait for their goal when another home takes over are told that nobody knows', async () => {
    const gate = new TestGate();
    const values = new MemoryKeyValue();
    const home = await openHome(values, { gate });
    const first = change(home, keyOf('a'), { text: '1' });
    await turns(3);
    home.log.confirm(gate.last!);
    await first;
    const second = await openFollower();
    await ship(home, second);
    const waiting = change(home, keyOf('a'), { text: '2' });
    const refused = expect(waiting).rejects.toThrow(OutcomeUnknown);
    await turns(3);
    await (await second.log.openEpoch({ epoch: 10, ...ORIGIN })).durable;
    expect(await shipFrom(second, home, 2)).toMatchObject({
      kind: 'applied',
      undone: { commits: 1, visible: 0 },
    });
    await refused;
    expect((await collect(home.log.notAdopted())).map(({ wasVisible }) => wasVisible)).toEqual([false]);
    expect(textOf(home.get(keyOf('a')))).toBe('1');
  });

  test('a heartbeat shows nothing of a branch that was not adopted', async () => {
    const home = await openHome(new MemoryKeyValue(), { gate: new TestGate() });
    const lost = expect(change(home, keyOf('a'), { text: 'lost' })).rejects.toThrow(OutcomeUnknown);
    await turns(3);
    await home.log.follow('another home has promises');
    await lost;
    const second = await openFollower();
    await (await second.log.openEpoch({ epoch: 2, ...ORIGIN })).durable;
    expect(await home.log.observe(second.log.announce())).toEqual({ kind: 'diverged', wants: 1 });
    expect(home.log.visible.sequence).toBe(0);
    expect(home.get(keyOf('a'))).toBeUndefined();
  });

  test('watches that saw what was undone end, those that did not go on', async () => {
    const clock = new TestClock();
    const { home, second } = await openThree(clock);
    const { revision } = home;
    const [saw, other] = [new RecordingSink(), new RecordingSink()];
    const sessions = [
      new WatchSession({ store: home, scope: keyOf(''), sink: saw, position: revision }),
      new WatchSession({ store: home, scope: keyOf('', { group: 'apps' }), sink: other, position: revision }),
    ];
    for (const session of sessions) session.start();
    await turns(5);
    await change(home, keyOf('lost'), { text: '1' });
    await turns(5);
    expect([saw, other].map(namesOf)).toEqual([['lost'], []]);
    await (await second.log.openEpoch({ epoch: 10, ...ORIGIN })).durable;
    await change(second, keyOf('kept', { group: 'apps' }), { text: '1' });
    await change(second, keyOf('kept'), { text: '1' });
    await shipFrom(second, home, second.log.end.sequence - 2);
    await turns(20);
    // Events are handed out in rounds, the next of which is due after a while.
    clock.advance(1_000);
    expect([saw, other].map(namesOf)).toEqual([['lost'], ['kept']]);
    expect([saw.expiredAt, other.expiredAt]).toEqual([expect.anything(), undefined]);
    for (const session of sessions) session.close();
  });

  test('a member on a branch of an epoch that it never heard of is asked for earlier frames', async () => {
    const { home, second, third } = await openThree();
    const common = home.log.end.sequence;
    await change(home, keyOf('lost'), { text: '1' });
    await change(home, keyOf('lost'), { text: '2' });
    const lost = await framesOf(home, common + 1);
    await (await second.log.openEpoch({ epoch: 10, ...ORIGIN })).durable;
    for (const text of ['1', '2', '3']) await change(second, keyOf('b'), { text });
    const last = await framesOf(second, common + 3);
    expect(await home.log.apply({ frames: last })).toMatchObject({ kind: 'diverged', applied: 0 });
    expect(await home.log.observe(second.log.announce())).toMatchObject({ kind: 'behind' });
    expect(await shipFrom(second, home, common)).toMatchObject({ kind: 'applied', undone: { commits: 2 } });
    expect(textOf(home.get(keyOf('b')))).toBe('3');
    // And the other way round: a frame of an epoch that is over changes nothing.
    await ship(second, third);
    expect(await third.log.apply({ frames: lost })).toMatchObject({ kind: 'stale', applied: 0 });
  });

  test('a new home shows nothing of what it took over before its first record has met its goal', async () => {
    const gate = new TestGate();
    const home = await openHome(new MemoryKeyValue());
    const second = await openFollower();
    for (const text of ['1', '2']) await change(home, keyOf('a'), { text });
    await second.log.apply({ frames: await framesOf(home) });
    expect(textOf(second.get(keyOf('a')))).toBe('1');
    const opening = await second.log.openEpoch({ epoch: 10, gate, ...ORIGIN });
    await turns(5);
    // Votes for commits of the former epoch say nothing about this one.
    second.log.confirm({ epoch: 1, sequence: 2 });
    await turns(5);
    expect(textOf(second.get(keyOf('a')))).toBe('1');
    second.log.confirm(gate.last!);
    await opening.durable;
    expect(textOf(second.get(keyOf('a')))).toBe('2');
  });

  test('revisions stay above those of commits that wait for their goal, also after a restart', async () => {
    const values = new MemoryKeyValue();
    const [clock, late] = [new TestClock(), new TestClock()];
    const home = await openHome(values, { clock, gate: new TestGate() });
    // Far beyond what the disk says of announced ones.
    clock.advance(60_000);
    const { revision } = home.propose(proposalOf([{ key: keyOf('a'), row: rowOf('1') }]));
    await turns(3);
    const restarted = await openHome(values.crash(), { clock: late, gate: new TestGate() });
    expect(restarted.log.visible.sequence).toBe(0);
    const next = restarted.propose(proposalOf([{ key: keyOf('a'), row: rowOf('2') }]));
    expect(next.revision).toBeGreaterThan(revision);
  });

  test('revisions stay above all that were announced, also after a restart with a clock that is behind', async () => {
    const clock = new TestClock();
    const values = new MemoryKeyValue();
    const home = await openHome(values, { clock });
    await change(home, keyOf('a'), { text: '1' });
    clock.advance(60_000);
    // Far beyond what was on the disk so far.
    expect(home.log.announce().revision).toBe(home.revision);
    await home.log.renewCeiling();
    const { revision } = home.log.announce();
    expect(revision).toBeGreaterThan(home.log.visible.revision);
    const restarted = await openHome(values.crash(), { clock: new TestClock() });
    expect((await change(restarted, keyOf('a'), { text: '2' })).revision).toBeGreaterThan(revision);
  });
});

function namesOf({ events }: RecordingSink): string[] {
  return events.map(({ key }) => key.name);
}
