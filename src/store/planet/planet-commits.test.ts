import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogicalCluster, ShardName } from '../../base/mod.ts';
import { ExpectationFailed, HomeElsewhere, SpansLogs } from '../commit-errors.ts';
import { MemoryKeyValue } from '../memory-key-value.ts';
import type { ObjectKey } from '../object-key.ts';
import { ORIGIN, ship } from '../replication-fixtures.suite.ts';
import type { Store } from '../store.ts';
import { collect, keyOf, proposalOf, rowOf, TestClock, turns } from '../store-fixtures.suite.ts';
import {
  CONVERGENT,
  EVERY_EXPORT,
  EVERY_MAP,
  logicalClusterKey,
  openHomeOf,
  openPlanet,
  printList,
  Watched,
} from './planet-fixtures.suite.ts';
import type { LogOptions, PlanetStore } from './planet-store.ts';

const HERE = 'here' as LogicalCluster;
const THERE = 'there' as LogicalCluster;
const AWAY = 'away' as ShardName;
const mapIn = (cluster: LogicalCluster, name = 'x') => keyOf(name, { cluster });
const exportIn = (cluster: LogicalCluster, name = 'x') =>
  keyOf(name, { cluster, resource: CONVERGENT, namespace: '' });
const put = (key: ObjectKey, text = '1') => ({ key, row: rowOf(text) });

let clock: TestClock;
let home: Store;
let planet: PlanetStore;
let keyValues: Map<ShardName, MemoryKeyValue>;

/** A member with a shard of its own, one that it follows, and a convergent log. */
function open(): Promise<PlanetStore> {
  const logOf = (name: string, options: Omit<LogOptions, 'name' | 'keyValue'>): LogOptions => ({
    ...options,
    name: name as ShardName,
    keyValue: keyValues.get(name as ShardName)!,
  });
  const where = { region: 'us' as never, member: 3 };
  return openPlanet(
    [
      logOf('main', { kind: 'shard', replication: { role: 'home' } }),
      logOf('away', { kind: 'shard', replication: { role: 'follower' }, home: () => where }),
      logOf('shared', { kind: 'convergent', replication: { role: 'home' } }),
    ],
    clock,
  );
}

const follow = () => ship(home, planet.log(AWAY)!);

beforeEach(async () => {
  clock = new TestClock();
  keyValues = new Map(['main', 'away', 'shared'].map((name) => [name as ShardName, new MemoryKeyValue()]));
  home = await openHomeOf('away', new MemoryKeyValue(), clock);
  planet = await open();
  await planet.commit(proposalOf([put(logicalClusterKey(HERE))]));
  await home.commit(proposalOf([put(logicalClusterKey(THERE))]));
  await follow();
});

afterEach(async () => {
  await planet.close();
  await home.close();
});

