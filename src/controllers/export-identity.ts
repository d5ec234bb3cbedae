import { type Api, decodeStored } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import {
  API_EXPORTS,
  apisDefinition,
  apisKey,
  EXPORT_CONTROLLERS,
  identitySecretOf,
  isIdentityInvalid,
} from '../exports/mod.ts';
import { ControllerClient } from './client.ts';
import type { Controller } from './runtime.ts';
import { WaitingDebts } from './waiting-debts.ts';

/** Looks at the Secrets of exports whose identities are not what they should be, whenever one of them changes. */
export function exportIdentityController(api: Api): Controller {
  const waiting = new WaitingDebts();
  return {
    name: EXPORT_CONTROLLERS.identity,
    async reconcile(debt, signal) {
      const { cluster, key: name } = debt.key;
      const definition = apisDefinition(API_EXPORTS);
      const key = apisKey(cluster, API_EXPORTS, name);
      const read = () => {
        const row = api.store.get(key);
        return row && { row, object: decodeStored(definition, definition.storageVersion, row) };
      };
      const found = read();
      waiting.stop(debt.key);
      if (found === undefined || found.object.metadata.deletionTimestamp !== undefined) return 'settled';
      const secret = identitySecretOf(found.object);
      // Before the look at it, so that one that comes after it is not missed.
      if (secret !== undefined) waiting.wait(debt.key, topicOf(cluster, secret.namespace, secret.name));
      const client = new ControllerClient(api, { name: 'kcp-apiexport', signal });
      found.object.metadata.resourceVersion = String(found.row.revision);
      await client.update({ definition, cluster, namespace: '', name, subresource: 'status' }, found.object);
      const after = read();
      if (after !== undefined && isIdentityInvalid(after.object)) return 'waiting';
      waiting.stop(debt.key);
      return 'settled';
    },
    wakes: ({ key }) =>
      key.group === '' && key.resource === 'secrets'
        ? waiting.of(topicOf(key.cluster, key.namespace, key.name))
        : [],
  };
}

function topicOf(cluster: LogicalCluster, namespace: string, name: string): string {
  return `${cluster}\0${namespace}\0${name}`;
}
