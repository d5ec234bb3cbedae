import { type Api, decodeStored, parseMountWorkKey, WORKSPACE_MOUNTS } from '../api/mod.ts';
import { mountReference } from '../definitions/mod.ts';
import type { ListedObject } from '../store/mod.ts';
import { TENANCY_GROUP, WORKSPACES } from '../workspaces/mod.ts';
import { ControllerClient } from './client.ts';
import { referringIn } from './objects.ts';
import type { Controller } from './runtime.ts';

const MANAGER = 'kcp-workspace-mounts';

/** Has Workspaces that are doors to an object say how it is, since it has changed. They are found by what they refer to. */
export function workspaceMountController(api: Api): Controller {
  return {
    name: WORKSPACE_MOUNTS,
    async reconcile({ key: { cluster, key } }, signal) {
      const client = new ControllerClient(api, { name: MANAGER, signal });
      const reference = mountReference(parseMountWorkKey(key));
      for await (const batch of referringIn(api, cluster, reference)) {
        for (const workspace of batch) {
          signal.throwIfAborted();
          await rewrite(api, client, workspace);
        }
      }
      return 'settled';
    },
  };
}

/** Writes a Workspace as it is: what it has to say, the write says. */
async function rewrite(api: Api, client: ControllerClient, { key }: ListedObject): Promise<void> {
  const found = api.registry.find(key.cluster, TENANCY_GROUP, WORKSPACES);
  const row = api.store.get(key);
  if (found === undefined || row === undefined) return;
  const { definition } = found;
  const workspace = decodeStored(definition, definition.storageVersion, row);
  workspace.metadata.resourceVersion = String(row.revision);
  const { cluster, namespace, name } = key;
  await client.update({ definition, cluster, namespace, name, subresource: 'status' }, workspace);
}