describe('a commit to a store of several logs', () => {
  test('goes to the log that its logical cluster or its kind leads to', async () => {
    await planet.commit(proposalOf([put(mapIn(HERE))]));
    await planet.commit(proposalOf([put(exportIn(HERE)), put(exportIn(THERE))]));
    expect(planet.log('main' as ShardName)!.get(mapIn(HERE))).toBeDefined();
    expect(planet.log('shared' as ShardName)!.get(exportIn(THERE))).toBeDefined();
    expect(planet.get(exportIn(THERE))).toBeDefined();
    expect(planet.shardOf(THERE)).toBe('away');
    expect(planet.shardOf('nowhere' as LogicalCluster)).toBeUndefined();
  });

  test('is refused where its shard is sequenced elsewhere, and says where', () => {
    const refused = () => planet.propose(proposalOf([put(mapIn(THERE))]));
    expect(refused).toThrow(HomeElsewhere);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ shard: 'away', home: { region: 'us', member: 3 }, reason: 'away' });
    }
  });

  test('is refused where it is of several logs, and names its keys by log', () => {
    try {
      planet.propose(proposalOf([put(mapIn(HERE)), put(exportIn(HERE))]));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SpansLogs);
      expect([...(error as SpansLogs).keys]).toEqual([
        ['main', [mapIn(HERE)]],
        ['shared', [exportIn(HERE)]],
      ]);
    }
  });

  test('with a logical cluster that it makes goes where the rest of it is', async () => {
    const fresh = 'fresh' as LogicalCluster;
    await planet.commit(proposalOf([put(mapIn(HERE)), put(logicalClusterKey(fresh)), put(mapIn(fresh))]));
    expect(planet.shardOf(fresh)).toBe('main');
    expect(planet.get(mapIn(fresh))).toBeDefined();
  });

  test('is held against what the member has of other logs, and only what is durable there counts', async () => {
    const { revisions } = await planet.commit(proposalOf([put(exportIn(HERE))]));
    const [revision] = revisions;
    const relying = (on: number) =>
      proposalOf([put(mapIn(HERE))], { preconditions: [{ key: exportIn(HERE), revision: on }] });
    expect(() => planet.propose(relying(0))).toThrow(ExpectationFailed);
    await planet.propose(relying(revision!)).durable;
    const changing = planet.propose(proposalOf([put(exportIn(HERE), '2')]));
    const next = relying(changing.revisions[0]!);
    expect(() => planet.propose(next)).toThrow(expect.objectContaining({ isUnsettled: true }));
    const settled = { settled: [{ cluster: HERE, group: '' }] };
    expect(() => planet.propose(proposalOf([put(mapIn(HERE))], settled))).toThrow(
      expect.objectContaining({ isUnsettled: true }),
    );
    await planet.settled();
    await planet.propose(next).durable;
  });

  test('is in a list of everything once it was answered, whatever else is under way', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    await Promise.all(
      names.map(async (name, index) => {
        const key = index % 2 === 0 ? mapIn(HERE, name) : exportIn(HERE, name);
        await planet.commit(proposalOf([put(key)]));
        const snapshot = planet.snapshot();
        const scope = index % 2 === 0 ? EVERY_MAP : EVERY_EXPORT;
        expect((await printList(snapshot.list(scope))).join()).toContain(`/${name}=`);
        snapshot.close();
      }),
    );
  });
});

describe('debts of several logs', () => {
  const debt = (cluster: LogicalCluster) => ({ controller: 'gc', cluster, key: 'a' });
  const owing = (cluster: LogicalCluster, payload: string) =>
    proposalOf([put(mapIn(cluster))], { work: [{ ...debt(cluster), payload: Buffer.from(payload) }] });

  test('are seen and settled where their log is sequenced, and change hands with it', async () => {
    const seen: string[] = [];
    planet.feed.subscribeToGroups(({ work }) => seen.push(...work.map(({ log }) => log ?? 'none')));
    let moves = 0;
    planet.feed.subscribeToHomes(() => moves++);
    await planet.commit(owing(HERE, '1'));
    await home.commit(owing(THERE, '2'));
    await follow();
    expect(seen).toEqual(['main']);
    const owed = async () => {
      const snapshot = planet.snapshot();
      const found = await collect(snapshot.work('gc'));
      expect(await snapshot.firstWork('gc', { limit: 9 })).toEqual(found);
      snapshot.close();
      return found;
    };
    expect((await owed()).map(({ key }) => key)).toEqual([{ ...debt(HERE), log: 'main' }]);
    await planet.log(AWAY)!.log.openEpoch({ epoch: 2, ...ORIGIN });
    await turns(1);
    expect(moves).toBe(1);
    const both = await owed();
    expect(both.map(({ key }) => key.log)).toEqual(['main', 'away']);
    for (const settled of both) await planet.commit(proposalOf([], { settles: [settled] }));
    expect(await owed()).toEqual([]);
  });
});

