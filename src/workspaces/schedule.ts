import {
  type Api,
  type Attempt,
  type Companions,
  commitLogicalCluster,
  type KindChange,
  type KindHooks,
  logicalClusterKey,
  ReadsApart,
} from '../api/mod.ts';
import type { LogicalCluster, ShardName } from '../base/mod.ts';
import { formatTime, type KubeObject, objectAt, objectOf, textAt } from '../machinery/mod.ts';
import { type ObjectKey, REMEMBERED_FIELD, type Row } from '../store/mod.ts';
import { mountOf } from './admit-workspace.ts';
import { randomClusterName, shardHash } from './cluster-name.ts';
import { type Condition, withCondition } from './conditions.ts';
import { logicalClusterFacts } from './facts.ts';
import type { StoredObject } from './logical-cluster-hooks.ts';
import {
  CLUSTER,
  OWNER,
  PHASE_LABEL,
  REGION_LABEL,
  REQUIRED_GROUPS,
  SHARD,
  SHARD_HASH,
  TENANCY_GROUP,
  UNIVERSAL_TYPE,
  WORKSPACE_FINALIZER,
  WORKSPACES,
} from './names.ts';
import { phaseAfter, prepareCluster, type WantedCluster, type WorkspaceGround } from './new-cluster.ts';
import { ownerNameText } from './owner.ts';
import { ownerOf, PLACED_CLUSTERS, placementDebt, rememberedPlace } from './placed-workspaces.ts';
import { type ChosenShard, chooseShard, shardsOf } from './shards.ts';
import { type ReadRow, type Reference, TypeProblem, type WorkspaceType } from './types.ts';

/**
 * Gives a workspace its logical cluster: in the commit that creates it, or, where no shard took it then, in the first one
 * that changes it after one does. Everything that the logical cluster begins with is part of the same commit, so that it
 * is ready at once, unless an initializer of its type has to have its turn. On another shard than the parent's it is decided
 * by that commit alone, and made at the home of that shard (`PLACED_CLUSTERS`).
 */
export function workspaceHooks(ground: WorkspaceGround): KindHooks {
  return {
    group: TENANCY_GROUP,
    resource: WORKSPACES,
    async complete(api, attempt, change) {
      const { object, operation } = change;
      if (operation === 'delete' || mountOf(object) !== undefined) return undefined;
      const companions = isUnscheduled(object) ? await schedule(api, ground, { attempt, change }) : undefined;
      settleMetadata(object);
      return companions;
    },
  };
}

/** Whether a workspace still has to get its logical cluster. */
function isUnscheduled(workspace: KubeObject): boolean {
  if (workspace.metadata.deletionTimestamp !== undefined) return false;
  return textAt(objectAt(workspace, 'spec'), 'cluster') === '';
}

async function schedule(
  api: Api,
  ground: WorkspaceGround,
  { attempt, change }: { readonly attempt: Attempt; readonly change: KindChange },
): Promise<Companions | undefined> {
  const { object, key, operation } = change;
  const now = formatTime(change.nowMs);
  const read: ReadRow = (wanted) => attempt.reads.read(wanted);
  const own = ownShard(api, ground, key.cluster);
  const shards = shardsOf(api, own);
  const shard = chooseShard(api.registry, { workspace: object, shards, own, read, random: api.random });
  const type = typeOf(object, change.oldRow);
  const wait = (message: string): Companions => {
    postpone(object, message, now);
    return { remembered: type.meant ?? ground.types.find(type, read)?.cluster };
  };
  if (typeof shard === 'string') return wait(shard);
  const lineage = lineageOf(ground, type, read);
  if (typeof lineage === 'string') return wait(lineage);
  const cluster = randomClusterName(api.random);
  const wanted = wantedCluster({ workspace: object, key, cluster, lineage, shard, read });
  // Its spec is another one: what a creation begins with is counted already.
  if (operation === 'update') object.metadata.generation = (object.metadata.generation ?? 0) + 1;
  if (shard.name !== own) {
    place(object, { wanted, initializers: undefined, now });
    const owner = ownerOf(key, object.metadata.uid ?? '');
    const placement = { cluster, shard: shard.name, owner, hasEnded: false, revision: 0 };
    return {
      remembered: rememberedPlace(shard.name),
      work: [placementDebt(api, PLACED_CLUSTERS, placement)],
    };
  }
  const { initializers, ...prepared } = await prepareCluster(api, ground, { wanted, read });
  place(object, { wanted, initializers, now });
  return prepared;
}

/** The shard that has a logical cluster whose workspaces are written here. */
function ownShard(api: Api, ground: WorkspaceGround, cluster: LogicalCluster): ShardName {
  if (api.shards === undefined) return ground.shard;
  return api.store.logOf(logicalClusterKey(cluster)) as ShardName;
}

/** The logical cluster that a Workspace is to have. */
function wantedCluster(from: {
  readonly workspace: KubeObject;
  readonly key: ObjectKey;
  readonly cluster: LogicalCluster;
  readonly lineage: readonly WorkspaceType[];
  readonly shard: ChosenShard;
  readonly read: ReadRow;
}): WantedCluster {
  const { workspace, key, cluster, lineage, shard, read } = from;
  const { annotations, uid = '' } = workspace.metadata;
  const parent = read(logicalClusterKey(key.cluster));
  return {
    cluster,
    path: `${(parent && logicalClusterFacts(parent).path) ?? key.cluster}:${key.name}`,
    lineage,
    shard,
    owner: annotations?.[OWNER],
    requiredGroups: annotations?.[REQUIRED_GROUPS],
    spec: objectOf({ owner: objectOf(ownerOf(key, uid)) }),
  };
}

