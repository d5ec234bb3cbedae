import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import {
  Caller,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  clusterRole,
  clusterRoleBinding,
  RBAC,
  userOf,
} from './suite.ts';

const ALICE = 'alices-token-0123456789';
const BOB = 'bobs-token-0123456789';
const ROOT_PATH = '/clusters/grants';
const PATH = `${ROOT_PATH}/apis/${RBAC}/v1`;
const IN_DEFAULT = `${PATH}/namespaces/default`;
const MERGE = { 'content-type': 'application/merge-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] };
const missing = (groups = '"team" "system:authenticated"', name = 'alice') =>
  `user "${name}" (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`;

let server: InProcessServer;
let client: Client;
beforeAll(async () => {
  server = await startInProcess({ users: { [ALICE]: userOf('alice', ['team']), [BOB]: userOf('bob') } });
  client = new Client(server);
  await server.createCluster('grants');
  const owner = new Caller(server.api, 'grants');
  const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', ['alice', 'bob']);
  await owner.create(CLUSTER_ROLE_BINDINGS, entry);
  const grant = async (name: string, users: readonly string[], rules: readonly object[]) => {
    await owner.create(CLUSTER_ROLES, clusterRole(name, rules));
    await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding(name, name, users));
  };
  await grant(
    'rbac-writer',
    ['alice'],
    [{ apiGroups: [RBAC], resources: ['*'], verbs: ['create', 'update', 'patch', 'get'] }, leases],
  );
  await grant(
    'named',
    ['alice'],
    [
      { apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: ['escalated'], verbs: ['escalate'] },
      { apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: ['secrets-reader'], verbs: ['bind'] },
    ],
  );
  await grant(
    'updater',
    ['bob'],
    [
      {
        apiGroups: ['', RBAC, 'coordination.k8s.io'],
        resources: ['configmaps', 'roles', 'leases'],
        verbs: ['update', 'patch'],
      },
    ],
  );
  await owner.create(CLUSTER_ROLES, clusterRole('secrets-reader', [secrets]));
  await owner.create(CLUSTER_ROLES, clusterRole('powerful', [secrets]));
});
afterAll(async () => {
  client.close();
  await server.stop();
});

/** What alice is told. */
async function told(
  code: number,
  method: string,
  path: string,
  body: object,
  options: { token?: string; headers?: Record<string, string> } = {},
) {
  const { token = ALICE, headers = {} } = options;
  return (await client.refuse(code, path, { method, body, token, headers })).message;
}

async function passes(
  method: string,
  path: string,
  body: object,
  options: { token?: string; headers?: Record<string, string> } = {},
) {
  const { token = ALICE, headers = {} } = options;
  const reply = await client.call(path, { method, body, token, headers });
  expect([200, 201], reply.text).toContain(reply.status);
}

const role = (name: string, ...rules: object[]) => ({ metadata: { name }, rules });
const roleBinding = (name: string, kind: string, roleName: string) => ({
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind, name: roleName },
  subjects: [],
});

