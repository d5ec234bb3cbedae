import {
  type CountedKind,
  hasScopes,
  isClusterWide,
  isOfOtherKinds,
  kindCountedBy,
  type Tally,
} from '../admission/mod.ts';
import {
  type Api,
  CONTROLLERS,
  decodeStored,
  parseObjectWorkKey,
  type QuotaCount,
  writeQuotaStatus,
} from '../api/mod.ts';
import { builtinDefinition, collectionOf } from '../definitions/mod.ts';
import {
  deepEqual,
  isObject,
  type JsonObject,
  type KubeObject,
  newConflict,
  newObject,
  objectOf,
  StatusError,
} from '../machinery/mod.ts';
import type { Controller, Debt, Result } from './runtime.ts';

/** Counts what new and changed quotas bound, and writes it in their status. From then on commits keep it exact. */
export function resourceQuotaController(api: Api): Controller {
  return { name: CONTROLLERS.quota, reconcile: (debt, signal) => reconcile(api, debt, signal) };
}

async function reconcile(api: Api, debt: Debt, signal: AbortSignal): Promise<Result> {
  const key = parseObjectWorkKey(debt.key.cluster, debt.key.key);
  const row = api.store.get(key);
  if (row === undefined) return 'settled';
  const quota = decodeStored(builtinDefinition('', 'resourcequotas')!, 'v1', row);
  const namespace = isClusterWide(quota) ? undefined : key.namespace;
  // Opened first: what is not in the snapshot then, because it is under way or comes later, is in the tally.
  const tally = api.quotas.openTally({ cluster: key.cluster, namespace });
  try {
    await api.store.settled();
    const counts = await countAll(api, { quota, tally });
    await writeQuotaStatus(api, {
      key,
      uid: row.uid,
      signal,
      statusOf(newest) {
        if (isSameTask(quota, newest)) return statusOf(newest, counts, tally);
        throw newConflict(key, key.name, 'what has to be counted has changed');
      },
    });
    // What was counted of other logs may still be on its way: were it lost, nobody would owe a count any more.
    await api.store.settled();
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
  } finally {
    api.quotas.closeTally(tally);
  }
  return 'settled';
}

function isSameTask(quota: KubeObject, newest: KubeObject): boolean {
  return deepEqual(quota['spec'], newest['spec']) && isClusterWide(quota) === isClusterWide(newest);
}

/** How many there are in the snapshot of each kind that the quota counts, by name. */
type Counts = ReadonlyMap<string, Count>;
interface Count {
  readonly kind: CountedKind;
  readonly count: number;
}

async function countAll(
  api: Api,
  { quota, tally }: { readonly quota: KubeObject; readonly tally: Tally },
): Promise<Counts> {
  const { cluster, namespace } = tally.scope;
  const counts = new Map<string, Count>();
  const snapshot = api.store.snapshot();
  try {
    const wanted = Object.keys(hardOf(quota)).flatMap((name) => {
      const kind = kindCountedBy(name);
      if (kind === undefined || !isCounted(api, kind, tally)) return [];
      const definition = api.registry.find(cluster, kind.group, kind.resource)?.definition;
      // A kind that is not served (yet) has no objects that the quota could have missed.
      const collection =
        definition === undefined ? { cluster, ...kind, identity: '' } : collectionOf(cluster, definition);
      // Asked for before anything is counted: what comes from now on is not in the number.
      return [{ name, kind, collection, reached: snapshot.revisionOf({ collection }) }];
    });
    const isSame = (a: CountedKind, b: CountedKind) => a.group === b.group && a.resource === b.resource;
    tally.beginAfter((kind) => wanted.find((one) => isSame(one.kind, kind))?.reached ?? 0);
    for (const { name, kind, collection } of wanted) {
      const scope = { collection, namespace };
      counts.set(name, { kind, count: await snapshot.count(scope, Number.MAX_SAFE_INTEGER) });
    }
  } finally {
    snapshot.close();
  }
  return counts;
}

/**
 * A kind that is not there (yet) is counted as well, zero: its first object finds its place. Upstream has nothing
 * in the status until it hears of the kind. Nothing is ever there of reviews, nor of the cluster-scoped kinds
 * of the server in a namespace.
 */
function isCounted(api: Api, kind: CountedKind, { scope }: Tally): boolean {
  const definition = api.registry.find(scope.cluster, kind.group, kind.resource)?.definition;
  if (definition === undefined || definition.origin === 'crd') return true;
  return (
    definition.isVirtual !== true && (scope.namespace === undefined || definition.scope === 'Namespaced')
  );
}

function statusOf(
  quota: KubeObject,
  counts: Counts,
  tally: Tally,
): { readonly status: JsonObject; readonly count: QuotaCount } {
  // No object matches a scope: they speak of pods and volumes.
  const usedOf = ({ kind, count }: Count) => (hasScopes(quota) ? 0 : count + tally.since(kind));
  const hard = hardOf(quota);
  const before = memberOf(memberOf(quota, 'status'), 'used');
  const used = newObject();
  const numbers = new Map<Count, number>();
  for (const name of Object.keys(hard)) {
    const counted = counts.get(name);
    if (counted !== undefined) {
      numbers.set(counted, usedOf(counted));
      used[name] = String(usedOf(counted));
    } else if (isOfOtherKinds(name)) used[name] = '0';
    else if (before[name] !== undefined) used[name] = before[name];
  }
  const isStale = () => [...numbers].some(([counted, number]) => usedOf(counted) !== number);
  return { status: objectOf({ hard: objectOf(hard), used }), count: { isStale } };
}

function hardOf(quota: JsonObject): JsonObject {
  return memberOf(memberOf(quota, 'spec'), 'hard');
}

function memberOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : newObject();
}
