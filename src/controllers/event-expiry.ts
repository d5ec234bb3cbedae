import {
  type Api,
  EVENT_EXPIRY,
  eventExpiryDebt,
  eventWrittenBeforeMs,
  parseObjectWorkKey,
} from '../api/mod.ts';
import { type Clock, limits, revisionTimeMs } from '../base/mod.ts';
import type { FeedGroup, Mutation, ObjectKey, SettledWork, WorkChange, WorkKey } from '../store/mod.ts';

const ACTOR = 'system:event-expiry';
// Timers of Node hold 24 days; nothing is lost by looking more often.
const LOOK_MS_MAX = 60 * 60_000;
const RETRY_MS = 1_000;

/**
 * Deletes events a while after they were last written, as upstream's storage lets them expire: whatever their
 * finalizers say, but as changes of the log, which watches see. The debts lie in the order of time (api/work.ts),
 * so that one timer serves all logical clusters, and a start looks at one row.
 */
export class EventExpiry {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #report: (error: unknown) => void;
  #unsubscribe: (() => void) | undefined;
  #forgetHomes: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  /** Events were written while somebody looked, who may not have seen them. */
  #isDirty = false;
  #isClosed = false;

  constructor(options: {
    readonly api: Api;
    readonly clock: Clock;
    /** How long an event lives after its last write; 0 is for ever. */
    readonly ttlMs: number;
    readonly report: (error: unknown) => void;
  }) {
    this.#api = options.api;
    this.#clock = options.clock;
    this.#ttlMs = options.ttlMs;
    this.#report = options.report;
  }

  start(): void {
    if (this.#ttlMs === 0) return;
    const { feed } = this.#api.store;
    this.#unsubscribe = feed.subscribeToGroups((group) => this.#onGroup(group));
    this.#forgetHomes = feed.subscribeToHomes(() => this.#onHomes());
    this.#look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe?.();
    this.#forgetHomes?.();
    this.#cancel?.();
    await this.#looking;
  }

  /** Resolves when everything is gone that was due when it was called. */
  async idle(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking;
  }

  #onGroup({ work }: FeedGroup): void {
    // While a timer runs, it is for an older event than any that is new.
    if (this.#cancel !== undefined || this.#isDirty) return;
    if (!work.some(({ controller, payload }) => payload !== undefined && controller.startsWith(EVENT_EXPIRY)))
      return;
    if (this.#looking === undefined) this.#look();
    else this.#isDirty = true;
  }

  /** What is owed first may be of another log now. */
  #onHomes(): void {
    this.#isDirty = this.#looking !== undefined;
    if (this.#looking !== undefined) return;
    this.#cancel?.();
    this.#look();
  }

  #look(): void {
    this.#cancel = undefined;
    this.#isDirty = false;
    this.#looking = this.#expire()
      .catch((error: unknown) => {
        if (!this.#isClosed) this.#report(error);
        return RETRY_MS;
      })
      .then((delayMs) => {
        this.#looking = undefined;
        if (this.#isClosed) return;
        if (delayMs !== undefined) this.#cancel = this.#clock.after(delayMs, () => this.#look());
        else if (this.#isDirty) this.#look();
      });
  }

  /** Deletes what is due, and returns how long the rest has; undefined when there is no more. */
  async #expire(): Promise<number | undefined> {
    // Rows that are gone leave traces in the database, which are passed once and not again with every batch.
    let after: WorkKey | undefined;
    while (!this.#isClosed) {
      const rows = await this.#next(after);
      const nowMs = this.#api.store.nowMs();
      const due = rows.filter(({ key }) => this.#dueMs(eventWrittenBeforeMs(key)) <= nowMs);
      // A commit is of one log.
      for (const log of new Set(due.map(({ key }) => key.log))) {
        await this.#settle(
          due.filter(({ key }) => key.log === log),
          nowMs,
        );
      }
      const next = rows[due.length];
      if (next !== undefined) return this.#delayMs(next.key, nowMs);
      if (rows.length < limits.expiredEventsMax) return undefined;
      after = due.at(-1)?.key;
    }
    return undefined;
  }

  async #next(after: WorkKey | undefined): Promise<readonly SettledWork[]> {
    const snapshot = this.#api.store.snapshot();
    try {
      return await snapshot.firstWork(EVENT_EXPIRY, { limit: limits.expiredEventsMax, after });
    } finally {
      snapshot.close();
    }
  }

  /** Deletes the events of some debts, all in one commit; those written since then have their debts moved. */
  async #settle(due: readonly SettledWork[], nowMs: number): Promise<void> {
    const { store, region } = this.#api;
    const mutations: Mutation[] = [];
    const work: WorkChange[] = [];
    const seen = new Set<string>();
    for (const { key } of due) {
      const event = parseObjectWorkKey(key.cluster, key.key);
      const row = store.newest(event);
      // Whoever made another event of the same name owes for it too.
      if (row === undefined || seen.has(textOf(event))) continue;
      seen.add(textOf(event));
      const writtenMs = revisionTimeMs(row.revision);
      if (this.#dueMs(writtenMs) <= nowMs) mutations.push({ key: event, expected: row.revision });
      else work.push(eventExpiryDebt(event, writtenMs));
    }
    // Between the look at the events and this call nothing else has run.
    await store.commit({ mutations, work, settles: due, actor: ACTOR, originRegion: region });
  }

  #dueMs(writtenMs: number): number {
    return writtenMs + this.#ttlMs;
  }

  #delayMs(key: WorkKey, nowMs: number): number {
    return Math.min(Math.max(this.#dueMs(eventWrittenBeforeMs(key)) - nowMs, 1), LOOK_MS_MAX);
  }
}

function textOf({ cluster, namespace, name }: ObjectKey): string {
  return `${cluster}/${namespace}/${name}`;
}
