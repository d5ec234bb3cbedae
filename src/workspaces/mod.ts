export { admitDefaultBindings } from './admit-default-bindings.ts';
export { logicalClusterAdmission } from './admit-logical-cluster.ts';
export { admitWorkspaceType } from './admit-type.ts';
export { admitWorkspace } from './admit-workspace.ts';
export { homeClusterName } from './cluster-name.ts';
export { HomeWorkspaces } from './home.ts';
export { lifecycleLabel, lifecycleLabels } from './lifecycle-labels.ts';
export { RESOURCES_REMAIN } from './lifecycle-names.ts';
export { lifecycleServices } from './lifecycle-view.ts';
export {
  isGoing,
  logicalClusterHooks,
  newestLogicalCluster,
  ownerMirrored,
  ownerReleased,
  type StoredObject,
  workspaceLifecycleHooks,
} from './logical-cluster-hooks.ts';
export {
  LOGICAL_CLUSTER_FINALIZER,
  PHASE_LABEL,
  TENANCY_GROUP,
  WORKSPACE_FINALIZER,
  WORKSPACES,
} from './names.ts';
export type { DefaultBindings, MakeDefaultBindings, WorkspaceGround } from './new-cluster.ts';
export { objectCountLimit } from './object-count-limit.ts';
export { WorkspacePaths } from './paths.ts';
export { workspaceHooks } from './schedule.ts';
export { markDeleted, tellContent } from './settle-logical-cluster.ts';
export { shardHooks, WORKSPACE_SCHEDULING } from './shard-hooks.ts';
export { settleWorkspaceType, workspaceTypeHooks } from './type-hooks.ts';
export { type Reference, WorkspaceTypes } from './types.ts';
