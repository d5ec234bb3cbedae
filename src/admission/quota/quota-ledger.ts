import { assert, type LogicalCluster, limits, type Revision } from '../../base/mod.ts';
import { newForbidden, newRequestEntityTooLarge } from '../../machinery/mod.ts';
import {
  LogUnavailable,
  type Mutation,
  type NewRow,
  type ObjectKey,
  type ObjectStore,
  type Outcome,
  OutcomeUnknown,
  objectKeyText,
  type Proposal,
  type SequencedCommit,
  type WorkChange,
  withRevision,
} from '../../store/mod.ts';
import { type CountedKind, countedNames } from './counted-names.ts';
import { chargesOf, refusalOf } from './quota-charge.ts';
import { isQuota, QuotaIndex } from './quota-index.ts';
import { afterCharge, clusterQuotaNamespace, type QuotaState, withUsed } from './quota-state.ts';
import { Tally, type TallyScope } from './tally.ts';

/**
 * The books of all quotas. Whatever comes to be or goes is booked in the very commit that makes it so: quotas
 * are looked at and the commit gets its place in the log within one turn of the event loop, so that nothing
 * can come in between, and two writers never meet a conflict over a number.
 *
 * A quota that is new or was changed has no numbers, or wrong ones, until the quota controller has counted.
 * What was created by those who had not heard of the quota is therefore settled by the count, not by a
 * conflict: the controller opens a {@link Tally} before it takes its snapshot, every commit after that is in
 * the tally whoever made it, and the status is written in one turn with a last look at the tally.
 */
export class QuotaLedger {
  readonly #store: ObjectStore;
  readonly #index: QuotaIndex;
  readonly #isEnforced: boolean;
  readonly #recountOf: (quota: ObjectKey) => WorkChange;
  readonly #tallies = new Set<Tally>();

  constructor(store: ObjectStore, options: QuotaLedgerOptions) {
    this.#store = store;
    this.#index = new QuotaIndex(store);
    this.#isEnforced = options.isEnforced;
    this.#recountOf = options.recountOf;
  }

  close(): void {
    this.#index.close();
  }

