import {
  type Api,
  type Companion,
  companionPut,
  decodeStored,
  hookedWork,
  hooksOf,
  logicalClusterKey,
  tombstoneOf,
} from '../api/mod.ts';
import { type LogicalCluster, limits, parseLogicalCluster, type ShardName } from '../base/mod.ts';
import { deepCopy, deepEqual, formatTime, type KubeObject, objectAt, textAt } from '../machinery/mod.ts';
import {
  type ClusterDefaults,
  ExpectationFailed,
  type ListedObject,
  type Mutation,
  type ObjectKey,
  type Row,
  type SettledWork,
  type WorkChange,
} from '../store/mod.ts';
import {
  isGoing,
  LOGICAL_CLUSTER_FINALIZER,
  markDeleted,
  newestLogicalCluster,
  ownerMirrored,
  ownerReleased,
  PLACED_CLUSTERS,
  placedWorkspaceDebts,
  placementDebt,
  type StoredObject,
  tellContent,
} from '../workspaces/mod.ts';

const ACTOR = 'system:controller:logicalcluster-deletion';

/**
 * Marks the logical clusters of workspaces that go with the one around them, many in one commit: from then on nothing new
 * can come to be in them. Those that are marked, or gone, are passed over. One that cannot be marked now, since somebody
 * writes it all the time, holds up no other; its failure is thrown at the end.
 */
export async function markAll(api: Api, clusters: readonly LogicalCluster[]): Promise<void> {
  let marks: Companion[] = [];
  let bytes = 0;
  const failures: unknown[] = [];
  const flush = async () => {
    const batch = marks;
    [marks, bytes] = [[], 0];
    if (batch.length > 0) failures.push(...(await commitMarks(api, batch)));
  };
  for (const cluster of clusters) {
    if (await isOwedElsewhere(api, cluster)) continue;
    const mark = markOf(api, cluster);
    if (mark === undefined) continue;
    const size = mark.mutation.row?.json.length ?? 0;
    if (marks.length === limits.rangeMarksMax || bytes + size > limits.rangeMarksBytesMax) await flush();
    marks.push(mark);
    bytes += size;
  }
  await flush();
  if (failures.length > 0) throw failures[0];
}

/** Marks one, at the home of its shard. */
export async function markOne(api: Api, cluster: LogicalCluster): Promise<void> {
  const mark = markOf(api, cluster);
  const [failure] = mark === undefined ? [] : await commitMarks(api, [mark]);
  if (failure !== undefined) throw failure;
}

/** A logical cluster of another shard is marked at its home, which is told here that it has to look. */
async function isOwedElsewhere(api: Api, cluster: LogicalCluster): Promise<boolean> {
  const known = api.shards && newestLogicalCluster(api, cluster);
  if (known === undefined) return false;
  const owner = objectAt(objectAt(known.object, 'spec'), 'owner');
  const parent = parseLogicalCluster(textAt(owner, 'cluster'));
  const shard = api.store.logOf(known.key) as ShardName;
  const log = parent && api.store.logOf(logicalClusterKey(parent));
  if (owner === undefined || log === undefined || log === shard) return false;
  if (isGoing(known.row)) return true;
  const placement = { cluster, shard, owner, hasEnded: false, revision: 0 };
  await commit(api, { mutations: [], work: [placementDebt(api, PLACED_CLUSTERS, placement)], log });
  return true;
}

/** Commits marks at once or, if one of them is not of now, each for itself; what could not be is returned. */
async function commitMarks(api: Api, marks: readonly Companion[]): Promise<readonly unknown[]> {
  try {
    await commit(api, {
      mutations: marks.map(({ mutation }) => mutation),
      work: marks.flatMap(({ work }) => work),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ExpectationFailed)) throw error;
    if (marks.length === 1) return [error];
  }
  const failures: unknown[] = [];
  for (const { mutation } of marks) {
    const mark = markOf(api, mutation.key.cluster);
    if (mark !== undefined) failures.push(...(await commitMarks(api, [mark])));
  }
  return failures;
}

function markOf(api: Api, cluster: LogicalCluster): Companion | undefined {
  // Of ten thousand, most are looked at once more when they are marked: that must not cost much.
  if (isGoing(api.store.newest(logicalClusterKey(cluster)))) return undefined;
  const known = newestLogicalCluster(api, cluster);
  if (known === undefined) return undefined;
  const object = deepCopy(known.object);
  markDeleted(object, formatTime(api.store.nowMs()));
  return companionPut(api, { ...known, object, old: known.object, oldRow: known.row });
}

/** Deletes objects that nobody waits for, in commits that hold nobody up, each of one log. */
export async function removeRange(api: Api, objects: readonly ListedObject[]): Promise<void> {
  const logs = new Map<string, ListedObject[]>();
  for (const object of objects) {
    const log = api.store.logOf(object.key);
    const others = logs.get(log);
    if (others === undefined) logs.set(log, [object]);
    else others.push(object);
  }
  for (const ofLog of logs.values()) {
    for (const part of partsOf(ofLog)) {
      const [first] = part;
      await commit(api, { ...deletionOf(api, part), emptied: first!.key.cluster });
    }
  }
}

