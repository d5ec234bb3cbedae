import type { Api } from '../api/mod.ts';
import { UNSCHEDULED } from '../definitions/mod.ts';
import { objectOf } from '../machinery/mod.ts';
import { TENANCY_GROUP, WORKSPACE_SCHEDULING, WORKSPACES } from '../workspaces/mod.ts';
import { ControllerClient } from './client.ts';
import { referring } from './endpoint-slices.ts';
import { changeAll } from './objects.ts';
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
      const client = new ControllerClient(api, { name: MANAGER, signal });
      await changeAll(referring(api, UNSCHEDULED), signal, async ({ key }) => {
        const found = api.registry.find(key.cluster, TENANCY_GROUP, WORKSPACES);
        // What others call by this name is no workspace.
        if (key.resource !== WORKSPACES || api.registry.isForeign(key) || found === undefined) return;
        await client.mergePatch({ ...key, definition: found.definition }, objectOf({}));
      });
      return 'settled';
    },
  };
}