  /** Throws 403 when a quota has no room for one more object of the kind, as things stand. */
  async assertRoom(place: Place, kind: CountedKind, name: string): Promise<void> {
    const names = countedNames(kind);
    if (names.length === 0) return;
    let quotas = this.#quotasOf(place);
    for (; quotas === undefined; quotas = this.#quotasOf(place)) await this.#load(place);
    this.#refuse(quotas, { kind, names, name });
  }

  /**
   * Commits a proposal together with what each of its mutations means to quotas. Throws 403 when another
   * writer has taken the last place meanwhile.
   */
  async commit(proposal: Proposal, options: CommitOptions): Promise<Outcome> {
    const changes = proposal.mutations.map((mutation) => changeOf(mutation));
    const counted = changes.filter(
      ({ key, names }) => names.length > 0 && !isNew(key, proposal) && key.cluster !== options.emptied,
    );
    while (!counted.every(({ key }) => this.#quotasOf(key) !== undefined)) {
      for (const { key } of counted) if (this.#quotasOf(key) === undefined) await this.#load(key);
    }
    // From here to the place in the log nothing may wait: see above.
    options.assertCurrent();
    for (const change of changes) if (isQuota(change.key)) this.#assertBounded(change, options);
    const charges = counted.length === 0 ? [] : this.#book(counted, options.isLetIn === true);
    const placed = this.#place(proposal, { charges, counted });
    const { commit } = placed;
    // The first one was booked.
    if (commit.isRepeat) {
      await commit.durable;
      return commit;
    }
    for (const [index, { key, kind, delta }] of changes.entries()) {
      if (isQuota(key)) this.#index.note(key);
      if (delta === 0) continue;
      const { cluster, namespace } = key;
      const revision = commit.revisions[index]!;
      for (const tally of this.#tallies) tally.note(revision, { cluster, namespace, kind, delta });
    }
    await placed.durable;
    return commit;
  }

  /** Gives a proposal and what it means to quotas their places: one commit, unless quotas are in another log. */
  #place(
    proposal: Proposal,
    {
      charges,
      counted,
    }: { readonly charges: readonly BookedCharge[]; readonly counted: readonly ObjectChange[] },
  ): { readonly commit: SequencedCommit; readonly durable: Promise<void> } {
    const log = counted.length === 0 ? '' : this.#store.logOf(proposal.mutations[0]!.key);
    const beside = charges.filter(({ state }) => this.#store.logOf(state.key) === log);
    const apart = charges.filter((charge) => !beside.includes(charge));
    const owing = [...apart.map(({ state }) => state), ...this.#former(counted, log)];
    const keys = new Map(owing.map(({ key }) => [objectKeyText(key), key]));
    const recounts = [...keys.values()].map((key) => this.#recountOf(key));
    const commit = this.#store.propose({
      ...proposal,
      mutations: [...proposal.mutations, ...beside.map(mutationOf)],
      ...(recounts.length === 0 ? {} : { work: [...(proposal.work ?? []), ...recounts] }),
    });
    if (commit.isRepeat) return { commit, durable: commit.durable };
    this.#remember(beside, commit.revisions.slice(proposal.mutations.length));
    const others = apart.map((charge) => this.#placeApart(proposal, charge));
    if (others.length === 0) return { commit, durable: commit.durable };
    return { commit, durable: Promise.all([commit.durable, ...others]).then(() => {}) };
  }

  /**
   * Books what another log than that of the quota counts, in the turn in which it got its place: so nobody gets past the
   * bound. Which of the two the disk has after a crash nobody knows: both owe a count, and whatever fails here is left
   * to the one that the object owes.
   */
  async #placeApart({ actor, originRegion }: Proposal, charge: BookedCharge): Promise<void> {
    try {
      const commit = this.#store.propose({
        mutations: [mutationOf(charge)],
        work: [this.#recountOf(charge.state.key)],
        actor,
        originRegion,
      });
      this.#remember([charge], commit.revisions);
      await commit.durable;
    } catch (error) {
      if (!(error instanceof LogUnavailable || error instanceof OutcomeUnknown)) throw error;
    }
  }

  /**
   * The quotas that count these changes as they are on the disk, and are about to be something else, or gone. That may
   * never come to the disk, and the changes, of another log, may all the same.
   */
  #former(changes: readonly ObjectChange[], besides: string): readonly QuotaState[] {
    return changes.flatMap(({ key: { cluster, namespace }, names, delta }) => {
      const wide = this.#index.former(cluster, clusterQuotaNamespace(), { besides });
      const local = this.#index.former(cluster, namespace, { besides });
      const counting = [
        ...wide.filter((quota) => quota.isClusterWide),
        ...local.filter((quota) => !quota.isClusterWide),
      ];
      return chargesOf(counting, names, delta === 1 ? 1 : -1).map(({ quota }) => quota);
    });
  }

  #remember(charges: readonly BookedCharge[], revisions: readonly Revision[]): void {
    for (const [index, { state }] of charges.entries())
      this.#index.remember({ ...state, row: withRevision(state.row, revisions[index]!) });
  }

  /** Notes all that changes in a scope from now on, until it is closed. */
  openTally(scope: TallyScope): Tally {
    const tally = new Tally(scope);
    this.#tallies.add(tally);
    return tally;
  }

  closeTally(tally: Tally): void {
    this.#tallies.delete(tally);
  }

  /** All quotas of a namespace are written together with each object that they count. */
  #assertBounded({ key, kind, delta, row }: ObjectChange, { isCount }: CommitOptions): void {
    const sizeBytes = row?.json.length ?? 0;
    // The status repeats the spec; what was let in with one must get the other.
    if (sizeBytes > limits.quotaBytesMax && !isCount) {
      throw newRequestEntityTooLarge(`limit is ${limits.quotaBytesMax}`);
    }
    const max = limits.quotasPerNamespaceMax;
    if (delta !== 1 || (this.#index.find(key.cluster, key.namespace)?.length ?? 0) < max) return;
    throw newForbidden(kind, key.name, `a namespace has at most ${max} of them: delete one first`);
  }

  /** What all changes together make of the quotas that count them: each quota is written once. */
  #book(changes: readonly ObjectChange[], isLetIn: boolean): readonly BookedCharge[] {
    const booked = new Map<string, BookedCharge>();
    for (const { key, kind, delta, names } of changes) {
      // A quota does not count its own end.
      const others = this.#quotasOf(key)!
        .filter((quota) => !isSameObject(quota.key, key))
        .map((quota) => booked.get(objectKeyText(quota.key))?.state ?? quota);
      if (delta === 1 && !isLetIn) this.#refuse(others, { kind, names, name: key.name });
      for (const { quota, used } of chargesOf(others, names, delta === 1 ? 1 : -1)) {
        const state = afterCharge(quota, { row: withUsed(quota, used), changes: used }, quota.row.revision);
        booked.set(objectKeyText(quota.key), { expected: quota.row.revision, state });
      }
    }
    return [...booked.values()];
  }

  #refuse(
    quotas: readonly QuotaState[],
    request: { readonly kind: CountedKind; readonly names: readonly string[]; readonly name: string },
  ): void {
    if (!this.#isEnforced || quotas.length === 0) return;
    const reason = refusalOf(quotas, request.names);
    if (reason !== undefined) throw newForbidden(request.kind, request.name, reason);
  }

  /** The quotas that count what is in a place; undefined when they have to be loaded first. */
  #quotasOf({ cluster, namespace }: Place): readonly QuotaState[] | undefined {
    const clusterWide = this.#index.find(cluster, clusterQuotaNamespace());
    if (clusterWide === undefined) return undefined;
    const local = namespace === '' ? [] : this.#index.find(cluster, namespace);
    if (local === undefined) return undefined;
    if (clusterWide.length === 0) return local;
    const others = local.filter((quota) => !quota.isClusterWide);
    return [...clusterWide.filter((quota) => quota.isClusterWide), ...others];
  }

