import type { LogicalCluster, ShardName } from '../../base/mod.ts';
import { systemRandom } from '../../base/mod.ts';
import type { MemoryKeyValue } from '../memory-key-value.ts';
import type { ObjectKey } from '../object-key.ts';
import type { ObjectSnapshot, ObjectStore, StateScope } from '../object-store.ts';
import { revisionOfEvent } from '../object-store.ts';
import type { StoreEvent } from '../projection.ts';
import { Store } from '../store.ts';
import { collect, type TestClock, textOf } from '../store-fixtures.suite.ts';
import { WatchSession } from '../watch-session.ts';
import { type LogOptions, PlanetStore } from './planet-store.ts';

export const CONVERGENT = 'exports';
/** Of all logical clusters. */
export const EVERY_MAP: StateScope = {
  collection: { cluster: '*', group: '', resource: 'configmaps', identity: '' },
};
export const EVERY_EXPORT: StateScope = {
  collection: { cluster: '*', group: '', resource: CONVERGENT, identity: '' },
};

export function logicalClusterKey(cluster: LogicalCluster): ObjectKey {
  const kind = { group: 'core.kcp.io', resource: 'logicalclusters', identity: '' };
  return { ...kind, cluster, namespace: '', name: 'cluster' };
}

export function openPlanet(logs: readonly LogOptions[], clock: TestClock): Promise<PlanetStore> {
  return PlanetStore.open({
    clock,
    random: systemRandom,
    logs,
    logicalClusterKey,
    isConvergent: ({ group, resource }) => group === '' && resource === CONVERGENT,
  });
}

export function openHomeOf(
  name: string,
  keyValue: MemoryKeyValue,
  clock: TestClock,
  role: 'home' | 'follower' = 'home',
): Promise<Store> {
  const replication = { role };
  return Store.open({ keyValue, shard: name as ShardName, clock, random: systemRandom, replication });
}

/** Everything that upper rooms ask a snapshot for, as text without revisions. */
export async function printState(
  snapshot: ObjectSnapshot,
  clusters: readonly LogicalCluster[],
): Promise<unknown> {
  const state: Record<string, unknown> = {};
  for (const resource of ['configmaps', CONVERGENT]) {
    const kind = { group: '', resource, identity: '' };
    const everywhere = { collection: { ...kind, cluster: '*' as const } };
    state[resource] = await printList(snapshot.list(everywhere));
    state[`${resource} in b`] = await printList(snapshot.list({ ...everywhere, namespace: 'b' }));
    state[`${resource} count`] = await snapshot.count(everywhere, 1_000);
    state[`${resource} few`] = Math.min(2, await snapshot.count(everywhere, 2));
    for (const cluster of clusters) {
      const one = { collection: { ...kind, cluster } };
      state[`${resource} ${cluster}`] = await printList(snapshot.list(one));
      state[`${resource} ${cluster} in order`] = await printList(snapshot.list({ ...one, order: 'member' }));
      state[`${resource} ${cluster} a`] = textOf(
        snapshot.get({ ...one.collection, namespace: 'a', name: 'x' }),
      );
    }
  }
  for (const cluster of clusters) {
    state[`rows ${cluster}`] = await printList(snapshot.rowsOfCluster(cluster));
    state[`count ${cluster}`] = await snapshot.countOfCluster(cluster, 1_000);
    state[`owned ${cluster}`] = await printList(snapshot.dependents(cluster, 'owner'));
    state[`has owned ${cluster}`] = await snapshot.hasDependents(cluster, 'owner');
    state[`refers ${cluster}`] = await printList(snapshot.referringIn(cluster, 'r'));
  }
  state['refers'] = await printList(snapshot.referring('r'));
  return state;
}

export async function printList(
  batches: AsyncIterable<readonly { readonly key: ObjectKey; readonly row: { readonly json: Buffer } }[]>,
): Promise<string[]> {
  return (await collect(batches)).map(({ key, row }) => `${keyText(key)}=${textOf(row)}`);
}

export function printEvent({ key, oldRow, newRow }: StoreEvent): string {
  return `${keyText(key)}: ${textOf(oldRow) ?? '-'} > ${textOf(newRow) ?? '-'}`;
}

function keyText({ cluster, resource, namespace, name }: ObjectKey): string {
  return `${cluster}/${resource}/${namespace}/${name}`;
}

/** What a watch gets, and where it is. */
export class Watched {
  readonly events: string[] = [];
  readonly positions: number[] = [];
  expiredAt: number | undefined;
  readonly #session: WatchSession;

  constructor(store: ObjectStore, { collection, order }: StateScope, position: number) {
    this.#session = new WatchSession({
      store,
      scope: collection,
      order,
      position: position as never,
      sink: {
        deliver: (events) => {
          this.events.push(...events.map(printEvent));
          this.positions.push(...events.map(revisionOfEvent));
          return true;
        },
        drained: async () => {},
        expired: (at) => {
          this.expiredAt = at;
        },
        failed: (error) => {
          throw error;
        },
      },
    });
    this.#session.start();
  }

  get position(): number {
    return this.#session.position;
  }

  close(): void {
    this.#session.close();
  }
}
