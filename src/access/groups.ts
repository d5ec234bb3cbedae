/** Groups and names that the authorizers know. */
export const MASTERS_GROUP = 'system:masters';
export const AUTHENTICATED_GROUP = 'system:authenticated';
export const UNAUTHENTICATED_GROUP = 'system:unauthenticated';
/** How the names of service accounts begin: `system:serviceaccount:<namespace>:<name>`. */
export const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';
export const SERVICE_ACCOUNTS_GROUP = 'system:serviceaccounts';
export const ANONYMOUS_USER = 'system:anonymous';

/** Has everything in every logical cluster, by the bootstrap policy. */
export const ADMIN_GROUP = 'system:kcp:admin';
export const WORKSPACE_BOOTSTRAPPER_GROUP = 'system:kcp:tenancy:workspace-bootstrapper';
/** Passes required groups and workspace content, so that logical clusters can be made and unmade. */
export const LOGICAL_CLUSTER_ADMIN_GROUP = 'system:kcp:logical-cluster-admin';
export const EXTERNAL_LOGICAL_CLUSTER_ADMIN_GROUP = 'system:kcp:external-logical-cluster-admin';
/**
 * How names and groups begin as a maximal permission policy sees them. Roles are bound to such ones, up to
 * everything in every logical cluster: the server makes them for a question, and nobody has one otherwise.
 */
export const BOUND_PREFIX = 'apis.kcp.io:binding:';
/** The ClusterRole that lets somebody into a workspace. */
export const WORKSPACE_ACCESS = 'system:kcp:workspace:access';

/** The group of identities that come from a logical cluster, when they are seen elsewhere. */
export function clusterGroup(cluster: string): string {
  return `system:cluster:${cluster}`;
}

/** The name that a service account has as a user. */
export function serviceAccountUserName(namespace: string, name: string): string {
  return `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`;
}

/** The groups of all service accounts, and of those of a namespace. */
export function serviceAccountGroups(namespace: string): string[] {
  return [SERVICE_ACCOUNTS_GROUP, `${SERVICE_ACCOUNTS_GROUP}:${namespace}`];
}
