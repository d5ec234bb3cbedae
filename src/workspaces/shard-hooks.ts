import type { KindHooks } from '../api/mod.ts';
import { ROOT_CLUSTER } from '../base/mod.ts';
import { deepEqual, type KubeObject } from '../machinery/mod.ts';
import { CORE_GROUP, SHARDS, UNSCHEDULABLE } from './names.ts';

/** The controller that a change of a shard owes: workspaces that found no shard may find one now. One debt for all. */
export const WORKSPACE_SCHEDULING = 'workspace-scheduling';

/** Has workspaces looked at that no shard took, whenever a shard appears, or takes others than before. */
export const shardHooks: KindHooks = {
  group: CORE_GROUP,
  resource: SHARDS,
  work(api, { operation, key, object, old }) {
    const isMore = operation !== 'delete' && key.cluster === ROOT_CLUSTER && isOther(object, old);
    if (!isMore) return [];
    const debt = { controller: WORKSPACE_SCHEDULING, cluster: ROOT_CLUSTER, key: '' };
    return [{ ...debt, payload: api.random.bytes(8) }];
  },
};

function isOther({ metadata }: KubeObject, old: KubeObject | undefined): boolean {
  if (old === undefined) return true;
  const isMarked = ({ annotations }: KubeObject['metadata']) =>
    annotations !== undefined && Object.hasOwn(annotations, UNSCHEDULABLE);
  return isMarked(metadata) !== isMarked(old.metadata) || !deepEqual(metadata.labels, old.metadata.labels);
}
