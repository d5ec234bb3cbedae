import { describe, expect, test } from 'vitest';
import { crdOf, useMember } from '../conformance/suite.ts';
import type { KubeList, KubeObject, Reply } from '../http/client.ts';
import { accepted, type Claim, CONFIG_MAPS, claimsOf, GADGETS, type Pair } from './claims.suite.ts';
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

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

/** A provider whose export claims something, and a consumer that answers. */
async function pair(claims: readonly Claim[], answers: readonly object[]): Promise<Pair> {
  const provider = await fixture.cluster('provider');
  await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(WIDGETS));
  const apiExport = exportOf('widgets', [WIDGETS]) as { spec: object };
  const spec = { ...apiExport.spec, permissionClaims: claims.map((claim) => ({ verbs: ['*'], ...claim })) };
  await fixture.client.create(`/clusters/${provider}/${APIS}/apiexports`, { ...apiExport, spec });
  const consumer = await consumerOf(provider, answers);
  return { provider, consumer };
}

async function consumerOf(provider: string, answers: readonly object[]): Promise<string> {
  const consumer = await fixture.cluster('consumer');
  const binding = bindingOf('widgets', { path: provider, name: 'widgets' }) as { spec: object };
  const spec = { ...binding.spec, permissionClaims: answers };
  await fixture.client.create(`/clusters/${consumer}/${APIS}/apibindings`, { ...binding, spec });
  await applied(consumer);
  return consumer;
}

/** Waits until the objects that are there have their labels. */
async function applied(consumer: string): Promise<KubeObject> {
  return fixture.client.until(fixture.binding(consumer, 'widgets'), (binding) => {
    const { observed, wanted } = claimsOf(binding);
    return conditionOf(binding, 'PermissionClaimsApplied')?.status === 'True' && observed === wanted;
  });
}

async function answer({ consumer }: Pair, answers: readonly object[]): Promise<void> {
  await patch(fixture.binding(consumer, 'widgets'), { spec: { permissionClaims: answers } });
  await applied(consumer);
}

async function patch(path: string, body: object, type = 'application/merge-patch+json'): Promise<Reply> {
  return fixture.client.call(path, { method: 'PATCH', body, headers: { 'content-type': type } });
}

function viewOf({ provider }: Pair, cluster = '*'): string {
  return `/services/apiexport/${provider}/widgets/clusters/${cluster}`;
}

const configMaps = (prefix: string): string => `${prefix}/api/v1/namespaces/default/configmaps`;

async function makeConfigMap(cluster: string, name: string, labels: object = {}): Promise<void> {
  await fixture.client.create(configMaps(`/clusters/${cluster}`), { metadata: { name, labels } });
}

// Every namespace has it, and a claim of ConfigMaps covers it.
const ROOT_CA = 'kube-root-ca.crt';

/** `cluster/name` of what a list shows. */
async function names(path: string): Promise<readonly string[]> {
  const list = await fixture.client.get<KubeList>(path);
  const made = list.items.filter(({ metadata }) => metadata.name !== ROOT_CA);
  return made.map(({ metadata }) => `${metadata.annotations?.['kcp.io/cluster']}/${metadata.name}`);
}

