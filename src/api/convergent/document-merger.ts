import { limits } from '../../base/mod.ts';
import {
  acknowledgeEdit,
  ConvergentDocument,
  type MergeOptions as DocumentMergeOptions,
  deleteEdit,
  identityOf,
  isDeleted,
  isForgettable,
  owesAcknowledgement,
  type RegisterView,
} from '../../convergent/mod.ts';
import {
  ExpectationFailed,
  LogUnavailable,
  type Mutation,
  type ObjectKey,
  OutcomeUnknown,
  type Row,
  type WorkChange,
} from '../../store/mod.ts';
import type { Api } from '../api.ts';
import { depart } from '../departures.ts';
import { type Convergence, hasDocuments } from './convergence.ts';
import { type ConvergentKind, kindOfKey } from './convergent-kind.ts';
import { documentKey, documentRow, readDocumentRow } from './document-records.ts';
import { adoptedDocument, hasLosers } from './document-write.ts';
import type { IncomingDocument, MergeOptions, MergeOutcome } from './merge-options.ts';
import { candidatesOf, type NameCandidate } from './name-candidates.ts';
import { departure, nextStep, type SettlingStep } from './name-settling.ts';
import { isReleased, WITHOUT_FINALIZERS } from './orphans.ts';
import { digestText, viewAt } from './served-row.ts';

/** Whose commits merges are. */
const ACTOR = 'system:convergence';

/**
 * Takes the documents of other regions into this region's rows. What is known already changes nothing, and nothing is
 * committed, so that regions do not answer each other for ever; merging in any order, and again, comes to the same. One
 * merge after the other: writers of this region may come in between, and then it is made anew.
 */
