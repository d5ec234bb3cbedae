import type { Api, Reads } from '../../api/mod.ts';
import { type LogicalCluster, ROOT_CLUSTER } from '../../base/mod.ts';
import { EXPORT_LABEL, exportHash, exportReference } from '../../definitions/mod.ts';
import {
  type ConditionVerdict,
  formatTime,
  isObject,
  type JsonObject,
  type KubeObject,
  type LabelSelector,
  labelSelectorFromObject,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  parseJson,
  StatusError,
  textAt,
  withConditions,
} from '../../machinery/mod.ts';
import { exportCluster } from '../binding/mod.ts';
import { API_EXPORTS, apisKey } from '../kcp-objects.ts';

export const TOPOLOGY_GROUP = 'topology.kcp.io';
const EXPORT_VALID = 'APIExportValid';
const PARTITION_VALID = 'PartitionValid';

/** The export that a slice is about. */
export function sliceExport(slice: KubeObject): { readonly path: string; readonly name: string } {
  const reference = objectAt(objectAt(slice, 'spec'), 'export');
  return { path: textAt(reference, 'path'), name: textAt(reference, 'name') };
}

/**
 * Brings the status of an APIExportEndpointSlice up to date: one endpoint, that of the region that shows it, as long as
 * the export has consumers here. Clients open every URL that they find, and must not see an object twice.
 */
export async function settleSlice(
  api: Api,
  reads: Pick<Reads, 'read'>,
  step: {
    readonly cluster: LogicalCluster;
    readonly slice: KubeObject;
    readonly old?: KubeObject | undefined;
  },
): Promise<void> {
  const { cluster, slice, old } = step;
  const reference = sliceExport(slice);
  const provider = exportCluster(api, cluster, reference);
  const key = provider && apisKey(provider, API_EXPORTS, reference.name);
  const labels = (slice.metadata.labels ?? newObject()) as { [key: string]: string };
  const found = provider && exportHash({ cluster: provider, name: reference.name });
  // Also before there is such an export, so that the slice is found when there is. Nobody else writes it, and it stays:
  // a path may come to lead to somebody else's workspace of the same name.
  const settled = old?.metadata.labels?.[EXPORT_LABEL] ?? found;
  if (settled === undefined) delete labels[EXPORT_LABEL];
  else labels[EXPORT_LABEL] = settled;
  slice.metadata.labels = labels;
  const isThere = key !== undefined && reads.read(key) !== undefined;
  if (provider === undefined || found !== settled || !isThere) {
    const message = `Error getting APIExport ${reference.path === '' ? cluster : reference.path}|${reference.name}`;
    return write(api, slice, {
      verdicts: [failed(EXPORT_VALID, 'APIExportNotFound', message)],
      endpoints: [],
    });
  }
  const valid: ConditionVerdict = { type: EXPORT_VALID, status: 'True' };
  const partition = readPartition(api, reads, {
    cluster,
    name: textAt(objectAt(slice, 'spec'), 'partition'),
  });
  if ('error' in partition) {
    const verdict = failed(PARTITION_VALID, 'PartitionInvalidReference', partition.error);
    return write(api, slice, { verdicts: [valid, verdict], endpoints: [] });
  }
  const url = `/services/apiexport/${provider}/${reference.name}`;
  const isServed =
    isInPartition(api, reads, partition.selector) && (await hasConsumers(api, provider, reference.name));
  const selector = partition.selector?.text ?? '';
  write(api, slice, {
    verdicts: [valid, { type: PARTITION_VALID, status: 'True' }],
    endpoints: isServed ? [objectOf({ url })] : [],
    selector,
  });
}

function failed(type: string, reason: string, message: string): ConditionVerdict {
  return { type, status: 'False', severity: 'Error', reason, message };
}

function write(
  api: Api,
  slice: KubeObject,
  change: {
    readonly verdicts: readonly ConditionVerdict[];
    readonly endpoints: readonly JsonObject[];
    readonly selector?: string;
  },
): void {
  const status = isObject(slice['status']) ? slice['status'] : newObject();
  if (change.endpoints.length === 0) delete status['endpoints'];
  else status['endpoints'] = [...change.endpoints];
  if (change.selector === undefined || change.selector === '') delete status['shardSelector'];
  else status['shardSelector'] = change.selector;
  const now = formatTime(api.store.nowMs());
  status['conditions'] = withConditions(objectsAt(status, 'conditions'), change.verdicts, now);
  slice['status'] = status;
}

type Partition = { readonly selector: LabelSelector | undefined } | { readonly error: string };

/** The shards of a Partition in the logical cluster of a slice; all of them where none is named. */
function readPartition(
  api: Api,
  reads: Pick<Reads, 'read'>,
  { cluster, name }: { readonly cluster: LogicalCluster; readonly name: string },
): Partition {
  if (name === '') return { selector: undefined };
  const key = api.registry.ownKey({ cluster, group: TOPOLOGY_GROUP, resource: 'partitions', name });
  const row = key && reads.read(key);
  if (row === undefined) return { error: `partitions.${TOPOLOGY_GROUP} "${name}" not found` };
  const selector = objectAt(objectAt(parseJson(row.json).value as KubeObject, 'spec'), 'selector');
  try {
    return { selector: selector === undefined ? undefined : labelSelectorFromObject(selector) };
  } catch (error) {
    if (error instanceof StatusError) return { error: error.message };
    throw error;
  }
}

function isInPartition(api: Api, reads: Pick<Reads, 'read'>, selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  const shards = { cluster: ROOT_CLUSTER, group: 'core.kcp.io', resource: 'shards' };
  const key = api.registry.ownKey({ ...shards, name: api.shard });
  return selector.matches(key && reads.read(key)?.labels);
}

/** Whether anybody has bound an export: one look at an index. */
async function hasConsumers(api: Api, cluster: LogicalCluster, name: string): Promise<boolean> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.referring(exportReference(cluster, name))) {
      if (batch.length > 0) return true;
    }
    return false;
  } finally {
    snapshot.close();
  }
}
