import type { Clock, Revision } from '../../base/mod.ts';
import { Feed, type FeedGroup, type FeedListener, type FeedRestart } from '../feed.ts';
import type { CollectionScope } from '../object-key.ts';
import { isInMemberOrder, type ObjectFeed, type RevisionOrder, type StateScope } from '../object-store.ts';
import { AppliedEvent } from './applied-event.ts';
import type { LogRouter } from './log-router.ts';
import { appliedOf, type PlanetLog } from './planet-log.ts';

type GroupListener = (group: FeedGroup) => void;

interface RestartListener {
  readonly listener: (restart: FeedRestart) => void;
  readonly scope: StateScope | undefined;
}

/**
 * What happens in all logs. Who follows groups is told by each log at once: what somebody remembers of it must not be older
 * than what an answer has shown. Who watches in the order of the member gets the events of all logs in that order.
 */
export class PlanetFeed implements ObjectFeed {
  readonly #router: LogRouter;
  readonly #merged: Feed;
  readonly #isOwedToAll: (controller: string) => boolean;
  readonly #groupListeners = new Set<GroupListener>();
  readonly #restartListeners = new Set<RestartListener>();
  readonly #homeListeners = new Set<() => void>();

  constructor(options: {
    readonly router: LogRouter;
    readonly clock: Clock;
    readonly published: Revision;
    readonly isOwedToAll?: ((controller: string) => boolean) | undefined;
  }) {
    this.#router = options.router;
    this.#isOwedToAll = options.isOwedToAll ?? (() => false);
    this.#merged = new Feed(options.published, options.clock);
  }

  /** Everything that has a place up to here is durable, and was published. */
  get published(): Revision {
    return this.#merged.revision;
  }

  /** Follows a log from now on, as long as it is open. */
  follow(log: PlanetLog): void {
    const { feed } = log.store;
    let { start } = appliedOf(log);
    feed.subscribeToGroups((group) => this.#onGroup(log, group));
    feed.subscribeToRestarts(() => {
      this.#router.forget();
      // Else nothing was taken back: a home has said less than had been announced.
      if (appliedOf(log).start === start) return;
      start = appliedOf(log).start;
      this.restart([log], start);
    });
    log.store.onRole(() => {
      for (const listener of [...this.#homeListeners]) listener();
    });
  }

  /** Nobody who watches any of these logs in the order of the member goes on from before. */
  restart(logs: readonly PlanetLog[], published: Revision): void {
    this.#merged.announce(published);
    const restart: FeedRestart = { revision: published, common: published, survives: () => false };
    for (const { listener, scope } of [...this.#restartListeners]) {
      const isAbout =
        scope === undefined || this.#router.ofScope(scope.collection).some((log) => logs.includes(log));
      if (isAbout) listener(restart);
    }
  }

  /** The member has other logs than before. */
  announceHomes(): void {
    for (const listener of [...this.#homeListeners]) listener();
  }

  revisionOf(scope: StateScope): Revision {
    return this.#feedOf(scope).revision;
  }

  deliveredRevisionOf(scope: StateScope): Revision {
    return this.#feedOf(scope).deliveredRevision;
  }

  subscribeToGroups(listener: GroupListener): () => void {
    this.#groupListeners.add(listener);
    return () => this.#groupListeners.delete(listener);
  }

  subscribe(collection: CollectionScope, listener: FeedListener, order?: RevisionOrder): () => void {
    return this.#feedOf({ collection, order }).subscribe(collection, listener);
  }

  subscribeToRestarts(listener: (restart: FeedRestart) => void, scope?: StateScope): () => void {
    if (scope !== undefined && !isInMemberOrder(scope))
      return this.#feedOf(scope).subscribeToRestarts(listener);
    const entry = { listener, scope };
    this.#restartListeners.add(entry);
    return () => this.#restartListeners.delete(entry);
  }

  subscribeToHomes(listener: () => void): () => void {
    this.#homeListeners.add(listener);
    return () => this.#homeListeners.delete(listener);
  }

  reachedIn(scope: StateScope, revision: number, signal: AbortSignal): Promise<void> {
    return this.#feedOf(scope).reached(revision, signal);
  }

  #feedOf(scope: StateScope): Feed {
    if (isInMemberOrder(scope)) return this.#merged;
    const [log] = this.#router.ofScope(scope.collection);
    return log!.store.feed;
  }

  #onGroup(log: PlanetLog, group: FeedGroup): void {
    if (log.kind === 'shard') for (const event of group.events) this.#router.note(log, event);
    const { placement, events } = group;
    placement?.onRelease(() => {
      const placed = this.#merged.hasListeners
        ? events.map((event) => new AppliedEvent(event, event.revision + placement.shift))
        : [];
      this.#merged.publish({ events: placed, work: [] }, placement.last);
    });
    if (this.#groupListeners.size === 0) return;
    const shown = group.work.length === 0 ? group : { ...group, work: this.#workOf(log, group) };
    for (const listener of this.#groupListeners) listener(shown);
  }

  /** What is owed here: the debts of other homes are theirs, but for those that are carried out where another log is. */
  #workOf({ name, store }: PlanetLog, { work }: FeedGroup): FeedGroup['work'] {
    const owed = store.isHome ? work : work.filter(({ controller }) => this.#isOwedToAll(controller));
    return owed.map((change) => ({ ...change, log: name }));
  }
}
