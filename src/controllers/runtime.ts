import { type Api, isHomedElsewhere } from '../api/mod.ts';
import { type Clock, ROOT_CLUSTER } from '../base/mod.ts';
import type { FeedGroup, StoreEvent, WorkKey } from '../store/mod.ts';
import { WorkChanged } from '../store/mod.ts';
import { FairQueue } from './fair-queue.ts';

/** What came of one look at a debt. */
export type Result =
  /** Nothing is owed any more. */
  | 'settled'
  /** Something else has to happen first; {@link Controller.wakes} says which events may be it. */
  | 'waiting';

/** A debt as it stands: work rows are the only state that a controller has. */
export interface Debt {
  readonly key: WorkKey;
  readonly payload: Buffer;
}

/** One kind of work. The step has to be repeatable: it may run again after a crash or a race. */
export interface Controller {
  /** The first part of its work rows' keys. */
  readonly name: string;
  reconcile(debt: Debt, signal: AbortSignal): Promise<Result>;
  /** Keys of waiting debts that an event may have freed. Asked only while it owes something. */
  wakes?(event: StoreEvent): readonly WorkKey[];
  /** It is woken only when what it waits for has come, and not by each part of it: then it need not rest in between. */
  readonly wakesOnce?: boolean;
  /** It carries out debts of logs that are sequenced elsewhere as well, and settles those of its own logs alone. */
  readonly isOfAllLogs?: boolean;
  /** Other controllers during whose debts it has to be asked too. */
  readonly wakesWith?: readonly string[];
}

export type ControllerReport = (controller: string, key: WorkKey, error: unknown) => void;

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 60_000;
// A waiting debt is looked at now and then, whatever the events said: a missed wake-up costs time, not correctness.
const RECHECK_MS = 30_000;
// A look that took longer, and found that it has to wait, is followed by a rest as long as itself: what it waits for
// may come in many parts, such as finalizers of a large namespace, and each would make it look at everything again.
const RESTLESS_MS = 20;
const CONCURRENT_MAX = 128;
// Of one logical cluster: enough to share writes to the disk, and a quarter of what there is.
const CONCURRENT_PER_CLUSTER_MAX = 32;

interface Item {
  payload: Buffer;
  isQueued: boolean;
  isRunning: boolean;
  isDirty: boolean;
  failures: number;
  /** Its log is sequenced elsewhere by now: what is owed is owed there. */
  isGone: boolean;
  /** By the monotonic clock: no look before this. */
  restUntilMs: number;
  cancelRetry: (() => void) | undefined;
}

/**
 * Runs controllers on their work rows: scans the rows at start, then follows the feed. Nothing lives for
 * a workspace that owes nothing.
 */
