import { afterEach, expect, test } from 'vitest';
import { limits } from '../../base/mod.ts';
import {
  type Following,
  follow,
  keyOf,
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
import { FollowLoop } from './follow-loop.ts';

const ORIGIN = { actor: 'tester', originRegion: 'eu' };
const running: (Following | Publishing)[] = [];
afterEach(async () => {
  for (const { loop } of running.splice(0)) await loop.close();
});

async function openWorld(options: { readonly isMetByArrival?: boolean } = {}) {
  const clock = new StillClock();
  const network = new MemoryNetwork();
  const home = await openMember(clock, 'home');
  const follower = await openMember(clock, 'follower');
  network.peers.push(home);
  const publishing = publish(network, home, clock);
  const following = follow(network, follower, { clock, ...options });
  running.push(publishing, following);
  await turns(5);
  return { clock, network, home, follower, publishing, following };
}

test('a member has what its home has written, as it comes', async () => {
  const { home, follower, following } = await openWorld();
  for (const text of ['1', '2', '3']) await put(home.store, 'a', text);
  await turns(10);
  expect(textOf(follower.store.get(keyOf('a')))).toBe('3');
  expect(follower.store.revision).toBe(home.store.revision);
  expect(following.reports).toEqual([]);
});

test('where commits have goals beyond the disk, it shows them when the mark comes', async () => {
  const { network, home, follower } = await openWorld({ isMetByArrival: false });
  await put(home.store, 'a', '1');
  await turns(10);
  expect(follower.store.log.end.sequence).toBe(1);
  expect(follower.store.get(keyOf('a'))).toBeUndefined();
  network.beat(home.store.log.announce());
  await turns(10);
  expect(textOf(follower.store.get(keyOf('a')))).toBe('1');
});

test('staleness is the time since a heartbeat proved that everything is here', async () => {
  const { clock, network, home, follower, following } = await openWorld();
  expect(following.loop.stalenessMs).toBeUndefined();
  await put(home.store, 'a', '1');
  await turns(10);
  const before = follower.store.revision;
  await pass(clock, 1_000);
  network.beat(home.store.log.announce());
  await turns(5);
  expect(following.loop.stalenessMs).toBe(0);
  expect(follower.store.revision).toBeGreaterThan(before);
  network.isCut = true;
  await pass(clock, 5_000);
  network.beat(home.store.log.announce());
  expect(following.loop.stalenessMs).toBe(5_000);
});

test('what the stream does not have any more comes from a peer', async () => {
  const { network, home, follower } = await openWorld();
  network.isCut = true;
  for (const text of ['1', '2', '3', '4']) await put(home.store, 'a', text);
  network.isCut = false;
  network.change();
  await turns(3);
  const stream = network.streams.get(1)!;
  stream.messages = stream.messages.slice(-1);
  await put(home.store, 'a', '5');
  await turns(20);
  expect(textOf(follower.store.get(keyOf('a')))).toBe('5');
});

test('a heartbeat tells of frames that never came, and a peer is asked after a while', async () => {
  const { clock, network, home, follower } = await openWorld();
  await put(home.store, 'a', '1');
  await turns(10);
  // A stream that lost its tail, and a subscription that waits for what will not come.
  const late = await openMember(clock, 'follower');
  network.streams.clear();
  const following = follow(network, late, { clock });
  running.push(following);
  await turns(5);
  network.beat(home.store.log.announce());
  await turns(5);
  expect(network.replays).toBe(0);
  await pass(clock, limits.followGraceMs);
  network.beat(home.store.log.announce());
  await turns(20);
  expect(textOf(late.store.get(keyOf('a')))).toBe('1');
  expect(following.loop.stalenessMs).toBe(0);
  expect(textOf(follower.store.get(keyOf('a')))).toBe('1');
});

test('what the stream brings is taken at once, whatever a peer was asked for before it came', async () => {
  const { clock, network, home } = await openWorld();
  await put(home.store, 'a', '1');
  await turns(10);
  const late = await openMember(clock, 'follower');
  const inner = network.source();
  let asked = 0;
  let letThrough = () => {};
  const isThere = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const loop = new FollowLoop({
    log: late.store.log,
    source: {
      ...inner,
      // Asked over a link that is there in one direction only.
      replay: () => {
        asked += 1;
        return new Promise(() => {});
      },
      subscribe: (after) => {
        const subscription = inner.subscribe(after);
        return {
          close: () => subscription.close(),
          async *[Symbol.asyncIterator]() {
            await isThere;
            yield* subscription;
          },
        };
      },
    },
    clock,
    report() {},
    isMetByArrival: () => true,
  });
  running.push({ loop, reports: [] });
  network.beat(home.store.log.announce());
  await pass(clock, limits.followGraceMs);
  network.beat(home.store.log.announce());
  await turns(10);
  expect(asked).toBe(1);
  expect(late.store.log.end.sequence).toBe(0);
  letThrough();
  await turns(10);
  expect(textOf(late.store.get(keyOf('a')))).toBe('1');
});

test('a member that was away for longer than frames are kept takes over a state', async () => {
  const { clock, network, home } = await openWorld();
  for (const text of ['1', '2', '3', '4']) await put(home.store, 'a', text);
  await home.store.compact(home.store.revision);
  await home.store.log.finalize(5);
  await home.store.compact(home.store.revision);
  await home.store.log.trim(4);
  network.streams.get(1)!.messages = [];
  const late = await openMember(clock, 'follower');
  const following = follow(network, late, { clock });
  running.push(following);
  await put(home.store, 'b', '1');
  await turns(30);
  expect(following.reports).toMatchObject([{ kind: 'state' }]);
  expect(textOf(late.store.get(keyOf('a')))).toBe('4');
  expect(textOf(late.store.get(keyOf('b')))).toBe('1');
});

test('a home that was cut off steps down by itself, undoes what was not adopted, and reports it', async () => {
  const { clock, network, home, follower, publishing, following } = await openWorld();
  await put(home.store, 'a', '1');
  await turns(10);
  await publishing.loop.close();
  for (let index = 0; index < 40; index++) await put(home.store, 'lost', String(index));
  await following.loop.close();
  const opening = await follower.store.log.openEpoch({ epoch: 10, ...ORIGIN });
  await opening.durable;
  network.peers.splice(0, 1, follower);
  const publishedAnew = publish(network, follower, clock);
  const returned = follow(network, home, { clock });
  running.push(publishedAnew, returned);
  await put(follower.store, 'a', '2');
  await turns(10);
  network.beat(follower.store.log.announce());
  await pass(clock, 2_000);
  network.beat(follower.store.log.announce());
  await turns(30);
  expect(home.store.log.role).toBe('follower');
  expect(returned.reports).toMatchObject([{ kind: 'undone', undone: { commits: 40, visible: 40 } }]);
  expect(textOf(home.store.get(keyOf('a')))).toBe('2');
  expect(home.store.get(keyOf('lost'))).toBeUndefined();
  await put(follower.store, 'a', '3');
  await pass(clock, 1_000);
  expect(textOf(home.store.get(keyOf('a')))).toBe('3');
});

test('a fork is reported once, and nothing is applied any more', async () => {
  const { clock, network, home, follower, following } = await openWorld();
  await put(home.store, 'a', 'ours');
  await turns(10);
  const other = await openMember(clock, 'home');
  await put(other.store, 'a', 'theirs');
  for (let beat = 0; beat < 3; beat++) {
    network.beat(other.store.log.announce());
    await turns(5);
  }
  expect(following.reports).toMatchObject([{ kind: 'quarantined' }]);
  await put(home.store, 'a', 'more');
  await pass(clock, 1_000);
  expect(textOf(follower.store.get(keyOf('a')))).toBe('ours');
});
