import { type Api, companionPut, decodeStored, hookedWork, hooksOf, logicalClusterKey } from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { deepCopy, deepEqual, formatTime, type KubeObject } from '../machinery/mod.ts';
import type {
  ClusterDefaults,
  ListedObject,
  Mutation,
  ObjectKey,
  Row,
  SettledWork,
  WorkChange,
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
 * Marks the logical clusters of workspaces that go with the one around them, in one commit: from then on nothing new
 * can come to be in them. Those that are marked, or gone, are passed over.
 */
export async function markAll(api: Api, clusters: readonly LogicalCluster[]): Promise<void> {
  const now = formatTime(api.store.nowMs());
  const mutations: Mutation[] = [];
  const work: WorkChange[] = [];
  for (const cluster of clusters) {
    // Of ten thousand, most are looked at once more when they are marked: that must not cost much.
    if (isGoing(api.store.newest(logicalClusterKey(cluster)))) continue;
    const known = newestLogicalCluster(api, cluster);
    if (known === undefined) continue;
    markDeleted(known.object, now);
    const companion = companionPut(api, { ...known, old: known.object, oldRow: known.row });
    mutations.push(companion.mutation);
    work.push(...companion.work);
  }
  if (mutations.length > 0) await commit(api, { mutations, work });
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
