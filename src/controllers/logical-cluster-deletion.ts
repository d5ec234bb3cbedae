import { type Api, CONTROLLERS, logicalClusterKey } from '../api/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { newConflict, objectAt, textsAt } from '../machinery/mod.ts';
import {
  type ClusterDefaults,
  ExpectationFailed,
  type ListedObject,
  type StoreEvent,
  type WorkKey,
} from '../store/mod.ts';
import { LOGICAL_CLUSTER_FINALIZER, newestLogicalCluster, type StoredObject } from '../workspaces/mod.ts';
import { ControllerClient } from './client.ts';
import { HeldContent, isWorkspaceHeld, isWorkspaceKey, partOf } from './logical-cluster-content.ts';
import { markAll, removeCluster, removeRange, tellHeld } from './logical-cluster-range.ts';
import { changeAll, isLeaving } from './objects.ts';
import type { Controller, Debt, Result } from './runtime.ts';

const MANAGER = 'kcp-logicalcluster-deletion';

/** What the deletion of a logical cluster waits for. */
interface Wait {
  /** Workspaces in it: how many there were, less those that have gone since. */
  children: number;
}

/**
 * Empties logical clusters that go. What nobody waits for goes in few commits, with a revision for each object; what
 * finalizers of others hold is deleted as by a user, and stays, as do the workspaces inside until they are gone. The
 * LogicalCluster and its Workspace go with the last commit.
 */
export function logicalClusterController(api: Api): Controller {
  const waits = new Map<LogicalCluster, Wait>();
  return {
    name: CONTROLLERS.logicalCluster,
    async reconcile(debt, signal) {
      const { cluster } = debt.key;
      const wait: Wait = { children: 0 };
      // First: what goes while somebody looks is not waited for.
      waits.set(cluster, wait);
      const result = await reconcile(api, { debt, signal, wait });
      if (result === 'settled') waits.delete(cluster);
      return result;
    },
    wakes: (event) => wakes(api, waits, event),
    wakesOnce: true,
  };
}

function wakes(api: Api, waits: ReadonlyMap<LogicalCluster, Wait>, event: StoreEvent): readonly WorkKey[] {
  const { key, newRow } = event;
  const wait = waits.get(key.cluster);
  if (wait === undefined) return [];
  const isWorkspace = isWorkspaceKey(api, key);
  if (newRow !== undefined) {
    // What holds a workspace holds all around it, and they say so.
    if (!isWorkspace || !isWorkspaceHeld(newRow)) return [];
  } else if (isWorkspace) {
    wait.children -= 1;
    if (wait.children > 0) return [];
  }
  return [{ controller: CONTROLLERS.logicalCluster, cluster: key.cluster, key: '' }];
}

interface Look {
  readonly debt: Debt;
  readonly signal: AbortSignal;
  readonly wait: Wait;
}

async function reconcile(api: Api, look: Look): Promise<Result> {
  const { cluster } = look.debt.key;
  await api.store.settled();
  const logicalCluster = newestLogicalCluster(api, cluster);
  if (logicalCluster === undefined) return 'settled';
  const { deletionTimestamp, finalizers = [] } = logicalCluster.object.metadata;
  if (deletionTimestamp === undefined || !finalizers.includes(LOGICAL_CLUSTER_FINALIZER)) return 'settled';
  if (textsAt(objectAt(logicalCluster.object, 'status'), 'terminators').length > 0) return 'waiting';
  try {
    return await empty(api, look, logicalCluster);
  } catch (error) {
    // Something was written meanwhile: the next look finds what.
    if (!(error instanceof ExpectationFailed)) throw error;
    throw newConflict(
      { group: error.key.group, resource: error.key.resource },
      error.key.name,
      'it has changed',
    );
  }
}

