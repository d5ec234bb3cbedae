import type { JsonObject } from '../../../machinery/mod.ts';
import {
  ADMIN_GROUP,
  BOUND_PREFIX,
  EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  WORKSPACE_ACCESS,
  WORKSPACE_BOOTSTRAPPER_GROUP,
} from '../../groups.ts';
import {
  type BindingData,
  bindingObject,
  pathRule,
  type RoleData,
  resourceRule,
  roleObject,
} from './role-data.ts';

const READ = ['get', 'list', 'watch'];
const EVERYTHING = [resourceRule(['*'], '*', ['*']), pathRule(['*'], ['*'])];
const LOGICAL_CLUSTERS = ['logicalclusters', 'logicalclusters/status'];

const clusterRoles: readonly RoleData[] = [
  {
    name: EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
    rules: [
      resourceRule(['delete', 'update', 'get'], 'core.kcp.io', LOGICAL_CLUSTERS),
      resourceRule(['delete', 'update', 'patch', 'get'], 'tenancy.kcp.io', ['workspaces']),
      resourceRule(['get'], '', ['serviceaccounts', 'secrets']),
      resourceRule(['create'], 'authorization.k8s.io', ['subjectaccessreviews']),
      resourceRule(['update', 'patch', 'get'], 'apis.kcp.io', ['apiexportendpointslices/status']),
      resourceRule(READ, 'apis.kcp.io', ['apiexportendpointslices']),
      resourceRule(['get'], 'tenancy.kcp.io', ['workspaceauthenticationconfigurations']),
      pathRule(['access'], ['/']),
    ],
  },
  {
    name: LOGICAL_CLUSTER_ADMIN_GROUP,
    rules: [
      resourceRule(['*'], 'core.kcp.io', LOGICAL_CLUSTERS),
      resourceRule(['delete', 'update', 'get'], 'tenancy.kcp.io', ['workspaces']),
    ],
  },
  { name: 'system:kcp:metrics-reader', rules: [pathRule(['get'], ['/metrics'])] },
  {
    name: 'system:kcp:tenancy:reader',
    rules: [
      resourceRule(READ, 'tenancy.kcp.io', ['workspaces']),
      resourceRule(READ, 'tenancy.kcp.io', ['workspacetypes']),
      resourceRule(READ, 'core.kcp.io', ['logicalclusters']),
    ],
  },
  { name: WORKSPACE_BOOTSTRAPPER_GROUP, rules: EVERYTHING },
  { name: WORKSPACE_ACCESS, rules: [pathRule(['access'], ['/'])] },
];

const clusterRoleBindings: readonly BindingData[] = [
  { name: 'system:kcp:admin:cluster-admin', clusterRole: 'cluster-admin', groups: [ADMIN_GROUP] },
  {
    name: EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
    clusterRole: EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP,
    groups: [EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP],
  },
  {
    name: LOGICAL_CLUSTER_ADMIN_GROUP,
    clusterRole: LOGICAL_CLUSTER_ADMIN_GROUP,
    groups: [LOGICAL_CLUSTER_ADMIN_GROUP],
  },
  {
    name: WORKSPACE_BOOTSTRAPPER_GROUP,
    clusterRole: WORKSPACE_BOOTSTRAPPER_GROUP,
    groups: [WORKSPACE_BOOTSTRAPPER_GROUP, `${BOUND_PREFIX}${WORKSPACE_BOOTSTRAPPER_GROUP}`],
  },
];

/**
 * What kcp adds in `system:admin`, whose RBAC counts in every logical cluster; the names of its roles are those of
 * its groups. In a fixed order, by kind and name.
 */
export function kcpRbacDefaults(): {
  readonly clusterRoles: readonly JsonObject[];
  readonly clusterRoleBindings: readonly JsonObject[];
} {
  return {
    clusterRoles: clusterRoles.map(roleObject),
    clusterRoleBindings: clusterRoleBindings.map(bindingObject),
  };
}
