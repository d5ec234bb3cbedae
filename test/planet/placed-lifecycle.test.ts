import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import type { KubeList, KubeObject } from '../http/client.ts';
import { REGIONS, type Region, WrittenPlanet } from './written-planet.suite.ts';

const START_MS = 300_000;
const SETTLE_MS = 60_000;
const TENANCY = '/clusters/root/apis/tenancy.kcp.io/v1alpha1';
const CLUSTERS = 'apis/core.kcp.io/v1alpha1/logicalclusters';
const NAME = 'prepared';

interface Workspace extends KubeObject {
  readonly spec: { readonly cluster?: string };
  readonly status?: { readonly phase?: string; readonly initializers?: readonly string[] };
}

describe('a workspace in another region than its parent, of a type that prepares and clears it', {
  timeout: START_MS,
}, () => {
  let world: WrittenPlanet;
  beforeAll(async () => {
    world = await WrittenPlanet.start('zone');
    await world.clients.eu.create(`${TENANCY}/workspacetypes`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: NAME },
      spec: { initializer: true, terminator: true, extend: { with: [{ name: 'universal', path: 'root' }] } },
    });
    for (const region of REGIONS)
      await world.clients[region].until(
        `${TENANCY}/workspacetypes/${NAME}`,
        (_type, status) => status === 200,
      );
  }, START_MS);
  afterAll(async () => {
    await world?.stop();
    await world?.remove();
  }, START_MS);

  async function everywhere(what: string, isSo: (region: Region) => Promise<boolean>): Promise<void> {
    for (const region of REGIONS)
      await expect
        .poll(() => isSo(region), { timeout: SETTLE_MS, message: `${what}, in ${region}` })
        .toBe(true);
  }

  /** The logical clusters that a region shows to whoever prepares, or clears, workspaces of the type. */
  async function waiting(region: Region, service: string): Promise<readonly (string | undefined)[]> {
    const path = `/services/${service}/root:${NAME}/clusters/*/${CLUSTERS}`;
    const { items } = await world.clients[region].get<KubeList>(path);
    return items.map(({ metadata }) => metadata.annotations?.['kcp.io/cluster']);
  }

  /** Resolves when a region does not expect answers any more of the home of a logical cluster. */
  async function untilSilent(region: Region, cluster: string): Promise<void> {
    const stalenessMs = async () => {
      const { headers } = await world.clients[region].call(`/clusters/${cluster}/api/v1/namespaces`);
      return Number(headers['antipode-staleness-ms'] ?? 0);
    };
    await expect.poll(stalenessMs, { timeout: SETTLE_MS }).toBeGreaterThan(2 * limits.homeSilenceMs);
  }

  /** Says through a region that the work on a logical cluster is done; gives the status of the answer. */
  async function done(region: Region, service: string, cluster: string, field: string): Promise<number> {
    const path = `/services/${service}/root:${NAME}/clusters/${cluster}/${CLUSTERS}/cluster/status`;
    const headers = { 'content-type': 'application/merge-patch+json' };
    const body = { status: { [field]: [] } };
    return (await world.clients[region].call(path, { method: 'PATCH', headers, body })).status;
  }

  it('is shown in all regions to whoever prepares it, who can say in any that it is ready', async () => {
    const { clients, planet } = world;
    await clients.ap.create(`${TENANCY}/workspaces`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'far' },
      spec: {
        type: { name: NAME, path: 'root' },
        location: { selector: { matchLabels: { region: 'us' } } },
      },
    });
    const read = (region: Region) => clients[region].get<Workspace>(`${TENANCY}/workspaces/far`);
    await everywhere('it waits', async (region) => (await read(region)).status?.phase === 'Initializing');
    const { spec, status } = await read('ap');
    const cluster = spec.cluster!;
    const prepared = () => done('ap', 'initializingworkspaces', cluster, 'initializers');
    expect(status?.initializers).toEqual([`root:${NAME}`]);
    await everywhere('it is shown', async (region) =>
      (await waiting(region, 'initializingworkspaces')).includes(cluster),
    );
    // Only its home can say so, and that is away.
    await planet.act('kill', 'us', '--only', 'member');
    await untilSilent('ap', cluster);
    expect(await prepared()).toBe(503);
    await planet.act('restart', 'us', '--only', 'member');
    await expect.poll(prepared, { timeout: SETTLE_MS }).toBe(200);
    await everywhere('it is ready', async (region) => (await read(region)).status?.phase === 'Ready');
    await everywhere('nothing waits', async (region) => {
      return (await waiting(region, 'initializingworkspaces')).length === 0;
    });
    expect((await clients.eu.call(`/clusters/${cluster}/api/v1/namespaces/default`)).status).toBe(200);
  });

  it('stays until whoever clears it has said in any region that it can go', async () => {
    const { clients } = world;
    const { spec } = await clients.eu.get<Workspace>(`${TENANCY}/workspaces/far`);
    const cluster = spec.cluster!;
    await clients.ap.delete(`${TENANCY}/workspaces/far`);
    await everywhere('it waits', async (region) =>
      (await waiting(region, 'terminatingworkspaces')).includes(cluster),
    );
    expect((await clients.us.call(`${TENANCY}/workspaces/far`)).status).toBe(200);
    expect(await done('eu', 'terminatingworkspaces', cluster, 'terminators')).toBe(200);
    await everywhere('it is gone', async (region) => {
      const workspace = await clients[region].call(`${TENANCY}/workspaces/far`);
      const { items } = await clients[region].get<KubeList>(`/clusters/*/${CLUSTERS}`);
      const isGone = items.every(({ metadata }) => metadata.annotations?.['kcp.io/cluster'] !== cluster);
      return workspace.status === 404 && isGone;
    });
  });
});
