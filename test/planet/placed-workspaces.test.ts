import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client, KubeList, KubeObject } from '../http/client.ts';
import { clientOf, PlanetProcess, planetDirectory, removeDirectory } from './suite.ts';

const START_MS = 300_000;
const SETTLE_MS = 90_000;
const REGIONS = ['eu', 'us'] as const;
type Region = (typeof REGIONS)[number];
const ROUNDS = Number(process.env['ANTIPODE_PLACEMENT_ROUNDS'] ?? 2);
/** Within this, a command has come to kill a member, and a workspace to be. */
const MOMENT_MS = 1_500;
const WORKSPACES = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';
const CLUSTERS = '/clusters/*/apis/core.kcp.io/v1alpha1/logicalclusters';

interface Owned extends KubeObject {
  readonly spec?: { readonly cluster?: string; readonly owner?: { readonly name?: string } };
  readonly status?: { readonly phase?: string };
}

describe('a workspace in another region than its parent', { timeout: START_MS }, () => {
  let planet: PlanetProcess;
  const clients = {} as Record<Region, Client>;
  beforeAll(async () => {
    const directory = await planetDirectory();
    const args = ['--secure-port', '0', '--regions', REGIONS.join(','), '--rtt', 'eu-us=20'];
    planet = await PlanetProcess.start(directory, args);
    for (const region of REGIONS) clients[region] = await clientOf(directory, region);
    for (const region of REGIONS) await until(`${region} has all shards`, () => hasHomes(region));
  }, START_MS);
  afterAll(async () => {
    for (const client of Object.values(clients)) client.close();
    await planet?.signal('SIGTERM');
    await removeDirectory(planet.directory);
  }, START_MS);

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + SETTLE_MS;
    while (!(await isSo().catch(() => false))) {
      if (Date.now() > deadlineMs) throw new Error(`it never was so that ${what}:\n${planet.output}`);
      await delay(100);
    }
  }

  async function hasHomes(region: Region): Promise<boolean> {
    const { text } = await clients[region].call('/planet/status');
    const { shards } = JSON.parse(text) as { readonly shards: readonly { readonly home?: string }[] };
    return shards.length === 1 + REGIONS.length && shards.every(({ home }) => home !== undefined);
  }

  /** Kills a member at some moment of what is done meanwhile, and starts it again. */
  async function amidAKill(act: () => Promise<void>): Promise<void> {
    const victim = REGIONS[randomInt(REGIONS.length)]!;
    const killing = planet.act('kill', victim, '--only', 'member');
    await delay(randomInt(MOMENT_MS));
    await act();
    expect((await killing).code).toBe(0);
    expect((await planet.act('restart', victim, '--only', 'member')).code).toBe(0);
  }

  /** The logical clusters that a region has of workspaces of that name. */
  async function clustersOf(region: Region, name: string): Promise<readonly Owned[]> {
    const { items }: KubeList = await clients[region].list(CLUSTERS);
    return (items as readonly Owned[]).filter(({ spec }) => spec?.owner?.name === name);
  }

  /** Until both regions show it whole, or both show nothing of it; says which. */
  async function whole(name: string): Promise<boolean> {
    let isThere = false;
    await until(`workspace ${name} is there whole or not at all`, async () => {
      const seen = await Promise.all(
        REGIONS.map(async (region) => {
          const reply = await clients[region].call(`${WORKSPACES}/${name}?consistency=home`);
          const clusters = await clustersOf(region, name);
          if (reply.status === 404) return clusters.length === 0 ? false : undefined;
          const { spec, status } = JSON.parse(reply.text) as Owned;
          if (reply.status !== 200 || status?.phase !== 'Ready' || clusters.length !== 1) return undefined;
          const inside = await clients[region].call(`/clusters/${spec?.cluster}/api/v1/namespaces/default`);
          return inside.status === 200 ? true : undefined;
        }),
      );
      isThere = seen[0] === true;
      return seen.every((each) => each !== undefined && each === seen[0]);
    });
    return isThere;
  }

  async function gone(name: string): Promise<boolean> {
    await until(`workspace ${name} is deleted`, async () => {
      const { status } = await clients.eu.call(`${WORKSPACES}/${name}`, { method: 'DELETE' });
      return status === 404;
    });
    return !(await whole(name));
  }

  it('is there whole or not at all, whenever members are killed while it comes and goes', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const name = `placed-${round}`;
      const body = {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'Workspace',
        metadata: { name },
        spec: {
          type: { name: 'universal', path: 'root' },
          location: { selector: { matchLabels: { region: 'us' } } },
        },
      };
      let isAcknowledged = false;
      await amidAKill(async () => {
        const asked = clients[REGIONS[randomInt(2)]!];
        const reply = await asked.call(WORKSPACES, { method: 'POST', body }).catch(() => undefined);
        isAcknowledged = reply?.status === 201;
      });
      const isThere = await whole(name);
      if (isAcknowledged) expect([name, isThere]).toEqual([name, true]);
      // What did not come to be is made now, so that it can go.
      if (!isThere)
        await until(`workspace ${name} is made`, async () => {
          const { status } = await clients.eu.call(WORKSPACES, { method: 'POST', body });
          return (status === 201 || status === 409) && (await whole(name));
        });
      await amidAKill(async () => {
        await clients[REGIONS[randomInt(2)]!]
          .call(`${WORKSPACES}/${name}`, { method: 'DELETE' })
          .catch(() => undefined);
      });
      expect([name, await gone(name)]).toEqual([name, true]);
    }
  });
});
