import type { JsonObject } from '../../../machinery/mod.ts';
import { ADMIN_GROUP, AUTHENTICATED_GROUP, BOUND_PREFIX, WORKSPACE_ACCESS } from '../../groups.ts';
import { type BindingData, bindingObject, type RoleData, resourceRule, roleObject } from './role-data.ts';

const READ = ['get', 'list', 'watch'];
const TENANCY = 'tenancy.kcp.io';
const TOPOLOGY = 'topology.kcp.io';

const bindRole = (api: 'tenancy' | 'topology'): RoleData => ({
  name: `system:kcp:apiexport:${api}:bind`,
  rules: [{ ...resourceRule(['bind'], 'apis.kcp.io', ['apiexports']), resourceNames: [`${api}.kcp.io`] }],
});

const maximal = (api: string) => `system:kcp:apiexport:${api}:maximal-permission-policy`;

const clusterRoles: readonly RoleData[] = [
  { name: maximal('kcp-admin'), rules: [resourceRule(['*'], TENANCY, ['*'])] },
  bindRole('tenancy'),
  {
    name: maximal('tenancy'),
    rules: [
      resourceRule(['*'], TENANCY, ['workspaces', 'workspaceauthenticationconfigurations', 'workspacetypes']),
      resourceRule(READ, TENANCY, ['workspaces/status', 'workspacetypes/status']),
    ],
  },
  bindRole('topology'),
  { name: maximal('topology'), rules: [resourceRule(['*'], TOPOLOGY, ['partitions', 'partitionsets'])] },
  {
    name: 'system:kcp:home-workspace-create',
    rules: [{ ...resourceRule(['get', 'create'], TENANCY, ['workspaces']), resourceNames: ['~'] }],
  },
  {
    name: 'system:kcp:universal-workspacetype-use',
    rules: [
      {
        ...resourceRule(['use'], TENANCY, ['workspacetypes']),
        resourceNames: ['universal', 'organization', 'team'],
      },
    ],
  },
];

const toAll = (name: string, clusterRole: string): BindingData => ({
  name,
  clusterRole,
  groups: [AUTHENTICATED_GROUP],
});

const policyFor = (api: string, group: string): BindingData => ({
  name: `system:kcp:authenticated:apiexport:${api}:maximal-permission-policy`,
  clusterRole: maximal(api),
  groups: [`${BOUND_PREFIX}${group}`],
});

const clusterRoleBindings: readonly BindingData[] = [
  policyFor('kcp-admin', ADMIN_GROUP),
  toAll('system:kcp:authenticated:apiexport:tenancy:bind', 'system:kcp:apiexport:tenancy:bind'),
  policyFor('tenancy', AUTHENTICATED_GROUP),
  toAll('system:kcp:authenticated:apiexport:topology:bind', 'system:kcp:apiexport:topology:bind'),
  policyFor('topology', AUTHENTICATED_GROUP),
  toAll('system:kcp:authenticated:tenancy:reader', 'system:kcp:tenancy:reader'),
  toAll('system:kcp:authenticated:universal-workspacetype-use', 'system:kcp:universal-workspacetype-use'),
  toAll('system:kcp:configured-group:home-clusterworkspace-create', 'system:kcp:home-workspace-create'),
  toAll('system:kcp:tenancy:authenticated:access', WORKSPACE_ACCESS),
];

/**
 * What the root of the workspace tree has besides: everybody who has logged in may enter it, see its workspaces and
 * types, and bind the exports that workspaces are made of. In a fixed order, by kind and name.
 */
export function rootRbacDefaults(): {
  readonly clusterRoles: readonly JsonObject[];
  readonly clusterRoleBindings: readonly JsonObject[];
} {
  return {
    clusterRoles: clusterRoles.map(roleObject),
    clusterRoleBindings: clusterRoleBindings.map(bindingObject),
  };
}
