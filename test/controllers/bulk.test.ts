import { describe, expect, it, onTestFinished } from 'vitest';
import { Client } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { conditionOf, DEFINITIONS, defineWidgets, member, ownedBy } from './family.ts';

const OBJECTS = 300;
const GROUP = 'bulk.example.com';

describe('what controllers delete goes to the disk many at a time', () => {
  it('from a namespace', async () => {
    const { server, client } = await start();
    await client.create('/api/v1/namespaces', { metadata: { name: 'full' } });
    await fill((name) => member(client, '/api/v1/namespaces/full/configmaps', { name }));
    const groups = countDeletions(server);
    await client.call('/api/v1/namespaces/full', { method: 'DELETE' });
    await client.untilGone('/api/v1/namespaces/full');
    expectMany(groups);
  });

  it('from a CRD', async () => {
    const { server, client } = await start();
    await defineWidgets(client, GROUP, 'Cluster');
    await fill((name) =>
      client.create(`/apis/${GROUP}/v1/widgets`, {
        apiVersion: `${GROUP}/v1`,
        kind: 'Widget',
        metadata: { name },
      }),
    );
    const groups = countDeletions(server);
    await client.delete(`${DEFINITIONS}/widgets.${GROUP}`);
    await client.untilGone(`${DEFINITIONS}/widgets.${GROUP}`);
    expectMany(groups);
  });

  it('from an owner', async () => {
    const { server, client } = await start();
    const configMaps = '/api/v1/namespaces/default/configmaps';
    const owner = await member(client, configMaps, { name: 'owner' });
    await fill((name) => member(client, configMaps, { name, owners: [ownedBy(owner)] }));
    const groups = countDeletions(server);
    await client.delete(`${configMaps}/owner`);
    // What every namespace has stays.
    await client.until(configMaps, (list) => (list['items'] as unknown[]).length === 1);
    expectMany(groups);
  });
});

it('tells how many objects are left in a namespace, and what holds them', async () => {
  const { client } = await start();
  await client.create('/api/v1/namespaces', { metadata: { name: 'held' } });
  const configMaps = '/api/v1/namespaces/held/configmaps';
  // A value that looks like the field must not count as one.
  const data = { finalizers: '["example.com/none"]' };
  await client.create(configMaps, { metadata: { name: 'free' }, data });
  await member(client, configMaps, { name: 'one', finalizers: ['example.com/a', 'example.com/b'] });
  await member(client, configMaps, { name: 'two', finalizers: ['example.com/a'] });
  await client.call('/api/v1/namespaces/held', { method: 'DELETE' });
  const namespace = await client.until(
    '/api/v1/namespaces/held',
    (object) => conditionOf(object, 'NamespaceFinalizersRemaining')?.['status'] === 'True',
  );
  expect(conditionOf(namespace, 'NamespaceContentRemaining')?.['message']).toContain(
    'configmaps. has 2 resource instances',
  );
  expect(conditionOf(namespace, 'NamespaceFinalizersRemaining')?.['message']).toContain(
    'example.com/a in 2 resource instances, example.com/b in 1 resource instances',
  );
  for (const name of ['one', 'two']) {
    await client.patch(`${configMaps}/${name}`, { metadata: { finalizers: null } });
  }
  await client.untilGone('/api/v1/namespaces/held');
});

async function start(): Promise<{ readonly server: InProcessServer; readonly client: Client }> {
  const server = await startInProcess();
  onTestFinished(() => server.stop());
  const client = new Client(server);
  onTestFinished(() => client.close());
  return { server, client };
}

async function fill(create: (name: string) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: OBJECTS }, (_, index) => create(`object-${index}`)));
}

/** The number of deletions in each group of commits, which share one write to the disk. */
function countDeletions(server: InProcessServer): number[] {
  const groups: number[] = [];
  server.api.store.feed.subscribeToGroups(({ events }) => {
    const count = events.filter(
      ({ key, newRow }) => newRow === undefined && key.name.startsWith('object-'),
    ).length;
    if (count > 0) groups.push(count);
  });
  return groups;
}

function expectMany(groups: readonly number[]): void {
  expect(groups.reduce((sum, count) => sum + count, 0)).toBe(OBJECTS);
  expect(groups.length).toBeLessThan(OBJECTS / 5);
}
