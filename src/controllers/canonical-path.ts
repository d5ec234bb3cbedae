import { type Api, logicalClusterKey } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { logicalClusterFacts } from '../workspaces/mod.ts';

/** The canonical path of a logical cluster; empty where it is in no tree. */
export function canonicalPath(api: Api, cluster: LogicalCluster): string {
  const row = api.store.get(logicalClusterKey(cluster));
  return (row && logicalClusterFacts(row).path) ?? '';
}
