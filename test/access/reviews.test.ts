import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import { Client } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import {
  Caller,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  clusterRole,
  clusterRoleBinding,
  ensurePlanetBindings,
  RBAC,
  userOf,
} from './suite.ts';

const ALICE = 'alices-token-0123456789';
const REVIEWS = '/clusters/asked/apis/authorization.k8s.io/v1';
const alice: User = userOf('alice');
const readSecrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
const reading = {
  verb: 'get',
  resource: 'secrets',
  namespace: 'default',
  name: 's',
};

let server: InProcessServer;
let client: Client;
beforeAll(async () => {
  server = await startInProcess({ users: { [ALICE]: alice } });
  client = new Client(server);
  await ensurePlanetBindings(server.api);
  await server.createCluster('asked');
  const owner = new Caller(server.api, 'asked');
  const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', ['alice', 'dave']);
  await owner.create(CLUSTER_ROLE_BINDINGS, entry);
  await owner.create(CLUSTER_ROLES, clusterRole('reader', [readSecrets]));
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('readers', 'reader', ['dave', 'erin']));
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('broken', 'nowhere', ['dave']));
  const asking = [
    { apiGroups: ['authorization.k8s.io'], resources: ['*'], verbs: ['create'] },
    { nonResourceURLs: ['/healthz'], verbs: ['get'] },
  ];
  await owner.create(CLUSTER_ROLES, clusterRole('asker', asking));
  await owner.create(
    CLUSTER_ROLE_BINDINGS,
    clusterRoleBinding('askers', 'asker', ['alice', 'system:serviceaccount:default:bot']),
  );
  const role = { group: RBAC, resource: 'roles', namespace: 'default' };
  await owner.create(role, {
    ...clusterRole('local', [{ ...readSecrets, resourceNames: ['own'] }]),
    kind: 'Role',
  });
  await owner.create(
    { ...role, resource: 'rolebindings' },
    {
      ...clusterRoleBinding('local', 'local', ['alice']),
      kind: 'RoleBinding',
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'local' },
    },
  );
});
afterAll(async () => {
  client.close();
  await server.stop();
});

async function ask(resource: string, spec: object, token?: string): Promise<Record<string, unknown>> {
  const call = { method: 'POST', body: { spec }, ...(token === undefined ? {} : { token }) };
  const reply = await client.call(`${REVIEWS}/${resource}`, call);
  expect(reply.status, reply.text).toBe(201);
  return JSON.parse(reply.text)['status'];
}

