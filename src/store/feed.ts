import { type Clock, EVERYWHERE, limits, type Revision } from '../base/mod.ts';
import type { Placement } from './apply-clock.ts';
import type { WorkChange } from './frame.ts';
import { type CollectionScope, collectionKeyText } from './object-key.ts';
import type { ObjectFeed, StateScope } from './object-store.ts';
import type { StoreEvent } from './projection.ts';

/** Gets the events of one group of commits that lie in its scope, in order; shared, not to be changed. */
export type FeedListener = (events: readonly StoreEvent[]) => void;

/** What one group of commits brought. */
export interface FeedGroup {
  readonly events: readonly StoreEvent[];
  readonly work: readonly WorkChange[];
  /** Where it is in the order of the member's logs, where there are several. */
  readonly placement?: Placement | undefined;
}

/** How what is stored now relates to what was visible before. */
export interface FeedRestart {
  /** What is visible now ends here. */
  readonly revision: Revision;
  /** Up to here nothing has changed. */
  readonly common: Revision;
  /** Whether a revision that somebody was shown is one of what is stored now. */
  survives(revision: Revision): boolean;
}

/**
 * Live events, in the order of the log, after they are durable. Holds nothing but its listeners and one
 * batch: whoever needs the past reads the stored log.
 *
 * Controllers and waiting readers are told at once. Watchers get their events in batches: immediately
 * when it is quiet, further apart the longer one round over all of them takes, so that fan-out never
 * takes more than a fraction of the member's time.
 */
export class Feed implements ObjectFeed {
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Set<FeedListener>>();
  readonly #groupListeners = new Set<(group: FeedGroup) => void>();
  readonly #restartListeners = new Set<(restart: FeedRestart) => void>();
  readonly #waiters = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  #batch = new Map<string, StoreEvent[]>();
  #isDeliveryScheduled = false;
  #quietUntilMs = 0;
  #revision: Revision;
  #deliveredRevision: Revision;

  constructor(revision: Revision, clock: Clock) {
    this.#revision = revision;
    this.#deliveredRevision = revision;
    this.#clock = clock;
  }

  /** All events up to here are durable and visible. */
  get revision(): Revision {
    return this.#revision;
  }

  /** All events up to here have been handed to the watchers. */
  get deliveredRevision(): Revision {
    return this.#deliveredRevision;
  }

  revisionOf(): Revision {
    return this.#revision;
  }

  deliveredRevisionOf(): Revision {
    return this.#deliveredRevision;
  }

  /** Whether anybody takes the events of single scopes. */
  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  /** Every group as it becomes durable: for controllers, which owe work to all logical clusters. */
  subscribeToGroups(listener: (group: FeedGroup) => void): () => void {
    this.#groupListeners.add(listener);
    return () => this.#groupListeners.delete(listener);
  }

  /** Events of one scope. Listeners must not throw. */
  subscribe(scope: CollectionScope, listener: FeedListener): () => void {
    const key = collectionKeyText(scope);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  publish(group: FeedGroup, revision: Revision): void {
    if (this.#listeners.size > 0) this.#collect(group.events);
    this.advance(revision);
    for (const listener of this.#groupListeners) listener(group);
    this.#resolveWaiters();
  }

  /** Nothing will come any more at or below a revision that has not come: what is visible is of that moment. */
  advance(revision: Revision): void {
    // A commit without changes ends at a revision that may have been passed in the meantime.
    if (revision > this.#revision) this.#revision = revision;
    if (this.#batch.size === 0) this.#deliveredRevision = this.#revision;
    else this.#scheduleDelivery();
  }

  /** The same, with those told who wait for it. */
  announce(revision: Revision): void {
    this.advance(revision);
    this.#resolveWaiters();
  }

  /** What is stored was replaced: not by events, and not all that was visible needs to be there any more. */
  restart(restart: FeedRestart): void {
    // Whoever watches reads on from the stored log.
    this.#batch.clear();
    this.#revision = restart.revision;
    // What listeners have reached is told by what had been delivered before.
    for (const listener of [...this.#restartListeners]) listener(restart);
    this.#deliveredRevision = restart.revision;
    this.#resolveWaiters();
  }

  subscribeToRestarts(listener: (restart: FeedRestart) => void): () => void {
    this.#restartListeners.add(listener);
    return () => this.#restartListeners.delete(listener);
  }

  /** Of one log only who has it is told: see `ReplicatedLog.onRole`. */
  subscribeToHomes(): () => void {
    return () => {};
  }

  /** Tells those who follow all groups, and nobody else, what an undo has changed back. */
  publishUndone(group: FeedGroup): void {
    for (const listener of this.#groupListeners) listener(group);
  }

  #resolveWaiters(): void {
    for (const waiter of this.#waiters) {
      if (waiter.revision > this.#revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves when everything up to `revision` was published; never, if that does not happen. */
  reached(revision: number, signal: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return Promise.resolve();
    return new Promise((resolve) => {
      // A signal that is aborted already tells nobody: who waits on it would be kept for good.
      if (signal.aborted) return;
      const forget = () => this.#waiters.delete(waiter);
      const waiter = {
        revision,
        resolve: () => {
          signal.removeEventListener('abort', forget);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', forget, { once: true });
    });
  }

  reachedIn(_scope: StateScope, revision: number, signal: AbortSignal): Promise<void> {
    return this.reached(revision, signal);
  }

  #collect(events: readonly StoreEvent[]): void {
    for (const event of events) {
      for (const key of [
        collectionKeyText(event.key),
        collectionKeyText({ ...event.key, cluster: EVERYWHERE }),
      ]) {
        if (!this.#listeners.has(key)) continue;
        const list = this.#batch.get(key);
        if (list === undefined) this.#batch.set(key, [event]);
        else list.push(event);
      }
    }
  }

  #scheduleDelivery(): void {
    if (this.#isDeliveryScheduled) return;
    this.#isDeliveryScheduled = true;
    const waitMs = this.#quietUntilMs - this.#clock.monotonicMs();
    if (waitMs > 0) this.#clock.after(waitMs, () => this.#deliver());
    else setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    const batch = this.#batch;
    const revision = this.#revision;
    const startMs = this.#clock.monotonicMs();
    this.#batch = new Map();
    this.#isDeliveryScheduled = false;
    for (const [key, events] of batch) {
      for (const listener of this.#listeners.get(key) ?? []) listener(events);
    }
    this.#deliveredRevision = revision;
    const endMs = this.#clock.monotonicMs();
    // Three times as long as the round took: at most a quarter of the time goes into fan-out.
    const pauseMs = Math.min(Math.max((endMs - startMs) * 3, limits.watchBatchMsMin), limits.watchBatchMsMax);
    this.#quietUntilMs = endMs + pauseMs;
  }
}