/** Documents of convergent objects go on as tombstones, and a frame holds so many bytes. */
function* partsOf(objects: readonly ListedObject[]): Generator<readonly ListedObject[]> {
  let part: ListedObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    const size = object.row.document?.length ?? 0;
    if (part.length === limits.rangeDeletesMax || (bytes > 0 && bytes + size > limits.rangeMarksBytesMax)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(object);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/**
 * The last commit of a logical cluster: what was left of it goes, all that it had by default, the LogicalCluster and
 * its Workspace. Finalizers of others keep the LogicalCluster alone. What is in another log goes before, and is not
 * looked for again once the LogicalCluster is gone.
 */
export async function removeCluster(
  api: Api,
  rest: {
    readonly logicalCluster: StoredObject;
    readonly objects: readonly ListedObject[];
    readonly ends: ClusterDefaults | undefined;
    readonly debt: SettledWork;
  },
): Promise<void> {
  const { logicalCluster, ends, debt } = rest;
  const now = formatTime(api.store.nowMs());
  const { cluster } = logicalCluster.key;
  const log = api.store.logOf(logicalCluster.key);
  const objects = rest.objects.filter(({ key }) => api.store.logOf(key) === log);
  await removeRange(
    api,
    rest.objects.filter(({ key }) => api.store.logOf(key) !== log),
  );
  const others = (logicalCluster.object.metadata.finalizers ?? []).filter(
    (name) => name !== LOGICAL_CLUSTER_FINALIZER,
  );
  const deletion = deletionOf(api, objects);
  const last =
    others.length === 0
      ? {
          self: { key: logicalCluster.key, expected: logicalCluster.row.revision },
          owner: await ownerReleased(api, logicalCluster, now),
          work: placedWorkspaceDebts(api, { cluster, object: logicalCluster.object, hasEnded: true }),
        }
      : keptWithout(api, { logicalCluster, finalizers: others, now });
  await commit(api, {
    mutations: [...deletion.mutations, last.self, ...(last.owner === undefined ? [] : [last.owner.mutation])],
    work: [...deletion.work, ...(last.owner?.work ?? []), ...last.work],
    emptied: cluster,
    ...(ends === undefined ? {} : { ends }),
    settles: [debt],
  });
}

/** A LogicalCluster that is empty, and waits for finalizers of others. */
function keptWithout(
  api: Api,
  {
    logicalCluster,
    finalizers,
    now,
  }: { readonly logicalCluster: StoredObject; readonly finalizers: string[]; readonly now: string },
) {
  const object = deepCopy(logicalCluster.object);
  object.metadata.finalizers = finalizers;
  tellContent(object, undefined, now);
  const { definition, key, row } = logicalCluster;
  const { mutation } = companionPut(api, {
    definition,
    key,
    object,
    old: logicalCluster.object,
    oldRow: row,
  });
  const work = placedWorkspaceDebts(api, { cluster: key.cluster, object, hasEnded: false });
  return { self: mutation, owner: ownerMirrored(api, { key, object }, now), work };
}

/**
 * Says in a LogicalCluster and its Workspace that others hold what is in it. The Workspace is shown as one that goes
 * by now, also where it goes with the one around it.
 */
export async function tellHeld(api: Api, logicalCluster: StoredObject, message: string): Promise<void> {
  const now = formatTime(api.store.nowMs());
  const object = deepCopy(logicalCluster.object);
  tellContent(object, message, now);
  if (deepEqual(object, logicalCluster.object)) return;
  const { definition, key, row } = logicalCluster;
  const self = companionPut(api, { definition, key, object, old: logicalCluster.object, oldRow: row });
  const owner = ownerMirrored(api, { key, object }, now, { isDeleted: true });
  const mirrored = placedWorkspaceDebts(api, { cluster: key.cluster, object, hasEnded: false });
  // No debts but that of whoever looks at the Workspace: this one is still owed.
  await commit(api, {
    mutations: [self.mutation, ...(owner === undefined ? [] : [owner.mutation])],
    work: [...(owner?.work ?? []), ...mirrored],
  });
}

function deletionOf(
  api: Api,
  objects: readonly ListedObject[],
): { readonly mutations: readonly Mutation[]; readonly work: readonly WorkChange[] } {
  return {
    mutations: [
      ...objects.map(({ key, row }) => ({ key, expected: row.revision })),
      // By these the other regions hear of it.
      ...objects.flatMap((object) => tombstoneOf(api, object) ?? []),
    ],
    work: objects.flatMap(({ key, row }) => workElsewhere(api, key, row)),
  };
}

/** What is owed in other logical clusters because an object goes; in this one there is nobody left to do it. */
function workElsewhere(api: Api, key: ObjectKey, row: Row): readonly WorkChange[] {
  if (hooksOf(api, key).length === 0) return [];
  const definition = api.registry.find(key.cluster, key.group, key.resource)?.definition;
  if (definition === undefined) return [];
  const object: KubeObject = decodeStored(definition, definition.storageVersion, row);
  const work = hookedWork(api, { operation: 'delete', definition, key, object, old: object });
  return work.filter(({ cluster }) => cluster !== key.cluster);
}

async function commit(
  api: Api,
  proposal: {
    readonly mutations: readonly Mutation[];
    readonly work: readonly WorkChange[];
    readonly log?: string;
    readonly emptied?: LogicalCluster;
    readonly ends?: ClusterDefaults;
    readonly settles?: readonly SettledWork[];
  },
): Promise<void> {
  const { emptied, ...rest } = proposal;
  await api.quotas.commit(
    { ...rest, actor: ACTOR, originRegion: api.region },
    { assertCurrent: () => {}, isCount: false, ...(emptied === undefined ? {} : { emptied }) },
  );
}
