import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logicalClusterKey } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { type Member, type MemberLog, type PlanetOptions, startMember } from '../../src/region/mod.ts';
import { Client, configMap } from '../http/client.ts';
import { type NatsServer, startNatsServer } from '../support/nats-server.ts';

const lines: string[] = [];
const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const log: MemberLog = { error: note, warn: note, info: note, debug: () => {} };

let nats: NatsServer;
let folder: string;
const members = new Map<string, Member>();

async function start(region: string, planet: Partial<PlanetOptions> = {}): Promise<Member> {
  const member = await startMember({
    rootDirectory: join(folder, region),
    bindAddress: '127.0.0.1',
    securePort: 0,
    region,
    log,
    planet: { servers: [nats.url], hasDomains: false, survive: 'zone', ...planet },
  });
  members.set(region, member);
  return member;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error(`it never was so that ${what}:\n${lines.join('\n')}`);
    await delay(50);
  }
}

/** Which region is home of each shard, as a member knows it. */
function homesOf(member: Member): Record<string, string | undefined> {
  const { region } = member.api;
  const all = member.planet!.shards.all.map((shard) => [
    shard.shard,
    shard.isHome ? region : shard.place?.region,
  ]);
  return Object.fromEntries(all) as Record<string, string>;
}

beforeAll(async () => {
  const config = 'max_payload: 8MB\njetstream { store_dir: STORE, max_mem: 64M, max_file: 8G }';
  nats = await startNatsServer({ config });
  folder = await mkdtemp(join(tmpdir(), 'antipode-shards-'));
  const founder = await start('eu');
  const { text } = await founder.planet!.tokens.create({ ttlMs: 600_000, usesMax: 1, actor: 'test' });
  await start('us', { joinToken: text });
}, 120_000);
afterAll(async () => {
  for (const member of [...members.values()].reverse()) await member.close();
  await nats.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** A client of a region, with the token of the planet's administrator. */
async function clientOf(region: string): Promise<Client> {
  const ca = await readFile(join(folder, region, 'ca.crt'), 'utf8');
  const kubeconfig = await readFile(join(folder, region, 'admin.kubeconfig'), 'utf8');
  const token = /token: (\S+)/.exec(kubeconfig)![1]!;
  return new Client({ port: Number(new URL(members.get(region)!.url).port), ca, token });
}

const WORKSPACES = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
const MAPS = '/api/v1/namespaces/default/configmaps';

function workspace(name: string, region?: string): object {
  const location = region === undefined ? {} : { location: { selector: { matchLabels: { region } } } };
  return {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' }, ...location },
  };
}

interface Workspace {
  readonly spec: { readonly cluster: string };
  readonly status: { readonly phase: string; readonly conditions: readonly object[] };
}

async function ready(client: Client, path: string): Promise<LogicalCluster> {
  const isReady = (object: unknown) => (object as Partial<Workspace>).status?.phase === 'Ready';
  const made = await client.until(path, isReady);
  return (made as unknown as Workspace).spec.cluster as LogicalCluster;
}

function shardOf(member: Member, cluster: LogicalCluster): string | undefined {
  const key = logicalClusterKey(cluster);
  return member.api.store.get(key) === undefined ? undefined : member.api.store.logOf(key);
}

interface ShardMetadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const HOMES = { eu: 'eu', root: 'eu', us: 'us' };

describe('a planet of two regions', { timeout: 240_000 }, () => {
  it('has a shard for each region besides the root, all of which both have, also after a restart', async () => {
    const isSo = () => [...members.values()].every((member) => Object.keys(homesOf(member)).length === 3);
    await until('both have all shards', isSo);
    for (const member of members.values()) {
      await until('each shard has a home', () =>
        member.planet!.homes.list().every(({ home }) => home !== undefined),
      );
      await until(
        'the homes are those',
        () =>
          JSON.stringify(Object.entries(homesOf(member)).sort()) === JSON.stringify(Object.entries(HOMES)),
      );
    }
    await until('both vote for all', () =>
      members
        .get('eu')!
        .planet!.homes.list()
        .every(({ voters }) => voters.length === 2),
    );
    await members.get('us')!.close();
    const again = await start('us');
    await until('it is the home again', () => again.planet!.shards.get('us')?.isHome === true);
    expect(homesOf(again)).toEqual(HOMES);
  });

  it('shows in every region where each shard is at home', async () => {
    for (const region of members.keys()) {
      const client = await clientOf(region);
      await client.until('/clusters/root/apis/core.kcp.io/v1alpha1/shards', (list) => {
        const { items } = list as unknown as { readonly items: readonly { metadata: ShardMetadata }[] };
        const homes = items.map(({ metadata: { name, labels } }) => [name, labels?.['region']]);
        return JSON.stringify(homes.sort()) === JSON.stringify(Object.entries(HOMES));
      });
      client.close();
    }
  });

  it('makes a workspace on the shard that is asked for, and takes it away, wherever somebody asks', async () => {
    const [eu, us] = [await clientOf('eu'), await clientOf('us')];
    try {
      // What a provider sees of all consumers, here of kcp's own export.
      const everywhere = `/services/apiexport/root/tenancy.kcp.io/clusters/*${WORKSPACES}?watch=1`;
      const watches = await Promise.all([eu.watch(everywhere), us.watch(everywhere)]);
      await eu.create(`/clusters/root${WORKSPACES}`, workspace('there', 'us'));
      const cluster = await ready(eu, `/clusters/root${WORKSPACES}/there`);
      await us.until('/clusters/root:there/api/v1/namespaces/default', (_object, status) => status === 200);
      for (const member of members.values()) expect(shardOf(member, cluster)).toBe('us');
      for (const client of [eu, us]) {
        const name = client === eu ? 'from-eu' : 'from-us';
        await client.create(`/clusters/root:there${MAPS}`, configMap(name));
        expect((await client.call(`/clusters/root:there${MAPS}/${name}`)).status).toBe(200);
      }
      // One inside goes where the one around it is, or where it is told to.
      await eu.create(`/clusters/root:there${WORKSPACES}`, workspace('inner'));
      await us.create(`/clusters/root:there${WORKSPACES}`, workspace('back', 'eu'));
      const inner = await ready(us, `/clusters/root:there${WORKSPACES}/inner`);
      const back = await ready(us, `/clusters/root:there${WORKSPACES}/back`);
      await eu.until(
        '/clusters/root:there:back/api/v1/namespaces/default',
        (_object, status) => status === 200,
      );
      expect(['inner', shardOf(members.get('us')!, inner)]).toEqual(['inner', 'us']);
      // The root shard is in that region as well.
      expect(['eu', 'root']).toContain(shardOf(members.get('eu')!, back));

      for (const watch of watches) {
        const seen = new Set<string>();
        const all = ['there', 'inner', 'back'];
        await watch.until(({ object }) => {
          seen.add(object.metadata.name);
          return all.every((name) => seen.has(name));
        });
        watch.close();
      }

      const { status } = await us.call(`/clusters/root${WORKSPACES}/there`, { method: 'DELETE' });
      expect(status).toBe(200);
      for (const client of [eu, us])
        await client.until(`/clusters/root${WORKSPACES}/there`, (_object, code) => code === 404);
      for (const member of members.values()) {
        const left = () => [cluster, inner, back].filter((each) => shardOf(member, each) !== undefined);
        await until('nothing of it is left', () => left().length === 0);
      }
    } finally {
      eu.close();
      us.close();
    }
  });

  it('takes a logical cluster away whose workspace was forced to go', async () => {
    const eu = await clientOf('eu');
    try {
      const path = `/clusters/root${WORKSPACES}/forced`;
      await eu.create(`/clusters/root${WORKSPACES}`, workspace('forced', 'us'));
      const cluster = await ready(eu, path);
      await eu.patch(path, { metadata: { finalizers: null } });
      await eu.call(path, { method: 'DELETE' });
      await eu.untilGone(path);
      for (const member of members.values())
        await until('it is gone', () => shardOf(member, cluster) === undefined);
    } finally {
      eu.close();
    }
  });

  it('makes a workspace of which nothing was made before its members stopped, and so it goes', async () => {
    const path = `/clusters/root${WORKSPACES}/late`;
    await members.get('us')!.close();
    const eu = await clientOf('eu');
    try {
      await eu.create(`/clusters/root${WORKSPACES}`, workspace('late', 'us'));
      await eu.create(`/clusters/root${WORKSPACES}`, workspace('early', 'us'));
      // Gone before it was there: the home of its shard says so when it is back.
      expect((await eu.call(`/clusters/root${WORKSPACES}/early`, { method: 'DELETE' })).status).toBe(200);
      expect((await eu.get(path)) as unknown as Workspace).toMatchObject({ status: { phase: 'Scheduling' } });
      await start('us');
      const cluster = await ready(eu, path);
      expect(shardOf(members.get('eu')!, cluster)).toBe('us');
      await eu.untilGone(`/clusters/root${WORKSPACES}/early`);
      await members.get('us')!.close();
      expect((await eu.call(path, { method: 'DELETE' })).status).toBe(200);
      await start('us');
      await eu.untilGone(path);
      for (const member of members.values())
        await until('it is gone', () => shardOf(member, cluster) === undefined);
    } finally {
      eu.close();
    }
  });

  it('says that a workspace fits nowhere, and makes it once it does', async () => {
    const eu = await clientOf('eu');
    try {
      const path = `/clusters/root${WORKSPACES}/nowhere`;
      await eu.create(`/clusters/root${WORKSPACES}`, workspace('nowhere', 'mars'));
      const { status } = (await eu.get(path)) as unknown as Workspace;
      expect(status.conditions).toContainEqual(
        expect.objectContaining({
          type: 'WorkspaceScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: 'No available shards to schedule the workspace.',
        }),
      );
      await eu.patch(path, { spec: { location: { selector: { matchLabels: { region: 'us' } } } } });
      expect(shardOf(members.get('eu')!, await ready(eu, path))).toBe('us');
    } finally {
      eu.close();
    }
  });
});
