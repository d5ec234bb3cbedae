import type { LogicalCluster } from '../../base/mod.ts';
import type { CountedKind } from './counted-names.ts';

/** An object more or less, and where it is. */
export interface CountChange {
  readonly cluster: LogicalCluster;
  readonly namespace: string;
  readonly kind: CountedKind;
  readonly delta: 1 | -1;
}

/** Up to which revision a snapshot has what there is of a kind. */
export type ReachedOf = (kind: CountedKind) => number;

/** What a tally looks at: a namespace, or a whole logical cluster. */
export interface TallyScope {
  readonly cluster: LogicalCluster;
  readonly namespace: string | undefined;
}

/**
 * What comes and goes while somebody counts: the objects in a snapshot and this together are what there is
 * in the log now, durable or on its way to the disk. Lives only as long as the counting.
 */
export class Tally {
  readonly scope: TallyScope;
  /** Changes before it is known which of them the snapshot has: those of one wait for the disk, so they are few. */
  readonly #early: { readonly revision: number; readonly change: CountChange }[] = [];
  readonly #sums = new Map<string, number>();
  #reachedOf: ReachedOf | undefined;

  constructor(scope: TallyScope) {
    this.scope = scope;
  }

  /** The snapshot that is counted has of each kind everything up to a revision of the log where the kind is. */
  beginAfter(reachedOf: ReachedOf): void {
    this.#reachedOf = reachedOf;
    for (const early of this.#early.splice(0)) this.#add(reachedOf, early);
  }

  note(revision: number, change: CountChange): void {
    const { cluster, namespace } = this.scope;
    if (change.cluster !== cluster) return;
    if (namespace !== undefined && change.namespace !== namespace) return;
    if (this.#reachedOf === undefined) this.#early.push({ revision, change });
    else this.#add(this.#reachedOf, { revision, change });
  }

  /** How many more objects of a kind there are than in the snapshot. */
  since(kind: CountedKind): number {
    return this.#sums.get(kindText(kind)) ?? 0;
  }

  #add(
    reachedOf: ReachedOf,
    { revision, change }: { readonly revision: number; readonly change: CountChange },
  ): void {
    const { kind, delta } = change;
    if (revision <= reachedOf(kind)) return;
    const text = kindText(kind);
    this.#sums.set(text, (this.#sums.get(text) ?? 0) + delta);
  }
}

function kindText({ group, resource }: CountedKind): string {
  return `${resource}.${group}`;
}
