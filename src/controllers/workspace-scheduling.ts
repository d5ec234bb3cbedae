import type { Api } from '../api/mod.ts';
import { ROOT_CLUSTER } from '../base/mod.ts';
import { collectionOf } from '../definitions/mod.ts';
import { objectOf } from '../machinery/mod.ts';
import { PHASE_LABEL, TENANCY_GROUP, WORKSPACE_SCHEDULING, WORKSPACES } from '../workspaces/mod.ts';
import { ControllerClient } from './client.ts';
import type { Controller } from './runtime.ts';

const MANAGER = 'kcp-workspace';

/**
 * Looks at all workspaces that no shard has taken so far, since a shard has changed. A write of such a workspace gives
 * it its logical cluster, whoever makes it: this one changes nothing else.
 */
export function workspaceSchedulingController(api: Api): Controller {
  return {
    name: WORKSPACE_SCHEDULING,
    async reconcile(_debt, signal) {
      const found = api.registry.find(ROOT_CLUSTER, TENANCY_GROUP, WORKSPACES);
      if (found === undefined) return 'settled';
      const { definition } = found;
      const { resource, identity } = collectionOf(ROOT_CLUSTER, definition);
      const client = new ControllerClient(api, { name: MANAGER, signal });
      const snapshot = api.store.snapshot();
      try {
        for await (const batch of snapshot.listWildcard(
          TENANCY_GROUP,
          identity === '' ? resource : `${resource}:${identity}`,
        )) {
          for (const { key, row } of batch) {
            if (row.labels[PHASE_LABEL] !== 'Scheduling') continue;
            signal.throwIfAborted();
            await client.mergePatch({ ...key, definition }, objectOf({}));
          }
        }
      } finally {
        snapshot.close();
      }
      return 'settled';
    },
  };
}
