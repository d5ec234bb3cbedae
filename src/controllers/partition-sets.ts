import { type Api, decodeStored } from '../api/mod.ts';
import { type LogicalCluster, ROOT_CLUSTER } from '../base/mod.ts';
import { collectionOf, type Definition, PARTITIONED } from '../definitions/mod.ts';
import {
  ENDPOINT_CONTROLLERS,
  isPartitionOf,
  PARTITION_SETS,
  partitionFor,
  partsOf,
  shardSelectorOf,
  TOPOLOGY_GROUP,
} from '../exports/mod.ts';
import {
  type ConditionVerdict,
  deepEqual,
  everythingLabelSelector,
  formatTime,
  type KubeObject,
  type LabelSelector,
  labelSelectorFromObject,
  newObject,
  objectAt,
  objectOf,
  objectsAt,
  StatusError,
  withConditions,
} from '../machinery/mod.ts';
import type { ObjectKey } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { referring } from './objects.ts';
import type { Controller } from './runtime.ts';

const CLIENT_NAME = 'kcp-topology-partitionset';
const VALID = 'PartitionSetValid';
const READY = 'PartitionsReady';

/** Makes a Partition for each part that a PartitionSet divides the shards into, and takes away those of others. */
export function partitionSetControllers(api: Api): readonly Controller[] {
  return [
    {
      name: ENDPOINT_CONTROLLERS.partitionSet,
      async reconcile({ key: { cluster, key } }, signal) {
        await divide(api, { cluster, name: key }, signal);
        return 'settled';
      },
    },
    {
      name: ENDPOINT_CONTROLLERS.partitionSets,
      async reconcile(_debt, signal) {
        for await (const batch of referring(api, PARTITIONED)) {
          for (const { key } of batch) if (key.resource === PARTITION_SETS) await divide(api, key, signal);
        }
        return 'settled';
      },
    },
  ];
}

async function divide(
  api: Api,
  { cluster, name }: Pick<ObjectKey, 'cluster' | 'name'>,
  signal: AbortSignal,
): Promise<void> {
  const definition = api.registry.find(cluster, TOPOLOGY_GROUP, PARTITION_SETS)?.definition;
  const partitions = api.registry.find(cluster, TOPOLOGY_GROUP, 'partitions')?.definition;
  if (definition === undefined || partitions === undefined) return;
  const row = api.store.get({ ...collectionOf(cluster, definition), namespace: '', name });
  if (row === undefined) return;
  const set = decodeStored(definition, definition.storageVersion, row);
  if (set.metadata.deletionTimestamp !== undefined) return;
  const client = new ControllerClient(api, { name: CLIENT_NAME, signal });
  const selector = selectorOf(set);
  const result =
    typeof selector === 'string'
      ? { count: undefined, verdicts: invalid(selector) }
      : { count: await settleParts(api, client, { cluster, partitions, set, selector }), verdicts: DIVIDED };
  const before = objectAt(set, 'status') ?? newObject();
  const now = formatTime(api.store.nowMs());
  const status = objectOf({
    ...before,
    ...(result.count === undefined ? {} : { count: result.count }),
    conditions: withConditions(objectsAt(before, 'conditions'), result.verdicts, now),
  });
  if (deepEqual(status, before)) return;
  const changed = objectOf({ ...set, status, metadata: objectOf({ ...set.metadata }) }) as KubeObject;
  changed.metadata.resourceVersion = String(row.revision);
  await client.update({ definition, cluster, namespace: '', name, subresource: 'status' }, changed);
}

const DIVIDED: readonly ConditionVerdict[] = [
  { type: VALID, status: 'True' },
  { type: READY, status: 'True' },
];

function invalid(message: string): readonly ConditionVerdict[] {
  const failed = { status: 'False', severity: 'Error' } as const;
  return [
    { type: VALID, ...failed, reason: 'InvalidSelector', message },
    { type: READY, ...failed, reason: 'ErrorGeneratingPartitions' },
  ];
}

/** How many parts there are, once each has its Partition. */
async function settleParts(
  api: Api,
  client: ControllerClient,
  step: {
    readonly cluster: LogicalCluster;
    readonly partitions: Definition;
    readonly set: KubeObject;
    readonly selector: LabelSelector;
  },
): Promise<number> {
  const { cluster, partitions, set, selector } = step;
  const shards = (await shardLabels(api)).filter((labels) => selector.matches(labels));
  const parts = partsOf(set, shards);
  const missing = new Map(parts.map((part) => [part.text, part]));
  const place = { definition: partitions, cluster, namespace: '' };
  for (const partition of await partitionsOf(api, { cluster, partitions, set })) {
    const part = [...missing.values()].find((one) => isPartitionOf(set, partition, one));
    const { name = '', uid = '' } = partition.metadata;
    if (part === undefined) await client.remove({ ...place, name }, { uid });
    else missing.delete(part.text);
  }
  for (const part of missing.values()) await client.create({ ...place, name: '' }, partitionFor(set, part));
  return parts.length;
}

async function partitionsOf(
  api: Api,
  { cluster, partitions, set }: { cluster: LogicalCluster; partitions: Definition; set: KubeObject },
): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  const collection = collectionOf(cluster, partitions);
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.dependents(cluster, set.metadata.uid ?? '')) {
      for (const { key, row } of batch) {
        if (key.resource === collection.resource && key.group === collection.group)
          found.push(decodeStored(partitions, partitions.storageVersion, row));
      }
    }
  } finally {
    snapshot.close();
  }
  return found;
}

async function shardLabels(api: Api): Promise<Readonly<Record<string, string>>[]> {
  const definition = api.registry.find(ROOT_CLUSTER, 'core.kcp.io', 'shards')?.definition;
  if (definition === undefined) return [];
  const labels: Readonly<Record<string, string>>[] = [];
  const snapshot = api.store.snapshot();
  try {
    for await (const rows of snapshot.listRows({ collection: collectionOf(ROOT_CLUSTER, definition) }))
      labels.push(...rows.map((row) => row.labels));
  } finally {
    snapshot.close();
  }
  return labels;
}

/** The shards that a set divides, or why that cannot be told. */
function selectorOf(set: KubeObject): LabelSelector | string {
  const selector = shardSelectorOf(set);
  if (selector === undefined) return everythingLabelSelector;
  try {
    return labelSelectorFromObject(selector);
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}
