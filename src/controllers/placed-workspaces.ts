import { type Api, type Companion, logicalClusterKey, type Shards } from '../api/mod.ts';
import { type LogicalCluster, parseLogicalCluster, type Revision } from '../base/mod.ts';
import { formatTime, type KubeObject, newConflict, objectAt, objectOf, textAt } from '../machinery/mod.ts';
import { ExpectationFailed, type StoreEvent, type WorkKey } from '../store/mod.ts';
import {
  isGoing,
  isReleased,
  makePlacedCluster,
  newestLogicalCluster,
  newestOwner,
  ownerMirroredAnywhere,
  ownerReleasedAnywhere,
  PLACED_CLUSTERS,
  PLACED_WORKSPACES,
  type Placement,
  placementDebt,
  readPlacement,
  type StoredObject,
  WORKSPACE_FINALIZER,
  type WorkspaceGround,
  workspaceFacts,
  workspaceKeyOf,
} from '../workspaces/mod.ts';
import { isWorkspaceKey } from './logical-cluster-content.ts';
import { markOne } from './logical-cluster-range.ts';
import type { Controller, Debt, Result } from './runtime.ts';

const ACTOR = 'system:controller:placed-workspace';

/**
 * Keeps workspaces and logical clusters of different shards together, each in the log of its own. Whichever step was the
 * last before a crash, both debts are still there, and each look begins with what the logs have.
 */
export function placedWorkspaceControllers(api: Api, ground: WorkspaceGround): readonly Controller[] {
  const { shards } = api;
  if (shards === undefined) return [];
  const wakes = (controller: string) => (event: StoreEvent) => wakesOf(api, controller, event);
  const step = (look: (at: Look) => Promise<Result>) => (debt: Debt) =>
    raced(async () => {
      await api.store.settled();
      return look({ api, shards, ground, debt, placement: readPlacement(debt.payload) });
    });
  return [
    {
      name: PLACED_CLUSTERS,
      isOfAllLogs: true,
      reconcile: step(lookAtCluster),
      wakes: wakes(PLACED_CLUSTERS),
    },
    {
      name: PLACED_WORKSPACES,
      isOfAllLogs: true,
      reconcile: step(lookAtWorkspace),
      wakes: wakes(PLACED_WORKSPACES),
    },
  ];
}

interface Look {
  readonly api: Api;
  readonly shards: Shards;
  readonly ground: WorkspaceGround;
  readonly debt: Debt;
  readonly placement: Placement;
}

/** What a Workspace owes its logical cluster: done where that is homed, settled where the Workspace is. */
async function lookAtCluster(look: Look): Promise<Result> {
  const { api, shards, debt, placement } = look;
  if (shards.isHome(placement.shard)) await carryOut(look);
  if (!shards.isHome(debt.key.log ?? '')) return 'waiting';
  const workspace = workspaceOf(api, placement);
  const logicalCluster = ownCluster(api, placement);
  if (workspace === undefined) return leaves(logicalCluster) ? 'settled' : 'waiting';
  if (isToGo(api, workspace))
    return logicalCluster !== undefined && leaves(logicalCluster) ? 'settled' : 'waiting';
  return logicalCluster === undefined ? 'waiting' : 'settled';
}

/** Makes the logical cluster be as its Workspace says, at the home of its shard. */
async function carryOut(look: Look): Promise<void> {
  const { api, ground, placement } = look;
  const { cluster, shard } = placement;
  const workspace = workspaceOf(api, placement);
  const known = newestLogicalCluster(api, cluster);
  if (known === undefined) {
    // That it was there, and is no more, was said already: what the Workspace says is older.
    if (workspace === undefined || hasEnded(look)) return;
    if (isToGo(api, workspace)) return tellThatItEnded(look, workspace);
    if (!(await makePlacedCluster(api, ground, { workspace, cluster, shard }))) throw changed(placement);
    return;
  }
  if (ownCluster(api, placement) === undefined)
    throw new Error(`logical cluster ${cluster} belongs to another workspace`);
  if (isGoing(known.row)) return;
  if (workspace === undefined) await reap(look);
  else if (isToGo(api, workspace)) await markOne(api, cluster);
}

/** What a logical cluster owes its Workspace: done where that is homed, settled where the logical cluster is. */
async function lookAtWorkspace(look: Look): Promise<Result> {
  const { api, shards, debt, placement } = look;
  const { cluster, hasEnded } = placement;
  const parent = parseLogicalCluster(textAt(placement.owner, 'cluster'));
  if (parent === undefined) return 'settled';
  if (shards.isHome(api.store.logOf(logicalClusterKey(parent)))) await tellWorkspace(look);
  if (!shards.isHome(debt.key.log ?? '')) return 'waiting';
  const workspace = workspaceOf(api, placement);
  const logicalCluster = newestLogicalCluster(api, cluster);
  if (hasEnded) return workspace === undefined || isLetGo(workspace) ? 'settled' : 'waiting';
  if (logicalCluster === undefined) return 'settled';
  if (workspace !== undefined)
    return ownerMirroredAnywhere(api, logicalCluster.object, formatTime(api.store.nowMs())) === undefined
      ? 'settled'
      : 'waiting';
  if (!isGoing(logicalCluster.row)) await reap(look);
  return 'settled';
}

