import { type Api, decodeStored } from '../api/mod.ts';
import { exportHash, PARTITIONED, sliceReference } from '../definitions/mod.ts';
import { apisDefinition, apisKey, ENDPOINT_CONTROLLERS, ENDPOINT_SLICES, makeSlice } from '../exports/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { ListedObject } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { batchesOf, changeAll, referring } from './objects.ts';
import type { Controller } from './runtime.ts';

const CLIENT_NAME = 'kcp-apiexportendpointslice';

/**
 * Has slices of endpoints looked at whose export or partition has changed: what they say is settled by every write. And
 * makes those that exports come with, where whoever has made the export did not get that far.
 */
export function endpointSliceControllers(api: Api): readonly Controller[] {
  return [
    {
      name: ENDPOINT_CONTROLLERS.endpoints,
      async reconcile({ key: { cluster, key } }, signal) {
        await updateSlices(api, referring(api, sliceReference(exportHash({ cluster, name: key }))), signal);
        return 'settled';
      },
    },
    {
      name: ENDPOINT_CONTROLLERS.slice,
      async reconcile({ key: { cluster, key } }) {
        await makeSlice(api, { cluster, name: key, actor: `system:controller:${CLIENT_NAME}` });
        return 'settled';
      },
    },
    {
      name: ENDPOINT_CONTROLLERS.partitions,
      async reconcile({ key: { cluster } }, signal) {
        await updateSlices(
          api,
          batchesOf(api, { collection: apisKey(cluster, ENDPOINT_SLICES, '') }),
          signal,
        );
        return 'settled';
      },
    },
    {
      name: ENDPOINT_CONTROLLERS.shards,
      async reconcile(_debt, signal) {
        await updateSlices(api, referring(api, PARTITIONED), signal);
        return 'settled';
      },
    },
  ];
}

async function updateSlices(
  api: Api,
  batches: AsyncIterable<readonly ListedObject[]>,
  signal: AbortSignal,
): Promise<void> {
  const definition = apisDefinition(ENDPOINT_SLICES);
  const client = new ControllerClient(api, { name: CLIENT_NAME, signal });
  await changeAll(batches, signal, async ({ key }) => {
    if (key.resource !== ENDPOINT_SLICES) return;
    const row = api.store.get(key);
    if (row === undefined) return;
    const slice = decodeStored(definition, definition.storageVersion, row);
    slice.metadata.resourceVersion = String(row.revision);
    const place = { definition, cluster: key.cluster, namespace: '', name: key.name, subresource: 'status' };
    await forgivingGone(client.update(place, slice));
  });
}

/** A slice that is gone meanwhile, with its export or its workspace, says nothing any more. */
async function forgivingGone(update: Promise<unknown>): Promise<void> {
  try {
    await update;
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
  }
}
