import {
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  makeInformer,
} from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import { userOf } from '../access/suite.ts';
import { ALL_VERBS, APIS, consumerOf, grantContent, openShop, useServices, widget } from './suite.ts';

const services = useServices({ maker: userOf('maker') });

test('an informer of a controller follows the objects of all consumers by one stream', {
  timeout: 60_000,
}, async () => {
  const shop = await openShop(services, 'informed.example');
  await grantContent(services, shop, { user: 'maker', verbs: ALL_VERBS });
  const path = `${shop.view('*')}/apis/${shop.group}/v1/widgets`;
  const { url, ca } = services.server;
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: url, caData: Buffer.from(ca).toString('base64') }],
    users: [{ name: 'u', token: 'maker' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const list = async () =>
    JSON.parse(
      (await services.client.call(path, { token: 'maker' })).text,
    ) as KubernetesListObject<KubernetesObject>;
  const early = await consumerOf(services, shop);
  const widgetsOf = (cluster: string) =>
    `/clusters/${cluster}/apis/${shop.group}/v1/namespaces/default/widgets`;
  await services.client.create(widgetsOf(early), widget(shop, 'early'));
  const informer = makeInformer(config, path, list);
  const failures: unknown[] = [];
  informer.on('error', (error) => failures.push(error));
  onTestFinished(() => informer.stop());
  await informer.start();
  const seen = () =>
    informer
      .list()
      .map(({ metadata }) => `${metadata?.annotations?.['kcp.io/cluster']}/${metadata?.name}`)
      .sort();
  await expect.poll(seen).toEqual([`${early}/early`]);
  const late = await consumerOf(services, shop);
  await services.client.create(widgetsOf(late), widget(shop, 'late'));
  await expect.poll(seen, { timeout: 5_000 }).toEqual([`${early}/early`, `${late}/late`]);
  const patched = await services.client.patch(`${widgetsOf(late)}/late`, { spec: { size: 5 } });
  await expect
    .poll(() => informer.get('late', 'default')?.metadata?.uid, { timeout: 5_000 })
    .toBe(patched.metadata.uid);
  // Whoever is not bound any more vanishes, object by object.
  await services.client.delete(`/clusters/${early}${APIS}/apibindings/shop`);
  await expect.poll(seen, { timeout: 5_000 }).toEqual([`${late}/late`]);
  expect(failures).toEqual([]);
});
