import { type Api, decodeStored } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import {
  collectionOf,
  exportPathReference,
  exportReference,
  readBoundResources,
} from '../definitions/mod.ts';
import { API_BINDINGS, API_EXPORTS, apisDefinition, bindingsIn, EXPORT_CONTROLLERS } from '../exports/mod.ts';
import { type KubeObject, objectAt, objectsAt, parseJson, textAt } from '../machinery/mod.ts';
import type { ListedObject, ObjectKey } from '../store/mod.ts';
import { canonicalPath } from './canonical-path.ts';
import { ControllerClient } from './client.ts';
import { batchesOf, changeAll, referring } from './objects.ts';
import type { Controller } from './runtime.ts';

const CLIENT_NAME = 'kcp-apibinding';

/**
 * Controllers that have bindings brought up to date: what a binding has to say is settled by whatever writes it, so
 * they find those that may have to say something else, and write them. Nothing is kept for bindings that wait.
 */
export function bindingControllers(api: Api): readonly Controller[] {
  return [
    {
      name: EXPORT_CONTROLLERS.consumers,
      async reconcile({ key: { cluster, key } }, signal) {
        await updateConsumers(api, { cluster, name: key }, signal);
        return 'settled';
      },
    },
    {
      name: EXPORT_CONTROLLERS.schema,
      async reconcile({ key: { cluster, key } }, signal) {
        for (const name of await exportsWith(api, cluster, key))
          await updateConsumers(api, { cluster, name }, signal);
        return 'settled';
      },
    },
    {
      name: EXPORT_CONTROLLERS.conflicts,
      async reconcile({ key: { cluster } }, signal) {
        const client = new ControllerClient(api, { name: CLIENT_NAME, signal });
        // One after the other: of several that want a name the first one gets it.
        for (const { key, row } of await bindingsIn(api, cluster)) {
          signal.throwIfAborted();
          if (isWaiting(parseJson(row.json).value as KubeObject)) await updateBinding(api, client, key);
        }
        return 'settled';
      },
    },
  ];
}

/** Everybody who binds an export, in pages; the first one alone, since it keeps new schemas for all others. */
async function updateConsumers(
  api: Api,
  place: { readonly cluster: LogicalCluster; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const { cluster, name } = place;
  const client = new ControllerClient(api, { name: CLIENT_NAME, signal });
  const path = canonicalPath(api, cluster);
  const references = [
    exportReference(cluster, name),
    ...(path === '' ? [] : [exportPathReference(path, name)]),
  ];
  for (const reference of references) {
    await changeAll(consumersOf(api, reference), signal, ({ key, row }) =>
      readBoundResources(row).isLeaving ? Promise.resolve() : updateBinding(api, client, key),
    );
  }
}

async function* consumersOf(api: Api, reference: string): AsyncGenerator<readonly ListedObject[]> {
  let isFirst = true;
  for await (const batch of referring(api, reference)) {
    if (isFirst) yield batch.slice(0, 1);
    const rest = isFirst ? batch.slice(1) : batch;
    if (rest.length > 0) yield rest;
    isFirst = false;
  }
}

/** Writes a binding as it is: if it has to say something else, the write says it. */
export async function updateBinding(api: Api, client: ControllerClient, key: ObjectKey): Promise<void> {
  const definition = apisDefinition(API_BINDINGS);
  const row = api.store.get(key);
  if (row === undefined) return;
  const binding = decodeStored(definition, definition.storageVersion, row);
  binding.metadata.resourceVersion = String(row.revision);
  const { cluster, name } = key;
  await client.update({ definition, cluster, namespace: '', name, subresource: 'status' }, binding);
}

function isWaiting(binding: KubeObject): boolean {
  if (binding.metadata.deletionTimestamp !== undefined) return false;
  const conditions = objectsAt(objectAt(binding, 'status'), 'conditions');
  const upToDate = conditions.find((condition) => textAt(condition, 'type') === 'BindingUpToDate');
  return textAt(upToDate, 'status') !== 'True';
}

/** The exports of a logical cluster that have a schema. */
async function exportsWith(api: Api, cluster: LogicalCluster, schema: string): Promise<readonly string[]> {
  const definition = apisDefinition(API_EXPORTS);
  const names: string[] = [];
  for await (const batch of batchesOf(api, { collection: collectionOf(cluster, definition) })) {
    for (const { key, row } of batch) {
      const object = decodeStored(definition, definition.storageVersion, row);
      const resources = objectsAt(objectAt(object, 'spec'), 'resources');
      if (resources.some((resource) => textAt(resource, 'schema') === schema)) names.push(key.name);
    }
  }
  return names;
}
