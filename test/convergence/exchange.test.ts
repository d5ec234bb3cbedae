import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { documentKey } from '../../src/api/mod.ts';
import { type RegionName, SeededRandom, type ShardName, VirtualClock } from '../../src/base/mod.ts';
import { objectAt } from '../../src/machinery/mod.ts';
import {
  type ConvergenceReport,
  type RunningConvergence,
  startConvergence,
} from '../../src/region/convergence/mod.ts';
import { HeardRegions } from '../../src/region/planet/heard-regions.ts';
import { serveRefill } from '../../src/region/planet/serve-refill.ts';
import { MemoryPlanet, Transport } from '../../src/replication/mod.ts';
import { MemoryKeyValue } from '../../src/store/mod.ts';
import { foundedRoot, jsonOf, OffsetClock, Region, WIDGETS, widget } from './regions.suite.ts';

const NAMES = ['ap', 'eu', 'us'] as const;
type Name = (typeof NAMES)[number];

/** Minutes of virtual time of several members: seconds on a machine that has nothing else to do. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let root: MemoryKeyValue;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  root = await foundedRoot(new OffsetClock(new VirtualClock()));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Running {
  readonly region: Region;
  readonly exchange: RunningConvergence;
  readonly transport: Transport;
  readonly reports: ConvergenceReport[];
  /** The copies of other regions' logs. */
  readonly replicas: Map<string, MemoryKeyValue>;
}

/** Regions on an in-memory network and virtual time, each with the real API and the real exchange. */
class Planet {
  readonly time = new VirtualClock();
  readonly network: MemoryPlanet;
  readonly listed: RegionName[] = [];
  readonly running = new Map<Name, Running>();
  #starts = 0;

  constructor() {
    const { time: clock } = this;
    this.network = new MemoryPlanet({ clock, random: new SeededRandom(7), regions: NAMES, delayMs: 20 });
  }

  static async start(...names: Name[]): Promise<Planet> {
    const planet = new Planet();
    planet.listed.push(...(names as readonly string[] as RegionName[]));
    for (const name of names) await planet.open(name);
    await planet.pass(5_000);
    return planet;
  }

