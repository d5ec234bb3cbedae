import { type Api, decodeStored } from '../api/mod.ts';
import { secretReference } from '../definitions/mod.ts';
import { API_EXPORTS, apisDefinition, EXPORT_CONTROLLERS } from '../exports/mod.ts';
import { objectOf } from '../machinery/mod.ts';
import { ControllerClient } from './client.ts';
import { changeAll, referringIn } from './objects.ts';
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
      // Mostly one.
      if (namespace === '') {
        // Made in another region, which leaves it to this one. Whoever writes an export gives it what it lacks.
        await client.mergePatch({ definition, cluster, namespace: '', name }, objectOf({}));
        return 'settled';
      }
      const exports = referringIn(api, cluster, secretReference({ namespace, name }));
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
