import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Revision, type ShardName, systemClock, systemRandom } from '../../src/base/mod.ts';
import { openLevelKeyValue, Store } from '../../src/store/mod.ts';
import { REGIONS, type Region, WrittenPlanet } from './written-planet.suite.ts';

const START_MS = 300_000;

let world: WrittenPlanet;
beforeAll(async () => {
  world = await WrittenPlanet.start('zone');
}, START_MS);
afterAll(async () => {
  await world.stop();
  await world.remove();
});

/**
 * Does to the log of a member that is down what some days do: its floor is the present, and nothing is kept for others.
 * Returns the first frame that is left.
 */
async function age(region: Region, role: 'home' | 'follower'): Promise<number> {
  const store = await Store.open({
    keyValue: await openLevelKeyValue(join(world.memberDirectory(region), 'data')),
    shard: 'root' as ShardName,
    clock: systemClock,
    random: systemRandom,
    replication: { role },
    logWindow: { ageMsMax: 0, bytesMax: 0, framesMax: 0 },
  });
  try {
    // The record that moves the floor has to count before anything goes by it.
    for (let round = 0; round < 2; round++) {
      await store.log.finalize(store.log.end.sequence);
      await store.compact(role === 'home' && round === 0 ? store.revision : (0 as Revision));
    }
    return (await store.logSize()).first;
  } finally {
    await store.close();
  }
}

async function whileDown(region: Region, task: () => Promise<void>, ...only: string[]): Promise<void> {
  await world.planet.act('kill', region, ...only);
  await task();
  await world.planet.act('restart', region);
}

async function untilAllAreThere(): Promise<void> {
  for (const region of REGIONS) await world.untilWritable(region);
  await world.everythingIsEverywhere();
}

describe('a planet whose members have trimmed their logs', { timeout: START_MS }, () => {
  let home: Region;
  let others: readonly Region[];

  it('goes on when its home has, and when all have', async () => {
    home = await world.homeAt('us');
    others = REGIONS.filter((region) => region !== home);
    for (let index = 0; index < 30; index++) expect(await world.write(home)).toBe(201);
    await untilAllAreThere();
    // Its streams keep no more than it does.
    await whileDown(home, async () => {
      await world.removeStreams(home);
      expect(await age(home, 'home')).toBeGreaterThan(30);
    });
    await untilAllAreThere();
    expect(await world.homeAt('us')).toBe(home);
    for (const region of others)
      await whileDown(
        region,
        async () => expect(await age(region, 'follower')).toBeGreaterThan(30),
        '--only',
        'member',
      );
    await untilAllAreThere();
  });

  it('gives a member that has lost its log a state, and it votes again', async () => {
    const [lost] = others;
    await whileDown(lost!, () => world.wipe(lost!, ['data']), '--only', 'member');
    await untilAllAreThere();
    expect(await world.logOf(lost!)).toContain('a shard was taken over as a state');
    await world.moveTo(lost!, home);
    await untilAllAreThere();
    await world.moveTo(home, lost!);
    await untilAllAreThere();
  });

  it('loses nothing when the streams of the home are gone, and publishes what it keeps', async () => {
    await whileDown(home, () => world.removeStreams(home));
    await untilAllAreThere();
    expect(await world.homeAt('us')).toBe(home);
  });

  it('loses nothing when the home has lost its log, though no frame of before is left', async () => {
    const writing = world.writeAll();
    await whileDown(home, () => world.wipe(home, ['data']), '--only', 'member');
    await writing.stop();
    await untilAllAreThere();
    for (const region of REGIONS) expect(await world.logOf(region)).not.toContain('exclude each other');
  });
});