describe('a review of somebody', () => {
  test.each<[string, object, object]>([
    [
      'who may',
      { user: 'dave' },
      {
        allowed: true,
        reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "dave"',
      },
    ],
    [
      'who may, but not enter',
      { user: 'erin' },
      { allowed: false, reason: 'no verb=access permission on /' },
    ],
    [
      'who may nothing',
      { user: 'nobody', groups: ['system:authenticated'] },
      { allowed: false, reason: 'no verb=access permission on /' },
    ],
    ['who may everything', { groups: ['system:masters'] }, { allowed: true }],
    [
      'who may everything, elsewhere',
      { groups: ['system:masters'], extra: { 'authentication.kcp.io/scopes': ['cluster:other'] } },
      { allowed: false, reason: 'no verb=access permission on /' },
    ],
    [
      'with a warrant',
      { user: 'x', extra: { 'authorization.kcp.io/warrant': ['{"user":"dave"}'] } },
      {
        allowed: true,
        reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "dave"',
      },
    ],
    [
      'who runs the planet',
      { user: 'x', groups: ['system:kcp:admin'] },
      {
        allowed: true,
        reason:
          'RBAC: allowed by ClusterRoleBinding "system:kcp:admin:cluster-admin" of ClusterRole "cluster-admin" to Group "system:kcp:admin"',
      },
    ],
  ])('%s', async (_, subject, status) => {
    expect(await ask('subjectaccessreviews', { ...subject, resourceAttributes: reading })).toEqual(status);
  });

  test('says why nothing was found, as a real server', async () => {
    const spec = { user: 'dave', resourceAttributes: { ...reading, verb: 'delete' } };
    expect(await ask('subjectaccessreviews', spec)).toEqual({
      allowed: false,
      reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "nowhere" not found',
    });
  });

  test('in one namespace, or about a path', async () => {
    const spec = { user: 'dave', resourceAttributes: reading };
    expect(await ask('namespaces/default/localsubjectaccessreviews', spec)).toMatchObject({ allowed: true });
    const path = { path: '/healthz', verb: 'get' };
    const asked = (user: string) => ask('subjectaccessreviews', { user, nonResourceAttributes: path });
    expect(await asked('alice')).toEqual({ allowed: true });
    const other = { user: 'alice', nonResourceAttributes: { path: '/metrics', verb: 'get' } };
    expect(await ask('subjectaccessreviews', other)).toEqual({ allowed: false });
  });

  test('with selectors says which of them did not count', async () => {
    const asked = async (selectors: object) => {
      const spec = { user: 'nobody', resourceAttributes: { ...reading, ...selectors } };
      return (await ask('subjectaccessreviews', spec))['evaluationError'];
    };
    const ignored = (field: string) => `spec.resourceAttributes.${field} ignored due to parse error`;
    const requirement = (operator: string, values: string[]) => ({
      requirements: [{ key: 'a', operator, values }],
    });
    expect(await asked({ fieldSelector: { rawSelector: 'a=b' } })).toBeUndefined();
    expect(await asked({ fieldSelector: requirement('In', ['x']) })).toBeUndefined();
    for (const selector of [
      { rawSelector: 'a' },
      requirement('In', ['x', 'y']),
      requirement('Exists', []),
      requirement('Foo', ['x']),
    ]) {
      expect(await asked({ fieldSelector: selector })).toBe(ignored('fieldSelector'));
    }
    expect(await asked({ labelSelector: requirement('Exists', []) })).toBeUndefined();
    expect(await asked({ fieldSelector: { rawSelector: 'a' }, labelSelector: { rawSelector: '((' } })).toBe(
      `${ignored('fieldSelector')}; ${ignored('labelSelector')}`,
    );
  });

  test.each<[object, string]>([
    [
      { fieldSelector: { requirements: [{ key: '', operator: 'In', values: ['x'] }] } },
      'fieldSelector.requirements[0].key: Required value: must be specified',
    ],
    [
      { fieldSelector: { requirements: [{ key: 'a', operator: 'In' }] } },
      "fieldSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      { labelSelector: { requirements: [{ key: 'a', operator: 'Exists', values: ['x'] }] } },
      "labelSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      { labelSelector: { requirements: [{ key: 'a', operator: 'In', values: ['x!'] }] } },
      'labelSelector.requirements[0].values[0]: Invalid value: "x!": a valid label must be',
    ],
  ])('with %j is refused', async (selectors, message) => {
    const body = { spec: { user: 'x', resourceAttributes: { ...reading, ...selectors } } };
    const status = await client.refuse(422, `${REVIEWS}/subjectaccessreviews`, { method: 'POST', body });
    expect(status.message).toContain(`spec.resourceAttributes.${message}`);
  });
});

test('a review of oneself is about who asks, impersonated or not', async () => {
  const spec = { resourceAttributes: { ...reading, name: 'own' } };
  expect(await ask('selfsubjectaccessreviews', spec, ALICE)).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "local/default" of Role "local" to User "alice"',
  });
  expect(await ask('selfsubjectaccessreviews', { resourceAttributes: reading }, ALICE)).toEqual({
    allowed: false,
  });
  expect(await ask('selfsubjectaccessreviews', spec)).toEqual({ allowed: true });
});

test('reviews of the rules of oneself list them, of this namespace alone, and not the question', async () => {
  const call = { method: 'POST', token: ALICE };
  const rules = async (namespace: string) => {
    const reply = await client.call(`${REVIEWS}/selfsubjectrulesreviews`, {
      ...call,
      body: { spec: { namespace } },
    });
    expect(reply.status, reply.text).toBe(201);
    const { spec, status } = JSON.parse(reply.text);
    expect(spec).toEqual({});
    return status;
  };
  const everywhere = [{ verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['*'] }];
  const own = [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['own'] }];
  const inDefault = await rules('default');
  expect(inDefault.resourceRules).toEqual(expect.arrayContaining([...everywhere, ...own]));
  expect(inDefault.nonResourceRules).toContainEqual({ verbs: ['access'], nonResourceURLs: ['/'] });
  expect(inDefault.incomplete).toBe(false);
  expect((await rules('kube-system')).resourceRules).not.toContainEqual(own[0]);
  const missing = { ...call, body: { spec: {} } };
  expect((await client.refuse(400, `${REVIEWS}/selfsubjectrulesreviews`, missing)).message).toBe(
    'no namespace on request',
  );
});

test('whoever may not ask is not answered', async () => {
  const { message } = await client.refuse(
    403,
    '/clusters/asked/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews',
    {
      method: 'POST',
      headers: { 'impersonate-user': 'dave' },
      body: { spec: { user: 'alice', resourceAttributes: reading } },
    },
  );
  expect(message).toContain('User "dave" cannot create resource "localsubjectaccessreviews"');
});