describe('a permission claim in the view of its export', () => {
  test('shows nothing until it is accepted, then the objects of those who have, and nobody else', async () => {
    const one = await pair([CONFIG_MAPS], []);
    const { consumer } = one;
    await makeConfigMap(consumer, 'before');
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toEqual([]);
    expect((await fixture.client.call(configMaps(viewOf(one, consumer)))).status).toBe(403);
    await answer(one, [accepted(CONFIG_MAPS)]);
    const other = await consumerOf(one.provider, []);
    await makeConfigMap(other, 'hidden');
    await makeConfigMap(consumer, 'after');
    const shown = [`${consumer}/after`, `${consumer}/before`];
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toEqual(shown);
    expect(await names(configMaps(viewOf(one, consumer)))).toEqual(shown);
    expect((await fixture.client.call(configMaps(viewOf(one, other)))).status).toBe(403);
    expect((await fixture.client.call(configMaps(viewOf(one, one.provider)))).status).toBe(403);
  });

  test('cannot be accepted for objects by their names, as v1alpha1 has it', async () => {
    const one = await pair([CONFIG_MAPS], [{ ...accepted(CONFIG_MAPS), state: 'Rejected' }]);
    await makeConfigMap(one.consumer, 'secret');
    const old = fixture.binding(one.consumer, 'widgets').replace('v1alpha2', 'v1alpha1');
    const named = (state: string) => ({
      resource: 'configmaps',
      state,
      resourceSelector: [{ name: 'shown' }],
    });
    const refused = await fixture.client.refuse(403, old, {
      method: 'PATCH',
      body: { spec: { permissionClaims: [named('Accepted')] } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(refused.message).toContain('spec.permissionClaims[0].resourceSelector: Forbidden');
    // Nor bit by bit: named in one version, accepted in the other.
    expect((await patch(old, { spec: { permissionClaims: [named('Rejected')] } })).status).toBe(200);
    const accept = [{ op: 'replace', path: '/spec/permissionClaims/0/state', value: 'Accepted' }];
    const path = fixture.binding(one.consumer, 'widgets');
    expect((await patch(path, accept, 'application/json-patch+json')).status).toBe(200);
    await applied(one.consumer);
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toEqual([]);
    expect(await fixture.client.get(old)).toMatchObject({ spec: { permissionClaims: [named('Accepted')] } });
  });

  test('goes away when it is rejected, also for a watch', async () => {
    const one = await pair([CONFIG_MAPS], [accepted(CONFIG_MAPS)]);
    await makeConfigMap(one.consumer, 'one');
    const query = 'watch=true&fieldSelector=metadata.name%3Done';
    const watch = await fixture.client.watch(`${viewOf(one)}/api/v1/configmaps?${query}`);
    expect((await watch.next()).type).toBe('ADDED');
    await answer(one, [{ ...accepted(CONFIG_MAPS), state: 'Rejected' }]);
    expect((await watch.next()).type).toBe('DELETED');
    watch.close();
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toEqual([]);
    const refused = await fixture.client.refuse(403, configMaps(viewOf(one, one.consumer)));
    expect(refused.message).toContain('failed to find suitable reason to allow access in APIBinding');
  });

  test('is as wide as the consumer says, whatever selector the provider proposes', async () => {
    const claim = { ...CONFIG_MAPS, defaultSelector: { matchLabels: { proposed: 'yes' } } };
    const one = await pair([claim], [accepted(claim)]);
    await makeConfigMap(one.consumer, 'one');
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toEqual([`${one.consumer}/one`]);
  });

  test('is invalid as long as nobody makes it, and in force once somebody does', async () => {
    const secrets: Claim = { resource: 'secrets' };
    const one = await pair([CONFIG_MAPS], [accepted(CONFIG_MAPS), accepted(secrets)]);
    const path = fixture.binding(one.consumer, 'widgets');
    expect(conditionOf(await fixture.client.get(path), 'PermissionClaimsValid')).toMatchObject({
      status: 'False',
      reason: 'InvalidPermissionClaims',
    });
    const spec = { permissionClaims: [CONFIG_MAPS, { verbs: ['*'], ...secrets }] };
    await patch(`/clusters/${one.provider}/${APIS}/apiexports/widgets`, { spec });
    const valid = await fixture.client.until(
      path,
      (binding) => conditionOf(binding, 'PermissionClaimsValid')?.status === 'True',
    );
    expect(valid['status']).toMatchObject({
      exportPermissionClaims: [{ resource: 'configmaps' }, { resource: 'secrets' }],
    });
    await applied(one.consumer);
  });

  test('opens verbs that both sides name, literally', async () => {
    const one = await pair(
      [{ ...CONFIG_MAPS, verbs: ['get', 'list'] }],
      [accepted({ ...CONFIG_MAPS, verbs: ['get'] })],
    );
    await makeConfigMap(one.consumer, 'one');
    const path = configMaps(viewOf(one, one.consumer));
    const codes = async (): Promise<readonly number[]> => [
      (await fixture.client.call(`${path}/one`)).status,
      (await fixture.client.call(path)).status,
      (await fixture.client.call(path, { method: 'POST', body: { metadata: { name: fixture.name('new') } } }))
        .status,
    ];
    expect(await codes()).toEqual([200, 403, 403]);
    await answer(one, [accepted({ ...CONFIG_MAPS, verbs: ['get', 'list', 'create'] })]);
    expect(await codes()).toEqual([200, 200, 403]);
    await answer(one, [accepted({ ...CONFIG_MAPS, verbs: ['*'] })]);
    expect(await codes()).toEqual([403, 403, 403]);
    const spec = { permissionClaims: [{ ...CONFIG_MAPS, verbs: ['*'] }] };
    await patch(`/clusters/${one.provider}/${APIS}/apiexports/widgets`, { spec });
    expect(await codes()).toEqual([200, 200, 201]);
  });

  test('lets apply create only with the verb for that, too', async () => {
    const verbs = ['get', 'patch'];
    const one = await pair(
      [{ ...CONFIG_MAPS, verbs: [...verbs, 'create'] }],
      [accepted({ ...CONFIG_MAPS, verbs })],
    );
    const path = `${configMaps(viewOf(one, one.consumer))}/applied?fieldManager=test`;
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { a: 'b' } };
    const apply = () => patch(path, body, 'application/apply-patch+yaml');
    expect((await apply()).status).toBe(403);
    await answer(one, [accepted({ ...CONFIG_MAPS, verbs: [...verbs, 'create'] })]);
    expect((await apply()).status).toBe(201);
    expect((await apply()).status).toBe(200);
  });
});

describe('a claim with a selector', () => {
  const SELECTOR = { matchLabels: { env: 'test' } };

  test('shows what it selects, and deletes nothing else', async () => {
    const one = await pair([CONFIG_MAPS], [accepted(CONFIG_MAPS, SELECTOR)]);
    const { consumer } = one;
    await makeConfigMap(consumer, 'yes', { env: 'test' });
    await makeConfigMap(consumer, 'no', { env: 'prod' });
    const path = configMaps(viewOf(one, consumer));
    expect(await names(path)).toEqual([`${consumer}/yes`]);
    expect((await fixture.client.call(`${path}/no`)).status).toBe(404);
    expect((await fixture.client.call(`${path}/no`, { method: 'DELETE' })).status).toBe(404);
    expect((await patch(`${path}/no`, { data: { a: 'b' } })).status).toBe(404);
    expect((await fixture.client.call(path, { method: 'DELETE' })).status).toBe(200);
    expect(await names(configMaps(`/clusters/${consumer}`))).toEqual([`${consumer}/no`]);
  });

  test('gives what is written by it the labels that it selects by', async () => {
    const one = await pair([CONFIG_MAPS], [accepted(CONFIG_MAPS, SELECTOR)]);
    const path = configMaps(viewOf(one, one.consumer));
    const made = await fixture.client.create(path, { metadata: { name: 'one' } });
    expect(made.metadata.labels).toMatchObject({ env: 'test' });
    const other = { metadata: { name: 'two', labels: { env: 'prod' } } };
    const refused = await fixture.client.refuse(403, path, { method: 'POST', body: other });
    expect(refused.message).toBe('configmaps "two" is forbidden: protected label env must have value test');
    const moved = await patch(`${path}/one`, { metadata: { labels: { env: 'prod' } } });
    expect([moved.status, moved.text]).toEqual([
      403,
      expect.stringContaining('protected label env must have value test'),
    ]);
  });

  test('refuses what it does not select and cannot put right', async () => {
    const selector = { matchExpressions: [{ key: 'env', operator: 'In', values: ['test', 'dev'] }] };
    const one = await pair([CONFIG_MAPS], [accepted(CONFIG_MAPS, selector)]);
    const path = configMaps(viewOf(one, one.consumer));
    const refused = await fixture.client.refuse(403, path, {
      method: 'POST',
      body: { metadata: { name: 'one' } },
    });
    expect(refused.message).toBe('configmaps "one" is forbidden: object does not match required labels');
    await fixture.client.create(path, { metadata: { name: 'two', labels: { env: 'dev' } } });
    expect(await names(path)).toEqual([`${one.consumer}/two`]);
  });

  test('can be changed, and what is there follows', async () => {
    const one = await pair([CONFIG_MAPS], [accepted(CONFIG_MAPS)]);
    await makeConfigMap(one.consumer, 'yes', { env: 'test' });
    await makeConfigMap(one.consumer, 'no');
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toHaveLength(2);
    await answer(one, [accepted(CONFIG_MAPS, SELECTOR)]);
    expect(await names(`${viewOf(one)}/api/v1/configmaps`)).toEqual([`${one.consumer}/yes`]);
  });
});

describe('what can be claimed', () => {
  test('is the LogicalCluster of the consumer, and its definitions', async () => {
    const clusters = { group: 'core.kcp.io', resource: 'logicalclusters' };
    const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
    const one = await pair([clusters, definitions], [accepted(clusters), accepted(definitions)]);
    expect(await names(`${viewOf(one)}/apis/core.kcp.io/v1alpha1/logicalclusters`)).toEqual([
      `${one.consumer}/cluster`,
    ]);
    const crds = 'apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const crd = crdOf({ group: 'made.example.com', plural: 'things', kind: 'Thing' });
    await fixture.client.create(`${viewOf(one, one.consumer)}/${crds}`, crd);
    await fixture.client.until(
      `/clusters/${one.consumer}/apis/made.example.com/v1/things`,
      (_, code) => code === 200,
    );
    // A definition of the consumer's own is nothing that a provider could see.
    expect(
      (await fixture.client.call(`${viewOf(one, one.consumer)}/apis/made.example.com/v1/things`)).status,
    ).toBe(403);
  });

  test('are reviews, which are answered as in the logical cluster of the consumer', async () => {
    const reviews = { group: 'authorization.k8s.io', resource: 'subjectaccessreviews', verbs: ['create'] };
    const one = await pair([reviews], [accepted(reviews)]);
    const rbac = `/clusters/${one.consumer}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`;
    await fixture.client.create(rbac, {
      metadata: { name: 'owner' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'carol' }],
    });
    const review = (user: string) =>
      fixture.client.create(
        `${viewOf(one, one.consumer)}/apis/authorization.k8s.io/v1/subjectaccessreviews`,
        {
          spec: {
            user,
            groups: ['system:authenticated'],
            resourceAttributes: { verb: 'get', resource: 'secrets', namespace: 'default' },
          },
        },
      );
    expect((await review('carol'))['status']).toMatchObject({ allowed: true });
    expect((await review('dave'))['status']).toMatchObject({ allowed: false });
  });

  test('are reviews of one namespace, and of tokens of the consumer', async () => {
    const local = {
      group: 'authorization.k8s.io',
      resource: 'localsubjectaccessreviews',
      verbs: ['create'],
    };
    const tokens = { group: 'authentication.k8s.io', resource: 'tokenreviews', verbs: ['create'] };
    const one = await pair([local, tokens], [accepted(local), accepted(tokens)]);
    const accounts = `/clusters/${one.consumer}/api/v1/namespaces/default/serviceaccounts`;
    await fixture.client.create(accounts, { metadata: { name: 'bot' } });
    const issued = await fixture.client.create(`${accounts}/bot/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    });
    const { token } = issued['status'] as { token: string };
    const view = viewOf(one, one.consumer);
    const reviewed = await fixture.client.create(`${view}/apis/authentication.k8s.io/v1/tokenreviews`, {
      spec: { token },
    });
    expect(reviewed['status']).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:bot' },
    });
    await allow(one.consumer, 'configmaps', '', ['get'], 'system:serviceaccount:default:bot');
    const review = (verb: string) =>
      fixture.client.create(
        `${view}/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews`,
        {
          metadata: { namespace: 'default' },
          spec: {
            ...(reviewed['status'] as { user: { username: string; groups: string[]; extra: object } }).user,
            username: undefined,
            uid: undefined,
            user: 'system:serviceaccount:default:bot',
            resourceAttributes: { verb, resource: 'configmaps', namespace: 'default' },
          },
        },
      );
    expect((await review('get'))['status']).toMatchObject({ allowed: true });
    expect((await review('delete'))['status']).toMatchObject({ allowed: false });
    // They are about one logical cluster, so that all at once have none.
    const all = `${viewOf(one)}/apis/authentication.k8s.io/v1/tokenreviews`;
    await fixture.client.refuse(405, all, { method: 'POST', body: { spec: { token } } });
  });

  test("are bindings: one's own are seen in any case, others by a claim, and binding still takes the right to", async () => {
    const bindings = { group: 'apis.kcp.io', resource: 'apibindings' };
    const one = await pair([bindings], []);
    const second = await fixture.cluster('provider');
    await fixture.offer(second, 'gadgets', [GADGETS]);
    await fixture.bind(one.consumer, 'gadgets', { path: second, name: 'gadgets' });
    const path = `${viewOf(one, one.consumer)}/${APIS}/apibindings`;
    expect(await names(path)).toEqual([`${one.consumer}/widgets`]);
    const body = bindingOf('mine', { path: second, name: 'gadgets' });
    const denied = await fixture.client.refuse(403, path, { method: 'POST', body });
    expect(denied.message).toContain('write access to APIBinding is not allowed from virtual workspace');
    await answer(one, [accepted(bindings)]);
    // Who may write bindings of a consumer may not bind what they like.
    const token = 'provider-token';
    const everything = [
      { apiGroups: ['apis.kcp.io'], resources: ['apiexports/content'], verbs: ['*'] },
      { nonResourceURLs: ['/'], verbs: ['access'] },
    ];
    await grant(one.provider, 'content', { kind: 'User', name: 'provider' }, everything);
    const bind = () => fixture.client.call(path, { method: 'POST', body, token });
    const unbound = await bind();
    expect([unbound.status, unbound.text]).toEqual([
      403,
      expect.stringContaining(`no permission to bind to export ${second}:gadgets`),
    ]);
    const all = await names(path);
    expect(all).toEqual(await names(`/clusters/${one.consumer}/${APIS}/apibindings`));
    expect(all).toEqual(expect.arrayContaining([`${one.consumer}/gadgets`, `${one.consumer}/widgets`]));
    expect(await names(`${viewOf(one)}/${APIS}/apibindings`)).toEqual(all);
  });

  test('are types of workspaces, which bind nothing by default that one may not bind oneself', async () => {
    const { status } = await fixture.client.get(`/clusters/root/${APIS}/apiexports/tenancy.kcp.io`);
    const { identityHash } = status as { identityHash: string };
    const types = { group: 'tenancy.kcp.io', resource: 'workspacetypes', identityHash };
    const one = await pair([types], [accepted(types)]);
    await fixture.offer(one.consumer, 'gadgets', [GADGETS]);
    await grant(one.provider, 'content', { kind: 'User', name: 'provider' }, [
      { apiGroups: ['apis.kcp.io'], resources: ['apiexports/content'], verbs: ['*'] },
      { nonResourceURLs: ['/'], verbs: ['access'] },
    ]);
    const path = `${viewOf(one, one.consumer)}/apis/tenancy.kcp.io/v1alpha1/workspacetypes`;
    const make = (name: string, spec: object) =>
      fixture.client.call(path, {
        method: 'POST',
        token: 'provider-token',
        body: { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: { name }, spec },
      });
    const plain = await make('plain', {});
    expect([plain.status, plain.text]).toEqual([201, plain.text]);
    // The consumer's own export: what the view lends there is no right to bind it.
    const binding = await make('binding', {
      defaultAPIBindings: [{ path: one.consumer, export: 'gadgets' }],
    });
    expect([binding.status, binding.text]).toEqual([
      403,
      expect.stringContaining(`no permission to bind to export ${one.consumer}:gadgets`),
    ]);
  });

  test('are APIs of others, which are known by their identity and empty where nobody has bound them', async () => {
    const second = await fixture.cluster('provider');
    const offered = await fixture.offer(second, 'gadgets', [GADGETS]);
    const { identityHash } = offered['status'] as { identityHash: string };
    const claim = { group: GADGETS.group, resource: 'gadgets', identityHash };
    const one = await pair([claim], [accepted(claim)]);
    const all = `${viewOf(one)}/apis/${GADGETS.group}/v1/gadgets`;
    const here = `${viewOf(one, one.consumer)}/apis/${GADGETS.group}/v1/gadgets`;
    expect(await names(all)).toEqual([]);
    expect(await names(here)).toEqual([]);
    await fixture.bind(one.consumer, 'gadgets', { path: second, name: 'gadgets' });
    const own = `/clusters/${one.consumer}/apis/${GADGETS.group}/v1/namespaces/default/gadgets`;
    await fixture.client.create(own, {
      apiVersion: `${GADGETS.group}/v1`,
      kind: 'Gadget',
      metadata: { name: 'g' },
    });
    expect(await names(all)).toEqual([`${one.consumer}/g`]);
    expect(await names(here)).toEqual([`${one.consumer}/g`]);
    // Their provider says what others may do at most.
    const maximalPermissionPolicy = { local: {} };
    await patch(`/clusters/${second}/${APIS}/apiexports/gadgets`, { spec: { maximalPermissionPolicy } });
    expect((await fixture.client.call(here)).status).toBe(403);
    expect((await fixture.client.call(all)).status).toBe(403);
    await allow(second, 'gadgets', GADGETS.group, ['list']);
    expect(await names(here)).toEqual([`${one.consumer}/g`]);
    expect(await names(all)).toEqual([`${one.consumer}/g`]);
  });

  test('has to say whose it is', async () => {
    const provider = await fixture.cluster('provider');
    const body = exportOf('gadgets', []) as { spec: object };
    const permissionClaims = [{ group: 'gadgets.example.com', resource: 'gadgets', verbs: ['*'] }];
    const spec = { ...body.spec, permissionClaims };
    const path = `/clusters/${provider}/${APIS}/apiexports`;
    const refused = await fixture.client.refuse(403, path, { method: 'POST', body: { ...body, spec } });
    expect(refused.message).toContain(
      'spec.permissionClaims[0].identityHash: Invalid value: "": identityHash is required for API types that are not built-in',
    );
  });
});

async function allow(
  cluster: string,
  resource: string,
  group: string,
  verbs: readonly string[],
  user?: string,
): Promise<void> {
  const everybody = { kind: 'Group', name: 'apis.kcp.io:binding:system:authenticated' };
  const subject = user === undefined ? everybody : { kind: 'User', name: user };
  await grant(cluster, `policy-${resource}`, subject, [{ apiGroups: [group], resources: [resource], verbs }]);
}

async function grant(
  cluster: string,
  name: string,
  subject: object,
  rules: readonly object[],
): Promise<void> {
  const rbac = `/clusters/${cluster}/apis/rbac.authorization.k8s.io/v1`;
  const apiGroup = 'rbac.authorization.k8s.io';
  await fixture.client.create(`${rbac}/clusterroles`, { metadata: { name }, rules });
  await fixture.client.create(`${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects: [{ apiGroup, ...subject }],
  });
}
