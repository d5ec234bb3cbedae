import {
  type Api,
  CONTROLLERS,
  type Companion,
  type Companions,
  companionDelete,
  companionPut,
  decodeStored,
  type KindChange,
  type KindHooks,
  type KindWork,
  logicalClusterKey,
} from '../api/mod.ts';
import { assert, type LogicalCluster, parseLogicalCluster } from '../base/mod.ts';
import { type Definition, systemDefinition } from '../definitions/mod.ts';
import {
  deepCopy,
  deepEqual,
  formatTime,
  type KubeObject,
  newConflict,
  objectAt,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import type { ObjectKey, Row, WorkChange } from '../store/mod.ts';
import { parseReference } from './admit-type.ts';
import { defaultBindingsDebt } from './default-exports.ts';
import { DELETING, TERMINATING } from './lifecycle-names.ts';
import { mirrorWorkspace, settleWorkspace } from './mirror-workspace.ts';
import {
  BINDINGS_INITIALIZER,
  CORE_GROUP,
  LOGICAL_CLUSTERS,
  TENANCY_GROUP,
  TYPE,
  WORKSPACE_FINALIZER,
  WORKSPACES,
} from './names.ts';
import {
  isOwnerElsewhere,
  ownerOf,
  PLACED_CLUSTERS,
  placedElsewhere,
  placedWorkspaceDebts,
  placementDebt,
  workspaceKeyOf,
} from './placed-workspaces.ts';
import {
  markDeleted,
  noteDeleted,
  restoreConditions,
  settleLogicalCluster,
} from './settle-logical-cluster.ts';

/**
 * The life of a workspace after its creation: whatever somebody makes of a LogicalCluster, the same commit makes of
 * it, and of its Workspace, what follows from that. So nobody ever finds the one ready and the other not, and a crash
 * leaves nothing to be done.
 */
export const logicalClusterHooks: KindHooks = {
  group: CORE_GROUP,
  resource: LOGICAL_CLUSTERS,
  complete(api, _, change) {
    const now = formatTime(change.nowMs);
    if (change.operation === 'delete') return leave(api, change, now);
    restoreConditions(change.object, change.old);
    settleLogicalCluster(change.object, now);
    const companions = withCompanion(ownerMirrored(api, change, now));
    return isOfSameType(change) ? companions : { ...companions, remembered: typeClusterOf(api, change) };
  },
  work(api, { operation, key, object, old }) {
    const { cluster } = key;
    const mirrored = placedWorkspaceDebts(api, { cluster, object, hasEnded: operation === 'delete' });
    if (operation === 'delete') return mirrored;
    if (object.metadata.deletionTimestamp !== undefined) return [deletionDebt(api, key.cluster), ...mirrored];
    const isNew = isWaitingForBindings(object) && !isWaitingForBindings(old);
    // A new type may want others, also where nothing waits.
    const isOwed = isNew || (old !== undefined && !isOfSameType({ object, old }));
    return isOwed ? [defaultBindingsDebt(api, key.cluster), ...mirrored] : mirrored;
  },
};

/** And the way back: with its Workspace, a logical cluster goes. */
export const workspaceLifecycleHooks: KindHooks = {
  group: TENANCY_GROUP,
  resource: WORKSPACES,
  complete(api, _, change) {
    if (change.operation === 'create') return undefined;
    const now = formatTime(change.nowMs);
    if (change.operation === 'update') settleWorkspace(change.object);
    if (!isLeaving(change)) return undefined;
    return logicalClusterMarked(api, change, now);
  },
};

function isOfSameType({ object, old }: Pick<KindChange, 'object' | 'old'>): boolean {
  return object.metadata.annotations?.[TYPE] === old?.metadata.annotations?.[TYPE];
}

/** The system may say that it is of another type: of the one that has that name now. */
function typeClusterOf(api: Api, { object }: KindChange): LogicalCluster | undefined {
  const type = parseReference(object.metadata.annotations?.[TYPE], undefined);
  return type && api.paths.resolve(type.path)?.cluster;
}

/** What is owed once a logical cluster is to go: to empty it. */
export function deletionDebt(api: Pick<Api, 'random'>, cluster: LogicalCluster): WorkChange {
  return { controller: CONTROLLERS.logicalCluster, cluster, key: '', payload: api.random.bytes(8) };
}

function isWaitingForBindings(object: KubeObject | undefined): boolean {
  return textsAt(objectAt(object, 'status'), 'initializers').includes(BINDINGS_INITIALIZER);
}

/** An object as it is stored, and where. */
export interface StoredObject {
  readonly definition: Definition;
  readonly key: ObjectKey;
  readonly row: Row;
  readonly object: KubeObject;
}

/** The newest LogicalCluster of that name. */
export function newestLogicalCluster(api: Api, cluster: LogicalCluster): StoredObject | undefined {
  const definition = systemDefinition(CORE_GROUP, LOGICAL_CLUSTERS);
  assert(definition !== undefined, 'every logical cluster has its own kind');
  return newestAt(api, definition, logicalClusterKey(cluster));
}

/** The Workspace that a LogicalCluster belongs to, if it is still the one. */
export function newestOwner(api: Api, logicalCluster: KubeObject): StoredObject | undefined {
  const owner = objectAt(objectAt(logicalCluster, 'spec'), 'owner') ?? {};
  const key = workspaceKeyOf(api, owner);
  const found = key && api.registry.find(key.cluster, TENANCY_GROUP, WORKSPACES);
  if (key === undefined || found?.definition.identity !== key.identity) return undefined;
  const stored = newestAt(api, found.definition, key);
  return stored?.row.uid === textAt(owner, 'uid') ? stored : undefined;
}

function newestAt(api: Api, definition: Definition, key: ObjectKey): StoredObject | undefined {
  const row = api.store.newest(key);
  if (row === undefined) return undefined;
  return { definition, key, row, object: decodeStored(definition, definition.storageVersion, row) };
}

/**
 * The Workspace of a LogicalCluster with what there is to say of it now; undefined when it says so already, and where it is
 * on another shard: there, a debt has it say so.
 */
export function ownerMirrored(
  api: Api,
  logicalCluster: Pick<StoredObject, 'key' | 'object'>,
  now: string,
  options: MirrorOptions = {},
): Companion | undefined {
  const { key, object } = logicalCluster;
  return isOwnerElsewhere(api, object, key.cluster)
    ? undefined
    : ownerMirroredAnywhere(api, object, now, options);
}

interface MirrorOptions {
  /** It goes, too, whoever has deleted what it is in. */
  readonly isDeleted?: boolean;
}

/** The same, for whoever sequences the shard of the Workspace. */
export function ownerMirroredAnywhere(
  api: Api,
  logicalCluster: KubeObject,
  now: string,
  options: MirrorOptions = {},
): Companion | undefined {
  const owner = newestOwner(api, logicalCluster);
  if (owner === undefined) return undefined;
  const object = deepCopy(owner.object);
  if (options.isDeleted === true) noteDeleted(object, now);
  mirrorWorkspace(object, logicalCluster, now);
  if (deepEqual(object, owner.object)) return undefined;
  return companionPut(api, { ...owner, object, old: owner.object, oldRow: owner.row });
}

/**
 * What becomes of the Workspace when its LogicalCluster goes: it goes too, if it was to. With finalizers of others it
 * stays until they let it go; one that nobody has deleted says what has happened. Undefined where it is on another shard.
 */
export async function ownerReleased(
  api: Api,
  logicalCluster: Pick<StoredObject, 'key' | 'object'>,
  now: string,
): Promise<Companion | undefined> {
  const { key, object } = logicalCluster;
  return isOwnerElsewhere(api, object, key.cluster) ? undefined : ownerReleasedAnywhere(api, object, now);
}

/** The same, for whoever sequences the shard of the Workspace. */
export async function ownerReleasedAnywhere(
  api: Api,
  logicalCluster: KubeObject,
  now: string,
): Promise<Companion | undefined> {
  const owner = newestOwner(api, logicalCluster);
  if (owner === undefined) return undefined;
  const { metadata } = owner.object;
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== WORKSPACE_FINALIZER);
  // With the one that it lies in, which has marked the logical cluster alone.
  const isAroundGoing = isGoing(api.store.newest(logicalClusterKey(owner.key.cluster)));
  const isToGo = metadata.deletionTimestamp !== undefined || isAroundGoing;
  if (isToGo && finalizers.length === 0) {
    return companionDelete(api, { ...owner, old: owner.object, oldRow: owner.row, isAroundGoing });
  }
  const object = deepCopy(owner.object);
  object.metadata.finalizers = finalizers;
  mirrorWorkspace(object, undefined, now);
  return companionPut(api, { ...owner, object, old: owner.object, oldRow: owner.row });
}