describe('a role', () => {
  test('may hold what its writer holds', () => passes('POST', `${PATH}/clusterroles`, role('fine', leases)));

  test('may not hold more, and that is said before what else is wrong with it', async () => {
    const bad = role('more', secrets, { resources: ['x'] });
    expect(await told(403, 'POST', `${PATH}/clusterroles`, bad)).toBe(
      `clusterroles.${RBAC} "more" is forbidden: ${missing()}`,
    );
  });

  test('has no name yet where the server makes it', async () => {
    const nameless = { metadata: { generateName: 'more-' }, rules: [secrets] };
    expect(await told(403, 'POST', `${PATH}/clusterroles`, nameless)).toBe(
      `clusterroles.${RBAC} is forbidden: ${missing()}`,
    );
  });

  test('that holds more may not even get a label from who holds less, but an owner or finalizer', async () => {
    const path = `${PATH}/clusterroles/powerful`;
    const labels = { metadata: { labels: { a: 'b' } } };
    expect(await told(403, 'PATCH', path, labels, { headers: MERGE })).toBe(
      `clusterroles.${RBAC} "powerful" is forbidden: ${missing()}`,
    );
    await passes('PATCH', path, { metadata: { finalizers: ['example.com/x'] } }, { headers: MERGE });
    await passes('PATCH', path, {}, { headers: MERGE });
  });

  test('that gathers others needs everything', async () => {
    const aggregated = {
      metadata: { name: 'agg' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    };
    expect(await told(403, 'POST', `${PATH}/clusterroles`, aggregated)).toBe(
      `clusterroles.${RBAC} "agg" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    );
  });

  test('may hold more for whoever may escalate it, by its name in the URL', async () => {
    await told(403, 'POST', `${PATH}/clusterroles`, role('escalated', secrets));
    await passes('PUT', `${PATH}/clusterroles/escalated`, role('escalated', secrets));
  });

  test('is checked however it is written', async () => {
    const body = role('sly', secrets);
    const applied = { apiVersion: `${RBAC}/v1`, kind: 'Role', ...body };
    const refused = `roles.${RBAC} "sly" is forbidden: ${missing()}`;
    expect(await told(403, 'PUT', `${IN_DEFAULT}/roles/sly`, body)).toBe(refused);
    const apply = `${IN_DEFAULT}/roles/sly?fieldManager=x`;
    expect(await told(403, 'PATCH', apply, applied, { headers: APPLY })).toBe(refused);
    await passes('POST', `${IN_DEFAULT}/roles`, role('sly', leases));
    const forced = `${apply}&force=true`;
    expect(await told(403, 'PUT', `${IN_DEFAULT}/roles/sly`, body)).toBe(refused);
    expect(await told(403, 'PATCH', forced, applied, { headers: APPLY })).toBe(refused);
    const path = `${IN_DEFAULT}/roles/sly`;
    expect(await told(403, 'PATCH', path, { rules: [secrets] }, { headers: MERGE })).toBe(refused);
    expect(await told(403, 'PATCH', `${path}?dryRun=All`, { rules: [secrets] }, { headers: MERGE })).toBe(
      refused,
    );
  });
});

describe('a binding', () => {
  const clusterWide = `${PATH}/clusterrolebindings`;

  test('may grant what its writer holds', () =>
    passes('POST', `${IN_DEFAULT}/rolebindings`, roleBinding('ok', 'ClusterRole', 'rbac-writer')));

  test('may not grant more', async () => {
    expect(await told(403, 'POST', clusterWide, roleBinding('b', 'ClusterRole', 'powerful'))).toBe(
      `clusterrolebindings.${RBAC} "b" is forbidden: ${missing()}`,
    );
    const inDefault = roleBinding('b', 'ClusterRole', 'powerful');
    expect(await told(403, 'POST', `${IN_DEFAULT}/rolebindings`, inDefault)).toBe(
      `rolebindings.${RBAC} "b" is forbidden: ${missing()}`,
    );
  });

  test('of a role that every workspace can name is measured as well', async () => {
    const body = roleBinding('b', 'ClusterRole', 'system:kcp:tenancy:workspace-bootstrapper');
    expect(await told(403, 'POST', clusterWide, body)).toContain(
      '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
    );
    await passes('POST', clusterWide, roleBinding('entries', 'ClusterRole', 'system:kcp:workspace:access'));
  });

  test('may grant more for whoever may bind that role', () =>
    passes('POST', clusterWide, roleBinding('readers', 'ClusterRole', 'secrets-reader')));

  test('of no role, or of none that there can be, is answered as by a real server', async () => {
    expect(await told(404, 'POST', clusterWide, roleBinding('b', 'ClusterRole', 'nope'))).toBe(
      `clusterrolebindings.${RBAC} "nope" not found`,
    );
    expect(await told(404, 'POST', `${IN_DEFAULT}/rolebindings`, roleBinding('b', 'Role', 'zz'))).toBe(
      `rolebindings.${RBAC} "zz" not found`,
    );
    expect(await told(500, 'POST', clusterWide, roleBinding('b', 'Foo', 'nope'))).toBe(
      'unsupported role reference kind: "Foo"',
    );
    expect(await told(400, 'POST', clusterWide, roleBinding('b', 'Role', 'x'))).toBe(
      'Namespace parameter required.',
    );
  });
});

describe('a PUT or an apply that would create', () => {
  const inBobsHands = { token: BOB };
  const cannotCreate = (what: string, group: string, resource: string) =>
    `${what} is forbidden: User "bob" cannot create resource "${resource}" in API group "${group}" in the namespace "default"`;

  test('asks for create as well', async () => {
    const lease = `${ROOT_PATH}/apis/coordination.k8s.io/v1/namespaces/default/leases/new`;
    expect(await told(403, 'PUT', lease, { metadata: { name: 'new' } }, inBobsHands)).toBe(
      cannotCreate('leases.coordination.k8s.io "new"', 'coordination.k8s.io', 'leases'),
    );
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } };
    const path = `${ROOT_PATH}/api/v1/namespaces/default/configmaps/new?fieldManager=x`;
    expect(await told(403, 'PATCH', path, configMap, { token: BOB, headers: APPLY })).toBe(
      cannotCreate('configmaps "new"', '', 'configmaps'),
    );
  });

  test('is first told of what it would grant', async () => {
    expect(await told(403, 'PUT', `${IN_DEFAULT}/roles/new`, role('new', secrets), inBobsHands)).toBe(
      `roles.${RBAC} "new" is forbidden: ${missing('"system:authenticated"', 'bob')}`,
    );
  });
});

test('twenty roles that are written at once are all written, each by what its writer holds then', async () => {
  const names = Array.from({ length: 20 }, (_, at) => `crowd-${at}`);
  await Promise.all(names.map((name) => passes('POST', `${PATH}/clusterroles`, role(name, leases))));
});

test('roles and bindings beyond the room of a logical cluster are refused, and what is there still lets in', async () => {
  const resourceNames = Array.from({ length: 20_000 }, (_, at) => `name-${at}`);
  const big = (name: string) => role(name, { ...leases, resourceNames });
  const codes: number[] = [];
  for (let at = 0; at < 8; at++) {
    const body = big(`big-${at}`);
    codes.push((await client.call(`${PATH}/clusterroles`, { method: 'POST', body })).status);
  }
  expect(codes).toContain(403);
  expect(codes[0]).toBe(201);
  expect(
    (await client.refuse(403, `${PATH}/clusterroles`, { method: 'POST', body: big('last') })).message,
  ).toContain(
    'the roles and bindings of a logical cluster may take 8388608 bytes together: delete some first',
  );
  await passes('POST', `${PATH}/clusterroles`, role('small', leases));
  await client.delete(`${PATH}/clusterroles/big-0`);
  await client.create(`${PATH}/clusterroles`, {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    ...big('again'),
  });
});
