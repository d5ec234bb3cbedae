import { describe, expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';
import { APIS, bindingOf, conditionOf, ExportsFixture, statusOf, USERS, WIDGETS } from './suite.ts';

const AUTHENTICATED = ['system:authenticated'];
const HOME = 'scoped-home';

/** With a user who counts in one logical cluster alone. */
class ScopedFixture extends ExportsFixture {
  protected override get options(): InProcessOptions {
    const extra = { 'authentication.kcp.io/scopes': [`cluster:${HOME}`] };
    return {
      users: {
        ...USERS,
        'scoped-token': { name: 'local', uid: '', groups: AUTHENTICATED, extra },
      },
    };
  }
}

const fixture = useMember(new ScopedFixture()) as ScopedFixture;
const RBAC = 'apis/rbac.authorization.k8s.io/v1';

async function grant(
  cluster: string,
  subject: string | { readonly kind: string; readonly name: string },
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
      subjects: [
        {
          apiGroup: 'rbac.authorization.k8s.io',
          ...(typeof subject === 'string' ? { kind: 'User', name: subject } : subject),
        },
      ],
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

function tryToBind(
  cluster: string,
  reference: { path?: string; name: string },
  token: string = 'consumer-token',
) {
  return fixture.client.call(`/clusters/${cluster}/${APIS}/apibindings`, {
    method: 'POST',
    token,
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

  test('is nothing that a status says, which only the server writes, in whichever form', async () => {
    const provider = await fixture.cluster('provider');
    const consumer = await ownWorkspace();
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    await fixture.offer(consumer, 'widgets', [WIDGETS]);
    await grant(provider, 'consumer', mayBind('widgets'));
    expect((await tryToBind(consumer, { path: provider, name: 'widgets' })).status).toBe(201);
    const forms = ['apis.kcp.io/v1alpha2', 'apis.kcp.io/v1alpha1', 'apis.kcp.dev/v1alpha1'];
    for (const form of forms) {
      for (const kind of ['apibinding', 'apiexport']) {
        const path = `/clusters/${consumer}/apis/${form}/${kind}s/widgets/status`;
        const patched = await fixture.client.call(path, {
          method: 'PATCH',
          token: 'consumer-token',
          headers: { 'content-type': 'application/merge-patch+json' },
          body: { status: { phase: 'Binding', identityHash: 'a' } },
        });
        expect([form, patched.status]).toEqual([form, 403]);
        expect(JSON.parse(patched.text).message).toContain(`${kind} status updates not permitted`);
      }
    }
  });

  test('may be given to all who belong to a workspace, however they are known there', async () => {
    const provider = await fixture.cluster('provider');
    await fixture.server.createCluster(HOME);
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const everybody = { kind: 'Group', name: 'system:authenticated' };
    await grant(HOME, everybody, { verbs: ['*'], apiGroups: ['apis.kcp.io'], resources: ['apibindings'] });
    await grant(HOME, everybody, { verbs: ['access'], nonResourceURLs: ['/'] });
    const account = `/clusters/${HOME}/api/v1/namespaces/default/serviceaccounts`;
    await fixture.client.create(account, { metadata: { name: 'bot' } });
    const issued = await fixture.client.create<KubeObject>(`${account}/bot/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    });
    const tokens = ['scoped-token', (issued['status'] as { token: string }).token];
    const reference = { path: provider, name: 'widgets' };
    for (const token of tokens) expect((await tryToBind(HOME, reference, token)).status).toBe(403);
    await grant(provider, { kind: 'Group', name: `system:cluster:${HOME}` }, mayBind('widgets'));
    // Who is not scoped to that workspace is none of them.
    expect((await tryToBind(HOME, reference)).status).toBe(403);
    for (const token of tokens) {
      const bound = await tryToBind(HOME, reference, token);
      expect([token, bound.status, bound.text]).toEqual([token, 201, bound.text]);
      expect(statusOf(JSON.parse(bound.text)).phase).toBe('Bound');
      await fixture.client.delete(fixture.binding(HOME, 'widgets'));
      await fixture.client.untilGone(fixture.binding(HOME, 'widgets'));
    }
  });

  test('is needed for all that a WorkspaceType has bound by default', async () => {
    const provider = await fixture.cluster('provider');
    const tenant = await ownWorkspace();
    await fixture.offer(provider, 'widgets', [WIDGETS]);
    const types = `/clusters/${tenant}/apis/tenancy.kcp.io/v1alpha1/workspacetypes`;
    const write = (name: string, exports: readonly string[], method = 'POST') =>
      fixture.client.call(method === 'POST' ? types : `${types}/${name}`, {
        method,
        token: 'consumer-token',
        headers: { 'content-type': method === 'POST' ? 'application/json' : 'application/merge-patch+json' },
        body: {
          apiVersion: 'tenancy.kcp.io/v1alpha1',
          kind: 'WorkspaceType',
          metadata: { name },
          spec: { defaultAPIBindings: exports.map((name) => ({ path: provider, export: name })) },
        },
      });
    const refused = (action: string, type: string, name: string) => ({
      reason: 'Forbidden',
      message: `workspacetypes.tenancy.kcp.io "${type}" is forbidden: unable to ${action} WorkspaceType: no permission to bind to export ${provider}:${name}`,
    });
    const created = await write('bad', ['widgets']);
    expect([created.status, JSON.parse(created.text)]).toMatchObject([
      403,
      refused('create', 'bad', 'widgets'),
    ]);
    const name = await grant(provider, 'consumer', mayBind('widgets'));
    expect((await write('good', ['widgets'])).status).toBe(201);
    expect((await write('later', [])).status).toBe(201);
    const more = await write('later', ['widgets', 'others'], 'PATCH');
    expect([more.status, JSON.parse(more.text)]).toMatchObject([403, refused('update', 'later', 'others')]);
    // What is there already is not asked for again.
    await fixture.client.delete(`/clusters/${provider}/${RBAC}/clusterrolebindings/${name}`);
    expect((await write('later', ['widgets'], 'PATCH')).status).toBe(403);
    const labelled = await fixture.client.call(`${types}/good`, {
      method: 'PATCH',
      token: 'consumer-token',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { labels: { mine: 'yes' } } },
    });
    expect(labelled.status).toBe(200);
  });
});
