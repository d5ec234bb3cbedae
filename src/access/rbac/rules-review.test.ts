import { expect, it } from 'vitest';
import { limits } from '../../base/mod.ts';
import { Policy } from './policy.ts';
import { bindingOf, NO_OBJECTS, roleOf, stateOf, userOf } from './rbac.suite.ts';
import { rule } from './rules.suite.ts';
import { rulesReviewStatus } from './rules-review.ts';

const alice = userOf('alice');
const secrets = rule({ verbs: ['get'], apiGroups: [''], resources: ['secrets'] });

function scopeWith(rules: readonly (typeof secrets)[], role = 'r') {
  const clusterRoles = [roleOf('r', rules)];
  const clusterRoleBindings = [bindingOf('b', { role, subjects: [{ name: 'alice' }] })];
  const policy = new Policy(stateOf({ ...NO_OBJECTS, clusterRoles, clusterRoleBindings }, ''));
  return { revision: 1 as never, policy };
}

it('lists rules on resources and on paths apart, without empty lists', () => {
  const paths = rule({ verbs: ['get'], nonResourceURLs: ['/healthz'] });
  const named = rule({ ...secrets, resourceNames: ['a'] });
  expect(rulesReviewStatus([{ scope: scopeWith([secrets, paths, named]), user: alice }])).toEqual({
    resourceRules: [
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'] },
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] },
    ],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }],
    incomplete: false,
  });
});

it('has empty lists for somebody without rules, and says what could not be looked up', () => {
  const empty = { resourceRules: [], nonResourceRules: [], incomplete: false };
  expect(rulesReviewStatus([{ scope: scopeWith([secrets]), user: userOf('bob') }])).toEqual(empty);
  expect(rulesReviewStatus([{ scope: scopeWith([secrets], 'gone'), user: alice }])).toEqual({
    ...empty,
    evaluationError: 'clusterrole.rbac.authorization.k8s.io "gone" not found',
  });
});

it('says so when it does not list all', () => {
  const many = Array.from({ length: limits.rulesReviewedMax + 1 }, () => secrets);
  const status = rulesReviewStatus([{ scope: scopeWith(many), user: alice }]);
  expect(status).toMatchObject({ incomplete: true });
  expect(status['resourceRules']).toHaveLength(limits.rulesReviewedMax);
});
