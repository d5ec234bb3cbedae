import { type Api, logicalClusterKey } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { type KubeObject, parseJson } from '../machinery/mod.ts';

/** The canonical path of a logical cluster; empty where it is in no tree. */
export function canonicalPath(api: Api, cluster: LogicalCluster): string {
  const row = api.store.get(logicalClusterKey(cluster));
  if (row === undefined) return '';
  const { metadata } = parseJson(row.json).value as KubeObject;
  return metadata.annotations?.['kcp.io/path'] ?? '';
}
