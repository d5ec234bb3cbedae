const RBAC = 'rbac.authorization.k8s.io';

/**
 * The kinds that every logical cluster has and that providers may claim, without an identity hash. Those that kcp has
 * besides (certificate signing requests, webhook configurations, admission policies) follow when they are served.
 */
const CLAIMABLE: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['namespaces', 'configmaps', 'events', 'resourcequotas', 'secrets', 'serviceaccounts']],
  ['events.k8s.io', ['events']],
  [RBAC, ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings']],
  ['coordination.k8s.io', ['leases']],
  ['apiextensions.k8s.io', ['customresourcedefinitions']],
  ['core.kcp.io', ['logicalclusters']],
  ['authorization.k8s.io', ['subjectaccessreviews', 'localsubjectaccessreviews']],
  ['authentication.k8s.io', ['tokenreviews']],
]);

/** kcp takes claims of all its own APIs for valid, whatever is there. */
const APIS_GROUP = 'apis.kcp.io';

interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** Whether a kind of every logical cluster can be claimed. */
export function isClaimableBuiltin({ group, resource }: GroupResource): boolean {
  return CLAIMABLE.get(group)?.includes(resource) === true;
}

/** Whether a claim needs no identity hash: what it is about comes from no export. */
export function isClaimableWithoutIdentity(kind: GroupResource): boolean {
  return kind.group === APIS_GROUP || isClaimableBuiltin(kind);
}
