import { EVERYWHERE, type LogicalCluster, parseRevision, type Revision } from '../base/mod.ts';
import { collectionOf, type Definition } from '../definitions/mod.ts';
import type { CollectionKey, RevisionOrder } from '../store/mod.ts';
import type { MemberPositions } from './member-positions.ts';

/**
 * How revisions are written in resourceVersions, and how those that come in are read. Inside, everything is a
 * {@link Revision} of 53 bits: of objects always the one of their log, of states one in the order that the form is named by. The form of a URL family and kind never changes, so that a client never compares two.
 */
export interface RevisionForm {
  readonly name: RevisionOrder;
  /** What an object of a logical cluster shows that was last changed at a revision. */
  ofObject(cluster: LogicalCluster, revision: number): string;
  /** What lists, bookmarks and continue tokens say of the state they show. */
  ofState(revision: number): string;
  /** The state that a decimal number of 64 bits means; undefined when only another member could tell. */
  stateOf(text: string): Revision | undefined;
  /** Whether a writer's resourceVersion is the one of an object. Writers may use either form at every URL. */
  isOf(text: string, cluster: LogicalCluster, revision: number): boolean;
}

/** The two forms in which a member shows revisions of a kind. */
interface FormsOfKind {
  readonly shard: RevisionForm;
  readonly member: RevisionForm;
}

/** The forms of a member. */
export class RevisionForms {
  /** The revision of the shard: the same in all members. */
  readonly shard: RevisionForm;
  /** The position at which this member applied it: an order over all shards, which no other member knows. */
  readonly member: RevisionForm;
  readonly #positions: MemberPositions;
  /** As long as somebody uses the definition. */
  readonly #byDefinition = new WeakMap<Definition, FormsOfKind>();

  constructor(positions: MemberPositions) {
    this.#positions = positions;
    ({ shard: this.shard, member: this.member } = formsOfKind(positions, ANY_KIND));
  }

  /** The form of a kind at the URLs of its own logical clusters. */
  of(definition: Definition): RevisionForm {
    const { shard, member } = this.#ofKind(definition);
    return definition.consistency === 'Convergent' ? member : shard;
  }

  /** The form of a kind where only this member's own order counts. */
  memberOf(definition: Definition): RevisionForm {
    return this.#ofKind(definition).member;
  }

  #ofKind(definition: Definition): FormsOfKind {
    let forms = this.#byDefinition.get(definition);
    if (forms === undefined) {
      forms = formsOfKind(this.#positions, collectionOf(EVERYWHERE, definition));
      this.#byDefinition.set(definition, forms);
    }
    return forms;
  }
}

function formsOfKind(positions: MemberPositions, kind: Kind): FormsOfKind {
  const positionOf = (cluster: LogicalCluster, revision: number) =>
    String(positions.ofChange({ ...kind, cluster }, revision));
  const isOf: RevisionForm['isOf'] = (text, cluster, revision) =>
    text === String(revision) ||
    // A position takes longer to make, and is nearly never meant.
    (text.length > SHARD_DIGITS_MAX && text === positionOf(cluster, revision));
  return {
    shard: {
      name: 'shard',
      ofObject: (_cluster, revision) => String(revision),
      ofState: String,
      // Integers that no revision of ours will reach, but that upstream's 64 bits hold: no fault of form.
      stateOf: (text) => parseRevision(text) ?? BEYOND_ALL,
      isOf,
    },
    member: {
      name: 'member',
      ofObject: positionOf,
      ofState: (revision) => String(positions.ofState(revision)),
      stateOf(text) {
        const below = parseRevision(text);
        if (below === undefined) return positions.stateAt(BigInt(text));
        return below === 0 ? below : BEFORE_ALL;
      },
      isOf,
    },
  };
}

type Kind = Omit<CollectionKey, 'cluster'>;
const ANY_KIND: Kind = { group: '', resource: '', identity: '' };
const SHARD_DIGITS_MAX = String(Number.MAX_SAFE_INTEGER).length;
const BEYOND_ALL = Number.MAX_SAFE_INTEGER as Revision;
/** Below 2^53 there are no positions, so that any state is newer. It is older than what any member keeps. */
const BEFORE_ALL = 1 as Revision;
