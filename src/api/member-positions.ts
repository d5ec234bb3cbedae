import { assert, type LogicalCluster, type Revision } from '../base/mod.ts';

/**
 * The order in which one member has applied changes: what orders events where no single shard does. A position is
 * revision of application × 1024 + number of the member, and so never below 2^53.
 *
 * A member whose only shard is its own applies a change when it sequences it ({@link OneShardPositions}). One that
 * follows several shards keeps a log of what it applied when, and implements the same by it.
 */
export interface MemberPositions {
  /** Where this member applied a change of a logical cluster. */
  ofChange(cluster: LogicalCluster, revision: number): bigint;
  /** A state of this member, by the revision up to which it has applied. */
  ofState(revision: number): bigint;
  /** The state that a position means; undefined for a position of another member, or of a log that is no more. */
  stateAt(position: bigint): Revision | undefined;
}

/** Members of one planet, of which each has a number. */
const MEMBERS_MAX = 1024n;

/** Positions of a member with one shard, whose log is the order of everything it applies. */
export class OneShardPositions implements MemberPositions {
  readonly #member: bigint;

  constructor(memberNumber: number) {
    assert(memberNumber >= 0 && memberNumber < MEMBERS_MAX, 'members are numbered from 0 to 1023');
    this.#member = BigInt(memberNumber);
  }

  ofChange(_cluster: LogicalCluster, revision: number): bigint {
    return this.ofState(revision);
  }

  ofState(revision: number): bigint {
    return BigInt(revision) * MEMBERS_MAX + this.#member;
  }

  stateAt(position: bigint): Revision | undefined {
    if (position % MEMBERS_MAX !== this.#member) return undefined;
    const revision = Number(position / MEMBERS_MAX);
    return Math.min(revision, Number.MAX_SAFE_INTEGER) as Revision;
  }
}
