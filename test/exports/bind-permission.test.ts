import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import { APIS, bindingOf, conditionOf, ExportsFixture, statusOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const RBAC = 'apis/rbac.authorization.k8s.io/v1';

async function grant(
  cluster: string,
  user: string,
  rule: {
    verbs: string[];
    apiGroups?: string[];
    resources?: string[];
    resourceNames?: string[];
    nonResourceURLs?: string[];
  },
): Promise<string> {
  const name = fixture.name('grant');
  const kind = (kind: string, more: object) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name },
    ...more,
  });
  await fixture.client.create(
    `/clusters/${cluster}/${RBAC}/clusterroles`,
    kind('ClusterRole', { rules: [rule] }),
  );
  await fixture.client.create(
    `/clusters/${cluster}/${RBAC}/clusterrolebindings`,
    kind('ClusterRoleBinding', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    }),
  );
  return name;
}

/** A workspace where the consumer may do everything. */
async function ownWorkspace(): Promise<string> {
  const cluster = await fixture.cluster('consumer');
  await grant(cluster, 'consumer', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
  await grant(cluster, 'consumer', { verbs: ['access'], nonResourceURLs: ['/'] });
  return cluster;
}

const mayBind = (name: string) => ({
  verbs: ['bind'],
  apiGroups: ['apis.kcp.io'],
  resources: ['apiexports'],
  resourceNames: [name],
});

function tryToBind(cluster: string, reference: { path?: string; name: string }) {
  return fixture.client.call(`/clusters/${cluster}/${APIS}/apibindings`, {
    method: 'POST',
    token: 'consumer-token',
    body: bindingOf('widgets', reference),
  });
}

describe('the right to bind an export', () => {
  test('is the verb bind on it in the workspace that has it, and no right to enter', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await ownWorkspace();
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const refused = await tryToBind(consumer, { path: provider, name: 'widgets' });
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({
      reason: 'Forbidden',
      message: `apibindings.apis.kcp.io "widgets" is forbidden: unable to create APIBinding: no permission to bind to export ${provider}:widgets`,
    });
    await grant(provider, 'consumer', mayBind('widgets'));
    const allowed = await tryToBind(consumer, { path: provider, name: 'widgets' });
    expect(allowed.status).toBe(201);
    expect(statusOf(JSON.parse(allowed.text)).phase).toBe('Bound');
    const entering = await fixture.client.call(`/clusters/${provider}/api/v1/namespaces`, {
      token: 'consumer-token',
    });
    expect(entering.status).toBe(403);
  });

  test('is about one export', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await ownWorkspace();
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await grant(provider, 'consumer', mayBind('others'));
    expect((await tryToBind(consumer, { path: provider, name: 'widgets' })).status).toBe(403);
  });

  test('is refused in the same words whether the workspace, or the export, is there or not', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await ownWorkspace();
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const answers = await Promise.all([
      tryToBind(consumer, { path: provider, name: 'widgets' }),
      tryToBind(consumer, { path: provider, name: 'nothing' }),
      tryToBind(consumer, { path: 'root:not-existent', name: 'widgets' }),
    ]);
    const [there, noExport, nowhere] = answers.map(({ status, text }) => `${status} ${text}`);
    expect(noExport).toBe(there!.replaceAll(`${provider}:widgets`, `${provider}:nothing`));
    expect(nowhere).toBe(there!.replaceAll(`${provider}:widgets`, 'root:not-existent:widgets'));
  });

  test('is not asked again when the binding is changed, and what was bound stays', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await ownWorkspace();
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const name = await grant(provider, 'consumer', mayBind('widgets'));
    expect((await tryToBind(consumer, { path: provider, name: 'widgets' })).status).toBe(201);
    await fixture.client.delete(`/clusters/${provider}/${RBAC}/clusterrolebindings/${name}`);
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patched = await fixture.client.call(fixture.binding(consumer, 'widgets'), {
      method: 'PATCH',
      token: 'consumer-token',
      headers,
      body: { metadata: { labels: { mine: 'yes' } } },
    });
    expect(patched.status).toBe(200);
    expect(conditionOf(JSON.parse(patched.text), 'Ready')?.status).toBe('True');
  });
});
