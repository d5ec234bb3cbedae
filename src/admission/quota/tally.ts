import type { LogicalCluster } from '../../base/mod.ts';
import type { CountedKind } from './counted-names.ts';

/** An object more or less, and where it is. */
export interface CountChange {
  readonly cluster: LogicalCluster;
  readonly namespace: string;
  readonly kind: CountedKind;
  readonly delta: 1 | -1;
}

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
  readonly #early: { readonly sequence: number; readonly change: CountChange }[] = [];
  readonly #sums = new Map<string, number>();
  #sequence: number | undefined;

  constructor(scope: TallyScope) {
    this.scope = scope;
  }

  /** The snapshot that is counted has everything up to this commit. */
  beginAfter(sequence: number): void {
    this.#sequence = sequence;
    for (const early of this.#early.splice(0)) this.#add(early.sequence, early.change);
  }

  note(sequence: number, change: CountChange): void {
    const { cluster, namespace } = this.scope;
    if (change.cluster !== cluster) return;
    if (namespace !== undefined && change.namespace !== namespace) return;
    if (this.#sequence === undefined) this.#early.push({ sequence, change });
    else this.#add(sequence, change);
  }

  /** How many more objects of a kind there are than in the snapshot. */
  since(kind: CountedKind): number {
    return this.#sums.get(kindText(kind)) ?? 0;
  }

  #add(sequence: number, { kind, delta }: CountChange): void {
    if (sequence <= this.#sequence!) return;
    const text = kindText(kind);
    this.#sums.set(text, (this.#sums.get(text) ?? 0) + delta);
  }
}

function kindText({ group, resource }: CountedKind): string {
  return `${resource}.${group}`;
}
