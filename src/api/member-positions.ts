import { assert, type Revision } from '../base/mod.ts';
import type { CollectionKey, ObjectStore } from '../store/mod.ts';

/**
 * The order in which one member has applied changes: what orders events where no single shard does. A position is
 * revision of application × 1024 + number of the member, and so never below 2^53.
 */
export interface MemberPositions {
  /** Where this member applied a change of one of a collection's objects. */
  ofChange(collection: CollectionKey, revision: number): bigint;
  /** A state of this member, by the revision up to which it has applied, in its own order. */
  ofState(revision: number): bigint;
  /** The state that a position means; undefined for a position of another member. */
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

  ofChange(_collection: CollectionKey, revision: number): bigint {
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

/** Positions of a member whose store says when it has applied what: of one log or of several. */
export class StorePositions extends OneShardPositions {
  readonly #store: Pick<ObjectStore, 'appliedAt'>;

  constructor(options: {
    readonly store: Pick<ObjectStore, 'appliedAt'>;
    readonly memberNumber: number;
  }) {
    super(options.memberNumber);
    this.#store = options.store;
  }

  override ofChange(collection: CollectionKey, revision: number): bigint {
    return this.ofState(this.#store.appliedAt(collection, revision));
  }
}