/**
 * Makes the logical cluster that a Workspace on another shard is to have, with all that it begins with, in one commit of
 * the shard that was chosen. False: look again.
 */
export async function makePlacedCluster(
  api: Api,
  ground: WorkspaceGround,
  placed: { readonly workspace: StoredObject; readonly cluster: LogicalCluster; readonly shard: ShardName },
): Promise<boolean> {
  const { workspace, cluster, shard } = placed;
  const { key, object } = workspace;
  const reads = new ReadsApart(api);
  const read: ReadRow = (wanted) => reads.read(wanted);
  read(key);
  const lineage = lineageOf(ground, typeOf(object, undefined), read);
  if (typeof lineage === 'string') throw new Error(`logical cluster ${cluster} waits: ${lineage}`);
  const region = object.metadata.labels?.[REGION_LABEL];
  const chosen: ChosenShard = { name: shard, region };
  const wanted = wantedCluster({ workspace: object, key, cluster, lineage, shard: chosen, read });
  const { companions, defaults } = await prepareCluster(api, ground, { wanted, read });
  const { preconditions, reliesOn } = reads;
  const actor = 'system:controller:placed-cluster';
  return commitLogicalCluster(api, { companions, defaults, preconditions, reliesOn, actor, log: shard });
}

/** The workspace stays as it is, and says why. */
function postpone(workspace: KubeObject, message: string, now: string): void {
  const unscheduled: Condition = {
    type: 'WorkspaceScheduled',
    status: 'False',
    severity: 'Error',
    reason: 'Unschedulable',
    message,
  };
  const conditions = withCondition(workspace, unscheduled, now);
  workspace['status'] = objectOf({ ...objectAt(workspace, 'status'), phase: 'Scheduling', conditions });
}

/** The type of a workspace that its creator may use: that one, wherever its path leads by now. */
function typeOf(workspace: KubeObject, before: Row | undefined): Reference {
  const type = objectAt(objectAt(workspace, 'spec'), 'type');
  const meant = before?.fields[REMEMBERED_FIELD] as LogicalCluster | undefined;
  return { path: textAt(type, 'path'), name: textAt(type, 'name'), meant };
}

/** A type with all that it extends, or why there is none. */
export function lineageOf(
  { types }: WorkspaceGround,
  reference: Reference,
  read: ReadRow,
): readonly WorkspaceType[] | string {
  try {
    return types.lineage(types.resolve(reference, UNIVERSAL_TYPE.path, read), read);
  } catch (error) {
    if (error instanceof TypeProblem) return error.message;
    throw error;
  }
}

/** Writes into a workspace where it is, and how far. */
function place(
  workspace: KubeObject,
  found: {
    readonly wanted: WantedCluster;
    /** Undefined until it is made elsewhere. */
    readonly initializers: readonly string[] | undefined;
    readonly now: string;
  },
): void {
  const { wanted, initializers, now } = found;
  settlePlace(workspace, wanted.cluster, wanted.shard);
  const spec = objectAt(workspace, 'spec');
  workspace['spec'] = objectOf({ ...spec, URL: `/clusters/${wanted.path}`, cluster: wanted.cluster });
  if (initializers === undefined) {
    const scheduled = withCondition(workspace, { type: 'WorkspaceScheduled', status: 'True' }, now);
    workspace['status'] = objectOf({ conditions: scheduled, phase: 'Scheduling' });
    return;
  }
  const conditions = withCondition(workspace, initializedCondition(initializers), now);
  workspace['status'] = objectOf({ conditions });
  workspace['status'] = objectOf({
    conditions: withCondition(workspace, { type: 'WorkspaceScheduled', status: 'True' }, now),
    ...(initializers.length === 0 ? {} : { initializers: [...initializers] }),
    phase: phaseAfter(initializers),
  });
}

function settlePlace({ metadata }: KubeObject, cluster: string, shard: ChosenShard): void {
  metadata.annotations = withEntries(metadata.annotations, {
    [CLUSTER]: cluster,
    [SHARD]: shard.name,
    [SHARD_HASH]: shardHash(shard.name),
  });
  if (shard.region !== undefined) {
    metadata.labels = withEntries(metadata.labels, { [REGION_LABEL]: shard.region });
  }
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(WORKSPACE_FINALIZER)) metadata.finalizers = [...finalizers, WORKSPACE_FINALIZER];
}

/** kcp's condition `WorkspaceInitialized` of a workspace that waits for these. */
export function initializedCondition(initializers: readonly string[]): Condition {
  if (initializers.length === 0) return { type: 'WorkspaceInitialized', status: 'True' };
  return {
    type: 'WorkspaceInitialized',
    status: 'False',
    severity: 'Info',
    reason: 'InitializerExists',
    message: `Initializers still exist: [${initializers.join(' ')}]`,
  };
}

/** What kcp's controller keeps true of a workspace: the label of its phase, and no more of its owner than the name. */
function settleMetadata(workspace: KubeObject): void {
  const { metadata } = workspace;
  const phase = textAt(objectAt(workspace, 'status'), 'phase');
  const shown = metadata.deletionTimestamp === undefined ? phase : 'Deleting';
  if (shown !== '') metadata.labels = withEntries(metadata.labels, { [PHASE_LABEL]: shown });
  const owner = metadata.annotations?.[OWNER];
  if (phase !== 'Ready' || owner === undefined) return;
  const name = ownerNameText(owner);
  const annotations = withEntries(metadata.annotations, {});
  if (name === undefined) delete annotations[OWNER];
  else annotations[OWNER] = name;
  metadata.annotations = annotations;
}

function withEntries(
  known: Readonly<Record<string, string>> | undefined,
  entries: Readonly<Record<string, string>>,
): Record<string, string> {
  return objectOf({ ...known, ...entries }) as Record<string, string>;
}