describe('the order of a member', () => {
  test('is told anew when a log goes back, and nobody goes on from before', async () => {
    const other = await openHomeOf('away', new MemoryKeyValue(), clock, 'follower');
    await ship(home, other);
    await home.commit(proposalOf([put(mapIn(THERE), 'lost')]));
    await planet.commit(proposalOf([put(exportIn(HERE), 'kept')]));
    await follow();
    const before = planet.revision;
    const watched = new Watched(planet, EVERY_MAP, before);
    const exports = new Watched(planet, EVERY_EXPORT, before);
    await turns(3);
    await other.log.openEpoch({ epoch: 2, ...ORIGIN });
    await other.commit(proposalOf([put(mapIn(THERE), 'new')]));
    const result = await ship(other, planet.log(AWAY)!);
    if (result.kind === 'diverged') {
      const frames = other.log.replay(result.wants);
      if (frames.kind !== 'frames') throw new Error('frames are kept');
      const all = (await collect(frames.batches)).map(({ bytes }) => bytes);
      expect(await planet.log(AWAY)!.log.apply({ frames: all, mark: 99 })).toMatchObject({ kind: 'applied' });
    }
    expect(planet.get(mapIn(THERE))?.json.toString()).toBe('new');
    const snapshot = planet.snapshot();
    expect(snapshot.floorOf(EVERY_MAP)).toBeGreaterThan(before);
    expect(snapshot.floorOf(EVERY_EXPORT)).toBeLessThanOrEqual(before);
    expect(snapshot.revisionOf(EVERY_MAP)).toBeGreaterThanOrEqual(snapshot.floorOf(EVERY_MAP));
    expect(await printList(snapshot.list(EVERY_MAP))).toEqual(['there/configmaps/default/x=new']);
    snapshot.close();
    expect(watched.expiredAt).toBeDefined();
    expect(exports.expiredAt).toBeUndefined();
    exports.close();
  });

  test('is told anew when a state is taken over, also after a crash', async () => {
    await home.commit(proposalOf([put(mapIn(THERE), 'far')]));
    const before = planet.revision;
    const watched = new Watched(planet, EVERY_MAP, before);
    await turns(3);
    await planet.log(AWAY)!.log.importState(home.log.exportState());
    const check = async () => {
      const snapshot = planet.snapshot();
      const floor = snapshot.floorOf(EVERY_MAP);
      expect(floor).toBeGreaterThan(before);
      expect(snapshot.revisionOf(EVERY_MAP)).toBeGreaterThanOrEqual(floor);
      expect(await printList(snapshot.list(EVERY_MAP))).toEqual(['there/configmaps/default/x=far']);
      snapshot.close();
    };
    await check();
    expect(watched.expiredAt).toBeDefined();
    for (const [name, keyValue] of keyValues) keyValues.set(name, keyValue.crash());
    await planet.close();
    planet = await open();
    await check();
    const resumed = new Watched(planet, EVERY_MAP, planet.revision);
    await planet.commit(proposalOf([put(mapIn(HERE), 'on')]));
    for (let turn = 0; turn < 20 && resumed.events.length === 0; turn++) {
      clock.advance(1_000);
      await turns(1);
    }
    expect(resumed.events).toEqual(['here/configmaps/default/x: - > on']);
    resumed.close();
  });

  test('has a log that comes later behind everything, and ends for everything where one goes', async () => {
    await planet.commit(proposalOf([put(mapIn(HERE), '1')]));
    const before = planet.revision;
    const more = await openHomeOf('more', new MemoryKeyValue(), clock);
    const third = 'third' as LogicalCluster;
    await more.commit(proposalOf([put(logicalClusterKey(third)), put(mapIn(third), '3')]));
    const name = 'more' as ShardName;
    const replication = { role: 'follower' as const };
    const store = await planet.add({ name, kind: 'shard', keyValue: new MemoryKeyValue(), replication });
    await ship(more, store);
    const snapshot = planet.snapshot();
    const range = { after: before, upTo: snapshot.revisionOf(EVERY_MAP) };
    const events = await collect(snapshot.history(EVERY_MAP.collection, range));
    expect(events.map(({ key }) => key.cluster)).toEqual([third]);
    snapshot.close();
    const watched = new Watched(planet, EVERY_MAP, planet.revision);
    await turns(2);
    await planet.remove(name);
    expect(watched.expiredAt).toBeDefined();
    const after = planet.snapshot();
    expect(await printList(after.list(EVERY_MAP))).toEqual(['here/configmaps/default/x=1']);
    expect(after.floorOf(EVERY_MAP)).toBeGreaterThan(before);
    after.close();
    await more.close();
  });
});
