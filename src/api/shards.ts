import type { LogicalCluster, Revision, ShardName } from '../base/mod.ts';

/** A shard, as placement knows it. */
export interface KnownShard {
  readonly name: ShardName;
  /** The region that has brought it; undefined of the first one. */
  readonly region: string | undefined;
}

/** The shards of a planet. */
export interface Shards {
  /** All that this member knows. */
  list(): readonly KnownShard[];
  /** Whether this member sequences the log of that name now. */
  isHome(log: string): boolean;
  /**
   * Resolves when this member has all of a logical cluster that its home has acknowledged, which has made sure of being the
   * home; rejects if that cannot be found out now.
   */
  confirm(cluster: LogicalCluster): Promise<void>;
  /** Whether a revision of a shard is of a history that was not adopted. */
  isVoid(shard: string, revision: Revision): boolean;
}
