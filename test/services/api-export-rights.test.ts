import { expect, test } from 'vitest';
import type { Authorized } from '../../src/access/mod.ts';
import { create, type Target, UnknownResource } from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
import { memberServices } from '../../src/region/mod.ts';
import { contextOf, userOf, writeOptions } from '../access/suite.ts';
import type { KubeList } from '../http/client.ts';
import {
  ALL_VERBS,
  APIS,
  consumerOf,
  grantContent,
  openShop,
  type Shop,
  useServices,
  widget,
} from './suite.ts';

const services = useServices({ maker: userOf('maker') });
const ROLES = '/apis/rbac.authorization.k8s.io/v1';

/** A creation through the view that has been let pass, but has not begun. */
async function allowed(shop: Shop, cluster: string): Promise<Authorized<Target>> {
  const view = memberServices(services.server.api).get('apiexport')?.view([shop.cluster, 'shop']);
  return services.server.api.access.authorize({
    user: userOf('maker'),
    cluster: cluster as LogicalCluster,
    verb: 'create',
    group: shop.group,
    version: 'v1',
    resource: 'widgets',
    subresource: '',
    namespace: 'default',
    name: '',
    view,
  });
}

async function outcomeOf(shop: Shop, target: Authorized<Target>): Promise<number> {
  const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(widget(shop, 'w'))) };
  try {
    await create(services.server.api, { target, options: writeOptions(), context: contextOf(), body });
    return 201;
  } catch (error) {
    if (error instanceof StatusError) return error.code;
    // As of any kind that has ceased to be served meanwhile.
    if (error instanceof UnknownResource) return 404;
    throw error;
  }
}

test.each<[string, (shop: Shop, cluster: string) => Promise<unknown>]>([
  [
    'the right to the content of the export',
    (shop) => services.client.delete(`/clusters/${shop.cluster}${ROLES}/clusterrolebindings/maker`),
  ],
  [
    'the binding',
    async (_shop, cluster) => {
      const path = `/clusters/${cluster}${APIS}/apibindings/shop`;
      await services.client.delete(path);
      await services.client.untilGone(path);
    },
  ],
])('a write that has been let pass is held back once %s is gone', async (_what, take) => {
  const shop = await openShop(services, `${(await services.cluster('group')).replaceAll('-', '')}.example`);
  await grantContent(services, shop, { user: 'maker', verbs: ALL_VERBS });
  const cluster = await consumerOf(services, shop);
  const target = await allowed(shop, cluster);
  const late = await allowed(shop, cluster);
  expect(await outcomeOf(shop, target)).toBe(201);
  await services.client.delete(`/clusters/${cluster}/apis/${shop.group}/v1/namespaces/default/widgets/w`);
  await take(shop, cluster);
  expect([403, 404]).toContain(await outcomeOf(shop, late));
  const left = await services.client.call(`/clusters/${cluster}/apis/${shop.group}/v1/widgets`);
  if (left.status === 200) expect((JSON.parse(left.text) as KubeList).items).toEqual([]);
});

test('whoever comes by the view is themselves, with a warrant for the one logical cluster', async () => {
  const shop = await openShop(services, 'warrant.example');
  await grantContent(services, shop, { user: 'maker', verbs: ALL_VERBS });
  const cluster = await consumerOf(services, shop);
  const { user, caller } = await allowed(shop, cluster);
  expect(caller).toEqual(userOf('maker'));
  expect([user.name, user.groups]).toEqual(['maker', userOf('maker').groups]);
  const { access } = services.server.api;
  const ask = async (of: string) => {
    const secrets = { group: '', resource: 'secrets', subresource: '', namespace: 'default', name: '' };
    return (await access.decide({ user, cluster: of as LogicalCluster, verb: 'list', ...secrets })).verdict;
  };
  expect(await ask(cluster)).toBe('allow');
  for (const other of [shop.cluster, 'root', 'system:admin', await consumerOf(services, shop)]) {
    expect([other, await ask(other)]).not.toEqual([other, 'allow']);
  }
});
