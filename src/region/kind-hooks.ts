import type { KindHooks } from '../api/mod.ts';
import type { ShardName } from '../base/mod.ts';
import { claimHooks } from '../exports/mod.ts';
import {
  logicalClusterHooks,
  type WorkspaceTypes,
  workspaceHooks,
  workspaceLifecycleHooks,
} from '../workspaces/mod.ts';

/** What the rooms above the API have to say about writes of single kinds; of one kind, in this order. */
export function kindHooks(ground: {
  readonly types: WorkspaceTypes;
  readonly shard: ShardName;
}): readonly KindHooks[] {
  return [workspaceHooks(ground), workspaceLifecycleHooks, logicalClusterHooks, ...claimHooks];
}
