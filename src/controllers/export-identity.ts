import { type Api, decodeStored } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { secretReference } from '../definitions/mod.ts';
import { API_EXPORTS, apisDefinition, EXPORT_CONTROLLERS } from '../exports/mod.ts';
import type { ListedObject, ObjectKey } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { changeAll } from './objects.ts';
import type { Controller } from './runtime.ts';

/**
 * Has exports looked at whose Secret has changed: every write of an export settles what it says of its identity, and
 * relies on the Secret that it has read, so that nothing has to wait for one.
 */
export function exportIdentityController(api: Api): Controller {
  return {
    name: EXPORT_CONTROLLERS.identity,
    async reconcile({ key: { cluster, key } }, signal) {
      await api.store.settled();
      const [namespace = '', name = ''] = key.split('/');
      const definition = apisDefinition(API_EXPORTS);
      const client = new ControllerClient(api, { name: 'kcp-apiexport', signal });
      const exports = exportsOf(api, cluster, secretReference({ namespace, name }));
      await changeAll(exports, signal, async ({ key: found }) => {
        const row = found.resource === API_EXPORTS ? api.store.get(found) : undefined;
        if (row === undefined) return;
        const object = decodeStored(definition, definition.storageVersion, row);
        if (object.metadata.deletionTimestamp !== undefined) return;
        object.metadata.resourceVersion = String(row.revision);
        const place = { definition, cluster, namespace: '', name: found.name, subresource: 'status' };
        await client.update(place, object);
      });
      return 'settled';
    },
  };
}

/** The exports of one Secret, mostly one; each batch from a state of its own. */
async function* exportsOf(
  api: Api,
  cluster: LogicalCluster,
  reference: string,
): AsyncGenerator<readonly ListedObject[]> {
  let after: ObjectKey | undefined;
  for (;;) {
    const batch = await nextOf(api, { cluster, reference, after });
    if (batch.length === 0) return;
    yield batch;
    after = batch.at(-1)!.key;
  }
}

async function nextOf(
  api: Api,
  page: {
    readonly cluster: LogicalCluster;
    readonly reference: string;
    readonly after: ObjectKey | undefined;
  },
): Promise<readonly ListedObject[]> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.referringIn(page.cluster, page.reference, page.after)) {
      if (batch.length > 0) return batch;
    }
    return [];
  } finally {
    snapshot.close();
  }
}
