import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { freePort, startServer } from '../support/server.ts';
import type { Workspace } from '../workspaces/suite.ts';
import { Random } from './random.ts';

const ROUNDS = Number(process.env['ANTIPODE_KILL_ROUNDS'] ?? 3);
const SEED = Number(process.env['ANTIPODE_KILL_SEED'] ?? Date.now() % 1_000_000);
const KILL_AFTER_MS_MAX = 800;
const ROUND_TIMEOUT_MS = 90_000;
const CHILDREN = 4;
const WORKSPACES = 'apis/tenancy.kcp.io/v1alpha1/workspaces';
const SELF = 'apis/core.kcp.io/v1alpha1/logicalclusters/cluster';

it(
  `trees of workspaces are created and deleted as a whole when the server is killed ${ROUNDS} times`,
  async () => {
    console.log(`kill -9: to repeat, set ANTIPODE_KILL_SEED=${SEED} ANTIPODE_KILL_ROUNDS=${ROUNDS}`);
    const rootDirectory = await mkdtemp(join(tmpdir(), 'antipode-workspace-kill-'));
    onTestFinished(() => rm(rootDirectory, { recursive: true, force: true }));
    const options = { rootDirectory, port: await freePort() };
    const random = new Random(SEED);
    let server = await startServer(options);
    const first = server;
    onTestFinished(async () => void (await first.stop()));
    for (let round = 0; round < ROUNDS; round++) {
      const writer = new Client(server);
      const old: string[] = [];
      await grow(writer, `old-${round}`, old);
      const acknowledged: string[] = [];
      const work = Promise.allSettled([
        grow(writer, `new-${round}`, acknowledged),
        writer.call(path('root', `old-${round}`), { method: 'DELETE' }),
      ]);
      await delay(random.below(KILL_AFTER_MS_MAX));
      await server.kill('SIGKILL');
      await work;
      writer.close();
      server = await startServer(options);
      const restarted = server;
      onTestFinished(async () => void (await restarted.stop()));
      const reader = new Client(server);
      const there = await wholeTree(reader, 'root', `new-${round}`);
      expect(there).toEqual(expect.arrayContaining(acknowledged));
      await expectDeleted(reader, `old-${round}`, old);
      reader.close();
    }
  },
  (ROUNDS + 1) * ROUND_TIMEOUT_MS,
);

function path(parent: string, name = ''): string {
  return `/clusters/${parent}/${WORKSPACES}${name === '' ? '' : `/${name}`}`;
}

/** Creates a tree with something in each workspace; notes the logical clusters of those that were acknowledged. */
async function grow(client: Client, name: string, acknowledged: string[]): Promise<void> {
  const top = await create(client, 'root', name, acknowledged);
  for (let at = 0; at < CHILDREN; at++) {
    const child = await create(client, top, `c${at}`, acknowledged);
    await create(client, child, 'leaf', acknowledged);
  }
}

async function create(client: Client, parent: string, name: string, acknowledged: string[]): Promise<string> {
  const made = (await client.create(path(parent), {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' } },
  })) as Workspace;
  const cluster = made.spec.cluster!;
  acknowledged.push(cluster);
  const namespace = `/clusters/${cluster}/api/v1/namespaces/default`;
  await client.create(`${namespace}/configmaps`, { metadata: { name: 'content' } });
  return cluster;
}

/** The logical clusters of a tree; whatever there is of it is ready and has all that it begins with. */
async function wholeTree(client: Client, parent: string, name: string): Promise<string[]> {
  const reply = await client.call(path(parent, name));
  if (reply.status === 404) return [];
  const { metadata, spec, status } = JSON.parse(reply.text) as Workspace;
  const cluster = spec.cluster!;
  expect([name, status.phase]).toEqual([name, 'Ready']);
  const self = await client.get(`/clusters/${cluster}/${SELF}`);
  expect(self).toMatchObject({ status: { phase: 'Ready' }, spec: { owner: { uid: metadata.uid } } });
  const bindings = await client.list(`/clusters/${cluster}/apis/apis.kcp.io/v1alpha2/apibindings`);
  expect(bindings.items.map(phaseOf)).toEqual(['Bound', 'Bound']);
  await client.get(`/clusters/${cluster}/api/v1/namespaces/default`);
  const { items } = await client.list(path(cluster));
  const below = await Promise.all(items.map((child) => wholeTree(client, cluster, child.metadata.name)));
  return [cluster, ...below.flat()];
}

function phaseOf(object: KubeObject): string | undefined {
  return (object['status'] as { phase?: string } | undefined)?.phase;
}

/** A deletion that was begun goes on by itself; nobody finds anything of the tree afterwards. */
async function expectDeleted(client: Client, name: string, clusters: readonly string[]): Promise<void> {
  const now = await client.call(path('root', name));
  const isThere = now.status === 200;
  const isLeaving = isThere && (JSON.parse(now.text) as KubeObject).metadata.deletionTimestamp !== undefined;
  if (isThere && !isLeaving) {
    // It was never begun: nothing is missing.
    expect((await wholeTree(client, 'root', name)).sort()).toEqual([...clusters].sort());
    await client.delete(path('root', name));
  }
  await client.untilGone(path('root', name));
  for (const cluster of clusters) {
    // The one above may go a moment before those below.
    await client.until(`/clusters/${cluster}/api/v1/namespaces`, (_, status) => status === 403);
  }
}
