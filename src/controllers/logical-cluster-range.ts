import {
  type Api,
  type Companion,
  companionPut,
  decodeStored,
  hookedWork,
  hooksOf,
  logicalClusterKey,
} from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { deepCopy, deepEqual, formatTime, type KubeObject } from '../machinery/mod.ts';
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

/** Deletes objects that nobody waits for, in commits that hold nobody up. */
export async function removeRange(api: Api, objects: readonly ListedObject[]): Promise<void> {
  for (let from = 0; from < objects.length; from += limits.rangeDeletesMax) {
    const part = objects.slice(from, from + limits.rangeDeletesMax);
    const [first] = part;
    await commit(api, { ...deletionOf(api, part), emptied: first!.key.cluster });
  }
}

/**
 * The last commit of a logical cluster: what was left of it goes, all that it had by default, the LogicalCluster and
 * its Workspace. Finalizers of others keep the LogicalCluster alone.
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
  const { logicalCluster, objects, ends, debt } = rest;
  const now = formatTime(api.store.nowMs());
  const { cluster } = logicalCluster.key;
  const others = (logicalCluster.object.metadata.finalizers ?? []).filter(
    (name) => name !== LOGICAL_CLUSTER_FINALIZER,
  );
  const deletion = deletionOf(api, objects);
  const last =
    others.length === 0
      ? {
          self: { key: logicalCluster.key, expected: logicalCluster.row.revision },
          owner: await ownerReleased(api, logicalCluster.object, now),
        }
      : keptWithout(api, { logicalCluster, finalizers: others, now });
  await commit(api, {
    mutations: [...deletion.mutations, last.self, ...(last.owner === undefined ? [] : [last.owner.mutation])],
    work: [...deletion.work, ...(last.owner?.work ?? [])],
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
  return { self: mutation, owner: ownerMirrored(api, object, now) };
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
  const owner = ownerMirrored(api, object, now, { isDeleted: true });
  // No debts but that of whoever looks at the Workspace: this one is still owed.
  await commit(api, {
    mutations: [self.mutation, ...(owner === undefined ? [] : [owner.mutation])],
    work: owner?.work ?? [],
  });
}

function deletionOf(
  api: Api,
  objects: readonly ListedObject[],
): { readonly mutations: readonly Mutation[]; readonly work: readonly WorkChange[] } {
  return {
    mutations: objects.map(({ key, row }) => ({ key, expected: row.revision })),
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
