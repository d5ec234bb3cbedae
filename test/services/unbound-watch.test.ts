import { expect, test } from 'vitest';
import type { WatchEvent } from '../http/client.ts';
import { APIS, consumerOf, openShop, useServices, widget } from './suite.ts';

const services = useServices();
const OBJECTS = 20;
/** Watches look once a second whether their kind is still what it was. */
const LOOKS_MS = 2_500;

/*
 * With its binding a consumer loses the objects of the API. Whoever watches them by the view, in this consumer alone,
 * hears of each that it is gone before the watch ends: it has no later chance to.
 */
test('a watch of one consumer tells of all that goes with the binding, and then ends', async () => {
  const shop = await openShop(services, 'unbound.example');
  const cluster = await consumerOf(services, shop);
  const kind = `apis/${shop.group}/v1`;
  const widgets = `/clusters/${cluster}/${kind}/namespaces/default/widgets`;
  const names = Array.from({ length: OBJECTS }, (_, index) => `w${String(index).padStart(3, '0')}`);
  const held = names.at(-1)!;
  for (const name of names) {
    const finalizers = name === held ? { finalizers: ['example.com/held'] } : {};
    const metadata = { name, ...finalizers };
    await services.client.create(widgets, { apiVersion: `${shop.group}/v1`, kind: 'Widget', metadata });
  }
  const seen = `${shop.view(cluster)}/${kind}/widgets`;
  const { metadata } = await services.client.list(seen);
  const watch = await services.client.watch(`${seen}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  const binding = `/clusters/${cluster}${APIS}/apibindings/shop`;
  await services.client.delete(binding);
  const namesOf = (events: readonly WatchEvent[]) => events.map(({ object }) => object.metadata.name);
  const isHeld = ({ type, object }: WatchEvent) => type === 'MODIFIED' && object.metadata.name === held;
  // All but one go at once: that one is marked, and holds the binding for longer than a watch goes without a look at it.
  const first = await watch.take(OBJECTS);
  expect(first.filter(isHeld)).toHaveLength(1);
  expect(namesOf(first.filter(({ type }) => type === 'DELETED')).sort()).toEqual(names.slice(0, -1));
  await expect(watch.next(LOOKS_MS)).rejects.toThrow('no event within');
  // Its controller lets go of it by the view, as it has to.
  const path = `${shop.view(cluster)}/${kind}/namespaces/default/widgets/${held}`;
  const released = await services.client.call(path, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { metadata: { finalizers: null } },
  });
  expect(released.status).toBe(200);
  const rest = await watch.rest();
  const gone = rest.filter(({ type }) => type === 'DELETED');
  expect(namesOf(gone)).toEqual([held]);
  await services.client.untilGone(binding);
});

test('a watch of all consumers goes on when workspaces are switched off, be they consumers or not', async () => {
  const shop = await openShop(services, 'asleep.example');
  const [consumer, stranger] = [await consumerOf(services, shop), await services.cluster('stranger')];
  const kind = `apis/${shop.group}/v1`;
  const seen = `${shop.view('*')}/${kind}/widgets`;
  const { metadata } = await services.client.list(seen);
  const watch = await services.client.watch(`${seen}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  for (const cluster of [stranger, consumer]) {
    const self = `/clusters/${cluster}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
    for (const value of ['true', null]) {
      await services.client.patch(self, { metadata: { annotations: { 'core.kcp.io/inactive': value } } });
    }
  }
  const widgets = `/clusters/${consumer}/${kind}/namespaces/default/widgets`;
  await services.client.create(widgets, widget(shop, 'awake'));
  await watch.until(({ object }) => object.metadata.name === 'awake');
  watch.close();
});
