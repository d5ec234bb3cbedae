import { once } from 'node:events';
import { connect } from 'node:http2';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Impersonation } from '../../src/access/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
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
const MALLORY = 'mallorys-token-0123456789';
const WHO = '/clusters/here/apis/authentication.k8s.io/v1/selfsubjectreviews';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const here = 'here' as LogicalCluster;
const SCOPE = { 'authentication.kcp.io/scopes': ['cluster:here'] };
const AUTHENTICATED = 'system:authenticated';

const everything = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];
const alice = userOf('alice');
/** The owner of a workspace, who may do everything in it. */
const mallory = userOf('mallory');

let server: InProcessServer;
let client: Client;
beforeAll(async () => {
  server = await startInProcess({ users: { [ALICE]: alice, [MALLORY]: mallory } });
  client = new Client(server);
  for (const name of ['here', 'there']) {
    await server.createCluster(name);
    await new Caller(server.api, name).create(CLUSTER_ROLES, clusterRole('all', everything));
  }
  const owner = new Caller(server.api, 'here');
  const bind = (name: string, role: string, subjects: readonly object[]) => ({
    ...clusterRoleBinding(name, role, []),
    subjects: subjects.map((subject) => ({ apiGroup: RBAC, kind: 'Group', ...subject })),
  });
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('owner', 'all', ['mallory']));
  await owner.create(
    CLUSTER_ROLE_BINDINGS,
    clusterRoleBinding('entry', 'system:kcp:workspace:access', ['alice', 'dave']),
  );
  await owner.create(
    CLUSTER_ROLES,
    clusterRole('who', [{ apiGroups: ['authentication.k8s.io'], resources: ['*'], verbs: ['create'] }]),
  );
  await owner.create(
    CLUSTER_ROLE_BINDINGS,
    bind('who', 'who', [{ name: AUTHENTICATED }, { name: 'system:unauthenticated' }]),
  );
  await owner.create(
    CLUSTER_ROLE_BINDINGS,
    bind('enter', 'system:kcp:workspace:access', [
      { name: AUTHENTICATED },
      { name: 'system:unauthenticated' },
    ]),
  );
  await owner.create(
    CLUSTER_ROLES,
    clusterRole('impersonator', [
      { apiGroups: [''], resources: ['users'], resourceNames: ['dave'], verbs: ['impersonate'] },
      {
        apiGroups: [''],
        resources: ['groups'],
        resourceNames: ['g1', 'system:kcp:admin', AUTHENTICATED],
        verbs: ['impersonate'],
      },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['userextras/scopes'],
        resourceNames: ['s1'],
        verbs: ['impersonate'],
      },
    ]),
  );
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('impersonator', 'impersonator', ['alice']));
  // Whatever mallory pretends to be has every right elsewhere.
  await new Caller(server.api, 'there').create(
    CLUSTER_ROLE_BINDINGS,
    bind('victims', 'all', [
      { kind: 'User', name: 'victim' },
      { name: 'ops' },
      { kind: 'ServiceAccount', apiGroup: '', name: 'bot', namespace: 'default' },
    ]),
  );
});
afterAll(async () => {
  client.close();
  await server.stop();
});

type Headers = readonly (readonly [string, string])[];

