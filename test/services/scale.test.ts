import { expect, test } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import { list, PLAIN_JSON, Query } from '../../src/api/mod.ts';
import { EVERYWHERE, type LogicalCluster, limits } from '../../src/base/mod.ts';
import { memberServices } from '../../src/region/mod.ts';
import { contextOf, userOf } from '../access/suite.ts';
import { ALL_VERBS, consumerOf, grantContent, openShop, type Shop, useServices, widget } from './suite.ts';

const MAKER: User = userOf('maker');
const services = useServices({ maker: MAKER });
const CONSUMERS = 10_000;

/** Puts an object of one consumer into very many others, without their being there otherwise. */
async function spread(shop: Shop, cluster: string): Promise<void> {
  const { store } = services.server.api;
  const place = { group: shop.group, resource: 'widgets', identity: shop.identity, namespace: 'default' };
  const row = store.get({ ...place, cluster: cluster as LogicalCluster, name: 'w' })!;
  // A stored row reads its parts when they are asked for: there is nothing in it to spread.
  const { definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners } = row;
  const newRow = (uid: string) => {
    return { uid, definitionHash, json, metadataOffset, isAnnotated, labels, fields, owners };
  };
  const names = Array.from({ length: CONSUMERS }, (_, index) => `c${String(index).padStart(5, '0')}`);
  for (let start = 0; start < CONSUMERS; start += 500) {
    await store.commit({
      mutations: names.slice(start, start + 500).map((name) => ({
        key: { ...place, cluster: name as LogicalCluster, name: 'w' },
        row: newRow(`uid-${name}`),
      })),
      actor: 'test',
      originRegion: '',
    });
  }
}

async function listed(shop: Shop, query: string): Promise<{ pieces: number[]; items: number }> {
  const { api } = services.server;
  const target = await api.access.authorize({
    user: MAKER,
    cluster: EVERYWHERE,
    verb: 'list',
    group: shop.group,
    version: 'v1',
    resource: 'widgets',
    subresource: '',
    namespace: '',
    name: '',
    view: memberServices(api).get('apiexport')?.view([shop.cluster, 'shop']),
  });
  const pieces: Buffer[] = [];
  const all = await list(api, {
    target,
    query: Query.parse(query),
    format: PLAIN_JSON,
    context: contextOf(),
  });
  for await (const piece of all) pieces.push(piece);
  const items = (JSON.parse(Buffer.concat(pieces).toString()) as { items: unknown[] }).items.length;
  return { pieces: pieces.map(({ length }) => length), items };
}

test('a list over ten thousand consumers is streamed, and no piece of it grows with their number', {
  timeout: 120_000,
}, async () => {
  const shop = await openShop(services, 'large.example');
  await grantContent(services, shop, { user: 'maker', verbs: ALL_VERBS });
  const cluster = await consumerOf(services, shop);
  const spec = { color: 'x'.repeat(1_000) };
  await services.create(
    cluster,
    `/apis/${shop.group}/v1/namespaces/default/widgets`,
    widget(shop, 'w', spec),
  );
  await spread(shop, cluster);
  const { pieces, items } = await listed(shop, '');
  expect(items).toBe(CONSUMERS + 1);
  expect(pieces.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(CONSUMERS * 1_000);
  expect(Math.max(...pieces)).toBeLessThan(2 * limits.iteratorBatchBytes);
  expect((await listed(shop, 'limit=3')).items).toBe(3);
});