/** Makes the Workspace say what has become of its logical cluster, at the home of its shard. */
async function tellWorkspace({ api, placement }: Look): Promise<void> {
  const workspace = workspaceOf(api, placement);
  if (workspace === undefined) return;
  const now = formatTime(api.store.nowMs());
  if (placement.hasEnded) {
    if (!isLetGo(workspace)) await commit(api, await ownerReleasedAnywhere(api, ownedBy(placement), now));
    return;
  }
  const logicalCluster = newestLogicalCluster(api, placement.cluster);
  if (logicalCluster === undefined) return;
  await commit(api, ownerMirroredAnywhere(api, logicalCluster.object, now));
}

/**
 * Lets a logical cluster go whose Workspace is not there, once the home of that says so, which has made sure of being it.
 * If the Workspace was made by a commit that was not adopted, the logical cluster stays for an operator to look at.
 */
async function reap({ api, shards, placement }: Look): Promise<void> {
  const { cluster, owner, revision } = placement;
  const parent = parseLogicalCluster(textAt(owner, 'cluster'))!;
  await shards.confirm(parent);
  if (workspaceOf(api, placement) !== undefined) return;
  const log = api.store.logOf(logicalClusterKey(parent));
  if (revision > 0 && shards.isVoid(log, revision as Revision)) {
    throw new Error(
      `logical cluster ${cluster} is kept: the commit that made its workspace ${textAt(owner, 'name')} in ${parent} was ` +
        'not adopted by the new home of that',
    );
  }
  await markOne(api, cluster);
}

/** The Workspace goes before its logical cluster was made, and may go now. */
async function tellThatItEnded({ api, placement }: Look, workspace: StoredObject): Promise<void> {
  const { shard, cluster } = placement;
  const { revision } = workspace.row;
  await api.store.commit({
    mutations: [],
    preconditions: [{ key: logicalClusterKey(cluster), revision: 0 }],
    work: [placementDebt(api, PLACED_WORKSPACES, { ...placement, hasEnded: true, revision })],
    log: shard,
    actor: ACTOR,
    originRegion: api.region,
  });
}

function hasEnded({ api, placement }: Look): boolean {
  const { cluster, shard } = placement;
  const owed = api.store.newestWork({ controller: PLACED_WORKSPACES, cluster, key: '', log: shard });
  return owed !== undefined && readPlacement(Buffer.from(owed)).hasEnded;
}

/** The Workspace that a debt is about. Throws while it cannot be known here whether there is one. */
function workspaceOf(api: Api, placement: Placement): StoredObject | undefined {
  const { owner } = placement;
  const found = newestOwner(api, ownedBy(placement));
  if (found !== undefined) return found;
  const key = workspaceKeyOf(api, owner);
  if (key === undefined) throw new Error('the kind of workspaces is not known here yet');
  const row = api.store.newest(key);
  if (row !== undefined && row.uid === textAt(owner, 'uid'))
    throw new Error('the kind of a workspace is not known here yet');
  return undefined;
}

/** What there is to know of a logical cluster that may not be there (any more). */
function ownedBy({ owner }: Placement): KubeObject {
  return objectOf({ metadata: objectOf({}), spec: objectOf({ owner }) }) as unknown as KubeObject;
}

/** The logical cluster, if it is that of the Workspace. */
function ownCluster(api: Api, { cluster, owner }: Placement): StoredObject | undefined {
  const known = newestLogicalCluster(api, cluster);
  const its = objectAt(objectAt(known?.object, 'spec'), 'owner');
  return textAt(its, 'uid') === textAt(owner, 'uid') ? known : undefined;
}

function leaves(logicalCluster: StoredObject | undefined): boolean {
  return logicalCluster === undefined || isGoing(logicalCluster.row);
}

/** By itself, or with the logical cluster that it is in. */
function isToGo(api: Api, { key, object }: StoredObject): boolean {
  return isReleased(object) || isGoing(api.store.newest(logicalClusterKey(key.cluster)));
}

function isLetGo({ object }: StoredObject): boolean {
  return object.metadata.finalizers?.includes(WORKSPACE_FINALIZER) !== true;
}

async function commit(api: Api, change: Companion | undefined): Promise<void> {
  if (change === undefined) return;
  const { mutation, work } = change;
  await api.quotas.commit(
    { mutations: [mutation], work, actor: ACTOR, originRegion: api.region },
    { assertCurrent: () => {}, isCount: false },
  );
}

/** Somebody else was quicker: the next look finds what is there now. */
async function raced(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof ExpectationFailed)) throw error;
    const { group, resource, name } = error.key;
    throw newConflict({ group, resource }, name, 'it has changed');
  }
}

function changed({ cluster }: Placement): Error {
  const { group, resource } = logicalClusterKey(cluster);
  return newConflict({ group, resource }, cluster, 'what it is made by has changed');
}

/** What happens to the one side may be what the other one waits for. */
function wakesOf(api: Api, controller: string, { key, oldRow, newRow }: StoreEvent): readonly WorkKey[] {
  const { cluster } = key;
  const own = logicalClusterKey(cluster);
  if (key.resource === own.resource && key.group === own.group) return [{ controller, cluster, key: '' }];
  if (!isWorkspaceKey(api, key)) return [];
  const clusters = [oldRow, newRow].flatMap((row) => (row && workspaceFacts(row).cluster) ?? []);
  return [...new Set<LogicalCluster>(clusters)].map((child) => ({ controller, cluster: child, key: '' }));
}
