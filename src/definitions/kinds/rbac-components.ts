import {
  type Components,
  item,
  kindStruct,
  list,
  META,
  nested,
  optional,
  struct,
  text,
  texts,
} from './fields.ts';

const RBAC = 'io.k8s.api.rbac.v1';

const rules = list(item(`${RBAC}.PolicyRule`), 'What is allowed. Rules only add up; nothing can be denied.', {
  presence: 'null',
  listType: 'atomic',
});

const subjects = list(item(`${RBAC}.Subject`), 'Who is granted the role.', { listType: 'atomic' });

export const rbacComponents: Components = {
  [`${RBAC}.Role`]: kindStruct('A set of permissions in one namespace.', { rules }),
  [`${RBAC}.ClusterRole`]: kindStruct('A set of permissions, for one namespace or for all.', {
    aggregationRule: optional(
      `${RBAC}.AggregationRule`,
      'Selects other cluster roles, whose rules become the rules of this one.',
    ),
    rules,
  }),
  [`${RBAC}.AggregationRule`]: struct('Which cluster roles make up another one.', {
    clusterRoleSelectors: list(
      item(`${META}.LabelSelector`),
      'Selectors of cluster roles; those that match any of them are taken.',
      { listType: 'atomic' },
    ),
  }),
  [`${RBAC}.PolicyRule`]: struct(
    'Verbs on some resources, or on some paths that are no resources.',
    {
      apiGroups: texts('Groups of the resources; `*` for all, an empty text for the core group.', {
        listType: 'atomic',
      }),
      nonResourceURLs: texts('Paths such as /healthz; `*` may stand for the last part. ClusterRoles only.', {
        listType: 'atomic',
      }),
      resourceNames: texts('Names of objects that the rule is limited to; empty for all.', {
        listType: 'atomic',
      }),
      resources: texts('Plural names such as secrets or pods/log; `*` for all.', { listType: 'atomic' }),
      verbs: texts('What may be done; `*` for everything.', { presence: 'print', listType: 'atomic' }),
    },
    { required: ['verbs'] },
  ),
  [`${RBAC}.RoleBinding`]: kindStruct(
    'Grants a Role, or a ClusterRole limited to one namespace.',
    { roleRef: nested(`${RBAC}.RoleRef`, 'The role that is granted. Immutable.'), subjects },
    { required: ['roleRef'] },
  ),
  [`${RBAC}.ClusterRoleBinding`]: kindStruct(
    'Grants a ClusterRole everywhere.',
    { roleRef: nested(`${RBAC}.RoleRef`, 'The ClusterRole that is granted. Immutable.'), subjects },
    { required: ['roleRef'] },
  ),
  [`${RBAC}.RoleRef`]: struct(
    'Names a role.',
    {
      apiGroup: text('Always rbac.authorization.k8s.io.', { presence: 'print' }),
      kind: text('Role or ClusterRole.', { presence: 'print' }),
      name: text('Name of the role.', { presence: 'print' }),
    },
    { required: ['apiGroup', 'kind', 'name'], mapType: 'atomic' },
  ),
  [`${RBAC}.Subject`]: struct(
    'A user, a group or a service account.',
    {
      apiGroup: text(
        'Group of the subject: rbac.authorization.k8s.io for users and groups, empty for service accounts.',
      ),
      kind: text('User, Group or ServiceAccount.', { presence: 'print' }),
      name: text('Name of the subject.', { presence: 'print' }),
      namespace: text('Namespace of a service account.'),
    },
    { required: ['kind', 'name'], mapType: 'atomic' },
  ),
};