export class ControllerRuntime {
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #controllers: ReadonlyMap<string, Controller>;
  readonly #report: ControllerReport;
  readonly #items = new Map<string, Item & { readonly key: WorkKey }>();
  /** How many of the items each controller has: one without any is not asked about events. */
  readonly #counts = new Map<string, number>();
  readonly #queue = new FairQueue({
    runningMax: CONCURRENT_MAX,
    perGroupMax: CONCURRENT_PER_CLUSTER_MAX,
  });
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** The logs that have owed anything. */
  readonly #logs = new Set<string>();
  #unsubscribe: (() => void) | undefined;
  #forgetHomes: (() => void) | undefined;

  constructor(options: {
    readonly api: Api;
    readonly clock: Clock;
    readonly controllers: readonly Controller[];
    readonly report: ControllerReport;
  }) {
    this.#api = options.api;
    this.#clock = options.clock;
    this.#report = options.report;
    this.#controllers = new Map(options.controllers.map((controller) => [controller.name, controller]));
  }

  async start(): Promise<void> {
    const { feed } = this.#api.store;
    this.#unsubscribe = feed.subscribeToGroups((group) => this.#onGroup(group));
    this.#forgetHomes = feed.subscribeToHomes(() => this.#onHomes());
    await this.#scan();
  }

  /** Takes up all that is owed here; returns what it has found. */
  async #scan(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const snapshot = this.#api.store.snapshot();
    try {
      for (const name of this.#controllers.keys()) {
        for await (const batch of snapshot.work(name)) {
          for (const { key, payload } of batch) {
            found.add(textOf(key));
            if (this.#items.get(textOf(key))?.isGone !== false) this.#add(key, payload);
          }
        }
      }
    } finally {
      snapshot.close();
    }
    return found;
  }

  /** Logs have come to be sequenced here, or elsewhere. */
  #onHomes(): void {
    const known = [...this.#items.keys()];
    this.#scan()
      .then((found) => {
        for (const text of known) {
          const item = this.#items.get(text);
          if (item === undefined || found.has(text)) continue;
          item.isGone = true;
          this.#wake(text);
        }
      })
      .catch((error: unknown) => {
        // A state that cannot be read fails all that would run on it, too.
        this.#report('', { controller: '', cluster: ROOT_CLUSTER, key: '' }, error);
      });
  }

  /** Lets running steps end; what is left is done after the next start. */
  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#forgetHomes?.();
    this.#abort.abort();
    for (const item of this.#items.values()) item.cancelRetry?.();
    await Promise.allSettled([...this.#running]);
  }

  #onGroup(group: FeedGroup): void {
    for (const { payload, ...key } of group.work) {
      if (!this.#controllers.has(key.controller)) continue;
      if (payload !== undefined) this.#add(key, Buffer.from(payload));
      else this.#onSettled(key);
    }
    if (this.#items.size === 0 || group.events.length === 0) return;
    const asked = [...this.#controllers.values()].filter((controller) => this.#isAsked(controller));
    for (const event of group.events) {
      for (const controller of asked) {
        for (const key of this.#wakesOf(controller, event)) this.#wakeIn(key);
      }
    }
  }

  /** What another home has settled is owed here no more. */
  #onSettled(key: WorkKey): void {
    const item = this.#items.get(textOf(key));
    if (item === undefined || this.#controllers.get(key.controller)?.isOfAllLogs !== true) return;
    item.isGone = true;
    this.#wake(textOf(key));
  }

  #isAsked({ name, wakes, wakesWith = [] }: Controller): boolean {
    return wakes !== undefined && [name, ...wakesWith].some((owing) => (this.#counts.get(owing) ?? 0) > 0);
  }

  /** A controller that fails here is looked at again later; the feed must go on. */
  #wakesOf(controller: Controller, event: StoreEvent): readonly WorkKey[] {
    try {
      return controller.wakes?.(event) ?? [];
    } catch (error) {
      this.#report(
        controller.name,
        { controller: controller.name, cluster: event.key.cluster, key: '' },
        error,
      );
      return [];
    }
  }

  /** The debt in whatever logs have it. */
  #wakeIn(key: WorkKey): void {
    for (const log of this.#logs) this.#wake(textOf({ ...key, log }));
  }

  #add(key: WorkKey, payload: Buffer): void {
    const text = textOf(key);
    this.#logs.add(key.log ?? '');
    const item = this.#items.get(text);
    if (item !== undefined) {
      item.isGone = false;
      item.payload = payload;
      return this.#wake(text);
    }
    const fresh = {
      payload,
      isQueued: false,
      isRunning: false,
      isDirty: false,
      failures: 0,
      isGone: false,
      restUntilMs: 0,
      cancelRetry: undefined,
    };
    this.#items.set(text, { ...fresh, key });
    this.#counts.set(key.controller, (this.#counts.get(key.controller) ?? 0) + 1);
    this.#wake(text);
  }

  #wake(text: string): void {
    const item = this.#items.get(text);
    if (item === undefined || item.isQueued) return;
    if (item.isRunning) {
      item.isDirty = true;
      return;
    }
    item.cancelRetry?.();
    const restMs = item.restUntilMs - this.#clock.monotonicMs();
    if (restMs > 0) {
      item.cancelRetry = this.#clock.after(restMs, () => this.#wake(text));
      return;
    }
    item.cancelRetry = undefined;
    item.isQueued = true;
    this.#queue.push(item.key.cluster, text);
    setImmediate(() => this.#fill());
  }

  #fill(): void {
    while (!this.#abort.signal.aborted) {
      const text = this.#queue.next();
      if (text === undefined) return;
      // What is queued is owed: only a run takes an item away.
      const item = this.#items.get(text)!;
      const run = this.#run(text, item).finally(() => {
        this.#running.delete(run);
        this.#queue.done(item.key.cluster);
        this.#fill();
      });
      this.#running.add(run);
    }
  }

  /** A debt of the region's convergent log about a logical cluster that another region is home of. */
  #isElsewhere({ cluster, log }: WorkKey): boolean {
    return log !== undefined && log === this.#api.convergence?.log && isHomedElsewhere(this.#api, cluster);
  }

  async #run(text: string, item: Item & { readonly key: WorkKey }): Promise<void> {
    item.isQueued = false;
    item.isRunning = true;
    item.isDirty = false;
    // What another region's home does, it does when it has merged the cause. Whoever becomes the home finds the row.
    if (item.isGone || this.#isElsewhere(item.key)) {
      item.isRunning = false;
      this.#forget(text, item.key);
      return;
    }
    const debt: Debt = { key: item.key, payload: item.payload };
    const beganMs = this.#clock.monotonicMs();
    let retryMs: number | undefined = RECHECK_MS;
    try {
      const controller = this.#controllers.get(item.key.controller)!;
      // What a commit before the one that caused this has done in another log may come to the disk after it.
      if (debt.key.log !== undefined) await this.#api.store.settled({ besides: debt.key.log });
      const result = await controller.reconcile(debt, this.#abort.signal);
      item.failures = 0;
      if (result === 'settled') retryMs = (await this.#settle(debt)) ? undefined : 0;
      const nowMs = this.#clock.monotonicMs();
      const tookMs = nowMs - beganMs;
      if (result === 'waiting' && tookMs > RESTLESS_MS && controller.wakesOnce !== true)
        item.restUntilMs = nowMs + Math.min(tookMs, RECHECK_MS);
    } catch (error) {
      item.failures += 1;
      retryMs = Math.min(RETRY_MS_MIN * 2 ** item.failures, RETRY_MS_MAX);
      if (!this.#abort.signal.aborted) this.#report(item.key.controller, item.key, error);
    }
    item.isRunning = false;
    if (this.#abort.signal.aborted) return;
    if (item.isDirty) return this.#wake(text);
    if (retryMs === undefined) this.#forget(text, item.key);
    else if (retryMs === 0) this.#wake(text);
    else item.cancelRetry = this.#clock.after(retryMs, () => this.#wake(text));
  }

  #forget(text: string, { controller }: WorkKey): void {
    this.#items.delete(text);
    this.#counts.set(controller, (this.#counts.get(controller) ?? 0) - 1);
  }

  /** False when the debt was caused again meanwhile, and so is still owed. */
  async #settle(debt: Debt): Promise<boolean> {
    try {
      await this.#api.store.commit({
        mutations: [],
        settles: [debt],
        actor: `system:controller:${debt.key.controller}`,
        originRegion: this.#api.region,
      });
      return true;
    } catch (error) {
      if (!(error instanceof WorkChanged)) throw error;
      // Either a new payload is on its way here through the feed, or somebody settled it already.
      await this.#api.store.settled();
      return this.#items.get(textOf(debt.key))?.payload === debt.payload;
    }
  }
}

function textOf(key: WorkKey): string {
  return `${key.log ?? ''}\0${key.controller}\0${key.cluster}\0${key.key}`;
}
