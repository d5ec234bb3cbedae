import { BoundedCache, type LogicalCluster, limits, type Revision } from '../../base/mod.ts';

/**
 * When the roles and bindings of each logical cluster changed last, as far as is remembered. Of those forgotten, or
 * never heard of, it says a later time, but none that goes back: whoever keeps something under such a revision may
 * read again for nothing, and never misses a change.
 */
export class RbacRevisions {
  readonly #changes: BoundedCache<LogicalCluster, Revision>;
  readonly #changesMax: number;
  /** Not before anything that is not among the changes. */
  #floor: Revision;
  /** The newest change of all. */
  #newest: Revision;

  constructor(start: Revision, changesMax: number = limits.rbacScopesCachedMax) {
    this.#floor = start;
    this.#newest = start;
    this.#changesMax = changesMax;
    this.#changes = new BoundedCache(changesMax);
  }

  /** A revision at or after the last change of the logical cluster's roles and bindings. */
  of(cluster: LogicalCluster): Revision {
    return this.#changes.get(cluster) ?? this.#floor;
  }

  /** Changes come in the order of their revisions. */
  note(cluster: LogicalCluster, revision: Revision): void {
    // One of them is forgotten: the floor rises above all, since which one it is may change with every look.
    if (this.#changes.get(cluster) === undefined && this.#changes.size === this.#changesMax) {
      this.#floor = this.#newest;
    }
    this.#newest = revision;
    this.#changes.set(cluster, revision);
  }
}
