import type { ClusterScope, LogicalCluster } from '../base/mod.ts';
import type { User } from './user.ts';

/** What is asked for: a verb on a resource, of one logical cluster where nothing else is said. */
export interface ResourceAttributes<Cluster extends ClusterScope = LogicalCluster> {
  readonly user: User;
  readonly cluster: Cluster;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The same for a path outside the resources. */
export interface PathAttributes<Cluster extends ClusterScope = LogicalCluster> {
  readonly user: User;
  readonly cluster: Cluster;
  readonly verb: string;
  readonly path: string;
}

/** What is asked in one logical cluster. */
export type ClusterQuestion = ResourceAttributes | PathAttributes;

/** What is asked about a request, which may be about all logical clusters at once. */
export type Question = ResourceAttributes<ClusterScope> | PathAttributes<ClusterScope>;
