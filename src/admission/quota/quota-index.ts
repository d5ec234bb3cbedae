import { BoundedCache, type LogicalCluster, limits, WeightedCache } from '../../base/mod.ts';
import { type ObjectKey, type ObjectStore, objectKeyText, type StoreEvent } from '../../store/mod.ts';
import { type QuotaState, readQuota } from './quota-state.ts';

/** Names of quotas; one may be gone by now, but none is missing. */
type Names = Set<string>;

/**
 * Which quotas a namespace has, without a look at the disk for namespaces that were asked for lately. Names
 * are added as soon as a quota is on its way to the log, and dropped by whoever finds nothing under them.
 */
export class QuotaIndex {
  readonly #store: ObjectStore;
  readonly #names = new BoundedCache<string, Names>(limits.quotaNamespacesCachedMax);
  /** Namespaces that are being read: what is created meanwhile is added here too. */
  readonly #loading = new Map<string, { readonly names: Names; readonly done: Promise<void> }>();
  /** Parsed quotas by key; good as long as the newest row is of that revision. */
  readonly #states = new WeightedCache<QuotaState>({
    weightMax: limits.quotasCachedBytesMax,
    weigh: ({ row }) => row.json.length,
  });
  readonly #unsubscribe: () => void;

  constructor(store: ObjectStore) {
    this.#store = store;
    // Whoever writes to the log without this index is heard of here: another home of the shard, one day.
    this.#unsubscribe = store.feed.subscribeToGroups(({ events }) => {
      for (const event of events) this.#noteEvent(event);
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  /**
   * The newest quotas of a namespace by name, with what is on its way to the disk; undefined when the
   * namespace has to be {@link load}ed first.
   */
  find(cluster: LogicalCluster, namespace: string): readonly QuotaState[] | undefined {
    const names = this.#names.get(placeText(cluster, namespace));
    if (names === undefined) return undefined;
    if (names.size === 0) return NONE;
    const states: QuotaState[] = [];
    for (const name of [...names].sort()) {
      const key = quotaKey(cluster, namespace, name);
      const state = this.newest(key);
      if (state !== undefined) states.push(state);
      // As long as its end is not on the disk, it may be there again after a crash: see former.
      else if (this.#store.get(key) === undefined) names.delete(name);
    }
    return states;
  }

  /**
   * The quotas of a namespace that {@link find} knows of as they are on the disk, where the next commit would not find
   * them so. None of the log that is asked besides.
   */
  former(
    cluster: LogicalCluster,
    namespace: string,
    { besides }: { readonly besides: string },
  ): QuotaState[] {
    const names = this.#names.get(placeText(cluster, namespace)) ?? NO_NAMES;
    const states: QuotaState[] = [];
    for (const name of names) {
      const key = quotaKey(cluster, namespace, name);
      // All of a namespace are in one log: usually it is that one, and nothing has to be read.
      if (this.#store.logOf(key) === besides) break;
      const row = this.#store.get(key);
      if (row !== undefined && row.revision !== this.#store.newest(key)?.revision)
        states.push(readQuota(key, row));
    }
    return states;
  }

  /** One quota as the next commit would find it. */
  newest(key: ObjectKey): QuotaState | undefined {
    const row = this.#store.newest(key);
    if (row === undefined) return undefined;
    const text = objectKeyText(key);
    const known = this.#states.get(text);
    if (known?.row.revision === row.revision) return known;
    const state = readQuota(key, row);
    if (known === undefined) this.#states.getOrCompute(text, () => state);
    else this.#states.replace(text, state);
    return state;
  }

  /** A quota as a commit has just made it. */
  remember(state: QuotaState): void {
    this.#states.replace(objectKeyText(state.key), state);
  }

  /** Reads the names of a namespace's quotas, so that {@link find} knows them for the moment. */
  load(cluster: LogicalCluster, namespace: string): Promise<void> {
    const place = placeText(cluster, namespace);
    const running = this.#loading.get(place);
    if (running !== undefined) return running.done;
    const names: Names = new Set();
    const done = this.#read(cluster, namespace, names).finally(() => this.#loading.delete(place));
    this.#loading.set(place, { names, done });
    return done;
  }

  /** A quota is about to have its place in the log. */
  note({ cluster, namespace, name }: ObjectKey): void {
    const place = placeText(cluster, namespace);
    this.#names.get(place)?.add(name);
    this.#loading.get(place)?.names.add(name);
  }

  async #read(cluster: LogicalCluster, namespace: string, names: Names): Promise<void> {
    // What had its place in the log before this began is in the snapshot then; what gets one later is noted.
    await this.#store.settled();
    const { name: _, namespace: __, ...collection } = quotaKey(cluster, namespace, '');
    const snapshot = this.#store.snapshot();
    try {
      for await (const batch of snapshot.list({ collection, namespace })) {
        for (const { key } of batch) names.add(key.name);
      }
    } finally {
      snapshot.close();
    }
    this.#names.set(placeText(cluster, namespace), names);
  }

  #noteEvent(event: StoreEvent): void {
    // Only additions: a deletion that is heard of now may have been followed by a creation already.
    if (isQuota(event.key) && event.newRow !== undefined) this.note(event.key);
  }
}

const NONE: readonly QuotaState[] = [];
const NO_NAMES: ReadonlySet<string> = new Set();

export function isQuota(key: { readonly group: string; readonly resource: string }): boolean {
  return key.group === '' && key.resource === 'resourcequotas';
}

function quotaKey(cluster: LogicalCluster, namespace: string, name: string): ObjectKey {
  return { cluster, group: '', resource: 'resourcequotas', identity: '', namespace, name };
}

function placeText(cluster: LogicalCluster, namespace: string): string {
  return `${cluster}\0${namespace}`;
}
