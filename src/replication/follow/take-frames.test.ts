import { expect, test } from 'vitest';
import type { Position } from '../../store/mod.ts';
import { type MemberStore, MemoryNetwork, openMember, put, StillClock } from '../log-world.suite.ts';
import type { ReplayAnswer } from './log-source.ts';
import { type FramesTaken, type StateNeed, takeFrames } from './take-frames.ts';

const ORIGIN = { actor: 'tester', originRegion: 'eu' };

function sourceOf(peer: MemberStore) {
  const network = new MemoryNetwork();
  network.peers.push(peer);
  return { network, source: network.source() };
}

/** Takes what a peer has up to its end; with `mayEndHere`, no more than it has behind this log's own end. */
function takeFrom(
  { store: { log } }: MemberStore,
  peer: MemberStore,
  options: {
    readonly mayEndHere?: boolean;
    readonly replay?: () => Promise<ReplayAnswer>;
    /** Why states were taken. */
    readonly states?: StateNeed[];
  } = {},
): Promise<FramesTaken> {
  const { source } = sourceOf(peer);
  const to = peer.store.log.end;
  return takeFrames({
    log,
    from: log.end.sequence + 1,
    ...(options.mayEndHere !== true && { has: to.sequence }),
    replay: options.replay ?? source.replay,
    apply: (batch) => log.apply(batch),
    async takeState(why) {
      options.states?.push(why);
      const parts = await source.snapshot();
      if (parts === undefined) return false;
      await log.importState(parts, { isForward: why === 'not-kept' });
      return true;
    },
    isEnough: () => isAt(log.positionAt(to.sequence), to),
  });
}

function isAt(ours: Position | undefined, to: Position): boolean {
  return ours !== undefined && ours.epoch === to.epoch && Buffer.compare(ours.hash, to.hash) === 0;
}

async function openHome(clock: StillClock, commits: number): Promise<MemberStore> {
  const home = await openMember(clock, 'home');
  for (let index = 0; index < commits; index++) await put(home.store, `a${index}`, 'first');
  return home;
}

/** A member that has `tail` commits of an old home that the new one has not, which is shorter. */
async function openParted(tail: number) {
  const clock = new StillClock();
  const old = await openHome(clock, 3);
  const next = await openMember(clock, 'follower');
  await takeFrom(next, old);
  for (let index = 0; index < tail; index++) await put(old.store, 'lost', String(index));
  const late = await openMember(clock, 'follower');
  await takeFrom(late, old);
  await (await next.store.log.openEpoch({ epoch: 10, ...ORIGIN })).durable;
  await put(next.store, 'b', 'second');
  return { late, next };
}

test('a log that has nothing gets all that there is', async () => {
  const clock = new StillClock();
  const home = await openHome(clock, 7);
  const late = await openMember(clock, 'follower');
  expect(await takeFrom(late, home)).toEqual({ kind: 'enough' });
  expect(late.store.log.end).toEqual(home.store.log.end);
});

test('a longer history of an older epoch is left, as far back as the two part', async () => {
  const { late, next } = await openParted(30);
  expect(late.store.log.end.sequence).toBeGreaterThan(next.store.log.end.sequence);
  expect(await takeFrom(late, next)).toEqual({ kind: 'enough' });
  expect(late.store.log.end).toEqual(next.store.log.end);
});

test('whoever wants no more than what is behind its end does not look further back', async () => {
  const { late, next } = await openParted(30);
  const { end } = late.store.log;
  expect(await takeFrom(late, next, { mayEndHere: true })).toEqual({ kind: 'ended' });
  expect(late.store.log.end).toEqual(end);
});

/** Leaves of a log what comes after a frame. */
async function trim({ store }: MemberStore, upTo: number): Promise<void> {
  await store.compact(store.revision);
  await store.log.finalize(store.log.end.sequence);
  await store.compact(store.revision);
  expect((await store.log.trim(upTo)).sequence).toBe(upTo);
}

test('where frames are not kept a state is taken over', async () => {
  const clock = new StillClock();
  const home = await openHome(clock, 4);
  await trim(home, 4);
  const late = await openMember(clock, 'follower');
  const states: StateNeed[] = [];
  expect(await takeFrom(late, home, { states })).toEqual({ kind: 'enough' });
  expect(late.store.log.end).toEqual(home.store.log.end);
  expect(states).toEqual(['not-kept']);
});

test('the way back does not go beyond what is kept as long as the two may part after that', async () => {
  const { late, next } = await openParted(30);
  for (let index = 0; index < 10; index++) await put(next.store, 'c', String(index));
  await trim(next, 2);
  const states: StateNeed[] = [];
  expect(await takeFrom(late, next, { states })).toEqual({ kind: 'enough' });
  expect(late.store.log.end).toEqual(next.store.log.end);
  expect(states).toEqual([]);
});

test('where the two part before what is kept a state is taken over', async () => {
  const { late, next } = await openParted(30);
  for (let index = 0; index < 10; index++) await put(next.store, 'c', String(index));
  await trim(next, 6);
  const states: StateNeed[] = [];
  expect(await takeFrom(late, next, { states })).toEqual({ kind: 'enough' });
  expect(late.store.log.end).toEqual(next.store.log.end);
  expect(states).toEqual(['not-kept']);
});

test('a state of whoever lags behind even more is not taken in place of frames that are not kept', async () => {
  const clock = new StillClock();
  const home = await openHome(clock, 4);
  const [late, behind] = [await openMember(clock, 'follower'), await openMember(clock, 'follower')];
  await takeFrom(behind, home);
  await put(home.store, 'a', 'later');
  await takeFrom(late, home);
  const { end } = late.store.log;
  const { source } = sourceOf(behind);
  const taking = takeFrames({
    log: late.store.log,
    from: end.sequence + 1,
    replay: async () => ({ kind: 'below' }),
    apply: (batch) => late.store.log.apply(batch),
    async takeState(why) {
      await late.store.log.importState((await source.snapshot())!, { isForward: why === 'not-kept' });
      return true;
    },
    isEnough: () => true,
  });
  await expect(taking).rejects.toThrow('this member has commit 5 of epoch 1');
  expect(late.store.log.end).toEqual(end);
});

test('a peer that answers with other frames than it was asked for is not asked for ever', async () => {
  const clock = new StillClock();
  const home = await openHome(clock, 4);
  const late = await openMember(clock, 'follower');
  const { source } = sourceOf(home);
  const replay = () => source.replay({ from: 3, bytesMax: 1_000_000 });
  expect(await takeFrom(late, home, { replay })).toMatchObject({ kind: 'problem' });
});
