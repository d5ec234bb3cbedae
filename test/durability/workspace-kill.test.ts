import { expect, it } from 'vitest';
import { exportOf } from '../exports/suite.ts';
import type { Client, KubeObject } from '../http/client.ts';
import type { Workspace } from '../workspaces/suite.ts';
import { killRounds, ROUNDS } from './kill-rounds.ts';

const KILL_AFTER_MS_MAX = 800;
const ROUND_TIMEOUT_MS = 90_000;
const CHILDREN = 4;
const WORKSPACES = 'apis/tenancy.kcp.io/v1alpha1/workspaces';
const TYPES = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes';
const APIS = 'apis/apis.kcp.io/v1alpha2';
const KEPT = 12;
const KILL_MAINTAIN_MS_MAX = 250;
const SELF = 'apis/core.kcp.io/v1alpha1/logicalclusters/cluster';

it(
  `trees of workspaces are created and deleted as a whole when the server is killed ${ROUNDS} times`,
  () =>
    killRounds({
      name: 'workspace-kill',
      killAfterMsMax: KILL_AFTER_MS_MAX,
      async begin(writer, round) {
        const old: string[] = [];
        await grow(writer, `old-${round}`, old);
        const acknowledged: string[] = [];
        const work = Promise.allSettled([
          grow(writer, `new-${round}`, acknowledged),
          writer.call(path('root', `old-${round}`), { method: 'DELETE' }),
        ]);
        return {
          work,
          async check(reader) {
            const there = await wholeTree(reader, 'root', `new-${round}`);
            expect(there).toEqual(expect.arrayContaining(acknowledged));
            await expectDeleted(reader, `old-${round}`, old);
          },
        };
      },
    }),
  (ROUNDS + 1) * ROUND_TIMEOUT_MS,
);

it(
  `existing workspaces get what their type maintains when the server is killed ${ROUNDS} times meanwhile`,
  () => {
    const clusters: string[] = [];
    const exports: object[] = [];
    return killRounds({
      name: 'maintain-kill',
      killAfterMsMax: KILL_MAINTAIN_MS_MAX,
      seedOffset: 1,
      async setUp(client) {
        await client.create(TYPES, {
          apiVersion: 'tenancy.kcp.io/v1alpha1',
          kind: 'WorkspaceType',
          metadata: { name: 'kept' },
          spec: { defaultAPIBindingLifecycle: 'Maintain' },
        });
        for (let at = 0; at < KEPT; at++) await create(client, 'root', `kept-${at}`, clusters, 'kept');
      },
      async begin(writer, round) {
        const name = `e-${round}`;
        await writer.create(`/clusters/root/${APIS}/apiexports`, exportOf(name, []));
        exports.push({ path: 'root', export: name });
        const change = { spec: { defaultAPIBindings: exports } };
        return {
          work: Promise.allSettled([writer.patch(`${TYPES}/kept`, change)]),
          async check(reader) {
            const { spec } = await reader.get(`${TYPES}/kept`);
            const isThere = JSON.stringify(spec).includes(`"${name}"`);
            // Where it was not written, it is now; where it was, the rest follows by itself.
            if (!isThere) await reader.patch(`${TYPES}/kept`, change);
            for (const cluster of clusters) {
              await reader.until<KubeObject>(`/clusters/${cluster}/${APIS}/apibindings`, (list) => {
                const items = (list['items'] ?? []) as KubeObject[];
                return items.length === exports.length && items.every((item) => phaseOf(item) === 'Bound');
              });
            }
          },
        };
      },
    });
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

async function create(
  client: Client,
  parent: string,
  name: string,
  acknowledged: string[],
  type = 'universal',
): Promise<string> {
  const made = (await client.create(path(parent), {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: type, path: 'root' } },
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
