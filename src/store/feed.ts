import type { Revision } from '../base/mod.ts';
import { type CollectionKey, collectionKeyText } from './object-key.ts';
import type { WorkChange } from './frame.ts';
import type { StoreEvent } from './projection.ts';

/** The objects of one kind: in one logical cluster, or in all of them. */
export interface FeedScope extends Omit<CollectionKey, 'cluster'> {
  readonly cluster: CollectionKey['cluster'] | '*';
}

/** Gets the events of one group of commits that lie in its scope, in order; shared, not to be changed. */
export type FeedListener = (events: readonly StoreEvent[]) => void;

/** What one group of commits brought. */
export interface FeedGroup {
  readonly events: readonly StoreEvent[];
  readonly work: readonly WorkChange[];
}

/**
 * Live events, in the order of the log, after they are durable. Holds nothing but its listeners: whoever
 * needs the past reads the stored log.
 */
export class Feed {
  readonly #listeners = new Map<string, Set<FeedListener>>();
  readonly #groupListeners = new Set<(group: FeedGroup) => void>();
  readonly #waiters = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  #revision: Revision;

  constructor(revision: Revision) {
    this.#revision = revision;
  }

  /** All events up to here have been handed to the listeners. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Every group as it becomes durable: for controllers, which owe work to all logical clusters. */
  subscribeToGroups(listener: (group: FeedGroup) => void): () => void {
    this.#groupListeners.add(listener);
    return () => this.#groupListeners.delete(listener);
  }

  /** Events of one scope. Listeners must not throw. */
  subscribe(scope: FeedScope, listener: FeedListener): () => void {
    const key = scopeText(scope);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  publish(group: FeedGroup, revision: Revision): void {
    this.#revision = revision;
    if (this.#listeners.size > 0) {
      for (const [key, scoped] of this.#byScope(group.events)) {
        for (const listener of this.#listeners.get(key) ?? []) listener(scoped);
      }
    }
    for (const listener of this.#groupListeners) listener(group);
    for (const waiter of this.#waiters) {
      if (waiter.revision > revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  /** Resolves when everything up to `revision` was published; never, if that does not happen. */
  reached(revision: number, signal: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = { revision, resolve };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', () => this.#waiters.delete(waiter), { once: true });
    });
  }

  #byScope(events: readonly StoreEvent[]): Map<string, StoreEvent[]> {
    const scoped = new Map<string, StoreEvent[]>();
    for (const event of events) {
      for (const key of [scopeText(event.key), scopeText({ ...event.key, cluster: '*' })]) {
        if (!this.#listeners.has(key)) continue;
        const list = scoped.get(key);
        if (list === undefined) scoped.set(key, [event]);
        else list.push(event);
      }
    }
    return scoped;
  }
}

function scopeText(scope: FeedScope): string {
  return collectionKeyText(scope as CollectionKey);
}
