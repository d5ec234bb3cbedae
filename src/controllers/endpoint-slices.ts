import { type Api, decodeStored } from '../api/mod.ts';
import { exportHash, PARTITIONED, sliceReference } from '../definitions/mod.ts';
import { apisDefinition, apisKey, ENDPOINT_CONTROLLERS, ENDPOINT_SLICES } from '../exports/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { ListedObject, ObjectKey } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { batchesOf, changeAll } from './objects.ts';
import type { Controller } from './runtime.ts';

const CLIENT_NAME = 'kcp-apiexportendpointslice';

/** Has slices of endpoints looked at whose export or partition has changed: what they say is settled by every write. */
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

/** The objects that refer to something, in batches that fit in memory, each from a state of its own. */
export async function* referring(api: Api, reference: string): AsyncGenerator<readonly ListedObject[]> {
  let after: ObjectKey | undefined;
  for (;;) {
    const batch = await nextReferring(api, reference, after);
    if (batch.length === 0) return;
    yield batch;
    after = batch.at(-1)!.key;
  }
}

async function nextReferring(
  api: Api,
  reference: string,
  after: ObjectKey | undefined,
): Promise<readonly ListedObject[]> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.referring(reference, after)) if (batch.length > 0) return batch;
    return [];
  } finally {
    snapshot.close();
  }
}
