export { logicalClusterAdmission } from './admit-logical-cluster.ts';
export { admitWorkspaceType } from './admit-type.ts';
export { admitWorkspace } from './admit-workspace.ts';
export { homeClusterName } from './cluster-name.ts';
export { lifecycleLabel, lifecycleLabels } from './lifecycle-labels.ts';
export { RESOURCES_REMAIN } from './lifecycle-names.ts';
export {
  deletionDebt,
  logicalClusterHooks,
  newestLogicalCluster,
  ownerMirrored,
  ownerReleased,
  type StoredObject,
  workspaceLifecycleHooks,
} from './logical-cluster-hooks.ts';
export { LOGICAL_CLUSTER_FINALIZER, TENANCY_GROUP, WORKSPACE_FINALIZER, WORKSPACES } from './names.ts';
export { WorkspacePaths } from './paths.ts';
export {
  type DefaultBindings,
  isUnscheduled,
  type MakeDefaultBindings,
  WORKSPACE_SCHEDULING,
  workspaceHooks,
} from './schedule.ts';
export { markDeleted, tellContent } from './settle-logical-cluster.ts';
export { type Reference, WorkspaceTypes } from './types.ts';
