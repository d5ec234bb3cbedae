import { APIS_GROUP } from '../../access/mod.ts';
import type { Api } from '../../api/mod.ts';
import { type LogicalCluster, limits } from '../../base/mod.ts';
import { collectionOf } from '../../definitions/mod.ts';
import { newForbidden } from '../../machinery/mod.ts';
import { API_BINDINGS, apisDefinition } from '../kcp-objects.ts';

/** Throws 403 when a logical cluster is to have so many APIBindings, and may not. */
export function assertRoomForBindings(count: number): void {
  const max = limits.apiBindingsMax;
  if (count <= max) return;
  const reason = `a logical cluster has at most ${max} of them: delete one first`;
  throw newForbidden({ group: APIS_GROUP, resource: API_BINDINGS }, '', reason);
}

/** Throws 403 when a logical cluster has as many APIBindings as it may. */
export async function assertRoomForBinding(api: Api, cluster: LogicalCluster): Promise<void> {
  const collection = collectionOf(cluster, apisDefinition(API_BINDINGS));
  const snapshot = api.store.snapshot();
  try {
    assertRoomForBindings((await snapshot.count({ collection }, limits.apiBindingsMax)) + 1);
  } finally {
    snapshot.close();
  }
}
