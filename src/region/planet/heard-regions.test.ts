import { afterEach, expect, test } from 'vitest';
import { limits, type RegionName, SeededRandom, VirtualClock } from '../../base/mod.ts';
import { type MemberName, MemoryPlanet, Transport } from '../../replication/mod.ts';
import { HeardRegions } from './heard-regions.ts';

const ONE_WAY_MS = 40;
const transports: Transport[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close();
});

function openPlanet() {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const planet = new MemoryPlanet({
    clock,
    random,
    regions: ['eu', 'us'],
    delayMs: ONE_WAY_MS,
    localDelayMs: 0,
  });
  /** Home of one log, which it says more of each time. */
  const join = (name: string) => {
    const region = name as RegionName;
    const self: MemberName = { region, member: `${name}-1` };
    const transport = new Transport({ carrier: planet.connect(self), clock, random, self });
    transports.push(transport);
    const regions = new HeardRegions({ transport, clock });
    let sequence = 0;
    const stop = transport.startHeartbeats(name, () => {
      sequence += 1;
      return { epoch: 8, sequence, hash: new Uint8Array(32), revision: sequence };
    });
    return { transport, regions, said: () => sequence, stop };
  };
  return { clock, planet, join };
}

test('both sides of a link know of each other a quarter of a second after it is there again', async () => {
  const { clock, planet, join } = openPlanet();
  const eu = join('eu');
  await clock.advance(400);
  const us = join('us');
  await clock.advance(5_000);
  // Wherever the second was when the link came back.
  for (let round = 0; round < 12; round++) {
    planet.cut('eu', 'us');
    await clock.advance(10_000 + round * 90);
    planet.heal('eu', 'us');
    await clock.advance(limits.returnBeatMs + 3 * ONE_WAY_MS);
    expect(eu.regions.silenceMs('us' as RegionName)).toBeLessThan(limits.heartbeatMs);
    expect(us.regions.silenceMs('eu' as RegionName)).toBeLessThan(limits.heartbeatMs);
    await clock.advance(5_000);
  }
});

test('a region that is heard again is told at once how far all is here, and so is one that is new', async () => {
  const { clock, join } = openPlanet();
  const eu = join('eu');
  const us = join('us');
  let returns = 0;
  us.regions.onReturn(() => {
    returns += 1;
  });
  await clock.advance(10_000);
  // Nothing is heard of it, because it says nothing; it begins again between two times at which the other side does.
  eu.stop();
  await clock.advance(10_130);
  const heard: number[] = [];
  eu.transport.hearHeartbeats('us', ({ atMs }) => heard.push(atMs));
  const atMs = clock.monotonicMs();
  eu.transport.startHeartbeats('eu', () => ({
    epoch: 8,
    sequence: 1,
    hash: new Uint8Array(32),
    revision: 1,
  }));
  await clock.advance(3 * ONE_WAY_MS);
  expect(heard).toContain(atMs + 2 * ONE_WAY_MS);
  expect(returns).toBe(1);
});

test('a region is back when it hears this one, too: what is asked before gets no answer', async () => {
  const { clock, planet, join } = openPlanet();
  const returns: string[] = [];
  const euIsBack = join('eu').regions;
  const usIsBack = join('us').regions;
  euIsBack.onReturn((region) => returns.push(`${region} at ${clock.monotonicMs()}`));
  usIsBack.onReturn((region) => returns.push(`${region} at ${clock.monotonicMs()}`));
  await clock.advance(5_000);
  returns.length = 0;
  planet.silence('eu', 'us');
  planet.silence('us', 'eu');
  await clock.advance(9_970);
  planet.links.heal('eu', 'us');
  await clock.advance(2_000);
  expect(usIsBack.silenceMs('eu' as RegionName)).toBeLessThan(limits.heartbeatMs);
  expect(euIsBack.silenceMs('us' as RegionName)).toBeGreaterThan(10_000);
  expect(returns).toEqual([]);
  planet.heal('eu', 'us');
  await clock.advance(limits.returnBeatMs + 2 * ONE_WAY_MS);
  expect(returns.map((each) => each.split(' ')[0]).sort()).toEqual(['eu', 'us']);
  await clock.advance(10_000);
  expect(returns).toHaveLength(2);
});

test('while a region is silent the others say more often how far they are, and not for ever', async () => {
  const { clock, planet, join } = openPlanet();
  const eu = join('eu');
  const us = join('us');
  const saidIn = async (durationMs: number) => {
    const before = eu.said();
    await clock.advance(durationMs);
    return eu.said() - before;
  };
  await clock.advance(10_000);
  expect(await saidIn(100_000)).toBe(100);
  planet.cut('eu', 'us');
  await clock.advance(2 * limits.voterReachMs);
  expect(await saidIn(100_000)).toBe(400);
  await clock.advance(limits.returnAwaitedMs);
  expect(await saidIn(100_000)).toBe(100);
  planet.heal('eu', 'us');
  await clock.advance(2_000);
  expect(us.regions.silenceMs('eu' as RegionName)).toBeLessThanOrEqual(limits.heartbeatMs);
  expect(await saidIn(100_000)).toBe(100);
});
