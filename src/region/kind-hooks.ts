import type { KindHooks } from '../api/mod.ts';
import { claimHooks } from '../exports/mod.ts';
import { shardHooks, type WorkspaceGround, workspaceHooks } from '../workspaces/mod.ts';

/** What the rooms above the API have to say about writes of single kinds; of one kind, in this order. */
export function kindHooks(ground: WorkspaceGround): readonly KindHooks[] {
  return [workspaceHooks(ground), shardHooks, ...claimHooks];
}
