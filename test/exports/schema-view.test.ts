import { expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeList } from '../http/client.ts';
import { ExportsFixture, type SchemaSource, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const SCHEMAS = 'apis/apis.kcp.io/v1alpha1/apiresourceschemas';
const GADGETS: SchemaSource = { group: 'gadgets.example.com', plural: 'gadgets', kind: 'Gadget' };
const OTHERS: SchemaSource = { group: 'others.example.com', plural: 'others', kind: 'Other' };

const viewOf = (consumer: string, cluster = '*'): string =>
  `/services/apiresourceschema/${consumer}/clusters/${cluster}`;

async function names(path: string): Promise<readonly string[]> {
  const { items } = await fixture.client.get<KubeList>(path);
  return items.map(({ metadata }) => `${metadata.annotations?.['kcp.io/cluster']}/${metadata.name}`);
}

async function setUp(): Promise<{ consumer: string; first: string; second: string }> {
  const first = await fixture.cluster('provider');
  const second = await fixture.cluster('provider');
  const consumer = await fixture.cluster('consumer');
  await fixture.offer(first, 'widgets', [WIDGETS]);
  await fixture.offer(second, 'gadgets', [GADGETS]);
  await fixture.offer(second, 'others', [OTHERS]);
  await fixture.bind(consumer, 'widgets', { path: first, name: 'widgets' });
  await fixture.bind(consumer, 'gadgets', { path: second, name: 'gadgets' });
  return { consumer, first, second };
}

test('the schemas that a workspace has bound are seen in one list, and no others', async () => {
  const { consumer, first, second } = await setUp();
  const all = [`${first}/v1.widgets.example.com`, `${second}/v1.gadgets.gadgets.example.com`].sort();
  // Every workspace has bound kinds of root's.
  const ofOthers = async (path: string) => (await names(path)).filter((name) => !name.startsWith('root/'));
  expect(await ofOthers(`${viewOf(consumer)}/${SCHEMAS}`)).toEqual(all);
  expect(await ofOthers(`${viewOf(consumer, consumer)}/${SCHEMAS}`)).toEqual(all);
  expect(await names(`${viewOf(consumer, second)}/${SCHEMAS}`)).toEqual([
    all.find((name) => name.startsWith(second)),
  ]);
  const one = await fixture.client.get(`${viewOf(consumer, first)}/${SCHEMAS}/v1.widgets.example.com`);
  expect(one['spec']).toMatchObject({ group: 'example.com' });
  const hidden = `${viewOf(consumer, second)}/${SCHEMAS}/v1.others.others.example.com`;
  expect((await fixture.client.call(hidden)).status).toBe(404);
  const stranger = await fixture.cluster('stranger');
  expect((await fixture.client.call(`${viewOf(consumer, stranger)}/${SCHEMAS}`)).status).toBe(403);
});

test('nothing else is there, and nothing can be changed', async () => {
  const { consumer, first } = await setUp();
  const groups = await fixture.client.get(`${viewOf(consumer)}/apis`);
  expect(groups['groups']).toMatchObject([{ name: 'apis.kcp.io' }]);
  const { resources } = (await fixture.client.get(
    `${viewOf(consumer)}/apis/apis.kcp.io/v1alpha1`,
  )) as unknown as {
    readonly resources: readonly { name: string; verbs: readonly string[] }[];
  };
  expect(resources.map(({ name, verbs }) => [name, verbs])).toEqual([
    ['apiresourceschemas', ['get', 'list', 'watch']],
  ]);
  const path = `${viewOf(consumer, first)}/${SCHEMAS}`;
  for (const [method, target] of [
    ['POST', path],
    ['DELETE', path],
    ['DELETE', `${path}/v1.widgets.example.com`],
    ['PUT', `${path}/v1.widgets.example.com`],
  ] as const) {
    const refused = await fixture.client.refuse(403, target, { method, body: {} });
    expect(refused.message).toContain('only read-only access is allowed to apiresourceschemas');
  }
});

test('whoever may not look at the bindings of the workspace sees nothing', async () => {
  const { consumer } = await setUp();
  const token = 'provider-token';
  const path = `${viewOf(consumer)}/${SCHEMAS}`;
  expect((await fixture.client.call(path, { token })).status).toBe(403);
  const rbac = `/clusters/${consumer}/apis/rbac.authorization.k8s.io/v1`;
  const apiGroup = 'rbac.authorization.k8s.io';
  await fixture.client.create(`${rbac}/clusterroles`, {
    metadata: { name: 'look' },
    rules: [
      { apiGroups: ['apis.kcp.io'], resources: ['apibindings'], verbs: ['get'] },
      { nonResourceURLs: ['/'], verbs: ['access'] },
    ],
  });
  await fixture.client.create(`${rbac}/clusterrolebindings`, {
    metadata: { name: 'look' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'look' },
    subjects: [{ apiGroup, kind: 'User', name: 'provider' }],
  });
  expect((await fixture.client.call(path, { token })).status).toBe(200);
});

test('a service account of another workspace is let in by its global name alone', async () => {
  const { consumer, first } = await setUp();
  const path = `${viewOf(consumer)}/${SCHEMAS}`;
  const accounts = `/clusters/${first}/api/v1/namespaces/default/serviceaccounts`;
  await fixture.client.create(accounts, { metadata: { name: 'bot' } });
  const issued = await fixture.client.create(`${accounts}/bot/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });
  const { token } = issued['status'] as { token: string };
  const rbac = `/clusters/${consumer}/apis/rbac.authorization.k8s.io/v1`;
  const apiGroup = 'rbac.authorization.k8s.io';
  await fixture.client.create(`${rbac}/clusterroles`, {
    metadata: { name: 'look' },
    rules: [
      { apiGroups: ['apis.kcp.io'], resources: ['apibindings'], verbs: ['get'] },
      { nonResourceURLs: ['/'], verbs: ['access'] },
    ],
  });
  const grant = (name: string, user: string) =>
    fixture.client.create(`${rbac}/clusterrolebindings`, {
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'look' },
      subjects: [{ apiGroup, kind: 'User', name: user }],
    });
  await grant('namesake', 'system:serviceaccount:default:bot');
  expect((await fixture.client.call(path, { token })).status).toBe(403);
  await grant('global', `system:kcp:serviceaccount:${first}:default:bot`);
  expect((await fixture.client.call(path, { token })).status).toBe(200);
});
