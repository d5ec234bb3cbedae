import { assert, type LogicalCluster, type Revision } from '../base/mod.ts';
import {
  type ClusterDefaults,
  isSameDefaults,
  NOTHING_SUPERSEDED,
  remainingIndexes,
} from './cluster-defaults.ts';
import { ExpectationFailed } from './commit-errors.ts';
import { BLANK_TIME } from './default-set.ts';
import { type DerivedObjects, derivedRow } from './derived-objects.ts';
import type { Frame } from './frame.ts';
import { relativeKeyText, splitKeyText } from './object-key.ts';
import { PendingValues } from './pending-values.ts';
import type { StoredRow } from './projection.ts';
import type { Mutation, NewDefaults, Proposal } from './proposal.ts';

/** The defaults of logical clusters as the next commit finds them: also of those that come and go on the way to the disk. */
export class DefaultsUnderWay<Group extends object> {
  readonly #derived: DerivedObjects;
  readonly #pending = new PendingValues<ClusterDefaults, Group>();

  constructor(derived: DerivedObjects) {
    this.#derived = derived;
  }

  of(cluster: LogicalCluster): ClusterDefaults | undefined {
    const pending = this.#pending.get(cluster);
    return pending === undefined ? this.#derived.defaultsOf(cluster) : pending.value;
  }

  set(cluster: LogicalCluster, defaults: ClusterDefaults | undefined, group: Group): void {
    this.#pending.set(cluster, defaults, group);
  }

  settle(group: Group): void {
    this.#pending.settle(group);
  }

  /** An object of a logical cluster whose creation is not durable yet. */
  newlyDerived(keyText: string): StoredRow | undefined {
    if (this.#pending.size === 0) return undefined;
    const { cluster, relative } = splitKeyText(keyText);
    const defaults = this.#pending.get(cluster)?.value;
    return defaults && derivedRow(this.#derived.sets.get(defaults.setHash), defaults, relative);
  }

  /** Whether what the disk has of a derived object is over. */
  isEnding(keyText: string): boolean {
    if (this.#pending.size === 0) return false;
    const { cluster } = splitKeyText(keyText);
    const pending = this.#pending.get(cluster);
    if (pending === undefined) return false;
    return pending.value?.firstRevision !== this.#derived.defaultsOf(cluster)?.firstRevision;
  }

  /** Throws `ExpectationFailed` unless the logical cluster has none. */
  checkNew({ cluster, set, creationTime }: NewDefaults, mutations: readonly Mutation[]): void {
    // Whatever else became of it: a logical cluster gets its defaults once, as long as it is there.
    const known = this.of(cluster);
    if (known !== undefined) throw unexpected(cluster, known);
    assert(creationTime.length === BLANK_TIME.length, 'a time fills the blank that was left for it');
    for (const { key } of mutations) {
      const isDefault = key.cluster === cluster && set.indexOf(relativeKeyText(key)) !== undefined;
      assert(!isDefault, 'a commit does not write what it derives');
    }
  }

  /** Throws `ExpectationFailed` unless they are still what somebody has read. */
  checkEnd(ends: ClusterDefaults): void {
    const known = this.of(ends.cluster);
    if (known === undefined || !isSameDefaults(known, ends)) throw unexpected(ends.cluster, known);
  }

  /** What a proposal begins and ends as a frame has it; `reserve` takes so many revisions. */
  ofCommit(
    { defaults, ends }: Proposal,
    reserve: (count: number) => Revision,
  ): Pick<Frame, 'ended' | 'defaults' | 'defaultSet'> {
    assert(defaults === undefined || defaults.cluster !== ends?.cluster, 'what ends does not begin');
    return {
      ...(ends && endedOf(ends, reserve)),
      ...(defaults && this.#newOf(defaults, reserve)),
    };
  }

  /** With the set if no frame has it yet. */
  #newOf(
    { set, cluster, seed, creationTime }: NewDefaults,
    reserve: (count: number) => Revision,
  ): Pick<Frame, 'defaults' | 'defaultSet'> {
    return {
      ...(!this.#derived.sets.has(set.hash) && { defaultSet: set.bytes }),
      defaults: {
        cluster,
        setHash: set.hash,
        firstRevision: reserve(set.count),
        count: set.count,
        seed,
        creationTime,
        superseded: NOTHING_SUPERSEDED,
      },
    };
  }
}

function endedOf(defaults: ClusterDefaults, reserve: (count: number) => Revision): Pick<Frame, 'ended'> {
  const { length } = remainingIndexes(defaults);
  return { ended: { defaults, firstRevision: length === 0 ? (0 as Revision) : reserve(length) } };
}

/** The expectation is about the logical cluster as a whole. */
function unexpected(cluster: LogicalCluster, known: ClusterDefaults | undefined): ExpectationFailed {
  const key = { cluster, group: '', resource: '', identity: '', namespace: '', name: '' };
  return new ExpectationFailed({ key, current: known?.firstRevision ?? 0, isPrecondition: true });
}
