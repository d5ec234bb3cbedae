import { afterEach, expect, test } from 'vitest';
import { limits } from '../../base/mod.ts';
import {
  follow,
  keyOf,
  type MemberStore,
  MemoryNetwork,
  openMember,
  type Publishing,
  pass,
  publish,
  put,
  StillClock,
  textOf,
  turns,
} from '../log-world.suite.ts';
import { PublicationLoop } from './publication-loop.ts';

const running: Publishing[] = [];
afterEach(async () => {
  for (const { loop } of running.splice(0)) await loop.close();
});

async function openWorld() {
  const clock = new StillClock();
  const network = new MemoryNetwork();
  const home = await openMember(clock, 'home');
  return { clock, network, home };
}

function start(...parts: Parameters<typeof publish>): Publishing {
  const publishing = publish(...parts);
  running.push(publishing);
  return publishing;
}

function sequencesIn(network: MemoryNetwork, epoch = 1): number[] {
  return network.streams
    .get(epoch)!
    .messages.flatMap(({ frames, firstSequence }) => frames.map((_, at) => firstSequence + at));
}

test('an existing log goes out in order, in messages of bounded size, and what comes follows', async () => {
  const { clock, network, home } = await openWorld();
  for (let index = 0; index < 8; index++) await put(home.store, `n${index}`, 'x'.repeat(400_000));
  const publishing = start(network, home, clock);
  await turns(20);
  await put(home.store, 'later', '1');
  await turns(10);
  expect(sequencesIn(network)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const { frames } of network.streams.get(1)!.messages) {
    const sizeBytes = frames.reduce((sum, { length }) => sum + length, 0);
    expect(sizeBytes).toBeLessThanOrEqual(limits.publishBatchBytes);
  }
  expect(publishing.published.at(-1)?.sequence).toBe(9);
  expect(publishing.loop.lag).toEqual({ commits: 0, ms: 0 });
});

test('a home that starts anew goes on behind what the stream has', async () => {
  const { clock, network, home } = await openWorld();
  const first = publish(network, home, clock);
  for (const text of ['1', '2']) await put(home.store, 'a', text);
  await turns(10);
  await first.loop.close();
  const values = home.values.crash();
  const restarted = await openMember(clock, 'home', { values });
  await put(restarted.store, 'a', '3');
  start(network, restarted, clock);
  await turns(10);
  expect(sequencesIn(network)).toEqual([1, 2, 3]);
});

test('while the stream cannot be reached the lag grows, and then everything goes out', async () => {
  const { clock, network, home } = await openWorld();
  network.isCut = true;
  const publishing = start(network, home, clock);
  for (const text of ['1', '2', '3']) await put(home.store, 'a', text);
  await pass(clock, 3_000);
  expect(publishing.loop.lag).toEqual({ commits: 3, ms: 3_000 });
  expect(publishing.problems.length).toBeGreaterThan(1);
  network.isCut = false;
  network.change();
  await pass(clock, limits.followRetryMs);
  expect(sequencesIn(network)).toEqual([1, 2, 3]);
  expect(publishing.loop.lag.commits).toBe(0);
});

test('a stream that has lost its tail gets it again', async () => {
  const { clock, network, home } = await openWorld();
  start(network, home, clock);
  for (const text of ['1', '2', '3']) await put(home.store, 'a', text);
  await turns(10);
  const stream = network.streams.get(1)!;
  stream.messages = stream.messages.slice(0, 1);
  stream.outcomes.push({ kind: 'lost', detail: 'the stream has lost messages' });
  await put(home.store, 'a', '4');
  await pass(clock, 2 * limits.followRetryMs);
  expect(sequencesIn(network)).toEqual([1, 2, 3, 4]);
});

/** Leaves of a log what comes after a frame. */
async function trim({ store }: MemberStore, upTo: number): Promise<void> {
  await store.compact(store.revision);
  await store.log.finalize(store.log.end.sequence);
  await store.compact(store.revision);
  expect((await store.log.trim(upTo)).sequence).toBe(upTo);
}

test('a stream that is empty, or ends before what is kept, gets what is kept', async () => {
  const { clock, network, home } = await openWorld();
  const first = publish(network, home, clock);
  for (const text of ['1', '2', '3', '4']) await put(home.store, 'a', text);
  await turns(10);
  await first.loop.close();
  const stream = network.streams.get(1)!;
  await trim(home, 3);
  const { sequence } = home.store.log.end;
  const kept = Array.from({ length: sequence - 3 }, (_, index) => 4 + index);
  for (const left of [[], stream.messages.slice(0, 2)]) {
    stream.messages = [...left];
    const publishing = publish(network, home, clock);
    await turns(20);
    expect(sequencesIn(network)).toEqual([...left.map(({ lastSequence }) => lastSequence), ...kept]);
    expect(publishing.published.at(-1)).toMatchObject({ sequence });
    expect([publishing.fenced, publishing.problems]).toEqual([[], []]);
    await publishing.loop.close();
  }
});

