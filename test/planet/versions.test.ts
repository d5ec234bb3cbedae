import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../http/client.ts';
import { buildCommit, commitBefore, type FormerBuild, MixedProgram } from '../support/builds.ts';
import { REGIONS, type Region, WrittenPlanet } from './written-planet.suite.ts';

const START_MS = 600_000;
const TYPES = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes';

const before = await commitBefore();
if (before === undefined)
  console.log('skipped: regions that run the commit before this one, which this checkout does not have');

describe.skipIf(before === undefined)(
  'regions that run this version and the one before it',
  { timeout: START_MS },
  () => {
    let folder: string;
    let former: FormerBuild;
    let program: MixedProgram;
    let world: WrittenPlanet;
    let edits = 0;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'antipode-before-'));
      former = await buildCommit(before!, folder);
      program = await MixedProgram.create();
      await program.run({ eu: former, us: former, ap: former });
      world = await WrittenPlanet.start('zone', { program: program.path });
      await world.clients.eu.create(TYPES, {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'WorkspaceType',
        metadata: { name: 'shared' },
        spec: {},
      });
      for (const region of REGIONS)
        await world.clients[region].until(`${TYPES}/shared`, (_object, status) => status === 200);
    }, START_MS);
    afterAll(async () => {
      await world?.stop();
      await world?.remove();
      await program?.remove();
      await rm(folder, { recursive: true, force: true });
    }, START_MS);

    /** Starts the member of a region anew, as another build or the same one. */
    async function restart(region: Region, formers: readonly Region[]): Promise<void> {
      await program.run(Object.fromEntries(formers.map((each) => [each, former])));
      await world.planet.act('kill', region, '--only', 'member');
      await world.planet.act('restart', region);
      const runs = (await world.logOf(region)).match(/this member runs .*/g)!.at(-1)!;
      expect(runs).toContain(formers.includes(region) ? former.main : 'this version');
    }

    /** Writes of both kinds in all regions, where the home is and elsewhere, come to all. */
    async function exchange(): Promise<void> {
      const annotations: Record<string, string> = {};
      for (const region of REGIONS) {
        const mine = { [`edit-${edits++}`]: region };
        Object.assign(annotations, mine);
        await world.untilWritable(region);
        await world.clients[region].patch(`${TYPES}/shared`, { metadata: { annotations: mine } });
      }
      await untilShared(annotations);
      await world.everythingIsEverywhere();
    }

    async function untilShared(annotations: Readonly<Record<string, string>>): Promise<void> {
      for (const region of REGIONS)
        await world.clients[region].until<KubeObject>(`${TYPES}/shared`, ({ metadata }) =>
          Object.entries(annotations).every(([key, value]) => metadata.annotations?.[key] === value),
        );
      // A position and URLs of each region's own; everything else comes to be the same.
      const deadlineMs = Date.now() + 60_000;
      for (;;) {
        const all = await Promise.all(
          REGIONS.map((region) => world.clients[region].get<KubeObject>(`${TYPES}/shared`)),
        );
        const texts = all.map(({ status: _urls, ...object }) =>
          JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: '' } }),
        );
        if (new Set(texts).size === 1) return;
        if (Date.now() > deadlineMs) throw new Error(`regions differ:\n${texts.join('\n')}`);
        await delay(100);
      }
    }

    /** Both sides of a cut take what they may take, and one of them is killed meanwhile. */
    async function cutAndKill(region: Region, formers: readonly Region[]): Promise<void> {
      await world.planet.act('cut', region);
      const there = { [`cut-${edits++}`]: region };
      const elsewhere = { [`cut-${edits++}`]: 'elsewhere' };
      const other = REGIONS.find((each) => each !== region)!;
      await world.clients[region].patch(`${TYPES}/shared`, { metadata: { annotations: there } });
      await world.clients[other].patch(`${TYPES}/shared`, { metadata: { annotations: elsewhere } });
      for (const each of REGIONS) await world.write(each);
      await restart(region, formers);
      await world.planet.act('heal');
      await untilShared({ ...there, ...elsewhere });
      await exchange();
    }

    it('replicate with each other, whichever is the home, and while one after the other is upgraded', async () => {
      await exchange();
      // This version follows and forwards to the one before.
      await restart('ap', ['eu', 'us']);
      const writing = world.writeAll();
      await delay(1_000);
      await writing.stop();
      await exchange();
      await cutAndKill('ap', ['eu', 'us']);
      // The one before follows and forwards to this one.
      await world.moveTo('ap', 'us');
      await exchange();
      expect(await world.homeAt('eu')).toBe('ap');
      await cutAndKill('us', ['eu', 'us']);
      // Each is upgraded while others write.
      for (const [region, formers] of [
        ['us', ['eu']],
        ['eu', []],
      ] as const) {
        const others = world.writeAll();
        await restart(region, formers);
        await others.stop();
        await exchange();
      }
      await world.moveTo('eu', 'ap');
      await exchange();
      for (const region of REGIONS) {
        const log = await world.logOf(region);
        expect(log).not.toContain('exclude each other');
        expect(log).not.toContain('update this member');
      }
    });
  },
);
