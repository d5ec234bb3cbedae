import type { KindHooks } from '../api/mod.ts';
import {
  bindingHooks,
  claimHooks,
  crdHooks,
  defaultBindingHooks,
  endpointHooks,
  exportHooks,
  identitySecretHooks,
  schemaHooks,
} from '../exports/mod.ts';
import {
  logicalClusterHooks,
  mountHooks,
  shardHooks,
  type WorkspaceGround,
  workspaceHooks,
  workspaceLifecycleHooks,
  workspaceTypeHooks,
} from '../workspaces/mod.ts';

/** What the rooms above the API have to say about writes of single kinds; of one kind, in this order. */
export function kindHooks(ground: WorkspaceGround): readonly KindHooks[] {
  return [
    workspaceHooks(ground),
    mountHooks,
    workspaceLifecycleHooks,
    logicalClusterHooks,
    shardHooks,
    workspaceTypeHooks,
    bindingHooks,
    defaultBindingHooks,
    exportHooks,
    identitySecretHooks,
    schemaHooks,
    crdHooks,
    ...claimHooks,
    ...endpointHooks,
  ];
}