test('frames that go before the stream could be reached are left out of it', async () => {
  const { clock, network, home } = await openWorld();
  network.isCut = true;
  const publishing = start(network, home, clock);
  for (const text of ['1', '2', '3', '4']) await put(home.store, 'a', text);
  await pass(clock, 1_000);
  await trim(home, 3);
  network.isCut = false;
  network.change();
  await pass(clock, limits.followRetryMs);
  const { sequence } = home.store.log.end;
  // Those that were still in memory cost nothing.
  expect(sequencesIn(network).at(-1)).toBe(sequence);
  expect(publishing.loop.lag.commits).toBe(0);
  const late = await openMember(clock, 'follower');
  network.peers.push(home);
  const following = follow(network, late, { clock });
  await turns(30);
  await following.loop.close();
  expect(late.store.log.end).toEqual(home.store.log.end);
});

test('a home that is refused acknowledges nothing until its epoch is confirmed', async () => {
  const { clock, network, home } = await openWorld();
  const publishing = start(network, home, clock);
  await put(home.store, 'a', '1');
  await turns(10);
  network.streams.get(1)!.outcomes.push({ kind: 'fenced', detail: 'somebody else has published' });
  await put(home.store, 'a', '2');
  await turns(10);
  expect(publishing.fenced).toEqual(['somebody else has published']);
  await expect(put(home.store, 'a', '3')).rejects.toMatchObject({ reason: 'goal', isTransient: true });
  home.store.log.proceed();
  await put(home.store, 'a', '3');
  start(network, home, clock);
  await turns(10);
  expect(sequencesIn(network)).toEqual([1, 2, 3]);
});

test('commits that were under way when it was refused wait, and count when the epoch is confirmed', async () => {
  const { home } = await openWorld();
  let isAnswered = false;
  const waiting = put(home.store, 'a', '1').then(() => {
    isAnswered = true;
  });
  home.store.log.suspend('somebody else has published');
  await turns(5);
  expect(isAnswered).toBe(false);
  expect(home.store.get(keyOf('a'))).toBeUndefined();
  home.store.log.proceed();
  await waiting;
  expect(textOf(home.store.get(keyOf('a')))).toBe('1');
});

test('a stream with frames that this home does not have stops it', async () => {
  const { clock, network, home } = await openWorld();
  const other = await openMember(clock, 'home');
  await put(other.store, 'a', 'other');
  const foreign = publish(network, other, clock);
  await turns(10);
  await foreign.loop.close();
  await put(home.store, 'a', '1');
  const publishing = start(network, home, clock);
  await turns(10);
  expect(publishing.fenced).toHaveLength(1);
  await expect(put(home.store, 'a', '2')).rejects.toMatchObject({ reason: 'goal' });
});

test('an epoch is published from its first record on', async () => {
  const { clock, network, home } = await openWorld();
  const first = publish(network, home, clock);
  const follower = await openMember(clock, 'follower');
  const following = follow(network, follower, { clock });
  await put(home.store, 'a', '1');
  await turns(10);
  await first.loop.close();
  await following.loop.close();
  await (await follower.store.log.openEpoch({ epoch: 10, actor: 'tester', originRegion: 'us' })).durable;
  await put(follower.store, 'a', '2');
  start(network, follower, clock);
  await turns(10);
  expect(sequencesIn(network, 10)).toEqual([2, 3]);
});

test('a frame goes out while the stream still has to answer for those before it', async () => {
  const { clock, home } = await openWorld();
  const asked: { readonly last: number; stored(): void }[] = [];
  const loop = new PublicationLoop({
    log: home.store.log,
    sink: {
      open: async () => undefined,
      publish: ({ lastSequence: last }) =>
        new Promise((resolve) => asked.push({ last, stored: () => resolve({ kind: 'stored' }) })),
      close() {},
    },
    clock,
    fenced() {},
    problem() {},
  });
  for (const text of ['1', '2', '3']) {
    await put(home.store, 'a', text);
    await turns(10);
  }
  expect(asked.map(({ last }) => last)).toEqual([1, 2, 3]);
  expect(loop.lag.commits).toBe(3);
  for (const { stored } of asked) stored();
  await turns(10);
  expect(loop.lag.commits).toBe(0);
  await loop.close();
});
