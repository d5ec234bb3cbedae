import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogicalCluster, Revision } from '../../base/mod.ts';
import { objectOf } from '../../machinery/mod.ts';
import { Policy, PolicyTooLarge } from './policy.ts';
import { bindingOf, MemoryRbac, objectsArb, roleOf, stateOf, userArb, userOf } from './rbac.suite.ts';
import { RbacAuthorizer, type RbacRequest, rulesFor } from './rbac-authorizer.ts';
import {
  pathQuestionArb,
  resourceQuestionArb,
  rule,
  ruleAllowsPath,
  ruleAllowsResource,
} from './rules.suite.ts';

const cluster = 'here' as LogicalCluster;
const elsewhere = 'elsewhere' as LogicalCluster;
const getSecrets = rule({ verbs: ['get'], apiGroups: [''], resources: ['secrets'] });

function getSecret(user: string, namespace: string, groups: readonly string[] = []): RbacRequest {
  const what = { verb: 'get', group: '', resource: 'secrets', subresource: '', name: 's' };
  return { ...what, user: userOf(user, groups), cluster, namespace };
}

function newAuthorizer() {
  const rbac = new MemoryRbac();
  return { rbac, authorizer: new RbacAuthorizer(rbac) };
}

describe('a decision of RBAC', () => {
  it.each([
    ['User', 'alice', '', 'User "alice"'],
    ['Group', 'team', '', 'Group "team"'],
    ['ServiceAccount', 'bot', 'n1', 'ServiceAccount "bot/n1"'],
  ])('names the binding that allows, its role and the %s', async (kind, name, namespace, text) => {
    const { rbac, authorizer } = newAuthorizer();
    rbac.set(cluster, {
      clusterRoles: [roleOf('reader', [getSecrets])],
      clusterRoleBindings: [
        bindingOf('b', { role: 'reader', subjects: [{ name: 'x' }, { kind, name, namespace }] }),
      ],
    });
    const user = kind === 'ServiceAccount' ? 'system:serviceaccount:n1:bot' : 'alice';
    expect(await authorizer.authorize(getSecret(user, 'n9', ['team']))).toEqual({
      isAllowed: true,
      reason: `RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to ${text}`,
      revision: 1,
    });
  });

  it('counts a RoleBinding in its namespace alone, and prints it as upstream does', async () => {
    const { rbac, authorizer } = newAuthorizer();
    rbac.set(cluster, {
      roles: [roleOf('reader', [getSecrets], 'n1')],
      roleBindings: [
        bindingOf(
          'b',
          { role: 'reader', kind: 'Role', subjects: [{ kind: 'ServiceAccount', name: 'bot' }] },
          'n1',
        ),
      ],
    });
    const bot = 'system:serviceaccount:n1:bot';
    const allowed = await authorizer.authorize(getSecret(bot, 'n1'));
    expect(allowed.reason).toBe(
      'RBAC: allowed by RoleBinding "b/n1" of Role "reader" to ServiceAccount "bot/n1"',
    );
    for (const namespace of ['', 'n2', 'n'.repeat(1_000)]) {
      expect(await authorizer.authorize(getSecret(bot, namespace))).toMatchObject({
        isAllowed: false,
        reason: '',
      });
    }
    expect((await authorizer.authorize(getSecret('system:serviceaccount:n2:bot', 'n1'))).isAllowed).toBe(
      false,
    );
  });

  it('says which roles are missing, each once, where it does not allow', async () => {
    const { rbac, authorizer } = newAuthorizer();
    const subjects = [{ name: 'alice' }];
    const binding = bindingOf('b', { role: 'gone', subjects });
    rbac.set(cluster, { clusterRoleBindings: [binding, bindingOf('c', { role: 'gone', subjects })] });
    const missing = 'clusterrole.rbac.authorization.k8s.io "gone" not found';
    expect(await authorizer.authorize(getSecret('alice', 'n1'))).toMatchObject({
      isAllowed: false,
      reason: `RBAC: ${missing}`,
    });
    const role = bindingOf('d', { role: 'away', kind: 'Role', subjects }, 'n1');
    rbac.set(cluster, { clusterRoleBindings: [binding], roleBindings: [role] });
    expect((await authorizer.authorize(getSecret('alice', 'n1'))).reason).toBe(
      `RBAC: [${missing}, role.rbac.authorization.k8s.io "away" not found]`,
    );
    expect((await authorizer.authorize(getSecret('bob', 'n1'))).reason).toBe('');
  });

  it('follows every change, tells the revision that it relies on, and reads no more than that', async () => {
    const { rbac, authorizer } = newAuthorizer();
    const objects = {
      clusterRoles: [roleOf('reader', [getSecrets])],
      clusterRoleBindings: [bindingOf('b', { role: 'reader', subjects: [{ name: 'alice' }] })],
    };
    expect(await authorizer.authorize(getSecret('alice', 'n1'))).toMatchObject({
      isAllowed: false,
      revision: 0,
    });
    rbac.set(cluster, objects);
    const asked = Array.from({ length: 20 }, () => authorizer.authorize(getSecret('alice', 'n1')));
    for (const decision of await Promise.all(asked)) {
      expect(decision).toMatchObject({ isAllowed: true, revision: 1 });
    }
    await authorizer.authorize(getSecret('bob', 'n1'));
    expect(rbac.reads).toBe(2);
    rbac.set(cluster, { ...objects, clusterRoleBindings: [] });
    expect(await authorizer.authorize(getSecret('alice', 'n1'))).toMatchObject({
      isAllowed: false,
      revision: 2,
    });
  });

  it('is made from the same compiled policy in all logical clusters with the same content', async () => {
    const { rbac, authorizer } = newAuthorizer();
    const roles = (uid: string) => {
      const role = roleOf('reader', [getSecrets]);
      role['metadata'] = objectOf({ name: 'reader', uid });
      return [role];
    };
    const clusterRoleBindings = [bindingOf('b', { role: 'reader', subjects: [{ name: 'alice' }] })];
    rbac.set(cluster, { clusterRoles: roles('1'), clusterRoleBindings });
    rbac.set(elsewhere, { clusterRoles: roles('2'), clusterRoleBindings });
    const [here, there] = [await authorizer.scope(cluster, ''), await authorizer.scope(elsewhere, '')];
    expect(there.policy).toBe(here.policy);
    expect([here.revision, there.revision]).toEqual([1, 2]);
  });

  it('lets nobody in by roles and bindings that are too much to look at', async () => {
    const authorizer = new RbacAuthorizer({
      revision: () => 7 as Revision,
      read: () => Promise.reject(new PolicyTooLarge('too large')),
    });
    expect(await authorizer.authorize(getSecret('alice', 'n1'))).toEqual({
      isAllowed: false,
      reason: 'RBAC: there are too many roles and bindings to evaluate',
      revision: 7,
    });
    const texts = Array.from({ length: 1_000 }, (_, index) => `x${index}`.padEnd(200, 'x'));
    const roles = Array.from({ length: 200 }, (_, index) => roleOf(`r${index}`, [rule({ verbs: texts })]));
    const bindings = roles.map((_, index) => bindingOf(`b${index}`, { role: `r${index}`, subjects: [] }));
    const state = stateOf(
      { clusterRoles: roles, clusterRoleBindings: bindings, roles: [], roleBindings: [] },
      '',
    );
    expect(() => new Policy(state)).toThrow(PolicyTooLarge);
  });

  it('equals a walk through all bindings, subjects and rules', async () => {
    const question = fc.oneof(resourceQuestionArb, pathQuestionArb);
    const namespace = fc.constantFrom('', 'n1', 'n2');
    await fc.assert(
      fc.asyncProperty(objectsArb, userArb, namespace, question, async (objects, user, within, asked) => {
        const { rbac, authorizer } = newAuthorizer();
        rbac.set(cluster, objects);
        const request = (
          'path' in asked
            ? { ...asked, user, cluster }
            : { ...asked, name: asked.name ?? '', user, cluster, namespace: within }
        ) as RbacRequest;
        const policy = new Policy(stateOf(objects, 'path' in asked ? '' : within));
        const allowing = [...policy.walk(user)].find(({ rule: one }) =>
          'path' in request ? ruleAllowsPath(one, request) : ruleAllowsResource(one, request),
        );
        const decision = await authorizer.authorize(request);
        expect(decision.isAllowed).toBe(allowing !== undefined);
        if (allowing !== undefined) expect(decision.reason).toBe(policy.reason(allowing.grant, user));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps users apart whose names are made to look like lists of groups', async () => {
    const { rbac, authorizer } = newAuthorizer();
    rbac.set(cluster, {
      clusterRoles: [roleOf('reader', [getSecrets]), roleOf('none', [])],
      clusterRoleBindings: [
        bindingOf('a', { role: 'reader', subjects: [{ kind: 'Group', name: 'x' }] }),
        bindingOf('b', { role: 'none', subjects: [{ kind: 'Group', name: 'y' }, { name: 'y","gx' }] }),
      ],
    });
    expect((await authorizer.authorize(getSecret('z', '', ['y', 'x']))).isAllowed).toBe(true);
    expect((await authorizer.authorize(getSecret('y","gx', ''))).isAllowed).toBe(false);
  });
});

describe('the rules of a user', () => {
  it('come binding by binding with the problems on the way', async () => {
    const { rbac, authorizer } = newAuthorizer();
    const subjects = [{ name: 'alice' }];
    const list = rule({ verbs: ['list'], apiGroups: [''], resources: ['secrets'] });
    rbac.set(cluster, {
      clusterRoles: [roleOf('reader', [getSecrets, list])],
      clusterRoleBindings: [
        bindingOf('b', { role: 'reader', subjects }),
        bindingOf('a', { role: 'gone', subjects }),
      ],
    });
    const scope = await authorizer.scope(cluster, 'default');
    expect(rulesFor(scope, userOf('alice'))).toEqual({
      rules: [getSecrets, list],
      problems: [{ kind: 'ClusterRole', name: 'gone' }],
    });
    expect(rulesFor(scope, userOf('bob'))).toEqual({ rules: [], problems: [] });
  });
});
