import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { APIS, bindingOf, exportOf, SCHEMAS, schemaOf, statusOf, WIDGETS } from '../exports/suite.ts';
import { type Client, configMap, type KubeObject } from '../http/client.ts';
import { clientOf, PlanetProcess, planetDirectory, removeDirectory } from './suite.ts';

const START_MS = 300_000;
const REGIONS = ['eu', 'us', 'ap'] as const;
const WORKSPACES = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';

describe('APIs that regions share', { timeout: START_MS }, () => {
  let planet: PlanetProcess;
  const clients = {} as Record<(typeof REGIONS)[number], Client>;
  beforeAll(async () => {
    const directory = await planetDirectory();
    planet = await PlanetProcess.start(directory, [
      '--secure-port',
      '0',
      '--rtt',
      'eu-us=40,us-ap=60,eu-ap=80',
    ]);
    for (const region of REGIONS) clients[region] = await clientOf(directory, region);
    await workspace('provider');
    await workspace('consumer');
  }, START_MS);
  afterEach(() => planet.act('heal'));
  afterAll(async () => {
    for (const client of Object.values(clients)) client.close();
    await planet?.signal('SIGTERM');
    await removeDirectory(planet.directory);
  }, START_MS);

  async function workspace(name: string, region?: string): Promise<void> {
    const spec = region === undefined ? {} : { location: { selector: { matchLabels: { region } } } };
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name }, spec };
    await clients.eu.create(WORKSPACES, body);
    for (const each of REGIONS)
      await clients[each].until(`${WORKSPACES}/${name}`, (object) => phaseOf(object) === 'Ready');
  }

  function phaseOf({ status }: KubeObject): string | undefined {
    return (status as { phase?: string } | undefined)?.phase;
  }

  const exports = `/clusters/root:provider/${APIS}/apiexports`;
  const widgets = (path: string) => `/clusters/${path}/apis/example.com/v1/namespaces/default/widgets`;
  const annotate = (client: Client, annotations: Record<string, string>) =>
    client.patch(`${exports}/widgets`, { metadata: { annotations } });
  const annotationsOf = async (client: Client) =>
    (await client.get(`${exports}/widgets`)).metadata.annotations ?? {};

  it('are published in one region, bound in another, and served in all, while a third one is cut off', async () => {
    await planet.act('cut', 'us');
    await clients.eu.create(`/clusters/root:provider/${SCHEMAS}`, schemaOf(WIDGETS));
    await clients.eu.create(exports, exportOf('widgets', [WIDGETS]));
    await clients.ap.until(`${exports}/widgets`, (_object, status) => status === 200);
    const bindings = `/clusters/root:consumer/${APIS}/apibindings`;
    await clients.ap.create(bindings, bindingOf('widgets', { path: 'root:provider', name: 'widgets' }));
    await clients.ap.until(`${bindings}/widgets`, (binding) => statusOf(binding).phase === 'Bound');
    const widget = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'one' },
      spec: { a: 1 },
    };
    await clients.ap.until(widgets('root:consumer'), (_list, status) => status === 200);
    await clients.ap.create(widgets('root:consumer'), widget);
    await clients.eu.until(`${widgets('root:consumer')}/one`, (_object, status) => status === 200);
    await planet.act('heal', 'us');
    await clients.us.until(`${widgets('root:consumer')}/one`, (_object, status) => status === 200);
  });

  it('show their consumers to the provider in every region', async () => {
    for (const region of REGIONS) {
      const slice = await clients[region].until<KubeObject & { status?: { endpoints?: { url: string }[] } }>(
        `/clusters/root:provider/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/widgets`,
        (object, status) =>
          status === 200 && ((object['status'] as { endpoints?: unknown[] })?.endpoints ?? []).length > 0,
      );
      const { url } = slice.status!.endpoints![0]!;
      const path = `${new URL(url).pathname}/clusters/*/apis/example.com/v1/widgets`;
      const watch = await clients[region].watch(`${path}?watch=1`);
      await watch.until(({ object }) => object.metadata.name === 'one');
      const next = {
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { name: `by-${region}` },
        spec: {},
      };
      await clients[region].create(widgets('root:consumer'), next);
      await watch.until(({ object }) => object.metadata.name === `by-${region}`);
      watch.close();
    }
  });

  it('may be changed on both sides of a cut: what does not collide is kept, of what does the later one wins', async () => {
    await planet.act('cut', 'us');
    await annotate(clients.eu, { 'only-eu': 'yes', both: 'eu' });
    await delay(20);
    await annotate(clients.us, { 'only-us': 'yes', both: 'us' });
    expect(await annotationsOf(clients.ap)).not.toMatchObject({ 'only-us': 'yes' });
    await planet.act('heal');
    const merged = { 'only-eu': 'yes', 'only-us': 'yes', both: 'us' };
    for (const region of REGIONS)
      await clients[region].until(`${exports}/widgets`, ({ metadata }) =>
        Object.entries(merged).every(([key, value]) => metadata.annotations?.[key] === value),
      );
    const shown = await Promise.all(REGIONS.map((region) => clients[region].get(`${exports}/widgets`)));
    const texts = shown.map(({ metadata: { resourceVersion: _own, ...metadata }, ...rest }) =>
      JSON.stringify({ ...rest, metadata }),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('may have objects that are written on both sides of a cut, if their provider has chosen that', async () => {
    const gadgets = {
      group: 'example.com',
      plural: 'gadgets',
      kind: 'Gadget',
      annotations: { 'planet.antipode.dev/consistency': 'Convergent' },
    };
    const path = (cluster: string) => `/clusters/${cluster}/apis/example.com/v1/namespaces/default/gadgets`;
    const own = path('root:consumer');
    const gadget = (name: string, spec: Record<string, unknown>) => ({
      apiVersion: 'example.com/v1',
      kind: 'Gadget',
      metadata: { name },
      spec,
    });
    await clients.eu.create(`/clusters/root:provider/${SCHEMAS}`, schemaOf(gadgets));
    await clients.eu.create(exports, exportOf('gadgets', [gadgets]));
    const bindings = `/clusters/root:consumer/${APIS}/apibindings`;
    await clients.eu.create(bindings, bindingOf('gadgets', { path: 'root:provider', name: 'gadgets' }));
    for (const region of REGIONS) await clients[region].until(own, (_list, status) => status === 200);
    await clients.ap.create(own, gadget('one', { color: 'red' }));
    for (const region of REGIONS)
      await clients[region].until(`${own}/one`, (_object, status) => status === 200);
    const slice = await clients.ap.until<KubeObject & { status?: { endpoints?: { url: string }[] } }>(
      `/clusters/root:provider/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/gadgets`,
      (object, status) =>
        status === 200 && ((object['status'] as { endpoints?: unknown[] })?.endpoints ?? []).length > 0,
    );
    const view = `${new URL(slice.status!.endpoints![0]!.url).pathname}/clusters/*/apis/example.com/v1/gadgets`;
    const watch = await clients.ap.watch(`${view}?watch=1`);
    await watch.until(({ object }) => object.metadata.name === 'one');
    const quotas = '/clusters/root:consumer/api/v1/namespaces/default/resourcequotas';
    const name = 'count/gadgets.example.com';
    const usedOf = ({ status }: KubeObject) =>
      (status as { used?: Record<string, string> } | undefined)?.used?.[name];
    const hard = { [name]: '2' };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard } };
    await clients.eu.create(quotas, quota);
    for (const region of REGIONS)
      await clients[region].until(`${quotas}/few`, (object) => usedOf(object) === '1');
    const position = (await clients.eu.list(own)).metadata.resourceVersion;
    expect(BigInt(position ?? '0')).toBeGreaterThan(2n ** 53n);

    await planet.act('cut', 'us');
    await clients.eu.patch(`${own}/one`, { spec: { eu: 1, both: 'eu' } });
    await delay(20);
    await clients.us.patch(`${own}/one`, { spec: { us: 2, both: 'us' } });
    await clients.us.patch(`${own}/one/status`, { status: { phase: 'SeenInUs' } });
    await clients.us.create(own, gadget('by-us', {}));
    await clients.eu.create(own, gadget('by-eu', {}));
    await clients.eu.refuse(403, own, { method: 'POST', body: gadget('too-many', {}) });
    expect((await clients.ap.get(`${own}/one`))['spec']).not.toHaveProperty('us');
    await planet.act('heal');

    for (const region of REGIONS) {
      await clients[region].until(`${own}/by-us`, (_object, status) => status === 200);
      const merged = await clients[region].until(`${own}/one`, ({ spec }) => {
        const { eu, us } = spec as { eu?: number; us?: number };
        return eu === 1 && us === 2;
      });
      expect(merged['spec']).toEqual({ color: 'red', eu: 1, us: 2, both: 'us' });
      expect(merged['status']).toEqual({ phase: 'SeenInUs' });
      expect(merged.metadata.annotations?.['planet.antipode.dev/conflict']).toMatch(
        /both.*us.*"us".*eu.*"eu"/,
      );
    }
    await watch.until(({ object }) => object.metadata.name === 'by-us');
    watch.close();
    const expired = await clients.us.watch(`${own}?watch=1&resourceVersion=${position}`);
    expect(await expired.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    expired.close();
    // Each side had room for one. The home counts both, and from then on there is none anywhere.
    for (const region of REGIONS) {
      await clients[region].until(`${quotas}/few`, (object) => usedOf(object) === '3');
      await clients[region].refuse(403, own, { method: 'POST', body: gadget('too-many', {}) });
    }
    await clients.us.delete(`${own}/one`);
    for (const region of REGIONS) await clients[region].untilGone(`${own}/one`);
  });

  it('may be published away from the home of their workspace, which gives them their identity', async () => {
    await clients.us.create(exports, exportOf('far', [WIDGETS]));
    for (const region of REGIONS)
      await clients[region].until(
        `${exports}/far`,
        ({ status }) => ((status as { identityHash?: string } | undefined)?.identityHash ?? '') !== '',
      );
    await clients.eu.until(
      '/clusters/root:provider/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/far',
      (_object, status) => status === 200,
    );
  });

  it('are exact within a region, and a position of one region is expired in another', async () => {
    const inEu = await clients.eu.get(`${exports}/widgets`);
    await annotate(clients.eu, { round: 'two' });
    await clients.eu.refuse(409, `${exports}/widgets`, { method: 'PUT', body: inEu });
    const position = (await clients.eu.list(exports)).metadata.resourceVersion;
    const watch = await clients.us.watch(`${exports}?watch=1&resourceVersion=${position}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    watch.close();
  });

  it.each([
    ['root', undefined],
    ['ap', 'ap'],
  ])(
    'are gone everywhere with their workspace on shard %s, also if they were changed in a region that was cut off',
    async (shard, region) => {
      const name = `short-lived-${shard}`;
      await workspace(name, region);
      const own = `/clusters/root:${name}/${APIS}/apiexports`;
      await clients.eu.create(own, exportOf('empty', []));
      await clients.us.until(`${own}/empty`, (_object, status) => status === 200);
      const { spec, metadata } = await clients.eu.get(`${WORKSPACES}/${name}`);
      expect(metadata.annotations?.['core.kcp.io/shard']).toBe(shard);
      const { cluster } = spec as { cluster: string };
      await planet.act('cut', 'us');
      await clients.eu.delete(`${WORKSPACES}/${name}`);
      await clients.us.patch(`${own}/empty`, { metadata: { annotations: { late: 'yes' } } });
      await clients.us.create(own, exportOf('late', []));
      await clients.eu.untilGone(`${WORKSPACES}/${name}`);
      await planet.act('heal');
      for (const each of REGIONS) {
        await clients[each].untilGone(`${WORKSPACES}/${name}`);
        // To an administrator what is not there is no logical cluster; nothing of it may be in a list of all of them.
        await clients[each].until(`/clusters/*/${APIS}/apiexports`, (list) =>
          (list as unknown as { items: KubeObject[] }).items.every(
            ({ metadata }) => metadata.annotations?.['kcp.io/cluster'] !== cluster,
          ),
        );
      }
    },
  );

  it('go on after the home of their workspace was lost', async () => {
    await clients.eu.create(
      '/clusters/root:consumer/api/v1/namespaces/default/configmaps',
      configMap('before'),
    );
    await clients.us.until(
      '/clusters/root:consumer/api/v1/namespaces/default/configmaps/before',
      (_object, status) => status === 200,
    );
    await planet.act('kill', 'eu');
    const promote = await clients.us.call('/planet/shards/root/promote', {
      method: 'POST',
      body: { region: 'us', acceptLoss: true },
    });
    expect(promote.status, promote.text).toBe(200);
    const next = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'later' }, spec: {} };
    await clients.us.create(widgets('root:consumer'), next);
    await clients.ap.until(`${widgets('root:consumer')}/later`, (_object, status) => status === 200);
    await planet.act('restart', 'eu');
    await clients.eu.until(`${widgets('root:consumer')}/later`, (_object, status) => status === 200);
  });
});
