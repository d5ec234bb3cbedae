import type { Revision } from '../base/mod.ts';
import type { FeedRestart } from './feed.ts';
import type { CollectionScope } from './object-key.ts';
import {
  type ObjectSnapshot,
  type ObjectStore,
  type RevisionOrder,
  revisionOfEvent,
  type StateScope,
} from './object-store.ts';
import type { StoreEvent } from './projection.ts';

/** Who gets a watch's events. */
export interface WatchSink {
  /** Takes events in order; false when it can take no more for now. Those handed in are taken either way. */
  deliver(events: readonly StoreEvent[]): boolean;
  /** Resolves when it can take more, or is gone. */
  drained(): Promise<void>;
  /** The position fell below the history: the watch is over. */
  expired(position: Revision, floor: Revision): void;
  /** The store could not be read: the watch is over. */
  failed(error: unknown): void;
}

/**
 * Brings a sink every event of a scope after a position, once and in order. While the sink keeps up it
 * gets live events; when it does not, nothing is queued for it: it continues from the stored log.
 */
export class WatchSession {
  readonly #store: ObjectStore;
  readonly #scope: CollectionScope;
  /** The scope, and in which order its positions are. */
  readonly #state: StateScope;
  readonly #sink: WatchSink;
  #position: Revision;
  /** The last revision that the sink, or whoever asked for the position, has seen. */
  #shown: Revision;
  #unsubscribe: (() => void) | undefined;
  #forgetRestarts: (() => void) | undefined;
  #isClosed = false;
  #isCatchingUp = false;
  /** How often what is stored was replaced: what was read before is not to be delivered any more. */
  #restarts = 0;

  constructor(options: {
    readonly store: ObjectStore;
    readonly scope: CollectionScope;
    /** In which order positions are; that of the scope's log, if it does not say. */
    readonly order?: RevisionOrder | undefined;
    readonly sink: WatchSink;
    /** Events after this revision are delivered. */
    readonly position: Revision;
  }) {
    this.#store = options.store;
    this.#scope = options.scope;
    this.#state = { collection: options.scope, order: options.order };
    this.#sink = options.sink;
    this.#position = options.position;
    this.#shown = options.position;
  }

  /** Everything in the scope up to this revision has been delivered: what a bookmark may say. */
  get position(): Revision {
    const position = this.#unsubscribe === undefined ? this.#position : this.#livePosition();
    this.#note(position);
    return position;
  }

  start(): void {
    this.#forgetRestarts = this.#store.feed.subscribeToRestarts(
      (restart) => this.#restart(restart),
      this.#state,
    );
    this.#catchUp().catch((error: unknown) => this.#fail(error));
  }

  close(): void {
    this.#isClosed = true;
    this.#position = this.position;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#forgetRestarts?.();
    this.#forgetRestarts = undefined;
  }

  #note(shown: Revision): void {
    if (shown > this.#shown) this.#shown = shown;
  }

  /** What has been shown may not be part of what is stored now: then the watch is over. Else it goes on from there. */
  #restart({ survives, common }: FeedRestart): void {
    if (this.#isClosed) return;
    this.#restarts += 1;
    if (!survives(this.#shown)) {
      this.#expire();
      return;
    }
    const reached = this.#unsubscribe === undefined ? this.#position : this.#livePosition();
    const delivered = reached < common ? reached : common;
    this.#position = delivered > this.#shown ? delivered : this.#shown;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    if (!this.#isCatchingUp) this.#catchUp().catch((error: unknown) => this.#fail(error));
  }

  #expire(floor?: Revision): void {
    const position = this.#shown;
    this.close();
    this.#sink.expired(position, floor ?? position);
  }

  #livePosition(): Revision {
    const delivered = this.#store.feed.deliveredRevisionOf(this.#state);
    return delivered > this.#position ? delivered : this.#position;
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#sink.failed(error);
  }

  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    while (!this.#isClosed) {
      let isFull: boolean;
      const restarts = this.#restarts;
      const snapshot = this.#store.snapshot();
      // What has been published is in the snapshot; a home may also have said that nothing more comes up to here.
      const upTo = snapshot.revisionOf(this.#state);
      const reached = Math.max(upTo, this.#store.feed.revisionOf(this.#state)) as Revision;
      try {
        // From the floor on nothing is missing; revision 0 means "from the beginning of an empty scope".
        const floor = snapshot.floorOf(this.#state);
        if (this.#position < floor) {
          this.#expire(floor);
          return;
        }
        isFull = await this.#deliverHistory(snapshot, upTo);
        if (restarts !== this.#restarts) continue;
        if (!isFull && !this.#isClosed && reached > this.#position) this.#position = reached;
      } finally {
        snapshot.close();
      }
      // Only now, when no snapshot is open: a sink may be stuck for as long as it likes, and pins nothing.
      if (isFull) await this.#sink.drained();
      else if (this.#goLive()) return;
    }
  }

  /** False when the sink got everything up to the snapshot (or the watch was closed), true when it is full. */
  async #deliverHistory(snapshot: ObjectSnapshot, upTo: Revision): Promise<boolean> {
    const range = { after: this.#position, upTo, order: this.#state.order };
    if (range.upTo <= range.after) return false;
    const restarts = this.#restarts;
    for await (const events of snapshot.history(this.#scope, range)) {
      if (this.#isClosed || restarts !== this.#restarts) return false;
      const isFull = !this.#sink.deliver(events);
      this.#position = revisionOfEvent(events.at(-1)!);
      this.#note(this.#position);
      if (isFull) return true;
    }
    return false;
  }

  /** Subscribes, if no event was published between the snapshot and now; there is no await in between. */
  #goLive(): boolean {
    if (this.#isClosed) return true;
    // Not the delivered revision: nobody may have collected this scope's events for the round to come.
    if (this.#store.feed.revisionOf(this.#state) > this.#position) return false;
    this.#isCatchingUp = false;
    const onLive = (events: readonly StoreEvent[]) => {
      try {
        this.#onLive(events);
      } catch (error) {
        // One watcher's trouble ends that watch, never the feed.
        this.#fail(error);
      }
    };
    this.#unsubscribe = this.#store.feed.subscribe(this.#scope, onLive, this.#state.order);
    return true;
  }

  #onLive(events: readonly StoreEvent[]): void {
    if (this.#isClosed) return;
    // The snapshot may have been ahead of the feed by a group that was durable but not announced yet.
    const isFresh = (event: StoreEvent) => revisionOfEvent(event) > this.#position;
    const fresh = isFresh(events[0]!) ? events : events.filter(isFresh);
    if (fresh.length === 0) return;
    const isFull = !this.#sink.deliver(fresh);
    this.#position = revisionOfEvent(fresh.at(-1)!);
    this.#note(this.#position);
    if (!isFull) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#isCatchingUp = true;
    this.#sink
      .drained()
      .then(() => this.#catchUp())
      .catch((error: unknown) => this.#fail(error));
  }
}