/** The answer to "who am I?", over HTTP/1.1 with headers as they are given. */
async function who(
  headers: Headers,
  token = server.token,
  path = WHO,
): Promise<{ code: number; text: string; json: Record<string, unknown> }> {
  const call = request(`${server.url}${path}`, { method: 'POST', ca: server.ca, agent: false });
  call.setHeader('authorization', `Bearer ${token}`);
  const byName = new Map<string, string[]>();
  for (const [header, value] of headers) {
    const name = header.toLowerCase();
    byName.set(name, [...(byName.get(name) ?? []), value]);
  }
  for (const [name, values] of byName) call.setHeader(name, values);
  // As bytes, or Node would write the headers as UTF-8 as well.
  call.end(Buffer.from('{}'));
  const [response] = await once(call, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { code: response.statusCode, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
}

async function userInfo(headers: Headers, token?: string): Promise<unknown> {
  const { code, json, text } = await who(headers, token);
  expect(code, text).toBe(201);
  return (json['status'] as { userInfo: unknown }).userInfo;
}

const USER = 'Impersonate-User';
const GROUP = 'Impersonate-Group';
const cannot = (resource: string, group = '', scope = 'at the cluster scope') =>
  `User "alice" cannot impersonate resource "${resource}" in API group "${group}" ${scope}`;

describe('the administrator is made', () => {
  test.each<[string, Headers, object]>([
    ['a user', [[USER, 'x']], { username: 'x', groups: [AUTHENTICATED] }],
    [
      'a user with groups, however they are sent',
      [
        [USER, 'x'],
        [GROUP, 'g1'],
        ['impersonate-group', 'a, b'],
      ],
      { username: 'x', groups: ['g1', 'a, b', AUTHENTICATED] },
    ],
    [
      'a service account',
      [[USER, 'system:serviceaccount:ns:n']],
      {
        username: 'system:serviceaccount:ns:n',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', AUTHENTICATED],
      },
    ],
    [
      'a service account of other groups',
      [
        [USER, 'system:serviceaccount:ns:n'],
        [GROUP, 'g'],
      ],
      { groups: ['g', AUTHENTICATED] },
    ],
    [
      'nobody',
      [[USER, 'system:anonymous']],
      { username: 'system:anonymous', groups: ['system:unauthenticated'] },
    ],
    [
      'somebody who has not logged in',
      [
        [USER, 'a'],
        [GROUP, 'system:unauthenticated'],
      ],
      { username: 'a', groups: ['system:unauthenticated'] },
    ],
    [
      'a user with uid and extras, whose keys are decoded once',
      [
        [USER, 'x'],
        ['Impersonate-Uid', 'u'],
        ['Impersonate-Extra-Foo%2fBar', 'v1'],
        ['impersonate-extra-foo%2Fbar', 'v2'],
        ['Impersonate-Extra-%252f', 'w'],
      ],
      { uid: 'u', extra: { 'foo/bar': ['v1', 'v2'], '%2f': ['w'], ...SCOPE } },
    ],
    [
      'the first of two users',
      [
        [USER, 'a'],
        [USER, 'b'],
      ],
      { username: 'a' },
    ],
    [
      'a user whose name is no ASCII',
      [[USER, Buffer.from('Jürgen 🚀').toString('latin1')]],
      { username: 'Jürgen 🚀' },
    ],
    [
      'an administrator',
      [
        [USER, 'x'],
        [GROUP, 'system:masters'],
      ],
      { groups: ['system:masters', AUTHENTICATED] },
    ],
  ])('%s', async (_, headers, expected) => {
    expect(await userInfo(headers)).toMatchObject({ extra: SCOPE, ...expected });
  });

  test('themselves by headers that say nothing', async () => {
    for (const headers of [[], [[USER, '']], [['Impersonate-Foo', 'x']]] as Headers[]) {
      expect(await userInfo(headers)).toMatchObject({ username: 'kcp-admin' });
    }
  });
});

test('more about somebody without a name is a failure, as of a real server', async () => {
  const { code, text } = await who([
    [GROUP, 'g1'],
    ['Impersonate-Extra-foo', 'g1'],
    ['Impersonate-Uid', 'u'],
  ]);
  expect(code).toBe(500);
  expect(text).toBe(
    `Internal Server Error: "${WHO}": requested [{Group  g1    } {UserExtra  g1  authentication.k8s.io/v1  foo} {UID  u  authentication.k8s.io/v1  }] without impersonating a user\n`,
  );
  expect(server.errors).toEqual([]);
});

describe('a user who may impersonate some', () => {
  test('is made what every single piece allows', async () => {
    const headers: Headers = [
      [USER, 'dave'],
      [GROUP, 'g1'],
      ['Impersonate-Extra-Scopes', 's1'],
    ];
    expect(await userInfo(headers, ALICE)).toEqual({
      username: 'dave',
      groups: ['g1', AUTHENTICATED],
      extra: { scopes: ['s1'], ...SCOPE },
    });
  });

  test.each<[Headers, string]>([
    [[[USER, 'x<y>']], `users "x<y>" is forbidden: ${cannot('users')}`],
    [
      [
        [USER, 'dave'],
        [GROUP, 'g2'],
      ],
      `groups "g2" is forbidden: ${cannot('groups')}`,
    ],
    [
      [
        [USER, 'dave'],
        [GROUP, 'g1'],
        [GROUP, 'g2'],
      ],
      `groups "g2" is forbidden: ${cannot('groups')}`,
    ],
    [
      [[USER, 'system:serviceaccount:ns:n']],
      `serviceaccounts "n" is forbidden: ${cannot('serviceaccounts', '', 'in the namespace "ns"')}`,
    ],
    [
      [[USER, 'system:serviceaccount:ns']],
      `users "system:serviceaccount:ns" is forbidden: ${cannot('users')}`,
    ],
    [
      [
        [USER, 'dave'],
        ['Impersonate-Extra-Scopes', 's2'],
      ],
      `userextras.authentication.k8s.io "s2" is forbidden: ${cannot('userextras/scopes', 'authentication.k8s.io')}`,
    ],
    [
      [
        [USER, 'dave'],
        ['Impersonate-Uid', 'u2'],
      ],
      `uids.authentication.k8s.io "u2" is forbidden: ${cannot('uids', 'authentication.k8s.io')}`,
    ],
    [
      [
        [USER, 'dave'],
        [GROUP, 'system:masters'],
      ],
      `groups "system:masters" is forbidden: ${cannot('groups')}`,
    ],
    [
      [
        [USER, 'dave'],
        [GROUP, 'system:kcp:admin'],
      ],
      'forbidden: impersonation is not allowed for the requestor',
    ],
  ])('%j is refused', async (headers, message) => {
    const { code, json } = await who(headers, ALICE);
    expect(json['message']).toBe(message);
    expect(code).toBe(403);
  });

  test('is told about a workspace that they may not enter as about one that does not exist', async () => {
    const told = async (cluster: string) => {
      const path = WHO.replace('/here/', `/${cluster}/`);
      const { code, text } = await who([[USER, 'dave']], ALICE, path);
      return { code, text };
    };
    expect(await told('there')).toEqual(await told('missing'));
    expect((await told('there')).text).toContain('access denied');
  });
});

describe('the owner of a workspace', () => {
  const special = [
    'system:masters',
    'system:kcp:admin',
    'system:kcp:tenancy:workspace-bootstrapper',
    'system:kcp:logical-cluster-admin',
    'system:kcp:external-logical-cluster-admin',
    'system:kcp:initializer:root:x',
    'system:kcp:terminator:root:x',
    'apis.kcp.io:binding:system:kcp:tenancy:workspace-bootstrapper',
    'apis.kcp.io:binding:apis.kcp.io:binding:system:masters',
    'apis.kcp.io:binding:g',
  ];
  test.each(special)('cannot become one of %s', async (group) => {
    const { code, json } = await who(
      [
        [USER, 'x'],
        [GROUP, group],
      ],
      MALLORY,
    );
    expect(code).toBe(403);
    expect(json['message']).toBe('forbidden: impersonation is not allowed for the requestor');
  });

  test('cannot become a user as only permission policies see them', async () => {
    const { code, json } = await who([[USER, 'apis.kcp.io:binding:x']], MALLORY);
    expect(code).toBe(403);
    expect(json['message']).toBe('forbidden: impersonation is not allowed for the requestor');
  });

  test.each([
    'authorization.kcp.io%2fwarrant',
    'Authorization.KCP.io%2Fwarrant',
    'authorization.%6bcp.io%2fwarrant',
    'authorization.%4bcp.io%2fwarrant',
    'authentication.kcp.io%2fscopes',
    'authentication.kcp.io%2fcluster-name',
  ])('cannot send the extra %s', async (key) => {
    const headers: Headers = [
      [USER, 'x'],
      [`Impersonate-Extra-${key}`, '{"user":"root","groups":["system:masters"]}'],
    ];
    expect((await who(headers, MALLORY)).code).toBe(403);
    expect((await who(headers)).code).toBe(403);
  });

  test('is nobody elsewhere, whoever they are made', async () => {
    for (const headers of [
      [[USER, 'victim']],
      [
        [USER, 'x'],
        [GROUP, 'ops'],
      ],
      [[USER, 'system:serviceaccount:default:bot']],
    ] as Headers[]) {
      const { code } = await who(headers, MALLORY, `/clusters/there${CONFIG_MAPS}`);
      expect(code).toBe(403);
    }
  });
});

test('a write as somebody else is refused once the right to be them is gone', async () => {
  const owner = new Caller(server.api, 'here');
  const requester = { user: mallory, cluster: here };
  const wanted: Impersonation = { name: 'x', groups: [], uid: '', extra: new Map() };
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('x', 'all', ['x']));
  const { user, vouchers } = await server.api.access.impersonate(requester, wanted);
  const question = {
    user,
    cluster: here,
    verb: 'create',
    group: '',
    version: 'v1',
    resource: 'configmaps',
    subresource: '',
    namespace: 'default',
    name: '',
  };
  const target = await server.api.access.authorize(question, { vouchers });
  await owner.delete({ ...CLUSTER_ROLE_BINDINGS, name: 'owner' });
  const write = owner.createAs(target, { metadata: { name: 'late' } });
  await expect(write).rejects.toMatchObject({
    code: 403,
    message: expect.stringContaining('"mallory" cannot impersonate'),
  });
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('owner', 'all', ['mallory']));
});

test('over HTTP/2 the headers count as well', async () => {
  const session = connect(server.url, { ca: server.ca });
  const stream = session.request({
    ':method': 'POST',
    ':path': WHO,
    authorization: `Bearer ${ALICE}`,
    'impersonate-user': 'dave',
    'impersonate-group': ['g1', AUTHENTICATED],
  });
  stream.end('{}');
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  await once(stream, 'end');
  session.destroy();
  expect(JSON.parse(text)).toMatchObject({
    status: { userInfo: { username: 'dave', groups: ['g1', AUTHENTICATED] } },
  });
});
