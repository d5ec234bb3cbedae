import {
  type LogicalCluster,
  limits,
  type Revision,
  SYSTEM_ADMIN_CLUSTER,
  systemRandom,
} from '../../base/mod.ts';

/**
 * When the roles and bindings of each logical cluster changed last. Many share one place in a table of fixed size, so
 * that it may say a later time, but none that goes back: whoever keeps something under such a revision reads again
 * for nothing now and then, and never misses a change. What counts everywhere shares its place with nobody.
 */
export class RbacRevisions {
  /** The newest change of any logical cluster that has this place. */
  readonly #changes: Float64Array;
  // Nobody can choose a name that shares the place of another's.
  readonly #seed = systemRandom.below(2 ** 32);
  #everywhere: Revision;

  constructor(start: Revision, places: number = limits.rbacRevisionPlaces) {
    this.#changes = new Float64Array(places).fill(start);
    this.#everywhere = start;
  }

  /** A revision at or after the last change of the logical cluster's roles and bindings. */
  of(cluster: LogicalCluster): Revision {
    if (cluster === SYSTEM_ADMIN_CLUSTER) return this.#everywhere;
    return this.#changes[this.#placeOf(cluster)] as Revision;
  }

  /** Changes come in the order of their log; those of another log, or of one that was undone, may be older. */
  note(cluster: LogicalCluster, revision: Revision): void {
    if (cluster === SYSTEM_ADMIN_CLUSTER) this.#everywhere = laterThan(this.#everywhere, revision);
    else {
      const place = this.#placeOf(cluster);
      this.#changes[place] = laterThan(this.#changes[place]!, revision);
    }
  }

  /** Mixed after each unit, unlike FNV, whose collisions hardly depend on where it starts. */
  #placeOf(cluster: LogicalCluster): number {
    let hash = this.#seed;
    for (let index = 0; index < cluster.length; index++) {
      hash = Math.imul(hash ^ cluster.charCodeAt(index), 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    return (hash >>> 0) % this.#changes.length;
  }
}

/** The revision of a change, or one that was not there before: no place may say twice what it said at another time. */
function laterThan(before: number, revision: Revision): Revision {
  return Math.max(before + 1, revision) as Revision;
}
