import { expect, it } from 'vitest';
import {
  APIS,
  bindingOf,
  conditionOf,
  exportOf,
  SCHEMAS,
  schemaOf,
  statusOf,
  WIDGETS,
} from '../exports/suite.ts';
import type { Client, KubeObject } from '../http/client.ts';
import { killRounds, ROUNDS } from './kill-rounds.ts';

const KILL_AFTER_MS_MAX = 600;
const CONSUMERS = 12;
const WIDGETS_EACH = 4;
const ROUND_TIMEOUT_MS = 90_000;
const WORKSPACES = 'apis/tenancy.kcp.io/v1alpha1/workspaces';

it(
  `no binding is half bound, and what was begun goes on, when the server is killed ${ROUNDS} times`,
  () =>
    killRounds({
      name: 'binding-kill',
      killAfterMsMax: KILL_AFTER_MS_MAX,
      async begin(writer, round) {
        const place = await prepare(writer, round);
        return { work: change(writer, place), check: (reader) => expectWhole(reader, place) };
      },
    }),
  (ROUNDS + 1) * ROUND_TIMEOUT_MS,
);

interface Place {
  readonly provider: string;
  /** Some have bound before the kill, some bind while it comes, some unbind then. */
  readonly before: readonly string[];
  readonly during: readonly string[];
  readonly leaving: readonly string[];
}

const OLD = { ...WIDGETS, prefix: 'old' };
const NEW = { ...WIDGETS, prefix: 'new', spec: { properties: { size: { type: 'integer' } } } };

async function prepare(client: Client, round: number): Promise<Place> {
  const provider = await workspace(client, `provider-${round}`);
  for (const source of [OLD, NEW]) await client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(source));
  await client.create(`/clusters/${provider}/${APIS}/apiexports`, exportOf('widgets', [OLD]));
  const groups: string[][] = [[], [], []];
  for (let index = 0; index < CONSUMERS; index++) {
    const consumer = await workspace(client, `consumer-${round}-${index}`);
    groups[index % 3]!.push(consumer);
    if (index % 3 === 1) continue;
    await client.create(`/clusters/${consumer}/${APIS}/apibindings`, bindingTo(provider));
    for (let at = 0; at < WIDGETS_EACH; at++) await client.create(widgets(consumer), widget(`w${at}`));
  }
  const [before = [], during = [], leaving = []] = groups;
  return { provider, before, during, leaving };
}

/** Whether the server still answers does not matter. */
async function change(client: Client, { provider, during, leaving }: Place): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const evolve = client.call(`/clusters/${provider}/${APIS}/apiexports/widgets`, {
    method: 'PATCH',
    headers,
    body: { spec: exportOf('widgets', [NEW])['spec'] },
  });
  const bind = during.map((consumer) =>
    client.call(`/clusters/${consumer}/${APIS}/apibindings`, { method: 'POST', body: bindingTo(provider) }),
  );
  const unbind = leaving.map((consumer) =>
    client.call(`/clusters/${consumer}/${APIS}/apibindings/widgets`, { method: 'DELETE' }),
  );
  const write = leaving.map((consumer) =>
    client.call(widgets(consumer), { method: 'POST', body: widget('late') }),
  );
  await Promise.allSettled([...bind, evolve, ...unbind, ...write]);
}

async function expectWhole(client: Client, { provider, before, during, leaving }: Place): Promise<void> {
  const schema = async () => {
    const found = await client.get(`/clusters/${provider}/${APIS}/apiexports/widgets`);
    return (found['spec'] as { resources: { schema: string }[] }).resources[0]!.schema;
  };
  const offered = await schema();
  for (const consumer of [...before, ...during]) {
    const path = `/clusters/${consumer}/${APIS}/apibindings/widgets`;
    const now = await client.call(path);
    if (now.status === 404) {
      // Never created, so that nothing of it is there.
      expect(during).toContain(consumer);
      expect((await client.call(widgets(consumer))).status).toBe(404);
      await client.create(`/clusters/${consumer}/${APIS}/apibindings`, bindingTo(provider));
    } else {
      const binding = JSON.parse(now.text) as KubeObject;
      expect(statusOf(binding).phase).toBe('Bound');
      expect(conditionOf(binding, 'Ready')?.status).toBe('True');
    }
    const bound = await client.until(
      path,
      (object) => statusOf(object).boundResources?.[0]?.schema.name === offered,
    );
    expect(statusOf(bound).boundResources).toHaveLength(1);
    await client.create(widgets(consumer), widget('after'));
    const { items } = await client.list(widgets(consumer));
    expect(items).toHaveLength(before.includes(consumer) ? WIDGETS_EACH + 1 : 1);
  }
  for (const consumer of leaving) {
    const path = `/clusters/${consumer}/${APIS}/apibindings/widgets`;
    const now = await client.call(path);
    if (now.status === 200 && (JSON.parse(now.text) as KubeObject).metadata.deletionTimestamp === undefined)
      await client.delete(path);
    await client.untilGone(path);
    // What comes back is empty: nothing was left behind.
    await client.create(`/clusters/${consumer}/${APIS}/apibindings`, bindingTo(provider));
    expect((await client.list(widgets(consumer))).items).toEqual([]);
  }
}

async function workspace(client: Client, name: string): Promise<string> {
  const created = await client.create(`/clusters/root/${WORKSPACES}`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' } },
  });
  return (created['spec'] as { cluster: string }).cluster;
}

function bindingTo(provider: string): Record<string, unknown> {
  return bindingOf('widgets', { path: provider, name: 'widgets' });
}

function widget(name: string): unknown {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec: { size: 1 } };
}

function widgets(consumer: string): string {
  return `/clusters/${consumer}/apis/example.com/v1/namespaces/default/widgets`;
}
