import { expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import { APIS, ExportsFixture, exportOf, SCHEMAS, schemaOf, statusOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const WORKSPACES = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';

function shadowOf(uid: string): unknown {
  return fixture.server.api.store.get({
    cluster: 'system:bound-crds' as never,
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    identity: '',
    namespace: '',
    name: uid,
  });
}

test('a schema is kept as long as somebody has bound it, and no longer', async () => {
  const { provider, consumer } = await fixture.pair();
  const neighbour = await fixture.cluster('consumer');
  const binding = await fixture.bind(neighbour, 'widgets', { path: provider, name: 'widgets' });
  const uid = statusOf(binding).boundResources![0]!.schema.UID;
  expect(shadowOf(uid)).toBeDefined();
  await fixture.client.delete(fixture.binding(neighbour, 'widgets'));
  await fixture.client.untilGone(fixture.binding(neighbour, 'widgets'));
  const next = { ...WIDGETS, prefix: 'v2' };
  await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(next));
  // The one that is left follows the export, and lets go of what it had.
  expect(shadowOf(uid)).toBeDefined();
  await fixture.client.patch(`/clusters/${provider}/${APIS}/apiexports/widgets`, {
    spec: exportOf('widgets', [next])['spec'],
  });
  await fixture.client.until(
    fixture.binding(consumer, 'widgets'),
    (object) => statusOf(object).boundResources?.[0]?.schema.UID !== uid,
  );
  await expect.poll(() => shadowOf(uid)).toBeUndefined();
  await fixture.widget(consumer, 'a');
});

test('bindings that come and go all the time never find their schema gone', async () => {
  const { provider } = await fixture.pair();
  const consumers = [await fixture.cluster('consumer'), await fixture.cluster('consumer')];
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      consumers.map(async (consumer) => {
        const binding = await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
        expect(statusOf(binding).phase).toBe('Bound');
        await fixture.widget(consumer, 'a');
        await fixture.client.delete(fixture.binding(consumer, 'widgets'));
        await fixture.client.untilGone(fixture.binding(consumer, 'widgets'));
      }),
    );
  }
});

test('a workspace that is deleted takes with it what it has bound', async () => {
  const provider = await fixture.cluster('provider');
  await fixture.offer(provider, 'widgets', [WIDGETS]);
  const workspace = await fixture.client.create(WORKSPACES, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'going' },
    spec: { type: { name: 'universal', path: 'root' } },
  });
  const { cluster } = workspace['spec'] as { cluster: string };
  const binding = await fixture.bind(cluster, 'widgets', { path: provider, name: 'widgets' });
  const uid = statusOf(binding).boundResources![0]!.schema.UID;
  await fixture.widget(cluster, 'a');
  await fixture.client.delete(`${WORKSPACES}/going`);
  await fixture.client.untilGone(`${WORKSPACES}/going`);
  await expect.poll(() => shadowOf(uid)).toBeUndefined();
  expect(fixture.server.api.store.aliased(cluster as never, 'bound:widgets.example.com')).toBeUndefined();
});
