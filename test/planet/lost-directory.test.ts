import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compactHistory } from '../../src/store/compaction.ts';
import {
  type KeyValueStore,
  MemoryKeyValue,
  openLevelKeyValue,
  PROJECTION_TABLES,
  replayLog,
} from '../../src/store/mod.ts';
import type { KubeObject } from '../http/client.ts';
import { MAPS, REGIONS, type Region, WrittenPlanet } from './written-planet.suite.ts';

const START_MS = 300_000;
const TYPES = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
/** All that a member has in databases; keys, certificates and who it is stay. */
const DATABASES = ['data', 'convergent', 'replicas', 'shards'] as const;

interface Game {
  world: WrittenPlanet;
}

/** A planet for all tests of a goal; what it shows and what it has stored is held against each other in the end. */
function withPlanet(goal: 'process' | 'zone' | 'region'): Game {
  const game = {} as Game;
  beforeAll(async () => {
    game.world = await WrittenPlanet.start(goal);
    await game.world.clients.eu.create(TYPES, typeNamed('shared'));
    for (const region of REGIONS)
      await game.world.clients[region].until(`${TYPES}/shared`, (_object, status) => status === 200);
  }, START_MS);
  afterEach(async () => {
    await game.world.planet.act('heal');
    for (const region of REGIONS) await game.world.untilWritable(region);
    await game.world.everythingIsEverywhere();
    for (const region of REGIONS) expect(await game.world.logOf(region)).not.toContain('exclude each other');
  }, START_MS);
  afterAll(async () => {
    await game.world.stop();
    for (const region of REGIONS)
      for (const path of await databasesOf(game.world.memberDirectory(region))) await replicaEqualsLog(path);
    await game.world.remove();
  }, START_MS);
  return game;
}

function typeNamed(name: string): object {
  return { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: { name }, spec: {} };
}

/** Kills the home, or all of its region, under writes, loses directories of its, and starts it again. */
async function lose(world: WrittenPlanet, names: readonly string[]): Promise<Region> {
  const home = await world.homeAt('us');
  const writing = world.writeAll();
  await delay(1_000);
  await world.planet.act('kill', home, '--only', 'member');
  await world.wipe(home, names);
  await world.planet.act('restart', home);
  await delay(1_000);
  await writing.stop();
  return home;
}

/** What is written in any region has to come to the same everywhere. */
async function untilShared(world: WrittenPlanet, annotations: Record<string, string>): Promise<void> {
  for (const region of REGIONS)
    await world.clients[region].until<KubeObject>(`${TYPES}/shared`, (object) =>
      Object.entries(annotations).every(([key, value]) => object.metadata.annotations?.[key] === value),
    );
}

function annotate(world: WrittenPlanet, region: Region, annotations: Record<string, string>) {
  return world.clients[region].patch(`${TYPES}/shared`, { metadata: { annotations } });
}

describe.each(['zone', 'region'] as const)(
  'a planet at %s whose home has lost its directory',
  { timeout: START_MS },
  (goal) => {
    const game = withPlanet(goal);

    it('loses nothing that was acknowledged when the log and the promises in it are gone', async () => {
      const { world } = game;
      const home = await lose(world, ['data']);
      for (const region of REGIONS) await world.untilWritable(region);
      expect(await world.homeAt('ap')).toBe(home);
      await world.everythingIsEverywhere();
      // It votes again: another region can take the shard over, and give it back.
      const other = REGIONS.find((region) => region !== home)!;
      await world.moveTo(other, home);
      await world.untilWritable(home);
      await world.moveTo(home, home);
    });

    it('loses nothing either when all of its databases are gone, and merges what regions share', async () => {
      const { world } = game;
      await annotate(world, 'eu', { before: 'eu' });
      await untilShared(world, { before: 'eu' });
      const home = await lose(world, DATABASES);
      for (const region of REGIONS) await world.untilWritable(region);
      await untilShared(world, { before: 'eu' });
      for (const region of REGIONS) await annotate(world, region, { [`after-${region}`]: home });
      await untilShared(world, { 'after-eu': home, 'after-us': home, 'after-ap': home });
      // What every root has was not made anew beside what the others have of it.
      for (const region of REGIONS) expect(await world.logOf(region)).not.toContain('name-conflict');
    });
  },
);