/** Whether a LogicalCluster goes, by what its row says beside its bytes. */
export function isGoing(row: Row | undefined): boolean {
  const phase = row?.fields['status.phase'];
  return phase === TERMINATING || phase === DELETING;
}

/** A LogicalCluster as it goes by itself: finalizers of others were the last that held it. */
async function leave(api: Api, change: KindChange, now: string): Promise<Companions | undefined> {
  const { cluster } = change.key;
  const snapshot = api.store.snapshot();
  try {
    // Without it, nobody could reach what would be left.
    if ((await snapshot.countOfCluster(cluster, 2)) > 1) {
      const kind = { group: CORE_GROUP, resource: LOGICAL_CLUSTERS };
      throw newConflict(kind, change.key.name, 'there is still content in the logical cluster');
    }
  } finally {
    snapshot.close();
  }
  return withCompanion(await ownerReleased(api, change, now));
}

/** Whether a Workspace goes, and nobody but the system holds it any more. */
function isLeaving({ operation, object }: KindWork): boolean {
  return operation === 'delete' || isReleased(object);
}

/** Whether a Workspace is deleted, and held by the system alone. */
export function isReleased({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return deletionTimestamp !== undefined && finalizers.every((name) => name === WORKSPACE_FINALIZER);
}

function logicalClusterMarked(api: Api, change: KindChange, now: string): Companions | undefined {
  const cluster = parseLogicalCluster(textAt(objectAt(change.object, 'spec'), 'cluster'));
  const { key, oldRow } = change;
  const shard = cluster && placedElsewhere(api, { key, row: oldRow }, cluster);
  if (cluster !== undefined && shard !== undefined) {
    const owner = ownerOf(key, oldRow?.uid ?? '');
    const placement = { cluster, shard, owner, hasEnded: false, revision: oldRow?.revision ?? 0 };
    return { work: [placementDebt(api, PLACED_CLUSTERS, placement)] };
  }
  const known = cluster && newestLogicalCluster(api, cluster);
  if (known === undefined) return undefined;
  // Nobody makes another's logical cluster go by naming it.
  const owner = objectAt(objectAt(known.object, 'spec'), 'owner');
  if (textAt(owner, 'uid') !== change.old?.metadata.uid) return undefined;
  const object = deepCopy(known.object);
  markDeleted(object, now);
  if (change.operation === 'update') mirrorWorkspace(change.object, object, now);
  if (deepEqual(object, known.object)) return undefined;
  return withCompanion(companionPut(api, { ...known, object, old: known.object, oldRow: known.row }));
}

function withCompanion(companion: Companion | undefined): Companions | undefined {
  return companion && { companions: [companion] };
}
