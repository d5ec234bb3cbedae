import { APIS_GROUP, SYSTEM_USER } from '../../access/mod.ts';
import {
  type Api,
  type Attempt,
  type Companions,
  isHomedElsewhere,
  type KindChange,
  type KindHooks,
  type KindWork,
} from '../../api/mod.ts';
import { type LogicalCluster, ROOT_CLUSTER } from '../../base/mod.ts';
import { claimantOf } from '../../definitions/mod.ts';
import { deepEqual } from '../../machinery/mod.ts';
import type { WorkChange } from '../../store/mod.ts';
import { debt } from '../debts.ts';
import { API_BINDINGS, API_EXPORTS, apisKey } from '../kcp-objects.ts';
import { keepStatus } from '../keep-status.ts';
import { settleSlice, TOPOLOGY_GROUP } from './settle-slice.ts';
import { ENDPOINT_SLICES, makeSlice, wantsSlice } from './slice-of-export.ts';

export const PARTITION_SETS = 'partitionsets';

/** Debts about where providers find their consumers. */
export const ENDPOINT_CONTROLLERS = {
  /** An export has its first consumer, or none any more, or comes or goes: key is its name. */
  endpoints: 'apiexport-endpoints',
  /** An export is new that comes with a slice: key is its name. */
  slice: 'apiexport-slice',
  /** Partitions of this logical cluster have changed: its slices may have other endpoints. */
  partitions: 'partition-endpoints',
  /** Shards have changed by which partitions select: one debt for all. */
  shards: 'shard-endpoints',
  /** A PartitionSet is new or divides shards in another way, or one of its Partitions was changed: key is its name. */
  partitionSet: 'partitionset',
  /** Shards have changed by which PartitionSets divide them: one debt for all. */
  partitionSets: 'partitionsets',
} as const;

/** What belongs to slices of endpoints, and to whatever changes what they say. */
export const endpointHooks: readonly KindHooks[] = [
  { group: APIS_GROUP, resource: ENDPOINT_SLICES, complete: completeSlice },
  { group: APIS_GROUP, resource: API_EXPORTS, complete: completeExport, work: workOfExport },
  { group: APIS_GROUP, resource: API_BINDINGS, work: workOfBinding },
  { group: TOPOLOGY_GROUP, resource: 'partitions', work: workOfPartition },
  { group: TOPOLOGY_GROUP, resource: PARTITION_SETS, work: workOfPartitionSet },
  { group: 'core.kcp.io', resource: 'shards', work: workOfShard },
];

/** The status of a slice is the server's to say, and is said by every write of it. */
async function completeSlice(api: Api, attempt: Attempt, change: KindChange): Promise<undefined> {
  const { operation, object, old, user, key } = change;
  if (operation === 'delete') return;
  if (user !== SYSTEM_USER) keepStatus(object, old);
  await settleSlice(api, attempt.reads, { cluster: key.cluster, slice: object, old });
}

/** An export comes with a slice of its own name, unless it says otherwise, or somebody has made one. */
function completeExport(api: Api, _attempt: Attempt, change: KindChange): Companions | undefined {
  const { operation, object, key, user } = change;
  // Its home owes the slice as soon as it has merged the export.
  if (operation !== 'create' || !wantsSlice(object) || isHomedElsewhere(api, key.cluster)) return undefined;
  return { after: () => makeSlice(api, { cluster: key.cluster, name: key.name, actor: user.name }) };
}

function workOfExport(api: Api, { operation, object, key }: KindWork): readonly WorkChange[] {
  if (operation === 'update') return [];
  const place = { cluster: key.cluster, key: key.name };
  const isSliceOwed = operation === 'create' && wantsSlice(object);
  return [
    debt(api, ENDPOINT_CONTROLLERS.endpoints, place),
    ...(isSliceOwed ? [debt(api, ENDPOINT_CONTROLLERS.slice, place)] : []),
  ];
}

/** Nearly all exports that are bound have consumers already, and their slice says so: then there is nothing to do. */
function workOfBinding(api: Api, { operation, object, old }: KindWork): readonly WorkChange[] {
  const claimant = claimantOf(operation === 'delete' ? (old ?? object) : object);
  if (claimant === undefined) return [];
  const cluster = claimant.cluster as LogicalCluster;
  if (operation !== 'delete') {
    if (old !== undefined && claimantOf(old) !== undefined) return [];
    const slice = api.store.newest(apisKey(cluster, ENDPOINT_SLICES, claimant.name));
    if (slice?.json.includes(ENDPOINTS) === true) return [];
  }
  return [debt(api, ENDPOINT_CONTROLLERS.endpoints, { cluster, key: claimant.name })];
}

const ENDPOINTS = Buffer.from('"endpoints":[');

function workOfPartition(api: Api, { object, old, operation, key }: KindWork): readonly WorkChange[] {
  const isSame = operation === 'update' && deepEqual(object['spec'], old?.['spec']);
  if (isSame) return [];
  const { cluster } = key;
  const sets = (object.metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'PartitionSet');
  return [
    debt(api, ENDPOINT_CONTROLLERS.partitions, { cluster, key: '' }),
    ...sets.map(({ name }) => debt(api, ENDPOINT_CONTROLLERS.partitionSet, { cluster, key: name })),
  ];
}

function workOfPartitionSet(api: Api, { object, old, operation, key }: KindWork): readonly WorkChange[] {
  const isSame = operation === 'update' && deepEqual(object['spec'], old?.['spec']);
  // Its Partitions go with it.
  if (isSame || operation === 'delete') return [];
  return [debt(api, ENDPOINT_CONTROLLERS.partitionSet, { cluster: key.cluster, key: key.name })];
}

function workOfShard(api: Api, { object, old, operation, key }: KindWork): readonly WorkChange[] {
  const isSame = operation === 'update' && deepEqual(object.metadata.labels, old?.metadata.labels);
  if (isSame || key.cluster !== ROOT_CLUSTER) return [];
  const place = { cluster: ROOT_CLUSTER, key: '' };
  return [
    debt(api, ENDPOINT_CONTROLLERS.shards, place),
    debt(api, ENDPOINT_CONTROLLERS.partitionSets, place),
  ];
}
