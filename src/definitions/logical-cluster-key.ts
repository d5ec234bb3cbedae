import type { LogicalCluster } from '../base/mod.ts';
import type { ObjectKey } from '../store/mod.ts';

export const LOGICAL_CLUSTERS = { group: 'core.kcp.io', resource: 'logicalclusters' } as const;
/** A LogicalCluster is alone in its own cluster, and always has this name. */
export const LOGICAL_CLUSTER_NAME = 'cluster';

/** The object that makes a logical cluster exist. */
export function logicalClusterKey(cluster: LogicalCluster): ObjectKey {
  return { cluster, ...LOGICAL_CLUSTERS, identity: '', namespace: '', name: LOGICAL_CLUSTER_NAME };
}
