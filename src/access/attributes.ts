import type { LogicalCluster } from '../base/mod.ts';
import type { User } from './user.ts';

/** What is asked for: a verb on a resource of a logical cluster. */
export interface ResourceAttributes {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The same for a path outside the resources. */
export interface PathAttributes {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly verb: string;
  readonly path: string;
}
