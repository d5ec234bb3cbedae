export { admitWorkspaceType } from './admit-type.ts';
export { admitWorkspace } from './admit-workspace.ts';
export { homeClusterName } from './cluster-name.ts';
export { lifecycleLabel, lifecycleLabels } from './lifecycle-labels.ts';
export { WorkspacePaths } from './paths.ts';
export {
  type DefaultBindings,
  isUnscheduled,
  type MakeDefaultBindings,
  WORKSPACE_SCHEDULING,
  workspaceHooks,
} from './schedule.ts';
export { type Reference, WorkspaceTypes } from './types.ts';
