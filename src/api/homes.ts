import type { Authorized } from '../access/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { Target } from './target.ts';

/** The home workspaces of users. */
export interface Homes {
  /**
   * The Workspace that `workspaces/~` in the root stands for: the home of whoever asks, made when they ask for the
   * first time. Throws 403 where they may have none. Undefined when the target is something else.
   */
  of(target: Authorized<Target>): Promise<KubeObject> | undefined;
}
