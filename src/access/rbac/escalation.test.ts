import { describe, expect, it } from 'vitest';
import { type JsonObject, type KubeObject, objectOf } from '../../machinery/mod.ts';
import { aggregatedRules, hasRules } from './aggregated-rules.suite.ts';
import {
  bindingRefusal,
  escalationProblem,
  type Granter,
  isOnlyForGarbageCollection,
  roleRefusal,
} from './escalation.ts';
import type { PolicyRule } from './policy-rule.ts';
import { roleOf, userOf } from './rbac.suite.ts';
import { rule } from './rules.suite.ts';

const secrets = { apiGroups: [''], resources: ['secrets'] };
const everything = [
  rule({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }),
  rule({ verbs: ['*'], nonResourceURLs: ['*'] }),
];

function granter(rules: readonly PolicyRule[], problems: Granter['problems'] = []): Granter {
  return { user: userOf('alice', ['team', 'system:authenticated']), rules, problems };
}

describe('granting what one does not have', () => {
  const text =
    'user "alice" (groups=["team" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n';

  it('is refused with a line per resource, in order, with all verbs that are missing', () => {
    const wanted = [
      rule({ verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['secrets'], resourceNames: ['b'] }),
      rule({ verbs: ['get', 'delete'], ...secrets }),
      rule({ verbs: ['get'], nonResourceURLs: ['/metrics', '/a"'] }),
    ];
    expect(escalationProblem(granter([rule({ verbs: ['delete'], ...secrets })]), wanted, 'roles')).toBe(
      [
        `${text}{APIGroups:[""], Resources:["secrets"], ResourceNames:["b"], Verbs:["get" "list"]}`,
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
        '{APIGroups:["apps"], Resources:["secrets"], ResourceNames:["b"], Verbs:["get" "list"]}',
        '{NonResourceURLs:["/a\\""], Verbs:["get"]}',
        '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
      ].join('\n'),
    );
  });

  it('names the roles that were not found when the own rules were looked up', () => {
    const wanted = [rule({ verbs: ['get'], ...secrets })];
    const refusal = `${text}{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}; resolution errors: `;
    const problems = [
      { kind: 'ClusterRole', name: 'x' },
      { kind: 'Role', name: 'y' },
    ];
    // The resource that is written, in place of that of the role: as a real server answers.
    const missing = ['x', 'y'].map((name) => `roles.rbac.authorization.k8s.io "${name}" not found`);
    expect(escalationProblem(granter([], problems.slice(0, 1)), wanted, 'roles')).toBe(
      `${refusal}[${missing[0]}]`,
    );
    expect(escalationProblem(granter([], problems), wanted, 'roles')).toBe(
      `${refusal}[[${missing.join(', ')}]]`,
    );
  });

  it('is a 403 of the role, and none when everything is held', () => {
    const write = { resource: 'roles', name: 'r', rules: [rule({ verbs: ['get'], ...secrets })] } as const;
    const refusal = roleRefusal(granter([]), { ...write, isAggregated: false });
    expect(refusal).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(refusal?.message).toBe(
      `roles.rbac.authorization.k8s.io "r" is forbidden: ${text}{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`,
    );
    expect(roleRefusal(granter(write.rules), { ...write, isAggregated: false })).toBeUndefined();
  });

  it('is what an aggregationRule does, unless everything is held', () => {
    const write = { resource: 'clusterroles', name: 'r', rules: [], isAggregated: true } as const;
    expect(roleRefusal(granter([everything[0]!]), write)?.message).toBe(
      'clusterroles.rbac.authorization.k8s.io "r" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    );
    expect(roleRefusal(granter(everything), write)).toBeUndefined();
  });

  it('is refused for the role of a binding, which has to exist', () => {
    const role = roleOf('reader', [rule({ verbs: ['get'], ...secrets })], 'n1');
    const state = {
      role: (name: string): JsonObject | undefined => (name === 'reader' ? role : undefined),
      clusterRole: () => undefined,
    };
    const write = { namespace: 'n1', resource: 'rolebindings', name: 'b', state } as const;
    const roleRef = { kind: 'Role', name: 'reader' };
    expect(bindingRefusal(granter([]), { ...write, roleRef })?.message).toContain(
      'rolebindings.rbac.authorization.k8s.io "b" is forbidden: user "alice" ',
    );
    expect(bindingRefusal(granter(everything), { ...write, roleRef })).toBeUndefined();
    const gone = bindingRefusal(granter(everything), {
      ...write,
      namespace: 'n1',
      roleRef: { kind: 'ClusterRole', name: 'x' },
    });
    expect(gone).toMatchObject({ code: 404 });
    expect(gone?.message).toBe('rolebindings.rbac.authorization.k8s.io "x" not found');
  });

  it('is not looked at where only the garbage collector is served', () => {
    const object = (metadata: JsonObject, rules: readonly PolicyRule[] = []) => {
      const role = roleOf('r', rules);
      role['metadata'] = objectOf({ name: 'r', ...metadata });
      return role as KubeObject;
    };
    const old = object(objectOf({ finalizers: ['a/b'], managedFields: [] }));
    expect(isOnlyForGarbageCollection(object(objectOf({ ownerReferences: [objectOf({})] })), old)).toBe(true);
    expect(isOnlyForGarbageCollection(object(objectOf({ labels: objectOf({ a: 'b' }) })), old)).toBe(false);
    expect(isOnlyForGarbageCollection(object(objectOf({}), everything), old)).toBe(false);
  });
});

describe('aggregation', () => {
  const labelled = (name: string, label: string, rules: readonly PolicyRule[]) => {
    const role = roleOf(name, rules);
    role['metadata'] = objectOf({ name, labels: objectOf({ [label]: 'true' }) });
    return role;
  };
  const gathering = (...labels: string[]) => {
    const role = labelled('all', 'a', [rule({ verbs: ['old'], ...secrets })]);
    const clusterRoleSelectors = labels.map((label) =>
      objectOf({ matchLabels: objectOf({ [label]: 'true' }) }),
    );
    role['aggregationRule'] = objectOf({ clusterRoleSelectors });
    return role;
  };
  const [get, list] = [rule({ verbs: ['get'], ...secrets }), rule({ verbs: ['list'], ...secrets })];

  it('gathers selector by selector, roles by name, each rule once, and never from itself', () => {
    const role = gathering('b', 'a');
    const roles = [
      role,
      labelled('z', 'a', [get]),
      labelled('y', 'a', [list]),
      labelled('x', 'b', [get, get]),
    ];
    expect(aggregatedRules(role, roles)).toEqual([get, list]);
    expect(hasRules(role, [get, list])).toBe(false);
    role['rules'] = roleOf('', [get, list])['rules'];
    expect(hasRules(role, aggregatedRules(role, roles)!)).toBe(true);
  });

  it('leaves roles alone that have no aggregationRule', () => {
    expect(aggregatedRules(labelled('z', 'a', [get]), [])).toBeUndefined();
  });
});