async function empty(api: Api, look: Look, logicalCluster: StoredObject): Promise<Result> {
  const { debt, wait } = look;
  let left = await survey(api, look);
  if (wait.children > 0 || !left.held.isEmpty) {
    await removeRange(api, left.free);
    if (!left.held.isEmpty) await tellHeld(api, logicalCluster, left.held.message);
    return 'waiting';
  }
  // Each time there is less of it.
  for (; left.isMore; left = await survey(api, look)) {
    await removeRange(api, [...left.free, ...left.ground]);
  }
  const objects = [...left.free, ...left.ground];
  await removeCluster(api, { logicalCluster, objects, ends: left.ends, debt });
  return 'settled';
}

/** What a look at a logical cluster has found. */
interface Survey {
  readonly free: ListedObject[];
  readonly ground: ListedObject[];
  readonly held: HeldContent;
  /** There is more ground than one commit takes. */
  isMore: boolean;
  readonly ends: ClusterDefaults | undefined;
}

/** Looks at everything once: marks what has to be waited for, and removes what is too much for one commit. */
async function survey(api: Api, look: Look): Promise<Survey> {
  const { cluster } = look.debt.key;
  // Of the first state: an object that is derived no more by the end has a row that was not looked at.
  const ends = api.store.defaultsOf(cluster);
  const left: Survey = { free: [], ground: [], held: new HeldContent(), isMore: false, ends };
  for await (const batch of batchesOfCluster(api, cluster)) {
    look.signal.throwIfAborted();
    await sort(api, { ...look, left, batch });
    if (left.free.length <= limits.rangeDeletesMax) continue;
    await removeRange(api, left.free.splice(0));
  }
  return left;
}

async function sort(
  api: Api,
  step: Look & { readonly left: Survey; readonly batch: readonly ListedObject[] },
): Promise<void> {
  const { left, batch, wait, signal } = step;
  const children: LogicalCluster[] = [];
  const held: ListedObject[] = [];
  for (const object of batch) {
    const part = partOf(api, object);
    if (part === undefined) continue;
    if (part.is === 'free') left.free.push(object);
    else if (part.is === 'ground') {
      if (left.ground.length < limits.rangeDeletesMax) left.ground.push(object);
      else left.isMore = true;
    } else if (part.is === 'held') {
      left.held.note(object.key, part.finalizers);
      if (!isLeaving(object.row)) held.push(object);
    } else if (api.store.newest(logicalClusterKey(part.cluster)) === undefined) {
      left.free.push(object);
    } else {
      wait.children += 1;
      if (part.isHeld) left.held.note(object.key, part.finalizers);
      children.push(part.cluster);
    }
  }
  await markAll(api, children);
  if (held.length > 0) await deleteHeld(api, held, signal);
}

/** Deletes objects as a user does, so that those who hold them hear of it. */
async function deleteHeld(api: Api, held: readonly ListedObject[], signal: AbortSignal): Promise<void> {
  const client = new ControllerClient(api, { name: MANAGER, signal });
  async function* once() {
    yield held;
  }
  await changeAll(once(), signal, async ({ key, row }) => {
    const found = api.registry.find(key.cluster, key.group, key.resource);
    if (found === undefined) return;
    const { definition } = found;
    const place = { definition, cluster: key.cluster, namespace: key.namespace, name: key.name };
    await client.remove(place, { uid: row.uid });
  });
}

/**
 * The objects of a logical cluster that have rows, each batch from a state of its own. Nothing new comes to be
 * meanwhile: that is why the logical cluster was marked.
 */
async function* batchesOfCluster(api: Api, cluster: LogicalCluster): AsyncGenerator<readonly ListedObject[]> {
  let after: ListedObject['key'] | undefined;
  for (;;) {
    const snapshot = api.store.snapshot();
    let batch: readonly ListedObject[] = [];
    let isLast = true;
    try {
      for await (const objects of snapshot.rowsOfCluster(cluster, after)) {
        isLast = batch.length === 0;
        if (!isLast) break;
        batch = objects;
      }
    } finally {
      snapshot.close();
    }
    if (batch.length > 0) yield batch;
    if (isLast) return;
    after = batch.at(-1)?.key;
  }
}
