import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { StatusError } from '../../src/machinery/mod.ts';
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

const here = 'here' as LogicalCluster;
const there = 'there' as LogicalCluster;
const AUTHENTICATED = 'system:authenticated';

const everything = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];
/** May enter, and become dave of some groups. */
const alice = userOf('alice');
/** The owner of a workspace, who may do everything in it. */
const mallory = userOf('mallory');

let server: InProcessServer;
beforeAll(async () => {
  server = await startInProcess();
  for (const name of ['here', 'there']) {
    await server.createCluster(name);
    await new Caller(server.api, name).create(CLUSTER_ROLES, clusterRole('all', everything));
  }
  const owner = new Caller(server.api, 'here');
  const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', ['alice']);
  await owner.create(CLUSTER_ROLE_BINDINGS, entry);
  await owner.create(CLUSTER_ROLE_BINDINGS, clusterRoleBinding('owner', 'all', ['mallory']));
  const rules = [
    { apiGroups: [''], resources: ['users'], resourceNames: ['dave'], verbs: ['impersonate'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: ['g1'], verbs: ['impersonate'] },
  ];
  await owner.create(CLUSTER_ROLES, clusterRole('impersonator', rules));
  const impersonators = clusterRoleBinding('impersonator', 'impersonator', ['alice']);
  await owner.create(CLUSTER_ROLE_BINDINGS, impersonators);
  const subjects = [
    { apiGroup: RBAC, kind: 'User', name: 'victim' },
    { apiGroup: RBAC, kind: 'Group', name: 'ops' },
    { kind: 'ServiceAccount', name: 'bot', namespace: 'default' },
  ];
  const victims = { ...clusterRoleBinding('victims', 'all', []), subjects };
  await new Caller(server.api, 'there').create(CLUSTER_ROLE_BINDINGS, victims);
});
afterAll(() => server.stop());

/*
 * What holds of every impersonation that passes, whoever asks: each piece was allowed to the requester in this logical
 * cluster; no group of power beyond it is gained; and in every other one the new identity may do nothing that a
 * stranger from here may not. Within the cluster, who may impersonate everybody is its administrator in effect, as on
 * Kubernetes.
 */
test('impersonation never gains a right outside of the logical cluster, nor a special group', async () => {
  const { access } = server.api;
  const name = fc.constantFrom(
    'victim',
    'alice',
    'dave',
    'x',
    'system:serviceaccount:default:bot',
    'system:kcp:serviceaccount:there:default:bot',
    'system:anonymous',
    'kcp-admin',
  );
  const group = fc.constantFrom(
    'ops',
    'g1',
    AUTHENTICATED,
    'system:unauthenticated',
    'system:masters',
    'system:kcp:admin',
    'system:cluster:there',
    'system:kcp:initializer:x',
  );
  const key = fc.constantFrom(
    'scopes',
    'authentication.kcp.io/scopes',
    'authorization.kcp.io/warrant',
    'a.KCP.io/b',
  );
  const wanted = fc.record({
    name,
    groups: fc.array(group, { maxLength: 3 }),
    uid: fc.constantFrom('', 'u'),
    extra: fc
      .array(fc.tuple(key, fc.constant(['s1', '{"user":"victim"}'])), { maxLength: 2 })
      .map((entries) => new Map(entries)),
  });
  const kcpAdmin: User = { ...userOf('operator', ['system:kcp:admin']) };
  const root: User = { ...userOf('root', ['system:masters']) };
  const requester = fc.constantFrom(alice, mallory, kcpAdmin, root, { ...mallory, groups: [] });
  const isSpecial = (one: string) => /^system:(masters$|kcp:)/.test(one);
  const elsewhere = {
    cluster: there,
    verb: 'get',
    group: '',
    resource: 'secrets',
    subresource: '',
    namespace: 'default',
    name: 's',
  };
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(requester, wanted, async (user, identity) => {
      let made: User;
      try {
        made = (await access.impersonate({ user, cluster: here }, identity)).user;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        expect(error.code).toBe(403);
        return;
      }
      passed += 1;
      const isMaster = user.groups.includes('system:masters');
      for (const one of made.groups) if (isSpecial(one) && !isMaster) expect(user.groups).toContain(one);
      for (const one of Object.keys(made.extra))
        if (/kcp\.io/i.test(one)) expect(made.extra[one]).toEqual(['cluster:here']);
      const asked = await access.decide({
        user,
        cluster: here,
        verb: 'impersonate',
        group: '',
        resource: 'users',
        subresource: '',
        namespace: '',
        name: made.name,
      });
      if (!made.name.startsWith('system:serviceaccount:')) expect(asked.verdict).toBe('allow');
      expect((await access.decide({ ...elsewhere, user: made })).verdict).not.toBe('allow');
      expect(
        (await access.decide({ user: made, cluster: there, verb: 'access', path: '/' })).verdict,
      ).not.toBe('allow');
    }),
    { numRuns: 1_000 },
  );
  expect(passed).toBeGreaterThan(100);
});
