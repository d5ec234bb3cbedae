import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CONTROLLERS } from '../../src/api/mod.ts';
import { ROOT_CLUSTER } from '../../src/base/mod.ts';
import { Client } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { DEFINITIONS, defineWidgets, member, ownedBy, untilCollected } from './family.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

describe('an owner of a kind that is not known yet', () => {
  const GROUP = 'late.example.com';
  const owners = [{ apiVersion: `${GROUP}/v1`, kind: 'Widget', name: 'owner', uid: 'never-was' }];

  it('is looked for again when its CRD comes', async () => {
    const { client, debts } = await start();
    await member(client, CONFIG_MAPS, { name: 'child', owners });
    await member(client, CONFIG_MAPS, { name: 'other', owners: [{ ...owners[0]!, kind: 'Gadget' }] });
    await untilCollected(client, CONFIG_MAPS);
    expect((await client.call(`${CONFIG_MAPS}/child`)).status).toBe(200);
    await defineWidgets(client, 'unrelated.example.com', 'Namespaced');
    await untilCollected(client, CONFIG_MAPS);
    expect((await client.call(`${CONFIG_MAPS}/child`)).status).toBe(200);
    await defineWidgets(client, GROUP, 'Namespaced');
    await client.untilGone(`${CONFIG_MAPS}/child`);
    expect((await client.call(`${CONFIG_MAPS}/other`)).status).toBe(200);
    await client.delete(`${CONFIG_MAPS}/other`);
    await expect.poll(debts).toEqual([]);
  });

  it('keeps its dependents when it is there once its kind is known', async () => {
    const { client, debts } = await start();
    await defineWidgets(client, GROUP, 'Namespaced');
    const widgets = `/apis/${GROUP}/v1/namespaces/default/widgets`;
    const owner = await client.create(widgets, {
      apiVersion: `${GROUP}/v1`,
      kind: 'Widget',
      metadata: { name: 'owner' },
    });
    await member(client, CONFIG_MAPS, { name: 'child', owners: [ownedBy(owner)] });
    await untilCollected(client, CONFIG_MAPS);
    await expect.poll(debts).toEqual([]);
    expect((await client.call(`${CONFIG_MAPS}/child`)).status).toBe(200);
  });

  it('is forgotten with its dependent', async () => {
    const { client, debts } = await start();
    await member(client, CONFIG_MAPS, { name: 'child', owners });
    await untilCollected(client, CONFIG_MAPS);
    await expect.poll(debts).toHaveLength(1);
    await client.delete(`${CONFIG_MAPS}/child`);
    await expect.poll(debts).toEqual([]);
  });

  it('is not waited for when no CRD can define it', async () => {
    const { client, debts } = await start();
    const pod = { apiVersion: 'v1', kind: 'Pod', name: 'owner', uid: 'never-was' };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'owner', uid: 'never-was' };
    await member(client, CONFIG_MAPS, { name: 'child', owners: [pod] });
    await member(client, CONFIG_MAPS, { name: 'other', owners: [deployment] });
    await untilCollected(client, CONFIG_MAPS);
    await expect.poll(debts).toEqual([]);
    expect((await client.call(`${CONFIG_MAPS}/child`)).status).toBe(200);
  });
});

it('owners are found without reading the definitions of a cluster again and again', async () => {
  const { server, client } = await start();
  await Promise.all(
    ['a', 'b', 'c'].map((name) => defineWidgets(client, `${name}.example.com`, 'Namespaced')),
  );
  const widgets = '/apis/b.example.com/v1/namespaces/default/widgets';
  const widget = { apiVersion: 'b.example.com/v1', kind: 'Widget', metadata: { name: 'owner' } };
  const owner = await client.create(widgets, widget);
  const builtin = await member(client, CONFIG_MAPS, { name: 'owner' });
  // What comes of the definitions is over.
  await untilCollected(client, CONFIG_MAPS);
  const lists = countDefinitionLists(server);
  for (let index = 0; index < 10; index += 1) {
    const owners = [ownedBy(owner), ownedBy(builtin)];
    await member(client, CONFIG_MAPS, { name: `child-${index}`, owners });
  }
  await untilCollected(client, CONFIG_MAPS);
  expect(lists()).toBeLessThanOrEqual(1);
  // What was remembered of a kind must not outlive it.
  await client.delete(`${DEFINITIONS}/widgets.b.example.com`);
  await client.untilGone(`${DEFINITIONS}/widgets.b.example.com`);
  await client.delete(`${CONFIG_MAPS}/owner`);
  // What every namespace has stays.
  await client.until(CONFIG_MAPS, (list) => (list['items'] as unknown[]).length === 1);
});

async function start(): Promise<{
  readonly server: InProcessServer;
  readonly client: Client;
  /** What is owed for owner references. */
  debts(): Promise<readonly string[]>;
}> {
  const server = await startInProcess();
  onTestFinished(() => server.stop());
  const client = new Client(server);
  onTestFinished(() => client.close());
  return {
    server,
    client,
    async debts() {
      const keys: string[] = [];
      const snapshot = server.api.store.snapshot();
      for await (const batch of snapshot.work(CONTROLLERS.dependents))
        keys.push(...batch.map(({ key }) => key.key));
      snapshot.close();
      return keys;
    },
  };
}

function countDefinitionLists({ api }: InProcessServer): () => number {
  let count = 0;
  const take = api.store.snapshot.bind(api.store);
  vi.spyOn(api.store, 'snapshot').mockImplementation(() => {
    const snapshot = take();
    for (const method of ['list', 'listRows'] as const) {
      const list = snapshot[method].bind(snapshot) as (scope: Parameters<typeof snapshot.list>[0]) => never;
      vi.spyOn(snapshot, method).mockImplementation((scope: Parameters<typeof snapshot.list>[0]) => {
        const { cluster, resource } = scope.collection;
        if (cluster === ROOT_CLUSTER && resource === 'customresourcedefinitions') count += 1;
        return list(scope);
      });
    }
    return snapshot;
  });
  return () => count;
}
