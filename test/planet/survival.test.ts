import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configMap } from '../http/client.ts';
import { MAPS, REGIONS, type Region, WrittenPlanet } from './written-planet.suite.ts';

const START_MS = 300_000;

describe('a planet whose writes survive the loss of a region', { timeout: START_MS }, () => {
  let world: WrittenPlanet;
  beforeAll(async () => {
    world = await WrittenPlanet.start('region');
  }, START_MS);
  afterEach(async () => {
    await world.planet.act('heal');
    for (const region of REGIONS) await world.untilWritable(region);
    await world.everythingIsEverywhere();
  }, START_MS);
  afterAll(async () => {
    await world?.stop();
    await world?.remove();
  }, START_MS);

  it('moves its home when told to, with a pause of two seconds at most, and nobody lists again', async () => {
    const list = await world.clients.ap.list(MAPS);
    const watch = await world.clients.ap.watch(
      `${MAPS}?watch=1&resourceVersion=${list.metadata.resourceVersion}`,
    );
    let isOver = false;
    let pausedMs = 0;
    const writing = (async () => {
      let lastMs = Date.now();
      while (!isOver) {
        if ((await world.write('ap')) === 201) {
          pausedMs = Math.max(pausedMs, Date.now() - lastMs);
          lastMs = Date.now();
        }
      }
    })();
    await delay(500);
    await world.moveTo('us', 'ap');
    await delay(1_000);
    isOver = true;
    await writing;
    expect(await world.homeAt('ap')).toBe('us');
    expect(pausedMs).toBeLessThan(2_000 + 1_000);
    const marker = await world.clients.ap.create(MAPS, configMap('after-the-move'));
    const events = await watch.until(({ object }) => object.metadata.name === marker.metadata.name);
    expect(events.every(({ type }) => type === 'ADDED')).toBe(true);
    watch.close();
    await world.moveTo('eu', 'eu');
  });

  it('acknowledges nothing where the home lacks its majority, and goes on in another region once that is promoted', async () => {
    const home = await world.homeAt('us');
    const other = REGIONS.find((region) => region !== home)!;
    await world.planet.act('cut', home);
    // Those that are on their way when the home learns of it wait for an outcome, which nobody can know.
    const before = world.acknowledged.size;
    const early = Array.from({ length: 5 }, () => world.write(home));
    await delay(5_000);
    const late = await Promise.all(Array.from({ length: 5 }, () => world.write(home)));
    expect(late).toEqual([503, 503, 503, 503, 503]);
    expect(world.acknowledged.size).toBe(before);
    const startMs = Date.now();
    expect(await world.command(other, 'promote', { region: other })).toMatchObject({ status: 200 });
    await world.untilWritable(other);
    expect(Date.now() - startMs).toBeLessThan(5_000);
    await world.planet.act('heal');
    expect(await Promise.all(early)).not.toContain(201);
    const deadlineMs = Date.now() + 20_000;
    while ((await world.homeAt(home)) !== other && Date.now() < deadlineMs) await delay(100);
    expect(await world.homeAt(home)).toBe(other);
  });

  it('is promoted within five seconds of the death of a region, and takes it back when it returns', async () => {
    const home = await world.homeAt('us');
    const [first, second] = REGIONS.filter((region) => region !== home) as [Region, Region];
    await world.planet.act('kill', home);
    const startMs = Date.now();
    const answers = await Promise.all([
      world.command(first, 'promote', { region: first }),
      world.command(second, 'promote', { region: second }),
    ]);
    // Both at once: one wins, and the other says so.
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    await world.untilWritable(first);
    await world.untilWritable(second);
    expect(Date.now() - startMs).toBeLessThan(5_000 + 3_000);
    expect(await world.homeAt(first)).toBe(await world.homeAt(second));
    await world.planet.act('restart', home);
  });

  it('loses nothing when the home, its NATS servers, or both are killed, also with an empty JetStream', async () => {
    for (const part of [['--only', 'nats'], ['--only', 'member'], []]) {
      const home = await world.homeAt('us');
      const writing = Promise.all(REGIONS.map((region) => world.write(region)));
      await world.planet.act('kill', home, ...part);
      await writing;
      if (part.length === 0) await world.removeStreams(home);
      await world.planet.act('restart', home, ...part);
      for (const region of REGIONS) await world.untilWritable(region);
    }
    await world.everythingIsEverywhere();
  });
});
