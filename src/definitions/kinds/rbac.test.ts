import { describe, expect, test } from 'vitest';
import { contextOf, createErrors, kubeObject, plain, updateErrors } from './kinds.suite.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './rbac.ts';

const GROUP = 'rbac.authorization.k8s.io';
const READ = { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] };

describe('roles', () => {
  test('rules on resources are accepted in both, rules on paths in cluster roles', () => {
    expect(createErrors(role, { rules: [READ] })).toEqual([]);
    expect(
      createErrors(clusterRole, { rules: [READ, { verbs: ['get'], nonResourceURLs: ['/healthz'] }] }),
    ).toEqual([]);
    expect(createErrors(clusterRole, { rules: null })).toEqual([]);
  });

  test.each([
    [{ ...READ, verbs: [] }, 'rules[0].verbs: Required value: verbs must contain at least one value'],
    [
      { ...READ, apiGroups: [] },
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    ],
    [
      { ...READ, resources: [] },
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      { verbs: ['get'], nonResourceURLs: ['/x'] },
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
    ],
    [
      { ...READ, nonResourceURLs: ['/x'] },
      'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
  ])('%j is refused', (rule, error) => {
    expect(createErrors(role, { rules: [rule] })).toContain(error);
  });

  test('aggregation needs selectors, and valid ones', () => {
    const path = 'aggregationRule.clusterRoleSelectors';
    const errorsOf = (aggregationRule: object) => createErrors(clusterRole, { rules: [], aggregationRule });
    expect(errorsOf({ clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] })).toEqual([]);
    expect(errorsOf({})).toEqual([
      `${path}: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil`,
    ]);
    const matchExpressions = [
      { key: 'a', operator: 'In' },
      { key: 'a', operator: 'Exists', values: ['b'] },
      { key: 'a', operator: 'Is' },
    ];
    expect(errorsOf({ clusterRoleSelectors: [{ matchExpressions }] })).toEqual([
      `${path}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      `${path}[0].matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      `${path}[0].matchExpressions[2].operator: Invalid value: "Is": not a valid selector operator`,
    ]);
  });

  test('names are path segments', () => {
    expect(role.strategy.validateName('system:Node', { isPrefix: false })).toEqual([]);
    expect(role.strategy.validateName('a/b', { isPrefix: false })).toHaveLength(1);
  });
});

describe('bindings', () => {
  const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: 'admin' };

  test('missing groups of the role and of users and groups are filled in', () => {
    const object = kubeObject({
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's' },
      ],
    });
    roleBinding.strategy.prepareForCreate(object, contextOf());
    expect(plain({ roleRef: object['roleRef'], subjects: object['subjects'] })).toEqual({
      roleRef: { apiGroup: GROUP, kind: 'Role', name: 'r' },
      subjects: [
        { apiGroup: GROUP, kind: 'User', name: 'u' },
        { apiGroup: GROUP, kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's' },
      ],
    });
  });

  test('the role reference must name a role of a fitting kind', () => {
    expect(createErrors(roleBinding, { roleRef: { kind: 'User', name: '' } })).toEqual([
      'roleRef.kind: Unsupported value: "User": supported values: "Role", "ClusterRole"',
      'roleRef.name: Required value',
    ]);
    expect(createErrors(clusterRoleBinding, { roleRef: { apiGroup: 'x', kind: 'Role', name: 'a' } })).toEqual(
      [
        `roleRef.apiGroup: Unsupported value: "x": supported values: "${GROUP}"`,
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
      ],
    );
  });

  test('the role reference cannot change', () => {
    const next = { roleRef: { ...roleRef, name: 'edit' } };
    expect(updateErrors(clusterRoleBinding, { old: { roleRef }, next })).toEqual([
      `roleRef: Invalid value: {"APIGroup":"${GROUP}","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef`,
    ]);
    const unchanged = { roleRef: { kind: 'ClusterRole', name: 'admin' } };
    expect(updateErrors(clusterRoleBinding, { old: { roleRef }, next: unchanged })).toEqual([]);
  });

  test.each([
    [
      { kind: 'Robot', name: 'r' },
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
    [{ kind: 'ServiceAccount', name: 's' }, 'subjects[0].namespace: Required value'],
    [
      { kind: 'ServiceAccount', name: 's', namespace: 'n', apiGroup: GROUP },
      `subjects[0].apiGroup: Unsupported value: "${GROUP}": supported values: ""`,
    ],
    [{ kind: 'User', name: '' }, 'subjects[0].name: Invalid value: "": user name cannot be empty'],
    [
      { kind: 'Group', name: 'g', apiGroup: 'x' },
      `subjects[0].apiGroup: Unsupported value: "x": supported values: "${GROUP}"`,
    ],
  ])('the subject %j is refused', (subject, error) => {
    expect(createErrors(clusterRoleBinding, { roleRef, subjects: [subject] })).toContain(error);
  });

  test('in a RoleBinding a service account needs no namespace', () => {
    expect(createErrors(roleBinding, { roleRef, subjects: [{ kind: 'ServiceAccount', name: 's' }] })).toEqual(
      [],
    );
  });
});
