import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject, Reply } from '../http/client.ts';
import { APIS, ExportsFixture, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const RBAC = 'apis/rbac.authorization.k8s.io/v1';
const EVERYBODY = { kind: 'Group', name: 'apis.kcp.io:binding:system:authenticated' };
const token = 'consumer-token';

interface Pair {
  readonly provider: string;
  readonly consumer: string;
}

/** A provider, with a policy or not, and a consumer whose user may do everything there. */
async function pair(maximalPermissionPolicy?: object): Promise<Pair> {
  const both = await fixture.pair();
  if (maximalPermissionPolicy !== undefined) await setPolicy(both, maximalPermissionPolicy);
  await grant(both.consumer, 'owner', { kind: 'User', name: 'consumer' }, [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]);
  return both;
}

async function setPolicy({ provider }: Pair, maximalPermissionPolicy: object | null): Promise<void> {
  const reply = await fixture.client.call(`/clusters/${provider}/${APIS}/apiexports/widgets`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { spec: { maximalPermissionPolicy } },
  });
  expect(reply.status).toBe(200);
}

async function grant(
  cluster: string,
  name: string,
  subject: object,
  rules: readonly object[],
): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  await fixture.client.create(`/clusters/${cluster}/${RBAC}/clusterroles`, { metadata: { name }, rules });
  await fixture.client.create(`/clusters/${cluster}/${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects: [{ apiGroup, ...subject }],
  });
}

const rulesFor = (resources: readonly string[], verbs: readonly string[]) => [
  { apiGroups: ['example.com'], resources, verbs },
];

function asConsumer(path: string, method = 'GET', body?: object): Promise<Reply> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return fixture.client.call(path, { token, method, body, headers: { 'content-type': type } });
}

const WIDGET = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one' } };

describe('a maximal permission policy', () => {
  test('bounds what the administrator of a consumer may do with the API, its status too', async () => {
    const both = await pair({ local: {} });
    const widgets = fixture.widgets(both.consumer);
    const refused = await asConsumer(widgets);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain(`API export \\"${both.provider}\\"|\\"widgets\\" policy: `);
    await grant(both.provider, 'policy', EVERYBODY, rulesFor(['widgets'], ['*']));
    expect((await asConsumer(widgets, 'POST', WIDGET)).status).toBe(201);
    expect((await asConsumer(widgets)).status).toBe(200);
    expect((await asConsumer(`${widgets}/one/status`, 'PATCH', { status: { phase: 'x' } })).status).toBe(403);
    // What the policy allows, the consumer's own roles still have to allow.
    const other = { token: 'provider-token' };
    expect((await fixture.client.call(widgets, other)).status).toBe(403);
    // Other kinds are nobody's but the consumer's.
    expect((await asConsumer(`/clusters/${both.consumer}/api/v1/configmaps`)).status).toBe(200);
  });

  test('is not there where the export has none, and counts from the moment when it has one', async () => {
    const both = await pair();
    const widgets = fixture.widgets(both.consumer);
    expect((await asConsumer(widgets, 'POST', WIDGET)).status).toBe(201);
    expect((await asConsumer(`${widgets}/one/status`, 'PATCH', { status: { phase: 'x' } })).status).toBe(200);
    await setPolicy(both, { local: {} });
    expect((await asConsumer(widgets)).status).toBe(403);
    await setPolicy(both, null);
    expect((await asConsumer(widgets)).status).toBe(200);
  });

  test('bounds nobody when the export is gone', async () => {
    const both = await pair({ local: {} });
    expect((await asConsumer(fixture.widgets(both.consumer))).status).toBe(403);
    await fixture.client.call(`/clusters/${both.provider}/${APIS}/apiexports/widgets`, { method: 'DELETE' });
    await fixture.client.untilGone(`/clusters/${both.provider}/${APIS}/apiexports/widgets`);
    expect((await asConsumer(fixture.widgets(both.consumer))).status).toBe(200);
  });

  test('knows service accounts of consumers by their global names', async () => {
    const both = await pair({ local: {} });
    const { consumer, provider } = both;
    const account = `/clusters/${consumer}/api/v1/namespaces/default/serviceaccounts`;
    await fixture.client.create(account, { metadata: { name: 'bot' } });
    const issued = await fixture.client.create<KubeObject>(`${account}/bot/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    });
    const bot = { token: (issued['status'] as { token: string }).token };
    await grant(
      consumer,
      'bot',
      { kind: 'User', name: 'system:serviceaccount:default:bot' },
      rulesFor(['widgets'], ['*']),
    );
    const widgets = fixture.widgets(consumer);
    expect((await fixture.client.call(widgets, bot)).status).toBe(403);
    const name = `apis.kcp.io:binding:system:kcp:serviceaccount:${consumer}:default:bot`;
    await grant(provider, 'bots', { kind: 'User', name }, rulesFor(['widgets'], ['list']));
    expect((await fixture.client.call(widgets, bot)).status).toBe(200);
    expect((await fixture.client.call(`${widgets}/one`, bot)).status).toBe(403);
  });

  test('leaves the provider its own view', async () => {
    const both = await pair({ local: {} });
    const path = `/services/apiexport/${both.provider}/widgets/clusters/${both.consumer}/apis/${WIDGETS.group}/v1`;
    expect((await fixture.client.call(`${path}/widgets`)).status).toBe(200);
    const made = await fixture.client.create(`${path}/namespaces/default/widgets`, WIDGET);
    expect(made.metadata.name).toBe('one');
  });
});
