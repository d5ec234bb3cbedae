export { logicalClusterAdmission } from './admit-logical-cluster.ts';
export { homeClusterName } from './cluster-name.ts';
export { RESOURCES_REMAIN } from './lifecycle-names.ts';
export {
  deletionDebt,
  logicalClusterHooks,
  newestLogicalCluster,
  ownerMirrored,
  ownerReleased,
  type StoredObject,
  workspaceHooks,
} from './logical-cluster-hooks.ts';
export { LOGICAL_CLUSTER_FINALIZER, TENANCY_GROUP, WORKSPACE_FINALIZER, WORKSPACES } from './names.ts';
export { WorkspacePaths } from './paths.ts';
export { markDeleted, tellContent } from './settle-logical-cluster.ts';
