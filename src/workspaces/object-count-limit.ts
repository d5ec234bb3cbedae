import { type AdmissionPlugin, type AdmissionRequest, newAdmissionForbidden } from '../admission/mod.ts';
import { isEvent, logicalClusterKey } from '../api/mod.ts';
import { BoundedCache, type LogicalCluster, limits, ROOT_CLUSTER } from '../base/mod.ts';
import { goQuote, objectAt, textAt } from '../machinery/mod.ts';
import type { FeedGroup, ObjectStore } from '../store/mod.ts';
import { factsOf } from './facts.ts';
import { READY } from './lifecycle-names.ts';
import { CORE_GROUP, LOGICAL_CLUSTERS, MAX_OBJECTS } from './names.ts';

/** How many objects a logical cluster has, as far as that is durable. */
interface Count {
  objects: number;
  /** Changes of groups after this many are not in the number yet. */
  readonly groups: number;
}

/** Counts of the logical clusters that a limit was asked about lately, kept true by what the store announces. */
class ObjectCounts {
  readonly #store: ObjectStore;
  readonly #counts = new BoundedCache<LogicalCluster, Promise<Count>>(limits.objectCountsCachedMax);
  /** How many groups the store has announced since this began: revisions of several logs have no order. */
  #groups = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
    // As long as the store lives: it tells nobody any more once it is closed.
    store.feed.subscribeToGroups((group) => this.#onGroup(group));
  }

  async of(cluster: LogicalCluster): Promise<number> {
    let counting = this.#counts.get(cluster);
    if (counting === undefined) {
      counting = this.#count(cluster);
      this.#counts.set(cluster, counting);
    }
    return (await counting).objects;
  }

  async #count(cluster: LogicalCluster): Promise<Count> {
    const snapshot = this.#store.snapshot();
    const missed: number[] = [];
    const stop = this.#store.feed.subscribeToGroups(({ events }) => {
      for (const event of events) {
        if (event.key.cluster === cluster && !snapshot.has(event)) missed.push(deltaOf(event));
      }
    });
    try {
      const objects = await snapshot.countOfCluster(cluster, Number.MAX_SAFE_INTEGER);
      const sum = missed.reduce((total, delta) => total + delta, objects);
      return { objects: sum, groups: this.#groups };
    } catch {
      // As kcp: what cannot be counted stops nobody. A store that cannot be read has other troubles.
      return { objects: 0, groups: this.#groups };
    } finally {
      stop();
      snapshot.close();
    }
  }

  #onGroup({ events }: FeedGroup): void {
    this.#groups += 1;
    const groups = this.#groups;
    if (this.#counts.size === 0) return;
    for (const event of events) {
      const counting = this.#counts.get(event.key.cluster);
      const delta = counting === undefined ? 0 : deltaOf(event);
      if (delta === 0) continue;
      void counting?.then((count) => {
        if (groups > count.groups) count.objects += delta;
      });
    }
  }
}

function deltaOf({ oldRow, newRow }: FeedGroup['events'][number]): number {
  return (newRow === undefined ? 0 : 1) - (oldRow === undefined ? 0 : 1);
}

/**
 * kcp's plugin of that name: a logical cluster has no more objects than its annotation allows, or the whole server
 * allows each. Creations alone are refused, and none before the logical cluster is ready. Those that are under way at
 * once may exceed the limit together.
 */
export function objectCountLimit(
  store: ObjectStore,
  options: { readonly perCluster: number },
): AdmissionPlugin {
  const counts = new ObjectCounts(store);
  return {
    name: 'core.kcp.io/LogicalClusterObjectCountLimit',
    operations: ['CREATE'],
    async validate(request) {
      if (request.definition.isVirtual || isExempt(request)) return;
      const row = store.get(logicalClusterKey(request.cluster));
      if (row === undefined || row.fields['status.phase'] !== READY) return;
      const max = maxOf(request.cluster, maxObjects(row), options.perCluster);
      if (max <= 0) return;
      const count = await counts.of(request.cluster);
      if (count < max) return;
      throw newAdmissionForbidden(
        request,
        `logical cluster ${goQuote(request.cluster)} has reached its total object count limit (${count}/${max} objects); delete objects to free up capacity`,
      );
    },
  };
}

function isExempt({ definition, object }: AdmissionRequest): boolean {
  const kind = { group: definition.group, resource: definition.names.plural };
  if (isEvent(kind) || kind.group === 'events.k8s.io') return true;
  if (kind.group === CORE_GROUP && kind.resource === LOGICAL_CLUSTERS) return true;
  return kind.resource === 'clusterrolebindings' && object?.metadata.name === 'workspace-admin';
}

/** The annotation counts, if it can be read; the limit of all does not hold where the server itself lives. */
function maxOf(cluster: LogicalCluster, annotation: string, perCluster: number): number {
  if (/^[0-9]{1,15}$/.test(annotation)) return Number(annotation);
  return cluster === ROOT_CLUSTER || cluster.startsWith('system:') ? 0 : perCluster;
}

const maxObjects = factsOf((object) =>
  textAt(objectAt(objectAt(object, 'metadata'), 'annotations'), MAX_OBJECTS),
);
