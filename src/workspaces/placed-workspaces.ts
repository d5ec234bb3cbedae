import { type Api, logicalClusterKey } from '../api/mod.ts';
import { type LogicalCluster, parseLogicalCluster, type ShardName } from '../base/mod.ts';
import { isObject, type JsonObject, type KubeObject, objectAt, parseJson, textAt } from '../machinery/mod.ts';
import { type ObjectKey, REMEMBERED_FIELD, type Row, type WorkChange } from '../store/mod.ts';
import { SHARD, TENANCY_API_VERSION, WORKSPACES } from './names.ts';

/**
 * A workspace may be on another shard than the one that it is in, and no commit is of two logs. So each side owes the other
 * something, in a debt of its own log, which both homes look at: the one carries it out and the other one settles it,
 * once it sees in its replica that it was done.
 *
 * This one is in the log of the parent: the logical cluster has to be as the Workspace says, there, or going.
 */
export const PLACED_CLUSTERS = 'placed-cluster';
/** And this one is in that of the logical cluster: its Workspace has to say what has become of it. */
export const PLACED_WORKSPACES = 'placed-workspace';

/** Debts that are carried out where another log than theirs is sequenced. */
export function isOwedToAll(controller: string): boolean {
  return controller === PLACED_CLUSTERS || controller === PLACED_WORKSPACES;
}

/** What a debt between a Workspace and its logical cluster says. The name of the work row is that of the cluster. */
export interface Placement {
  readonly cluster: LogicalCluster;
  /** The one that has the logical cluster. */
  readonly shard: ShardName;
  /** As in the spec of a LogicalCluster. */
  readonly owner: JsonObject;
  /** The logical cluster is no more. */
  readonly hasEnded: boolean;
  /** That of the Workspace when it was last seen; 0 if it was not. */
  readonly revision: number;
}

export function placementDebt(
  api: Pick<Api, 'random'>,
  controller: typeof PLACED_CLUSTERS | typeof PLACED_WORKSPACES,
  placement: Placement,
): WorkChange {
  const text = JSON.stringify({ ...placement, nonce: Buffer.from(api.random.bytes(8)).toString('hex') });
  return { controller, cluster: placement.cluster, key: '', payload: Buffer.from(text) };
}

export function readPlacement(payload: Buffer): Placement {
  const { value } = parseJson(payload);
  const content = isObject(value) ? value : {};
  return {
    cluster: textAt(content, 'cluster') as LogicalCluster,
    shard: textAt(content, 'shard') as ShardName,
    owner: objectAt(content, 'owner') ?? {},
    hasEnded: content['hasEnded'] === true,
    revision: typeof content['revision'] === 'number' ? content['revision'] : 0,
  };
}

/** How a LogicalCluster names its Workspace. */
export function ownerOf(key: Pick<ObjectKey, 'cluster' | 'name'>, uid: string): JsonObject {
  return {
    apiVersion: TENANCY_API_VERSION,
    cluster: key.cluster,
    name: key.name,
    resource: WORKSPACES,
    uid,
  };
}

const PREFIX = 'shard:';

/** What is remembered beside a Workspace whose logical cluster is to be on another shard: its annotations are the users' to write. */
export function rememberedPlace(shard: ShardName): string {
  return PREFIX + shard;
}

function rememberedShard(row: Row | undefined): ShardName | undefined {
  const text = row?.fields[REMEMBERED_FIELD];
  return text?.startsWith(PREFIX) === true ? (text.slice(PREFIX.length) as ShardName) : undefined;
}

/** The shard that the logical cluster of a Workspace is on, or is to be on, if that is not the Workspace's own. */
export function placedElsewhere(
  api: Api,
  workspace: { readonly key: ObjectKey; readonly row: Row | undefined },
  cluster: LogicalCluster,
): ShardName | undefined {
  if (api.shards === undefined) return undefined;
  const key = logicalClusterKey(cluster);
  const isThere = api.store.newest(key) !== undefined;
  const shard = isThere ? api.store.logOf(key) : rememberedShard(workspace.row);
  const own = api.store.logOf(logicalClusterKey(workspace.key.cluster));
  return shard === own ? undefined : (shard as ShardName | undefined);
}

/** Whether the Workspace of a LogicalCluster is on another shard than that is. */
export function isOwnerElsewhere(api: Api, logicalCluster: KubeObject, cluster: LogicalCluster): boolean {
  return api.shards !== undefined && shardBesideOwner(api, logicalCluster, cluster) !== undefined;
}

/** What a change of a LogicalCluster owes its Workspace, where that is on another shard. */
export function placedWorkspaceDebts(
  api: Api,
  change: {
    readonly cluster: LogicalCluster;
    readonly object: KubeObject;
    readonly hasEnded: boolean;
  },
): readonly WorkChange[] {
  const { cluster, object, hasEnded } = change;
  const shard = shardBesideOwner(api, object, cluster);
  if (shard === undefined) return [];
  const owner = ownerIn(object)!;
  const revision = api.store.newest(workspaceKeyOf(api, owner)!)?.revision ?? 0;
  return [placementDebt(api, PLACED_WORKSPACES, { cluster, shard, owner, hasEnded, revision })];
}

/** The shard of a LogicalCluster whose Workspace is on another one. */
function shardBesideOwner(
  api: Api,
  logicalCluster: KubeObject,
  cluster: LogicalCluster,
): ShardName | undefined {
  if (api.shards === undefined) return undefined;
  const owner = ownerIn(logicalCluster);
  const parent = parseLogicalCluster(textAt(owner, 'cluster'));
  if (owner === undefined || parent === undefined || workspaceKeyOf(api, owner) === undefined)
    return undefined;
  const key = logicalClusterKey(cluster);
  // One that is just made says itself where.
  const isThere = api.store.newest(key) !== undefined;
  const shard = isThere ? api.store.logOf(key) : logicalCluster.metadata.annotations?.[SHARD];
  return shard === api.store.logOf(logicalClusterKey(parent)) ? undefined : (shard as ShardName | undefined);
}

function ownerIn(logicalCluster: KubeObject): JsonObject | undefined {
  return objectAt(objectAt(logicalCluster, 'spec'), 'owner');
}

/** Where a Workspace is that a LogicalCluster names; undefined for other owners, and before there is a root. */
export function workspaceKeyOf(api: Api, owner: JsonObject): ObjectKey | undefined {
  const cluster = parseLogicalCluster(textAt(owner, 'cluster'));
  if (cluster === undefined || textAt(owner, 'resource') !== WORKSPACES) return undefined;
  const group = TENANCY_API_VERSION.slice(0, TENANCY_API_VERSION.indexOf('/'));
  return api.registry.ownKey({ cluster, group, resource: WORKSPACES, name: textAt(owner, 'name') });
}