  async #load({ cluster, namespace }: Place): Promise<void> {
    await this.#index.load(cluster, clusterQuotaNamespace());
    if (namespace !== '') await this.#index.load(cluster, namespace);
  }
}

export interface QuotaLedgerOptions {
  /** False: quotas are kept exact, but stop nobody (the admission plugin is switched off). */
  readonly isEnforced: boolean;
  /** The debt to count what a quota counts. */
  recountOf(quota: ObjectKey): WorkChange;
}

/** A quota that has to be written, as it will be, under the revision that it still has. */
interface BookedCharge {
  readonly expected: Revision;
  readonly state: QuotaState;
}

function mutationOf({ expected, state }: BookedCharge): Mutation {
  return { key: state.key, expected, row: state.row };
}

/** What holds for a whole proposal. */
export interface CommitOptions {
  /** Called in the turn in which the commit gets its place: throws when what it was decided by is no longer so. */
  readonly assertCurrent: () => void;
  /** It is the status of a quota as its controller has counted. */
  readonly isCount: boolean;
  /** Another region has let it in: it is there, and is counted, whatever room there is here. */
  readonly isLetIn?: boolean;
  /** A logical cluster that goes with all that is in it: its quotas count nothing any more. */
  readonly emptied?: LogicalCluster;
}

/** What a commit does to one object. */
interface ObjectChange {
  readonly key: ObjectKey;
  readonly kind: CountedKind;
  readonly delta: 1 | 0 | -1;
  /** Under which quotas count it; none where the number of objects stays the same. */
  readonly names: readonly string[];
  readonly row: NewRow | undefined;
}

function changeOf({ key, expected, row }: Mutation): ObjectChange {
  assert(expected !== undefined, 'a mutation that quotas count says what it expects');
  const isThere = expected !== 0;
  const isWanted = row !== undefined;
  const delta = isThere === isWanted ? 0 : isWanted ? 1 : -1;
  const kind = { group: key.group, resource: key.resource };
  return { key, kind, delta, names: delta === 0 ? [] : countedNames(kind), row };
}

/** A logical cluster that is made by the very commit has no quotas. */
function isNew({ cluster }: ObjectKey, { defaults }: Proposal): boolean {
  return defaults?.cluster === cluster;
}

interface Place {
  readonly cluster: LogicalCluster;
  readonly namespace: string;
}

function isSameObject(a: ObjectKey, b: ObjectKey): boolean {
  return a.resource === b.resource && a.group === b.group && a.namespace === b.namespace && a.name === b.name;
}