export class DocumentMerger {
  readonly #api: Api;
  readonly #convergence: Convergence;
  readonly #options: MergeOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(api: Api, convergence: Convergence, options: MergeOptions) {
    this.#api = api;
    this.#convergence = convergence;
    this.#options = options;
  }

  /** Merges a document. Rejects when the log takes nothing now; what cannot be merged is reported, and ignored. */
  merge(incoming: IncomingDocument): Promise<MergeOutcome> {
    return this.#inTurn(() => this.#merge(incoming));
  }

  /** Gives a name to whom it belongs, and makes its row anew where the kind has changed, or time has gone by. */
  settleName(key: ObjectKey): Promise<boolean> {
    return this.#inTurn(() => this.#settleName(key, undefined));
  }

  /** Writes the tombstone of an object whose logical cluster is gone, if it has none yet. */
  end(key: ObjectKey, uid: string): Promise<void> {
    return this.#inTurn(() => this.#repeated(() => this.#endOnce(key, uid)));
  }

  /** Forgets the tombstones of these uids that all regions have seen; `besides` is part of the commit. */
  forget(uids: readonly string[], besides: () => readonly Mutation[] = () => []): Promise<number> {
    return this.#inTurn(async () => {
      const mutations = uids.flatMap((uid) => {
        const row = this.#api.store.newest(documentKey(uid));
        const isTombstone = row !== undefined && readDocumentRow(row)?.state === 'tombstone';
        if (!isTombstone || row.document === undefined) return [];
        const view = this.#view(ConvergentDocument.open(row.document));
        const isSeen = isForgettable(view, this.#options.regions());
        return isSeen ? [{ key: documentKey(uid), expected: row.revision as number }] : [];
      });
      if (mutations.length > 0) await this.#propose({ mutations: [...mutations, ...besides()], work: [] });
      return mutations.length;
    });
  }

  async #merge(incoming: IncomingDocument): Promise<MergeOutcome> {
    try {
      return await this.#repeated(() => this.#mergeOnce(incoming));
    } catch (error) {
      if (isTransient(error)) throw error;
      // One document that cannot be taken holds up no others: it is compared again, and tried again.
      this.#refuse(incoming, error instanceof Error ? error.message : String(error));
      return 'ignored';
    }
  }

  /** Writers of this region may have been quicker. */
  async #repeated<Result>(task: () => Promise<Result>): Promise<Result> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof ExpectationFailed) || attempts >= limits.writeAttemptsMax) throw error;
      }
    }
  }

  async #mergeOnce(incoming: IncomingDocument): Promise<MergeOutcome> {
    const { key, uid } = incoming;
    const { store } = this.#api;
    if (!hasDocuments(this.#api, key) || !INDEXABLE_UID.test(uid)) {
      this.#refuse(incoming, 'it is of no kind that converges');
      return 'ignored';
    }
    const named = store.newest(key);
    const served = named?.uid === uid ? named : undefined;
    const hidden = store.newest(documentKey(uid));
    const kind = kindOfKey(this.#api, key);
    if (served === undefined && hidden === undefined && this.#isForgotten(incoming)) return 'ignored';
    const document = this.#openOwn(kind, { key, served, hidden });
    const isNew = document.merge(incoming.document, this.#forgery);
    const known = hidden === undefined ? undefined : readDocumentRow(hidden)?.state;
    const isOver = known !== 'tombstone' && this.#isOver(key);
    const isOwed = isOver || (known === 'waiting' && kind !== undefined);
    if (!isNew && (served ?? hidden)?.document !== undefined && !isOwed) return 'known';
    const view = this.#view(document);
    if (!isOf(view, incoming)) {
      this.#refuse(incoming, 'it is of another object than is said');
      return 'ignored';
    }
    const state = { key, uid, document, view, served, hidden };
    if (isDeleted(view)) return this.#bury(kind, state);
    if (isOver) return this.#bury(kind, this.#ended(state));
    if (kind === undefined) {
      await this.#propose({ mutations: [this.#record('waiting', state)], work: [] });
      this.#options.waits?.();
      return 'merged';
    }
    const identity = identityOf(view)!;
    const { remembered } = incoming;
    const rows = { served, hidden };
    const hadNone = named !== undefined && served === undefined;
    if (hadNone) this.#options.report?.({ kind: 'name-conflict', key, uid });
    const merged = { ...identity, document, view, isMerged: true, ...rows, remembered };
    await this.#settleName(key, merged);
    this.#reportParked(key, view);
    const now = store.newest(key);
    const isLeft = now?.uid === uid && this.#convergence.isHome(key.cluster) && isReleased(now);
    if (!isLeft || now.document === undefined) return 'merged';
    const last = ConvergentDocument.open(now.document);
    const lastState = { key, uid, document: last, view: this.#view(last), served: now, hidden: undefined };
    return this.#bury(kind, this.#ended(lastState));
  }

  async #endOnce(key: ObjectKey, uid: string): Promise<void> {
    const { store } = this.#api;
    await store.settled();
    const named = store.newest(key);
    const served = named?.uid === uid ? named : undefined;
    const hidden = store.newest(documentKey(uid));
    if (served?.document === undefined && hidden?.document === undefined) return;
    const kind = kindOfKey(this.#api, key);
    const document = this.#openOwn(kind, { key, served, hidden });
    const view = this.#view(document);
    if (isDeleted(view)) return;
    await this.#bury(kind, this.#ended({ key, uid, document, view, served, hidden }));
  }

  /** A document with the tombstone that what was around it leaves it. Nobody is there any more who would wait for finalizers. */
  #ended(state: DocumentState): DocumentState {
    const { document, view } = state;
    document.write(deleteEdit(view, { current: WITHOUT_FINALIZERS, ...this.#moment }));
    return { ...state, view: this.#view(document) };
  }

  /** Makes steps until the name is as it should be; false if it was. */
  async #settleName(key: ObjectKey, merged: NameCandidate | undefined): Promise<boolean> {
    const { store } = this.#api;
    const kind = kindOfKey(this.#api, key);
    if (kind === undefined) return false;
    // A name that goes from one to another takes two steps, and whatever comes in between begins anew.
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      await store.settled();
      const nowMs = store.nowMs();
      const known = await candidatesOf({ store, convergence: this.#convergence, kind, nowMs }, key);
      const others = known.filter(({ uid }) => uid !== merged?.uid);
      const step = await nextStep(
        this.#api,
        { key, kind },
        merged === undefined ? others : [...others, merged],
      );
      if (step === undefined) return steps > 0;
      await this.#take(step);
      if (step.leftOut.length > 0) {
        this.#options.report?.({ kind: 'left-out', key, fields: step.leftOut.map(({ field }) => field) });
      }
      if (!step.isFirst) return true;
    }
    return true;
  }

  async #take(step: SettlingStep): Promise<void> {
    const run = () => this.#propose(step);
    await (step.departing === undefined ? run() : depart(this.#api, step.departing, run));
  }

  /** Whether an object is gone with what it was in, as far as this region may say so. */
  #isOver(key: ObjectKey): boolean {
    const { isClusterGone, isPlaceGone } = this.#options;
    return isClusterGone?.(key.cluster) === true || isPlaceGone?.(key) === true;
  }

  /** A document with a tombstone: it is kept until all have seen that, and nobody is served its object. */
  async #bury(kind: ConvergentKind | undefined, state: DocumentState): Promise<MergeOutcome> {
    const { key, uid, document, view, served, hidden } = state;
    if (owesAcknowledgement(view, this.#convergence.writer.region)) {
      document.write(acknowledgeEdit(view, this.#moment));
    }
    const tombstone = this.#record('tombstone', state);
    if (served === undefined) {
      await this.#propose({ mutations: [tombstone], work: [] });
    } else {
      const { mutations, work } = await departure(this.#api, { key, kind }, served);
      const run = () => this.#propose({ mutations: [...mutations, tombstone], work });
      await depart(this.#api, uid, run);
    }
    const wasLoser = hidden !== undefined && readDocumentRow(hidden)?.state === 'loser';
    if (wasLoser || hasLosers(served)) await this.#settleName(key, undefined);
    return 'merged';
  }

  /** Whether all regions have seen its end, this one as well, which has forgotten it since. */
  #isForgotten({ document }: IncomingDocument): boolean {
    return isForgettable(this.#view(ConvergentDocument.open(document)), this.#options.regions());
  }

  #record(state: 'waiting' | 'tombstone', { key, uid, document, hidden }: DocumentState) {
    const row = documentRow({ state, key, uid, document: document.encode(), digest: digestText(document) });
    return { key: documentKey(uid), expected: (hidden?.revision ?? 0) as number, row };
  }

  #openOwn(
    kind: ConvergentKind | undefined,
    {
      key,
      served,
      hidden,
    }: { readonly key: ObjectKey; readonly served: Row | undefined; readonly hidden: Row | undefined },
  ): ConvergentDocument {
    const own = served ?? hidden;
    if (own?.document !== undefined) return ConvergentDocument.open(own.document);
    if (served === undefined || kind === undefined) return ConvergentDocument.create();
    return adoptedDocument(kind, { key, row: served, convergence: this.#convergence });
  }

  async #propose({
    mutations,
    work,
  }: {
    readonly mutations: readonly Mutation[];
    readonly work: readonly WorkChange[];
  }): Promise<void> {
    const { quotas, region } = this.#api;
    const proposal = { mutations, work, actor: ACTOR, originRegion: region };
    await quotas.commit(proposal, { assertCurrent() {}, isCount: false, isLetIn: true });
  }

  #view(document: ConvergentDocument): RegisterView {
    return viewAt(document, this.#api.store.nowMs());
  }

  get #moment() {
    return { writer: this.#convergence.writer, nowMs: this.#api.store.nowMs() };
  }

  get #forgery(): DocumentMergeOptions {
    const { regionOf } = this.#options;
    return { own: this.#convergence.writer.client, ...(regionOf === undefined ? {} : { regionOf }) };
  }

  #refuse({ region, key }: IncomingDocument, detail: string): void {
    this.#options.report?.({ kind: 'refused', region, key, detail });
  }

  #reportParked(key: ObjectKey, { parked }: RegisterView): void {
    if (parked.length === 0) return;
    this.#options.report?.({ kind: 'parked', key, fields: parked.map(({ field }) => field) });
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** Whether the same may well be taken a little later. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof ExpectationFailed || error instanceof LogUnavailable || error instanceof OutcomeUnknown
  );
}

interface DocumentState {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly document: ConvergentDocument;
  readonly view: RegisterView;
  readonly served: Row | undefined;
  readonly hidden: Row | undefined;
}

const STEPS_MAX = 8;
// As of all rows: uids become parts of keys.
const INDEXABLE_UID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether a document is that of the object that it came for. */
function isOf(view: RegisterView, { key, uid }: IncomingDocument): boolean {
  const identity = identityOf(view);
  // Its creation may not count yet; a tombstone says who it is of.
  if (identity === undefined) return false;
  return (
    identity.uid === uid &&
    identity.logicalCluster === key.cluster &&
    identity.group === key.group &&
    identity.resource === key.resource &&
    identity.namespace === key.namespace &&
    identity.name === key.name
  );
}
