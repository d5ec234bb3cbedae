import { expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import type { Call, KubeList, KubeObject, Reply } from '../http/client.ts';
import { accepted, type Claim } from './claims.suite.ts';
import {
  APIS,
  bindingOf,
  conditionOf,
  ExportsFixture,
  exportOf,
  SCHEMAS,
  schemaOf,
  WIDGETS,
} from './suite.ts';

/**
 * What a provider may do with workspaces of consumers who have accepted a claim of them; kcp's e2e tests call it
 * TestRootAPIExportAuthorizers. Neither is an administrator of anything but their own workspace.
 */
const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const TENANCY = 'apis/tenancy.kcp.io/v1alpha1';
const PROVIDER = 'provider-token';
const CONSUMER = 'consumer-token';

interface Deal {
  readonly provider: string;
  readonly consumer: string;
}

async function tenancyIdentity(): Promise<string> {
  const object = await fixture.client.get(`/clusters/root/${APIS}/apiexports/tenancy.kcp.io`);
  return (object['status'] as { identityHash: string }).identityHash;
}

/** Both work as themselves, with the rights of an owner in their own workspace and none in the other's. */
async function deal(claim: Claim, answers: readonly object[]): Promise<Deal> {
  const provider = await fixture.cluster('provider');
  const consumer = await fixture.cluster('consumer');
  await own(provider, 'provider');
  await own(consumer, 'consumer');
  const asProvider = { token: PROVIDER, method: 'POST' } as const;
  await ok(201, `/clusters/${provider}/${SCHEMAS}`, { ...asProvider, body: schemaOf(WIDGETS) });
  const offer = exportOf('widgets', [WIDGETS]) as { spec: object };
  await ok(201, `/clusters/${provider}/${APIS}/apiexports`, {
    ...asProvider,
    body: { ...offer, spec: { ...offer.spec, permissionClaims: [claim] } },
  });
  await grant(provider, 'bind', 'consumer', [
    { apiGroups: ['apis.kcp.io'], resources: ['apiexports'], resourceNames: ['widgets'], verbs: ['bind'] },
  ]);
  const binding = bindingOf('widgets', { path: provider, name: 'widgets' }) as { spec: object };
  await ok(201, `/clusters/${consumer}/${APIS}/apibindings`, {
    token: CONSUMER,
    method: 'POST',
    body: { ...binding, spec: { ...binding.spec, permissionClaims: answers } },
  });
  await fixture.client.until(
    fixture.binding(consumer, 'widgets'),
    (one) =>
      conditionOf(one, 'InitialBindingCompleted')?.status === 'True' &&
      conditionOf(one, 'PermissionClaimsApplied')?.status === 'True',
  );
  return { provider, consumer };
}

async function workspaces(): Promise<Claim> {
  const identityHash = await tenancyIdentity();
  return { group: 'tenancy.kcp.io', resource: 'workspaces', identityHash, verbs: ['*'] };
}

function claimed({ provider, consumer }: Deal, path: string): string {
  return `/services/apiexport/${provider}/widgets/clusters/${consumer}/${TENANCY}/${path}`;
}

function make(path: string, name: string, call: Call & { readonly spec?: object } = {}): Promise<Reply> {
  const { spec = {}, ...rest } = call;
  const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name }, spec };
  return fixture.client.call(path, { token: PROVIDER, method: 'POST', body, ...rest });
}

const specOf = (object: KubeObject) => object['spec'] as { readonly cluster: string; readonly URL: string };

test('a provider makes workspaces where a consumer accepted its claim of them, as itself', async () => {
  const claim = await workspaces();
  const one = await deal(claim, [accepted(claim)]);
  const made = await make(claimed(one, 'workspaces'), 'made');
  expect([made.status, made.text]).toEqual([201, made.text]);
  const workspace = JSON.parse(made.text) as KubeObject;
  expect(workspace.metadata.annotations).toMatchObject({ 'kcp.io/cluster': one.consumer });
  expect(specOf(workspace).URL).toMatch(new RegExp(`/clusters/${one.consumer}:made$`));
  const owner = workspace.metadata.annotations?.['experimental.tenancy.kcp.io/owner'];
  expect(owner === undefined || (JSON.parse(owner) as { username: string }).username).toBe('provider');
  // It is a workspace like others: the consumer sees it, and whoever made it has it.
  const shown = await ok(200, `/clusters/${one.consumer}/${TENANCY}/workspaces/made`, { token: CONSUMER });
  expect(shown.metadata.uid).toBe(workspace.metadata.uid);
  const inside = `/clusters/${specOf(shown).cluster}/api/v1/namespaces/default/configmaps`;
  await ok(201, inside, { token: PROVIDER, method: 'POST', body: { metadata: { name: 'one' } } });
  const list = await fixture.client.call(claimed(one, 'workspaces').replace(one.consumer, '*'), {
    token: PROVIDER,
  });
  expect((JSON.parse(list.text) as KubeList).items.map(({ metadata }) => metadata.uid)).toEqual([
    workspace.metadata.uid,
  ]);
  const gone = await fixture.client.call(claimed(one, 'workspaces/made'), {
    token: PROVIDER,
    method: 'DELETE',
  });
  expect(gone.status).toBe(200);
  await fixture.client.untilGone(`/clusters/${one.consumer}/${TENANCY}/workspaces/made`);
});

