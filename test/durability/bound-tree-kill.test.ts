import { expect, it } from 'vitest';
import { APIS, bindingOf, exportOf, SCHEMAS, schemaOf, statusOf, WIDGETS } from '../exports/suite.ts';
import type { Client, KubeObject } from '../http/client.ts';
import type { Workspace } from '../workspaces/suite.ts';
import { killRounds, ROUNDS } from './kill-rounds.ts';

const KILL_AFTER_MS_MAX = 500;
const ROUND_TIMEOUT_MS = 90_000;
const WAITING = 8;
const CHILDREN = 3;
const TENANCY = 'apis/tenancy.kcp.io/v1alpha1';
const HOLDER = 'example.com/holds';

it(
  `workspaces that wait for what their type binds come to be ready when the server is killed ${ROUNDS} times meanwhile`,
  () =>
    killRounds({
      name: 'initializing-kill',
      killAfterMsMax: KILL_AFTER_MS_MAX,
      seedOffset: 2,
      async begin(writer, round) {
        const provider = await makeWorkspace(writer, 'root', `provider-${round}`);
        await writer.create(`/clusters/${provider}/${APIS}/apiexports`, exportOf('widgets', [WIDGETS]));
        const type = `binds-${round}`;
        await writer.create(`/clusters/root/${TENANCY}/workspacetypes`, {
          apiVersion: 'tenancy.kcp.io/v1alpha1',
          kind: 'WorkspaceType',
          metadata: { name: type },
          spec: {
            extend: { with: [{ name: 'universal', path: 'root' }] },
            defaultAPIBindings: [{ path: `root:provider-${round}`, export: 'widgets' }],
          },
        });
        const names = Array.from({ length: WAITING }, (_, at) => `waits-${round}-${at}`);
        for (const name of names.slice(1)) await makeWorkspace(writer, 'root', name, type);
        // Without the schema nothing can be bound, and nobody is let in as into a workspace that is ready.
        for (const name of names.slice(1)) expect(await phaseOf(writer, name)).toBe('Initializing');
        const schema = { method: 'POST', body: schemaOf(WIDGETS) };
        return {
          work: Promise.allSettled([
            writer.call(`/clusters/${provider}/${SCHEMAS}`, schema),
            makeWorkspace(writer, 'root', names[0]!, type),
          ]),
          async check(reader) {
            const { status } = await reader.call(`/clusters/${provider}/${SCHEMAS}`, schema);
            expect([201, 409]).toContain(status);
            if ((await reader.call(path('root', names[0]))).status === 404)
              await makeWorkspace(reader, 'root', names[0]!, type);
            for (const name of names) await expectBound(reader, name);
          },
        };
      },
    }),
  (ROUNDS + 1) * ROUND_TIMEOUT_MS,
);

it(
  `a tree goes with all that is bound in it, and not before its finalizers do, when the server is killed ${ROUNDS} times`,
  () => {
    let provider = '';
    return killRounds({
      name: 'bound-tree-kill',
      killAfterMsMax: KILL_AFTER_MS_MAX,
      seedOffset: 3,
      async setUp(client) {
        provider = await makeWorkspace(client, 'root', 'provider');
        await client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(WIDGETS));
        await client.create(`/clusters/${provider}/${APIS}/apiexports`, exportOf('widgets', [WIDGETS]));
      },
      async begin(writer, round) {
        const name = `old-${round}`;
        const top = await makeWorkspace(writer, 'root', name);
        const clusters = [top];
        for (let at = 0; at < CHILDREN; at++) clusters.push(await makeWorkspace(writer, top, `c${at}`));
        for (const cluster of clusters) await furnish(writer, provider, cluster);
        return {
          work: Promise.allSettled([writer.call(path('root', name), { method: 'DELETE' })]),
          async check(reader) {
            const { metadata } = await reader.get(path('root', name));
            if (metadata.deletionTimestamp === undefined) await reader.delete(path('root', name));
            for (const cluster of clusters) await expectHeld(reader, cluster);
            // All of them are there still, with what holds them; and then nothing of them.
            await reader.get(path('root', name));
            for (const cluster of clusters)
              await reader.patch(`${widgets(cluster)}/held`, { metadata: { finalizers: null } });
            await reader.untilGone(path('root', name));
            for (const cluster of clusters)
              await reader.until(`/clusters/${cluster}/api/v1/namespaces`, (_, status) => status === 403);
            const left = await reader.list(
              `/services/apiexport/${provider}/widgets/clusters/*/apis/example.com/v1/widgets`,
            );
            expect(left.items).toEqual([]);
          },
        };
      },
    });
  },
  (ROUNDS + 1) * ROUND_TIMEOUT_MS,
);

function path(parent: string, name = ''): string {
  return `/clusters/${parent}/${TENANCY}/workspaces/${name}`;
}

function widgets(cluster: string): string {
  return `/clusters/${cluster}/apis/example.com/v1/namespaces/default/widgets`;
}

function widget(name: string, finalizers: readonly string[] = []): object {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, finalizers } };
}

async function makeWorkspace(
  client: Client,
  parent: string,
  name: string,
  type = 'universal',
): Promise<string> {
  const made = (await client.create(`/clusters/${parent}/${TENANCY}/workspaces`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: type, path: 'root' } },
  })) as Workspace;
  return made.spec.cluster!;
}

async function phaseOf(client: Client, name: string): Promise<string> {
  return ((await client.get(path('root', name))) as Workspace).status.phase;
}

/** Ready, with a binding that works and no initializer left. */
async function expectBound(client: Client, name: string): Promise<void> {
  const { spec, status } = await client.until<Workspace>(
    path('root', name),
    (workspace) => workspace.status.phase === 'Ready',
  );
  expect(status.initializers ?? []).toEqual([]);
  const { items } = await client.list(`/clusters/${spec.cluster}/${APIS}/apibindings`);
  expect(items.map((item) => statusOf(item).phase)).toEqual(['Bound', 'Bound', 'Bound']);
  await client.create(widgets(spec.cluster!), widget('w'));
}

/** A binding, and objects of what it brings: one goes at once, one is held. */
async function furnish(client: Client, provider: string, cluster: string): Promise<void> {
  await client.create(
    `/clusters/${cluster}/${APIS}/apibindings`,
    bindingOf('widgets', { path: provider, name: 'widgets' }),
  );
  await client.create(widgets(cluster), widget('free'));
  await client.create(widgets(cluster), widget('held', [HOLDER]));
}

/** What is free goes; what is held is marked, and stays with its binding. */
async function expectHeld(client: Client, cluster: string): Promise<void> {
  const held = await client.until<KubeObject>(
    `${widgets(cluster)}/held`,
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  expect(held.metadata.finalizers).toEqual([HOLDER]);
  await client.until(`${widgets(cluster)}/free`, (_, status) => status === 404);
  expect((await client.call(`/clusters/${cluster}/${APIS}/apibindings/widgets`)).status).toBe(200);
}
