import { expect, test } from 'vitest';
import { type LogicalCluster, limits, type ShardName } from '../base/mod.ts';
import { LogUnavailable } from './commit-errors.ts';
import type { KeyValueSnapshot, ReadOptions } from './key-value.ts';
import { MemoryKeyValue } from './memory-key-value.ts';
import { CONVERGENT, logicalClusterKey, openPlanet } from './planet/planet-fixtures.suite.ts';
import type { ReplicationOptions } from './replication.ts';
import { keyOf, openStore, proposalOf, rowOf, TestClock, turns } from './store-fixtures.suite.ts';

const HERE = 'here' as LogicalCluster;
const MAP = keyOf('x', { cluster: HERE });
const EXPORT = keyOf('x', { cluster: HERE, resource: CONVERGENT, namespace: '' });
const put = (key = MAP) => proposalOf([{ key, row: rowOf('1') }]);

/** A disk that is slow when told so, and fails to be read. */
class Disk extends MemoryKeyValue {
  isUnreadable = false;
  #wait: Promise<void> = Promise.resolve();

  constructor() {
    super({ beforeSync: () => this.#wait });
  }

  override get(key: Uint8Array, options?: ReadOptions): Buffer | undefined {
    if (this.isUnreadable) throw new Error('the disk cannot be read');
    return super.get(key, options);
  }

  override snapshot(): KeyValueSnapshot {
    if (this.isUnreadable) throw new Error('the disk cannot be read');
    return super.snapshot();
  }

  /** Holds up what is written until the returned function is called. */
  hold(): () => void {
    let resume = () => {};
    this.#wait = new Promise((resolve) => {
      resume = resolve;
    });
    return resume;
  }
}

test.each<[string, ReplicationOptions | undefined]>([
  ['a log that nobody else has', undefined],
  ['a log that others have', { role: 'home' }],
])(
  'who waits for a commit is told when the disk fails before it is written, in %s; other logs go on',
  async (_, replication) => {
    const clock = new TestClock();
    const disk = new Disk();
    const log = { ...(replication && { replication }) };
    const planet = await openPlanet(
      [
        { ...log, name: 'main' as ShardName, kind: 'shard', keyValue: disk },
        { ...log, name: 'shared' as ShardName, kind: 'convergent', keyValue: new MemoryKeyValue() },
      ],
      clock,
    );
    await planet.commit(proposalOf([{ key: logicalClusterKey(HERE), row: rowOf('1') }]));
    // What another log overtakes has a later place, which is written down.
    const resume = disk.hold();
    const first = planet.propose(put());
    await new Promise((resolve) => setImmediate(resolve));
    const overtaken = planet.propose(put());
    clock.advance(1_000);
    const overtaking = planet.commit(put(EXPORT));
    await new Promise((resolve) => setImmediate(resolve));
    resume();
    await Promise.all([first.durable, overtaken.durable, overtaking]);
    clock.advance(1_000);
    const { durable } = planet.propose(put());
    disk.isUnreadable = true;
    await expect(durable).rejects.toBeInstanceOf(LogUnavailable);
    disk.isUnreadable = false;
    await planet.commit(put(EXPORT));
    expect(planet.get(EXPORT)).toBeDefined();
    await planet.close();
  },
);

test('history is freed at the next opportunity when the disk could not be read at one', async () => {
  const clock = new TestClock();
  const disk = new Disk();
  const store = await openStore(disk, clock);
  await store.commit(put());
  const floorNow = () => {
    const snapshot = store.snapshot();
    snapshot.close();
    return snapshot.floor;
  };
  clock.advance(limits.historyMsDefault);
  await store.commit(put());
  const before = floorNow();
  disk.isUnreadable = true;
  clock.advance(limits.historyMsDefault / 4);
  await turns(5);
  disk.isUnreadable = false;
  expect(floorNow()).toBe(before);
  clock.advance(limits.historyMsDefault / 4);
  await turns(20);
  expect(floorNow()).toBeGreaterThan(before);
  await store.close();
});
