import { APIS_GROUP } from '../../access/mod.ts';
import { type Api, commitApart, companionPut, decodeStored, ReadsApart } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import { formatTime, type KubeObject, objectOf } from '../../machinery/mod.ts';
import { ExpectationFailed } from '../../store/mod.ts';
import { labelForClaims } from '../claims/mod.ts';
import { API_EXPORTS, apisDefinition, apisKey } from '../kcp-objects.ts';
import { settleSlice } from './settle-slice.ts';

export const ENDPOINT_SLICES = 'apiexportendpointslices';
const SKIP_SLICE = 'apiexports.apis.kcp.io/skip-endpointslice';
/** Who else writes what it looks at has just made the export, or is taking it away. */
const ATTEMPTS_MAX = 16;

/** Whether an export comes with a slice of its own name. */
export function wantsSlice({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[SKIP_SLICE] === undefined && metadata.deletionTimestamp === undefined;
}

/**
 * Makes the slice that an export comes with, unless the export is gone or somebody has made one: slices are in the shard's
 * log and exports in the region's, so that this follows the export by a commit of its own.
 */
export async function makeSlice(
  api: Api,
  step: { readonly cluster: LogicalCluster; readonly name: string; readonly actor: string },
): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await makeOnce(api, step);
    } catch (error) {
      if (!(error instanceof ExpectationFailed) || attempts >= ATTEMPTS_MAX) throw error;
      await api.store.settled();
    }
  }
}

async function makeOnce(
  api: Api,
  {
    cluster,
    name,
    actor,
  }: { readonly cluster: LogicalCluster; readonly name: string; readonly actor: string },
): Promise<void> {
  const reads = new ReadsApart(api);
  const row = reads.read(apisKey(cluster, API_EXPORTS, name));
  const exports = apisDefinition(API_EXPORTS);
  const owner = row && decodeStored(exports, exports.storageVersion, row);
  const key = apisKey(cluster, ENDPOINT_SLICES, name);
  if (owner === undefined || !wantsSlice(owner) || api.store.newest(key) !== undefined)
    return api.store.settled();
  const slice = objectOf({
    apiVersion: `${APIS_GROUP}/v1alpha1`,
    kind: 'APIExportEndpointSlice',
    metadata: objectOf({
      creationTimestamp: formatTime(api.store.nowMs()),
      generation: 1,
      name,
      ownerReferences: [
        objectOf({ apiVersion: owner.apiVersion, kind: owner.kind, name, uid: owner.metadata.uid }),
      ],
      uid: api.random.uuid(),
    }),
    spec: objectOf({ export: objectOf({ name, path: cluster }) }),
  }) as KubeObject;
  await settleSlice(api, reads, { cluster, slice });
  const definition = apisDefinition(ENDPOINT_SLICES);
  await labelForClaims(api, reads, { definition, cluster, object: slice });
  await commitApart(api, {
    companions: [companionPut(api, { definition, key, object: slice })],
    reads,
    actor,
  });
}
