import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { brief, type Client, configMap, type KubeList, type WatchStream } from '../http/client.ts';
import { clientOf, PlanetProcess, planetDirectory, removeDirectory } from './suite.ts';

const START_MS = 300_000;
const REGIONS = ['eu', 'us', 'ap'] as const;
const RTTS = 'eu-us=80,us-ap=150,eu-ap=160';
const AT_ONCE = 40;
const MAPS = '/clusters/root/api/v1/namespaces/default/configmaps';

describe('a planet of three regions, with real NATS servers and processes', { timeout: START_MS }, () => {
  let planet: PlanetProcess;
  const clients = {} as Record<(typeof REGIONS)[number], Client>;
  beforeAll(async () => {
    const directory = await planetDirectory();
    planet = await PlanetProcess.start(directory, ['--secure-port', '0', '--rtt', RTTS]);
    for (const region of REGIONS) clients[region] = await clientOf(directory, region);
  }, START_MS);
  afterEach(() => planet.act('heal'));
  afterAll(async () => {
    for (const client of Object.values(clients)) client.close();
    await planet?.signal('SIGTERM');
    await removeDirectory(planet.directory);
  }, START_MS);

  /** Resolves when all regions show the same list, and gives it. */
  async function together(path: string): Promise<KubeList> {
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      const lists = await Promise.all(REGIONS.map((region) => clients[region].call(path)));
      const items = lists.map(({ text }) => JSON.stringify((JSON.parse(text) as KubeList).items));
      if (items.every((text) => text === items[0])) return JSON.parse(lists[0]!.text) as KubeList;
      if (Date.now() > deadlineMs) throw new Error(`the regions differ:\n${items.join('\n')}`);
      await delay(100);
    }
  }

  /** Writes as clients do that are asked to come again in a moment. */
  async function writable(region: (typeof REGIONS)[number], name: string): Promise<void> {
    for (;;) {
      const reply = await clients[region].call(MAPS, { method: 'POST', body: configMap(name) });
      if (reply.status === 201) return;
      expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1']);
      await delay(1_000);
    }
  }

  it('takes a write anywhere, and shows it to whoever wrote it and to all others', async () => {
    for (const region of REGIONS) {
      const reply = await clients[region].call(MAPS, { method: 'POST', body: configMap(`from-${region}`) });
      expect([reply.status, reply.headers['antipode-region']]).toEqual([201, region]);
      const read = await clients[region].call(`${MAPS}/from-${region}`);
      expect([read.status, read.headers['antipode-region']]).toEqual([200, region]);
      expect(Number(read.headers['antipode-staleness-ms'] ?? 0)).toBeLessThan(5_000);
    }
    const { items } = await together(MAPS);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['from-ap', 'from-eu', 'from-us']),
    );
  });

  it('shows the newest to whoever asks for it, wherever it was written', async () => {
    for (let round = 0; round < 5; round++) {
      await clients.eu.create(MAPS, configMap(`newest-${round}`));
      const byQuery = await clients.ap.call(`${MAPS}/newest-${round}?consistency=home`);
      expect(byQuery.status).toBe(200);
      const byPath = await clients.us.call(`/consistency/home${MAPS}/newest-${round}`);
      expect(byPath.status).toBe(200);
    }
  });

  it('refuses the write that came second, also from two regions at once', async () => {
    const made = await clients.eu.create(MAPS, configMap('contended', { data: { by: 'nobody' } }));
    await clients.ap.until(`${MAPS}/contended`, (_object, status) => status === 200);
    const put = (region: 'us' | 'ap') =>
      clients[region].call(`${MAPS}/contended`, {
        method: 'PUT',
        body: { ...made, data: { by: region } },
      });
    const replies = await Promise.all([put('us'), put('ap')]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('goes on with a watch in another region where it was, also during a cut', async () => {
    const start = await clients.eu.list(MAPS);
    const path = (revision: string) => `${MAPS}?watch=1&resourceVersion=${revision}`;
    const first: WatchStream = await clients.eu.watch(path(start.metadata.resourceVersion));
    for (let index = 0; index < 5; index++) await clients.us.create(MAPS, configMap(`watched-${index}`));
    const seen = await first.take(3);
    first.close();
    await planet.act('cut', 'us');
    for (let index = 5; index < 10; index++) await clients.ap.create(MAPS, configMap(`watched-${index}`));
    const reached = seen.at(-1)!.object.metadata.resourceVersion;
    const second = await clients.us.watch(path(reached));
    await planet.act('heal', 'us');
    const rest = await second.take(7);
    expect([...seen, ...rest].map(brief)).toEqual(
      Array.from({ length: 10 }, (_none, index) => `ADDED watched-${index}`),
    );
    second.close();
  });

  it('loses no patch from afar on an object that its home changes all the time', async () => {
    await clients.eu.create(MAPS, configMap('busy', { data: {} }));
    const rounds = 1_000;
    let isOver = false;
    const home = (async () => {
      for (let count = 0; !isOver; count++) {
        await clients.eu.patch(`${MAPS}/busy`, { data: { home: String(count) } });
        await delay(50);
      }
    })();
    const patch = async (index: number) => {
      const reply = await clients.ap.call(`${MAPS}/busy`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { data: { [`p${index}`]: 'x' } },
      });
      return reply.status;
    };
    const statuses: number[] = [];
    for (let index = 0; index < rounds; index += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, (_none, offset) => patch(index + offset));
      statuses.push(...(await Promise.all(batch)));
    }
    isOver = true;
    await home;
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { data } = await clients.eu.get<{ data: Record<string, string> } & KubeList>(`${MAPS}/busy`);
    expect(Object.keys(data).filter((key) => key.startsWith('p'))).toHaveLength(rounds);
  });

  it('reads on in a region that is cut off, says how old that is, and refuses writes with the name of the home', async () => {
    await clients.eu.create(MAPS, configMap('before-the-cut'));
    await clients.us.until(`${MAPS}/before-the-cut`, (_object, status) => status === 200);
    await planet.act('cut', 'us');
    await clients.eu.create(MAPS, configMap('during-the-cut'));
    await delay(6_000);
    const read = await clients.us.call(`${MAPS}/before-the-cut`);
    expect(read.status).toBe(200);
    expect(Number(read.headers['antipode-staleness-ms'])).toBeGreaterThan(3_000);
    const write = await clients.us.call(MAPS, { method: 'POST', body: configMap('from-cut-off') });
    expect([write.status, write.headers['retry-after']]).toEqual([503, '1']);
    expect(write.text).toContain('in region eu cannot be reached');
    expect((await clients.ap.call(MAPS, { method: 'POST', body: configMap('from-the-others') })).status).toBe(
      201,
    );
    const strict = await clients.us.call(`${MAPS}/before-the-cut?consistency=home`);
    expect(strict.status).toBe(503);
    await planet.act('heal', 'us');
    const healedMs = Date.now();
    await clients.us.until(`${MAPS}/from-the-others`, (_object, status) => status === 200);
    expect(Date.now() - healedMs).toBeLessThan(10_000);
    await writable('us', 'after-the-cut');
    expect(Date.now() - healedMs).toBeLessThan(15_000);
    await together(MAPS);
  });

  it('makes workspaces from afar, and shows what is in them everywhere', async () => {
    const types = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'far' } };
    await clients.ap.create(types, body);
    const ready = await clients.ap.until(
      `${types}/far`,
      ({ status }) => (status as { phase?: string } | undefined)?.phase === 'Ready',
    );
    const { cluster } = ready['spec'] as { cluster: string };
    const maps = `/clusters/${cluster}/api/v1/namespaces/default/configmaps`;
    await clients.ap.create(maps, configMap('inside'));
    await clients.us.until(
      '/clusters/root:far/api/v1/namespaces/default/configmaps/inside',
      (_object, status) => status === 200,
    );
    await clients.us.delete(`${types}/far`);
    await clients.eu.untilGone(`${types}/far`);
    await clients.ap.untilGone(`${types}/far`);
  });

  it('loses nothing that was acknowledged when the home is killed and started again', async () => {
    const names = Array.from({ length: 40 }, (_none, index) => `kept-${index}`);
    const acknowledged: string[] = [];
    const writing = (async () => {
      for (const name of names) {
        const reply = await clients.ap
          .call(MAPS, { method: 'POST', body: configMap(name) })
          .catch(() => undefined);
        if (reply?.status === 201) acknowledged.push(name);
        if (acknowledged.length === 0) continue;
        await delay(20);
      }
    })();
    await delay(1_000);
    await planet.act('kill', 'eu', '--only', 'member');
    await planet.act('restart', 'eu');
    await writing;
    await clients.ap.until(MAPS, (_list, status) => status === 200);
    await clients.eu.create(MAPS, configMap('kept-last'));
    const { items } = await together(MAPS);
    const there = new Set(items.map(({ metadata }) => metadata.name));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter((name) => !there.has(name))).toEqual([]);
  });

  it('gives up what only a home that was cut off had, when somebody accepts that, and lets nobody go on from there', async () => {
    await clients.eu.create(MAPS, configMap('had-by-all'));
    await clients.us.until(`${MAPS}/had-by-all`, (_object, status) => status === 200);
    await clients.ap.until(`${MAPS}/had-by-all`, (_object, status) => status === 200);
    await planet.act('cut', 'eu');
    const lost = await clients.eu.create(MAPS, configMap('had-by-eu'));
    const seen = lost.metadata.resourceVersion;
    const promote = (acceptLoss: boolean) =>
      clients.us.call('/planet/shards/root/promote', { method: 'POST', body: { region: 'us', acceptLoss } });
    const refused = await promote(false);
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('would be lost')]);
    expect((await promote(true)).status).toBe(200);
    const next = await clients.us.create(MAPS, configMap('had-by-us'));
    const exact = `${MAPS}?resourceVersion=${seen}&resourceVersionMatch=Exact`;
    await clients.us.refuse(410, exact);
    const stale = { ...next, metadata: { ...next.metadata, resourceVersion: seen } };
    await clients.us.refuse(409, `${MAPS}/had-by-us`, { method: 'PUT', body: stale });
    await planet.act('heal');
    await clients.eu.until(`${MAPS}/had-by-us`, (_object, status) => status === 200);
    await clients.eu.untilGone(`${MAPS}/had-by-eu`);
    await clients.eu.refuse(410, exact);
    await together(MAPS);
  });
});
