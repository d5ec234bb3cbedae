import { describe, expect, it, test } from 'vitest';
import { type LogicalCluster, SYSTEM_ADMIN_CLUSTER } from '../../base/mod.ts';
import { kcpRbacDefaults } from '../rbac/bootstrap/kcp.ts';
import { kubernetesRbacDefaults } from '../rbac/bootstrap/kubernetes.ts';
import { withFallbackRoles } from '../rbac/fallback-roles.ts';
import { bindingOf, MemoryRbac, nameOf, roleOf, userOf } from '../rbac/rbac.suite.ts';
import { RbacAuthorizer } from '../rbac/rbac-authorizer.ts';
import { rule } from '../rbac/rules.suite.ts';
import type { User } from '../user.ts';
import type { LogicalClusterFacts } from './authorizers.ts';
import { accessChain } from './chain.ts';
import type { AccessRequest } from './decision.ts';
import { ORIGIN_EXTRA, SCOPES_EXTRA, WARRANT_EXTRA } from './effective-users.ts';

const home = 'home' as LogicalCluster;
const other = 'other' as LogicalCluster;
const AUTHENTICATED = 'system:authenticated';
const bot = 'system:serviceaccount:ns:bot';

/** A planet with two workspaces of the same content; in `home`, alice may enter and read secrets, bob only read, carol only enter. */
function newPlanet(facts: Partial<LogicalClusterFacts> = {}) {
  const kubernetes = kubernetesRbacDefaults();
  const kcp = kcpRbacDefaults();
  const clusterRoles = [...kubernetes.clusterRoles, ...kcp.clusterRoles];
  const rbac = new MemoryRbac();
  rbac.set(SYSTEM_ADMIN_CLUSTER, {
    clusterRoles,
    clusterRoleBindings: [...kubernetes.clusterRoleBindings, ...kcp.clusterRoleBindings],
  });
  const reader = roleOf('reader', [rule({ verbs: ['get'], apiGroups: [''], resources: ['secrets'] })]);
  const readers = [
    { name: 'alice' },
    { name: 'bob' },
    { kind: 'ServiceAccount', name: 'bot', namespace: 'ns' },
    { name: 'system:kcp:serviceaccount:far:ns:bot' },
    { kind: 'Group', name: 'system:cluster:near' },
  ];
  const entering = [...readers.filter(({ name }) => name !== 'bob'), { name: 'carol' }];
  const objects = {
    clusterRoles: [reader],
    clusterRoleBindings: [
      bindingOf('reader', { role: 'reader', subjects: readers }),
      bindingOf('access', {
        role: 'system:kcp:workspace:access',
        subjects: entering,
      }),
    ],
  };
  rbac.set(home, objects);
  rbac.set(other, { clusterRoles: [reader] });
  const known = new Map<LogicalCluster, LogicalClusterFacts>([
    [home, { phase: 'Ready', requiredGroups: undefined, ...facts }],
    [other, { phase: 'Ready', requiredGroups: undefined }],
  ]);
  const authorizer = new RbacAuthorizer(
    withFallbackRoles(rbac, new Map(clusterRoles.map((role) => [nameOf(role), role]))),
  );
  return {
    authorize: accessChain({
      rbac: authorizer,
      find: (cluster) => known.get(cluster),
      originOf: () => undefined,
    }),
    rbac,
  };
}

function getSecret(user: User, cluster = home): AccessRequest {
  const what = { verb: 'get', group: '', resource: 'secrets', subresource: '', namespace: 'ns', name: 's' };
  return { ...what, user, cluster };
}

const alice = userOf('alice', [AUTHENTICATED]);
const origin = (cluster: string) => ({ [ORIGIN_EXTRA]: [cluster] });

describe('who may read a secret of a workspace', () => {
  test.each<[string, User, 'allow' | 'deny' | 'no-opinion']>([
    ['a user who may enter and read', alice, 'allow'],
    ['a user who may read, but not enter', userOf('bob', [AUTHENTICATED]), 'no-opinion'],
    ['a user who may do nothing', userOf('eve', [AUTHENTICATED]), 'no-opinion'],
    ['nobody', userOf('system:anonymous', ['system:unauthenticated']), 'no-opinion'],
    ['system:masters', userOf('root', ['system:masters']), 'allow'],
    [
      'system:masters, scoped elsewhere',
      userOf('root', ['system:masters'], { [SCOPES_EXTRA]: ['cluster:x'] }),
      'no-opinion',
    ],
    ['the admin of the planet', userOf('admin', ['system:kcp:admin']), 'allow'],
    [
      'who makes logical clusters, but reads no secrets',
      userOf('x', ['system:kcp:logical-cluster-admin']),
      'no-opinion',
    ],
    ['its own service account, which needs no access', userOf(bot, [AUTHENTICATED], origin('home')), 'allow'],
    [
      'a service account of that name from elsewhere',
      userOf(bot, [AUTHENTICATED], origin('else')),
      'no-opinion',
    ],
    ['a service account whose global name is bound', userOf(bot, [AUTHENTICATED], origin('far')), 'allow'],
    [
      'a service account from a cluster whose group is bound',
      userOf(bot, [AUTHENTICATED], origin('near')),
      'allow',
    ],
    ['a user scoped to it', { ...alice, extra: { [SCOPES_EXTRA]: ['cluster:home'] } }, 'allow'],
    ['a user scoped to another', { ...alice, extra: { [SCOPES_EXTRA]: ['cluster:other'] } }, 'no-opinion'],
    [
      'a user with a warrant of one who may',
      userOf('eve', [AUTHENTICATED], { [WARRANT_EXTRA]: ['{"user":"alice"}'] }),
      'allow',
    ],
    [
      'a user who may read, with a warrant of one who may enter: neither lends to the other',
      userOf('bob', [AUTHENTICATED], { [WARRANT_EXTRA]: ['{"user":"carol"}'] }),
      'no-opinion',
    ],
  ])('%s', async (_, user, verdict) => {
    const { authorize } = newPlanet();
    expect((await authorize(getSecret(user))).verdict).toBe(verdict);
  });

  it("is nobody but the planet's own in another workspace with the same content", async () => {
    const { authorize } = newPlanet();
    for (const user of [alice, userOf(bot, [AUTHENTICATED], origin('home'))]) {
      expect((await authorize(getSecret(user, other))).verdict).not.toBe('allow');
    }
    expect((await authorize(getSecret(userOf('admin', ['system:kcp:admin']), other))).verdict).toBe('allow');
  });

  it('looks the same from outside whether or not the workspace exists', async () => {
    const { authorize } = newPlanet({ requiredGroups: 'staff' });
    const eve = userOf('eve', [AUTHENTICATED]);
    for (const cluster of [home, other, 'missing', 'system:admin'] as LogicalCluster[]) {
      const answer = await authorize(getSecret(eve, cluster));
      expect(answer).toMatchObject({ isOutside: true });
      expect(answer.verdict).not.toBe('allow');
    }
    expect((await newPlanet().authorize({ ...getSecret(alice), verb: 'update' })).isOutside).toBe(false);
  });

  it('is told with the RBAC that was relied on', async () => {
    const { authorize, rbac } = newPlanet();
    const answer = await authorize(getSecret(alice));
    expect(answer.reason).toBe(
      'RBAC: allowed by ClusterRoleBinding "reader" of ClusterRole "reader" to User "alice"',
    );
    expect(answer.reliesOn).toContainEqual({ cluster: home, revision: rbac.revision(home) });
  });
});