  async open(name: Name, former?: Running, offsetMs = 0): Promise<Running> {
    this.#starts += 1;
    await this.time.advance(10);
    const clock = new OffsetClock(this.time);
    clock.offsetMs = offsetMs;
    const region = await Region.open({
      name,
      member: NAMES.indexOf(name),
      root,
      regions: this.listed,
      isHome: name === 'eu',
      clock,
      ...(former && { convergent: former.region.convergent.crash() }),
    });
    const replicas = new Map<string, MemoryKeyValue>();
    const self = { region: name as string as RegionName, member: `m${this.#starts}` };
    const carrier = this.network.connect(self);
    const random = new SeededRandom(this.#starts);
    const transport = new Transport({ carrier, clock, random, self });
    const reports: ConvergenceReport[] = [];
    const heard = new HeardRegions({ transport, clock });
    const exchange = startConvergence({
      transport,
      heard,
      api: region.api,
      convergence: region.convergence,
      log: region.store.log(`convergent-${name}` as ShardName)!,
      regions: () => this.listed,
      openReplica: async (log) => {
        const keyValue = former?.replicas.get(log)?.crash() ?? new MemoryKeyValue();
        replicas.set(log, keyValue);
        return keyValue;
      },
      clock,
      random,
      report: (report) => reports.push(report),
    });
    const running = { region, exchange, transport, reports, replicas };
    this.running.set(name, running);
    const stop = serveRefill(transport, (log) => exchange.logNamed(log));
    closing.push(async () => {
      stop();
      heard.close();
      // Timers of one that was cut off in the middle end with the test.
      await this.time.until(exchange.close()).catch(() => {});
      await transport.close();
    });
    return running;
  }

  /** Ends a process without a word, and starts another one on what was durable. */
  async crash(name: Name, offsetMs = 0): Promise<Running> {
    const former = this.running.get(name)!;
    await former.transport.close();
    return this.open(name, former, offsetMs);
  }

  region(name: Name): Region {
    return this.running.get(name)!.region;
  }

  pass(ms: number): Promise<void> {
    return this.time.advance(ms);
  }

  cut(name: Name): void {
    for (const other of NAMES) if (other !== name) this.network.cut(name, other);
  }

  heal(name: Name): void {
    for (const other of NAMES) if (other !== name) this.network.heal(name, other);
  }

  async assertSame(): Promise<void> {
    const [first, ...others] = [...this.running.values()].map(({ region }) => region);
    const wanted = await first!.everything();
    for (const other of others) expect(await other.everything()).toEqual(wanted);
  }
}

test('what one region writes all others have soon, and then nothing goes on between them', async () => {
  const planet = await Planet.start('ap', 'eu', 'us');
  await planet.region('eu').create(WIDGETS, widget('w', { a: 1 }));
  await planet.pass(3_000);
  await planet.region('us').patch(WIDGETS, 'w', jsonOf({ spec: { b: 2 } }));
  await planet.pass(3_000);
  await planet.assertSame();
  expect(objectAt(planet.region('ap').object(WIDGETS, 'w'), 'spec')).toEqual({ a: 1, b: 2 });
  // Positions are written down, comparisons find nothing, and after that the logs stand still.
  await planet.pass(150_000);
  const before = NAMES.map((name) => planet.region(name).store.revision);
  await planet.pass(150_000);
  expect(NAMES.map((name) => planet.region(name).store.revision)).toEqual(before);
  for (const { reports, exchange } of planet.running.values()) {
    expect(reports.filter(({ kind }) => kind !== 'log')).toEqual([]);
    const { regions, unpublished } = exchange.status();
    expect(unpublished.commits).toBe(0);
    expect(regions.map(({ pending }) => pending)).toEqual([0, 0]);
    expect(Math.max(...regions.map(({ stalenessMs }) => stalenessMs!))).toBeLessThan(3_000);
  }
});

test('regions that are cut off go on writing, and come to the same once they hear of each other', async () => {
  const planet = await Planet.start('eu', 'us');
  await planet.region('eu').create(WIDGETS, widget('w'));
  await planet.region('eu').create(WIDGETS, widget('gone'));
  await planet.pass(3_000);
  planet.cut('us');
  await planet.pass(5_000);
  await planet.region('eu').patch(WIDGETS, 'w', jsonOf({ spec: { a: 3, note: 'eu' } }));
  await planet.region('us').patch(WIDGETS, 'w', jsonOf({ spec: { b: 4 } }));
  await planet.region('eu').remove(WIDGETS, 'gone');
  await planet.region('us').patch(WIDGETS, 'gone', jsonOf({ spec: { a: 1 } }));
  await planet.region('us').create(WIDGETS, widget('new'));
  await planet.pass(30_000);
  expect(planet.region('eu').row(WIDGETS, 'new')).toBeUndefined();
  planet.heal('us');
  await planet.pass(15_000);
  await planet.assertSame();
  expect(objectAt(planet.region('eu').object(WIDGETS, 'w'), 'spec')).toEqual({ a: 3, b: 4, note: 'eu' });
  expect(planet.region('us').row(WIDGETS, 'gone')).toBeUndefined();
  expect(planet.region('eu').row(WIDGETS, 'new')).toBeDefined();
});

test('a process that ends in the middle of merging goes on where it was, and nothing is lost', async () => {
  const planet = await Planet.start('eu', 'us');
  for (let index = 0; index < 20; index++) {
    await planet.region('eu').create(WIDGETS, widget(`w${index}`));
    if (index % 5 === 4) {
      await planet.pass(25);
      await planet.crash('us');
    }
  }
  await planet.pass(10_000);
  await planet.assertSame();
  expect(Object.keys(await planet.region('us').everything())).toHaveLength(20);
});

test('a region whose log is lost begins another one, and has from the others what had left it', async () => {
  const planet = await Planet.start('eu', 'us');
  for (let index = 0; index < 5; index++) await planet.region('us').create(WIDGETS, widget(`w${index}`));
  await planet.pass(3_000);
  await planet.running.get('us')!.transport.close();
  await planet.open('us');
  await planet.pass(90_000);
  await planet.assertSame();
  await planet.region('us').patch(WIDGETS, 'w0', jsonOf({ spec: { note: 'again' } }));
  await planet.pass(5_000);
  await planet.assertSame();
  expect(objectAt(planet.region('eu').object(WIDGETS, 'w0'), 'spec')).toMatchObject({ note: 'again' });
});

test('a region that joins has everything, and tombstones are forgotten once all have seen them', async () => {
  const planet = await Planet.start('eu', 'us');
  await planet.region('eu').create(WIDGETS, widget('w'));
  await planet.region('eu').create(WIDGETS, widget('gone'));
  await planet.pass(3_000);
  const { uid } = planet.region('eu').row(WIDGETS, 'gone')!;
  planet.listed.push('ap' as RegionName);
  await planet.region('eu').remove(WIDGETS, 'gone');
  await planet.pass(120_000);
  // It is listed, and has not seen it.
  expect(planet.region('us').store.get(documentKey(uid))).toBeDefined();
  await planet.open('ap');
  await planet.pass(10_000);
  expect(planet.region('ap').row(WIDGETS, 'w')).toBeDefined();
  await planet.assertSame();
  await planet.pass(180_000);
  for (const name of NAMES) expect(planet.region(name).store.get(documentKey(uid))).toBeUndefined();
  await planet.assertSame();
});

test('what the streams have not brought is found by comparing, and exchanged both ways', async () => {
  const planet = await Planet.start('eu', 'us');
  await planet.region('eu').create(WIDGETS, widget('w'));
  await planet.pass(3_000);
  // As if frames had been passed over: a state that the other one's position does not tell of.
  const eu = planet.region('eu');
  const us = planet.region('us');
  const { uid } = us.row(WIDGETS, 'w')!;
  await us.store.commit({
    mutations: [{ key: us.key(WIDGETS, 'w') }],
    actor: 'damage',
    originRegion: 'us',
  });
  await planet.pass(2_000);
  expect(us.row(WIDGETS, 'w')).toBeUndefined();
  await planet.pass(120_000);
  expect(us.row(WIDGETS, 'w')?.uid).toBe(uid);
  await planet.assertSame();
  expect(planet.running.get('us')!.reports.concat(planet.running.get('eu')!.reports)).toContainEqual(
    expect.objectContaining({ kind: 'repaired', documents: 1 }),
  );
  expect(eu.row(WIDGETS, 'w')?.uid).toBe(uid);
});

test('a region whose clock is ahead of what it hears of the others refuses to write until it is set', async () => {
  const planet = await Planet.start('eu', 'us');
  await planet.region('us').create(WIDGETS, widget('w'));
  const fast = await planet.crash('us', 3_000);
  await planet.pass(2_000);
  const change = jsonOf({ spec: { a: 1 } });
  await expect(fast.region.patch(WIDGETS, 'w', change)).rejects.toMatchObject({ code: 503 });
  // Nobody to compare with: a region that is cut off goes on.
  planet.cut('us');
  await planet.pass(15_000);
  await fast.region.patch(WIDGETS, 'w', change);
});

test('writers of a region have a client id of their own for each start, whatever the clock says', async () => {
  const planet = await Planet.start('eu', 'us');
  const first = planet.region('us').convergence.writer.client;
  const again = await planet.crash('us');
  expect(again.region.convergence.writer.client).toBeGreaterThan(first);
});
