import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { member, ownedBy } from './family.ts';

const OWNERS = 5_000;
const NAMESPACES = 40;
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

let server: InProcessServer;
let client: Client;

beforeAll(async () => {
  server = await startInProcess();
  client = new Client(server);
  for (let index = 0; index < NAMESPACES; index++)
    await client.create('/api/v1/namespaces', { metadata: { name: `many-${index}` } });
});

afterAll(async () => {
  client.close();
  await server.stop();
});

function absentOwners(kind: string): Record<string, unknown>[] {
  return Array.from({ length: OWNERS }, (_, index) => ({
    apiVersion: 'v1',
    kind,
    name: `absent-${index}`,
    uid: `absent-${index}`,
  }));
}

/** What the store is asked for, and how long the event loop is held, until a dependent has only its owner that exists. */
async function collected(name: string, owners: readonly Record<string, unknown>[]) {
  const keeper = await member(client, CONFIG_MAPS, { name: `${name}-owner` });
  let snapshots = 0;
  let lookups = 0;
  const original = server.api.store.snapshot.bind(server.api.store);
  const spy = vi.spyOn(server.api.store, 'snapshot').mockImplementation(() => {
    const snapshot = original();
    snapshots += 1;
    const get = snapshot.get.bind(snapshot);
    vi.spyOn(snapshot, 'get').mockImplementation((key) => {
      if (key.name.startsWith('absent-')) lookups += 1;
      return get(key);
    });
    return snapshot;
  });
  let longestMs = 0;
  let isDone = false;
  const watch = (async () => {
    for (let before = performance.now(); !isDone; ) {
      await nextTurn();
      const now = performance.now();
      longestMs = Math.max(longestMs, now - before);
      before = now;
    }
  })();
  try {
    await member(client, CONFIG_MAPS, { name, owners: [...owners, ownedBy(keeper)] });
    const kept = await client.until(
      `${CONFIG_MAPS}/${name}`,
      ({ metadata }) => (metadata as KubeObject['metadata']).ownerReferences?.length === 1,
    );
    expect(kept.metadata.ownerReferences).toMatchObject([{ uid: keeper.metadata.uid }]);
  } finally {
    isDone = true;
    await watch;
    spy.mockRestore();
  }
  return { snapshots, lookups, longestMs };
}

it('an object with 5,000 absent owners does not hold the event loop, and keeps the one that exists', async () => {
  // These are in no namespace, and so looked for nowhere else.
  const usual = await collected('usual', absentOwners('Namespace'));
  const elsewhere = await member(client, '/api/v1/namespaces/many-7/configmaps', { name: 'elsewhere' });
  const owners = [ownedBy(elsewhere), ...absentOwners('ConfigMap')];
  const attacked = await collected('attacked', owners);
  expect(attacked.snapshots).toBeLessThan(usual.snapshots + 100);
  expect(attacked.lookups).toBeGreaterThan(0);
  expect(attacked.lookups).toBeLessThanOrEqual(100 * (NAMESPACES + 10));
  expect(attacked.longestMs).toBeLessThan(3 * usual.longestMs + 100);
  const { items } = await client.list('/api/v1/namespaces/default/events');
  expect(items.map((event) => event['involvedObject'])).toMatchObject([{ name: 'attacked' }]);
}, 60_000);
