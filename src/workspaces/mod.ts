export { admitDefaultBindings } from './admit-default-bindings.ts';
export { logicalClusterAdmission } from './admit-logical-cluster.ts';
export { admitWorkspaceType } from './admit-type.ts';
export { admitWorkspace } from './admit-workspace.ts';
export { homeClusterName } from './cluster-name.ts';
export { withCondition } from './conditions.ts';
export {
  DEFAULT_BINDINGS,
  defaultBindingsDebt,
  defaultExports,
  lineageOfRow,
  maintainedExports,
  TYPE_HEIRS,
  typeOfRow,
  typesOf,
  WAITING_FOR_BINDINGS,
  waitsForBindings,
} from './default-exports.ts';
export { logicalClusterFacts, workspaceFacts } from './facts.ts';
export { HomeWorkspaces } from './home.ts';
export { lifecycleLabel, lifecycleLabels } from './lifecycle-labels.ts';
export { BINDINGS_INITIALIZED, BINDINGS_RECONCILED, RESOURCES_REMAIN } from './lifecycle-names.ts';
export { lifecycleServices } from './lifecycle-view.ts';
export {
  isGoing,
  isReleased,
  logicalClusterHooks,
  newestLogicalCluster,
  newestOwner,
  ownerMirrored,
  ownerMirroredAnywhere,
  ownerReleased,
  ownerReleasedAnywhere,
  type StoredObject,
  workspaceLifecycleHooks,
} from './logical-cluster-hooks.ts';
export { mountHooks } from './mounts.ts';
export {
  BINDINGS_INITIALIZER,
  LOGICAL_CLUSTER_FINALIZER,
  PHASE_LABEL,
  TENANCY_GROUP,
  WORKSPACE_FINALIZER,
  WORKSPACE_TYPES,
  WORKSPACES,
} from './names.ts';
export type { DefaultBindings, MakeDefaultBindings, WorkspaceGround } from './new-cluster.ts';
export { objectCountLimit } from './object-count-limit.ts';
export { WorkspacePaths } from './paths.ts';
export {
  isOwedToAll,
  ownerOf,
  PLACED_CLUSTERS,
  PLACED_WORKSPACES,
  type Placement,
  placedElsewhere,
  placedWorkspaceDebts,
  placementDebt,
  readPlacement,
  workspaceKeyOf,
} from './placed-workspaces.ts';
export { makePlacedCluster, workspaceHooks } from './schedule.ts';
export { markDeleted, tellContent } from './settle-logical-cluster.ts';
export { shardHooks, WORKSPACE_SCHEDULING } from './shard-hooks.ts';
export { settleWorkspaceType, workspaceTypeHooks } from './type-hooks.ts';
export {
  type ReadRow,
  type Reference,
  referenceText,
  TypeProblem,
  type WorkspaceType,
  WorkspaceTypes,
} from './types.ts';
