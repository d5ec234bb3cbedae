import type { JsonObject } from '../../../machinery/mod.ts';
import { SERVICE_ACCOUNTS_GROUP } from '../../groups.ts';
import { admin, aggregateToAdmin, aggregateToEdit, aggregateToView, edit, view } from './aggregated-roles.ts';
import {
  type BindingData,
  bindingObject,
  pathRule,
  type RoleData,
  resourceRule,
  roleObject,
} from './role-data.ts';

const HEALTH = ['/healthz', '/livez', '/readyz'];
const VERSION = ['/version', '/version/'];

const clusterRoles: readonly RoleData[] = [
  admin,
  {
    name: 'cluster-admin',
    rules: [resourceRule(['*'], '*', ['*']), pathRule(['*'], ['*'])],
  },
  edit,
  aggregateToAdmin,
  aggregateToEdit,
  aggregateToView,
  {
    name: 'system:auth-delegator',
    rules: [
      resourceRule(['create'], 'authentication.k8s.io', ['tokenreviews']),
      resourceRule(['create'], 'authorization.k8s.io', ['subjectaccessreviews']),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      resourceRule(['create'], 'authorization.k8s.io', [
        'selfsubjectaccessreviews',
        'selfsubjectrulesreviews',
      ]),
      resourceRule(['create'], 'authentication.k8s.io', ['selfsubjectreviews']),
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      pathRule(
        ['get'],
        [
          '/api',
          '/api/*',
          '/apis',
          '/apis/*',
          '/healthz',
          '/livez',
          '/openapi',
          '/openapi/*',
          '/readyz',
          ...VERSION,
        ],
      ),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      pathRule(
        ['get'],
        ['/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*'],
      ),
      resourceRule(['get'], '', ['nodes/metrics']),
    ],
  },
  { name: 'system:public-info-viewer', rules: [pathRule(['get'], [...HEALTH, ...VERSION])] },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      pathRule(
        ['get'],
        [
          '/.well-known/openid-configuration',
          '/.well-known/openid-configuration/',
          '/openid/v1/jwks',
          '/openid/v1/jwks/',
        ],
      ),
    ],
  },
  view,
];

const clusterRoleBindings: readonly BindingData[] = [
  { name: 'cluster-admin', clusterRole: 'cluster-admin', groups: ['system:masters'] },
  { name: 'system:basic-user', clusterRole: 'system:basic-user', groups: ['system:authenticated'] },
  { name: 'system:discovery', clusterRole: 'system:discovery', groups: ['system:authenticated'] },
  { name: 'system:monitoring', clusterRole: 'system:monitoring', groups: ['system:monitoring'] },
  {
    name: 'system:public-info-viewer',
    clusterRole: 'system:public-info-viewer',
    groups: ['system:authenticated', 'system:unauthenticated'],
  },
  {
    name: 'system:service-account-issuer-discovery',
    clusterRole: 'system:service-account-issuer-discovery',
    groups: [SERVICE_ACCOUNTS_GROUP],
  },
];

/** Charts of API servers bind this role in kube-system, and fail where it is missing. */
const roles: readonly RoleData[] = [
  {
    name: 'extension-apiserver-authentication-reader',
    namespace: 'kube-system',
    rules: [
      {
        ...resourceRule(['get', 'list', 'watch'], '', ['configmaps']),
        resourceNames: ['extension-apiserver-authentication'],
      },
    ],
  },
];

/**
 * What RBAC every logical cluster begins with, as a fresh Kubernetes 1.34 has it, less what is for its nodes,
 * scheduler and controllers. In a fixed order, by kind and name: objects that are derived by their position keep it.
 * No uid and no time: those are the logical cluster's.
 */
export function kubernetesRbacDefaults(): {
  readonly clusterRoles: readonly JsonObject[];
  readonly clusterRoleBindings: readonly JsonObject[];
  readonly roles: readonly JsonObject[];
} {
  return {
    clusterRoles: clusterRoles.map(roleObject),
    clusterRoleBindings: clusterRoleBindings.map(bindingObject),
    roles: roles.map(roleObject),
  };
}