describe('required groups', () => {
  test.each([
    ['staff', ['staff'], 'allow'],
    ['staff', [], 'deny'],
    ['staff,night', ['staff'], 'deny'],
    ['staff,night', ['night', 'staff'], 'allow'],
    ['staff;night', ['night'], 'allow'],
    ['a,b;c', ['c'], 'allow'],
    ['a,b;c', ['a'], 'deny'],
    ['', ['staff'], 'deny'],
  ] as const)('of %j let in members of %j: %s', async (requiredGroups, groups, verdict) => {
    const { authorize } = newPlanet({ requiredGroups });
    const answer = await authorize(getSecret(userOf('alice', [AUTHENTICATED, ...groups])));
    expect(answer.verdict).toBe(verdict);
    if (verdict === 'deny')
      expect(answer.reason).toBe(`user is not a member of required groups: ${requiredGroups}`);
  });

  it("are not asked of service accounts of the workspace, of the planet's admins, nor by a deep review", async () => {
    const { authorize } = newPlanet({ requiredGroups: 'staff' });
    for (const user of [userOf(bot, [AUTHENTICATED], origin('home')), userOf('a', ['system:kcp:admin'])]) {
      expect((await authorize(getSecret(user))).verdict).toBe('allow');
    }
    const bob = userOf('bob', [AUTHENTICATED]);
    expect((await authorize({ ...getSecret(bob), isDeepReview: true })).verdict).toBe('allow');
    expect((await authorize(getSecret(userOf(bot, [AUTHENTICATED], origin('far'))))).verdict).toBe('deny');
  });
});

describe('the phase of a workspace', () => {
  const initializer = userOf('x', [AUTHENTICATED, 'system:kcp:initializer:root:t']);

  test.each([
    ['Ready', 'allow', 'no-opinion'],
    ['Initializing', 'allow', 'allow'],
    ['Terminating', 'allow', 'allow'],
    ['Deleting', 'allow', 'allow'],
    ['Scheduling', 'no-opinion', 'no-opinion'],
    ['', 'no-opinion', 'no-opinion'],
  ])('%j: a user %s, a lifecycle view %s', async (phase, forUser, forView) => {
    const { authorize } = newPlanet({ phase });
    expect((await authorize(getSecret(alice))).verdict).toBe(forUser);
    expect((await authorize(getSecret(initializer))).verdict).toBe(forView);
  });
});

describe('the chain', () => {
  it('lets everybody see whether the member is healthy, and nothing else', async () => {
    const { authorize } = newPlanet();
    const user = userOf('system:anonymous', ['system:unauthenticated']);
    const ask = async (path: string) => (await authorize({ user, cluster: home, verb: 'get', path })).verdict;
    expect(await Promise.all(['/healthz', '/readyz', '/livez'].map(ask))).toEqual([
      'allow',
      'allow',
      'allow',
    ]);
    expect(await Promise.all(['/healthz/', '/healthz/etcd', '/metrics', '/'].map(ask))).not.toContain(
      'allow',
    );
  });

  it('keeps the status of bindings and exports from all but system:masters', async () => {
    const { authorize } = newPlanet();
    const patch = (user: User, group = 'apis.kcp.io') =>
      authorize({
        ...getSecret(user),
        verb: 'patch',
        group,
        resource: 'apibindings',
        subresource: 'status',
      });
    const denied = { verdict: 'deny', reason: 'apibinding status updates not permitted' };
    const admin = userOf('a', ['system:kcp:admin']);
    expect(await patch(admin)).toMatchObject(denied);
    // The form in which they were first shown has a group of its own.
    expect(await patch(admin, 'apis.kcp.dev')).toMatchObject(denied);
    expect(await patch(admin, 'example.com')).not.toMatchObject(denied);
    expect((await patch(userOf('a', ['system:masters']))).verdict).toBe('allow');
  });
});