describe('a planet at zone that has lost the directory and the stream of its home', {
  timeout: START_MS,
}, () => {
  const game = withPlanet('zone');

  it('says that something may be lost, and goes on with what others have when an operator accepts that', async () => {
    const { world } = game;
    const home = await world.homeAt('us');
    for (const region of REGIONS) await world.untilWritable(region);
    await world.everythingIsEverywhere();
    await world.planet.act('kill', home);
    await world.wipe(home, ['data']);
    await world.removeStreams(home);
    await world.planet.act('restart', home);
    await reportsLoss(world, home);
    expect(await world.write('ap')).toBe(503);
    await acceptLoss(world, home);
  });
});

describe('a planet at process whose home has lost its directory', { timeout: START_MS }, () => {
  const game = withPlanet('process');

  it('says what may be lost, reads on, and goes on with what is left when an operator accepts that', async () => {
    const { world } = game;
    const { planet, clients } = world;
    const home = await world.homeAt('us');
    for (const region of REGIONS) await world.untilWritable(region);
    await world.everythingIsEverywhere();
    // Without its servers nobody else gets what it acknowledges.
    await planet.act('kill', home, '--only', 'nats');
    expect(await world.write(home, 'only-at-home')).toBe(201);
    world.acknowledged.delete('only-at-home');
    await planet.act('kill', home, '--only', 'member');
    await world.wipe(home, DATABASES);
    await planet.act('restart', home);
    await reportsLoss(world, home);
    for (const region of REGIONS) {
      expect((await clients[region].call(MAPS)).status).toBe(200);
      expect(await world.write(region)).toBe(503);
    }
    // The shard that its region has brought, too.
    for (const shard of ['root', home]) await acceptLoss(world, home, shard);
    for (const region of REGIONS) {
      await world.untilWritable(region);
      await clients[region].refuse(404, `${MAPS}/only-at-home`);
    }
  });
});

/** In its log, in its status, and to whoever wants to promote a region. */
async function reportsLoss(world: WrittenPlanet, home: Region): Promise<void> {
  const loss = `commits that only ${home} has`;
  const deadlineMs = Date.now() + 60_000;
  while (!(await world.logOf(home)).includes(loss)) {
    if (Date.now() > deadlineMs) throw new Error(`nothing is reported: ${await world.logOf(home)}`);
    await delay(100);
  }
  for (;;) {
    const { waitsFor } = await world.shardAt(home);
    if (waitsFor?.includes(loss) === true) return expect(waitsFor).toContain('would be lost');
    if (Date.now() > deadlineMs) throw new Error(`it does not say what it waits for, but ${waitsFor}`);
    await delay(100);
  }
}

async function acceptLoss(world: WrittenPlanet, home: Region, shard = 'root'): Promise<void> {
  const refused = await promote(world, { region: home, shard, acceptLoss: false });
  expect(refused).toMatchObject({ status: 409, text: expect.stringContaining('would be lost') });
  const done = await promote(world, { region: home, shard, acceptLoss: true });
  expect(done).toMatchObject({ status: 200, text: expect.stringContaining('is lost, unless') });
}

/** Again when the home itself was just trying, which does not count as a try of the operator's. */
async function promote(
  world: WrittenPlanet,
  { shard, ...wish }: { readonly region: Region; readonly shard: string; readonly acceptLoss: boolean },
): Promise<{ readonly status: number; readonly text: string }> {
  for (let tries = 0; ; tries++) {
    const reply = await world.command('ap', 'promote', wish, shard);
    if (reply.status !== 409 || reply.text.includes('lost') || tries === 5) return reply;
  }
}

async function databasesOf(member: string): Promise<readonly string[]> {
  const names = ['data', 'convergent'];
  for (const folder of ['replicas', 'shards'])
    names.push(...(await readdir(join(member, folder))).map((name) => join(folder, name)));
  return names.map((name) => join(member, name));
}

/** Everything but the log follows from the log, byte for byte. */
async function replicaEqualsLog(path: string): Promise<void> {
  const stored = await openLevelKeyValue(path);
  try {
    const rebuilt = new MemoryKeyValue();
    await replayLog(stored, rebuilt);
    // What nobody needs any more goes in the background: here, at once.
    await compactHistory(stored);
    for (const range of PROJECTION_TABLES)
      expect(await entriesOf(rebuilt, range), path).toEqual(await entriesOf(stored, range));
  } finally {
    await stored.close();
  }
}

async function entriesOf(
  store: KeyValueStore,
  range: (typeof PROJECTION_TABLES)[number],
): Promise<readonly string[]> {
  const entries: string[] = [];
  for await (const batch of store.iterate(range))
    for (const [key, value] of batch) entries.push(`${key.toString('hex')} ${value.toString('hex')}`);
  return entries;
}
