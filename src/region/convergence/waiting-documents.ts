import {
  type Api,
  type DocumentMerger,
  documentKey,
  readDocumentRow,
  WAITING_DOCUMENT,
} from '../../api/mod.ts';
import type { Clock } from '../../base/mod.ts';
import { isBindingKind } from '../../definitions/mod.ts';
import { sentDocument } from './followed-region.ts';
import { OWN } from './upkeep.ts';

/** Bindings come in bursts, and one look will do for all of them. */
const LOOK_AFTER_MS = 100;

/**
 * Documents that came before the binding by which their logical cluster has their kind, since that is in another log: they
 * are merged as soon as a binding has come by which it is known. Without any, a change of a binding costs nothing.
 */
export class WaitingDocuments {
  readonly #options: {
    readonly api: Api;
    readonly merger: DocumentMerger;
    readonly clock: Clock;
    readonly problem: (detail: string) => void;
  };
  readonly #unsubscribe: () => void;
  /** Whether some may be there; nobody knows before the first look. */
  #isAny = true;
  #isScheduled = false;
  #isClosed = false;
  #cancel: () => void = () => {};
  #looking: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly api: Api;
    readonly merger: DocumentMerger;
    readonly clock: Clock;
    readonly problem: (detail: string) => void;
  }) {
    this.#options = options;
    this.#unsubscribe = options.api.store.feed.subscribeToGroups(({ events }) => {
      if (this.#isAny && events.some(({ key }) => isBindingKind(key))) this.#schedule();
    });
  }

  /** One has begun to wait. If it is the only one, nobody has looked at bindings for a while. */
  noteOne(): void {
    if (this.#isAny) return;
    this.#isAny = true;
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#cancel();
    await this.#looking;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#cancel = this.#options.clock.after(LOOK_AFTER_MS, () => {
      // What comes from now on is for the next look.
      this.#isScheduled = false;
      this.#looking = this.#looking.then(() => this.#look());
    });
  }

  async #look(): Promise<void> {
    if (this.#isClosed) return;
    const { api, merger, problem } = this.#options;
    this.#isAny = false;
    try {
      for (const uid of await this.#waiting()) {
        const key = documentKey(uid);
        const row = api.store.newest(key);
        const record = row && readDocumentRow(row);
        if (row === undefined || record?.state !== 'waiting') continue;
        const sent = api.registry.findStored(record.key) === undefined ? undefined : sentDocument(key, row);
        if (sent === undefined) this.#isAny = true;
        else await merger.merge({ ...sent, region: OWN });
      }
    } catch (error) {
      // The next binding, or the upkeep, has another go at it.
      this.#isAny = true;
      if (!this.#isClosed) problem(error instanceof Error ? error.message : String(error));
    }
  }

  async #waiting(): Promise<readonly string[]> {
    const snapshot = this.#options.api.store.snapshot();
    const uids: string[] = [];
    try {
      for await (const batch of snapshot.referring(WAITING_DOCUMENT)) {
        for (const { row } of batch) uids.push(row.uid);
      }
    } finally {
      snapshot.close();
    }
    return uids;
  }
}