test('a claim of workspaces opens nothing beside the view, and nothing before it is accepted', async () => {
  const claim = await workspaces();
  const unanswered = await deal(claim, []);
  expect((await make(claimed(unanswered, 'workspaces'), 'made')).status).toBe(403);
  const rejected = await deal(claim, [{ ...accepted(claim), state: 'Rejected' }]);
  expect((await make(claimed(rejected, 'workspaces'), 'made')).status).toBe(403);
  const one = await deal(claim, [accepted(claim)]);
  expect((await make(`/clusters/${one.consumer}/${TENANCY}/workspaces`, 'made')).status).toBe(403);
  expect((await make(claimed({ ...one, consumer: rejected.consumer }, 'workspaces'), 'made')).status).toBe(
    403,
  );
  const types = await fixture.client.call(claimed(one, 'workspacetypes'), { token: PROVIDER });
  expect([403, 404]).toContain(types.status);
  // The consumer has no part in the view of the provider's export.
  expect((await make(claimed(one, 'workspaces'), 'made', { token: CONSUMER })).status).toBe(403);
});

test('the identity in the claim is that of the export of root, or the claim opens nothing', async () => {
  const claim = { ...(await workspaces()), identityHash: 'f'.repeat(64) };
  const provider = await fixture.cluster('provider');
  const consumer = await fixture.cluster('consumer');
  const offer = exportOf('widgets', [WIDGETS]) as { spec: object };
  await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(WIDGETS));
  await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, {
    ...offer,
    spec: { ...offer.spec, permissionClaims: [claim] },
  });
  const binding = bindingOf('widgets', { path: provider, name: 'widgets' }) as { spec: object };
  await fixture.client.create(`/clusters/${consumer}/${APIS}/apibindings`, {
    ...binding,
    spec: { ...binding.spec, permissionClaims: [accepted(claim)] },
  });
  await own(provider, 'provider');
  expect([403, 404]).toContain((await make(claimed({ provider, consumer }, 'workspaces'), 'made')).status);
  expect((await fixture.client.list(`/clusters/${consumer}/${TENANCY}/workspaces`)).items).toEqual([]);
});

test('what the policy of root keeps from everybody, a provider with a claim does not get either', async () => {
  const claim = await workspaces();
  const one = await deal(claim, [accepted(claim)]);
  const made = await make(claimed(one, 'workspaces'), 'made');
  expect([made.status, made.text]).toEqual([201, made.text]);
  const patch = (path: string, body: object) =>
    fixture.client.call(claimed(one, path), {
      token: PROVIDER,
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body,
    });
  expect((await patch('workspaces/made/status', { status: { phase: 'Ready' } })).status).toBe(403);
  // Where a workspace is remains the system's to say.
  const stolen = await patch('workspaces/made', { spec: { cluster: 'root' } });
  expect([stolen.status >= 400, stolen.text]).toEqual([true, expect.stringContaining('cluster')]);
  const placed = await make(claimed(one, 'workspaces'), 'placed', { spec: { cluster: 'root' } });
  expect([placed.status, placed.text]).toEqual([
    403,
    expect.stringContaining('spec.Cluster can only be set'),
  ]);
});

test("a type takes the right to use it of whoever makes the workspace, unless it is the consumer's own", async () => {
  const claim = await workspaces();
  const one = await deal(claim, [accepted(claim)]);
  const elsewhere = await fixture.cluster('elsewhere');
  await fixture.client.create(`/clusters/${elsewhere}/${TENANCY}/workspacetypes`, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name: 'foreign' },
    spec: {},
  });
  // Of the consumer's own types the view lends what an administrator there may, as it does of everything.
  await ok(201, `/clusters/${one.consumer}/${TENANCY}/workspacetypes`, {
    token: CONSUMER,
    method: 'POST',
    body: {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'own' },
      spec: {},
    },
  });
  const own = { name: 'own', path: one.consumer };
  const lent = await make(claimed(one, 'workspaces'), 'lent', { spec: { type: own } });
  expect([lent.status, lent.text]).toEqual([201, lent.text]);
  const type = { name: 'foreign', path: elsewhere };
  const refused = await make(claimed(one, 'workspaces'), 'made', { spec: { type } });
  expect([refused.status, refused.text]).toEqual([
    403,
    expect.stringContaining("missing verb='use' permission on workspacetype"),
  ]);
  await grant(elsewhere, 'use', 'provider', [
    { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['use'] },
  ]);
  expect((await make(claimed(one, 'workspaces'), 'made', { spec: { type } })).status).toBe(201);
});

async function ok(status: number, path: string, call: Call): Promise<KubeObject> {
  const reply = await fixture.client.call(path, call);
  expect([reply.status, reply.text]).toEqual([status, reply.text]);
  return JSON.parse(reply.text) as KubeObject;
}

async function own(cluster: string, user: string): Promise<void> {
  await grant(cluster, `owner-${user}`, user, [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]);
}

async function grant(cluster: string, name: string, user: string, rules: readonly object[]): Promise<void> {
  const rbac = `/clusters/${cluster}/apis/rbac.authorization.k8s.io/v1`;
  const apiGroup = 'rbac.authorization.k8s.io';
  await fixture.client.create(`${rbac}/clusterroles`, { metadata: { name }, rules });
  await fixture.client.create(`${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  });
}
