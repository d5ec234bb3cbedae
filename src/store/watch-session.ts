import type { Revision } from '../base/mod.ts';
import type { CollectionScope } from './object-key.ts';
import type { StoreEvent } from './projection.ts';
import type { StoreSnapshot } from './snapshot.ts';
import type { Store } from './store.ts';

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
  readonly #store: Store;
  readonly #scope: CollectionScope;
  readonly #sink: WatchSink;
  #position: Revision;
  #unsubscribe: (() => void) | undefined;
  #isClosed = false;

  constructor(options: {
    readonly store: Store;
    readonly scope: CollectionScope;
    readonly sink: WatchSink;
    /** Events after this revision are delivered. */
    readonly position: Revision;
  }) {
    this.#store = options.store;
    this.#scope = options.scope;
    this.#sink = options.sink;
    this.#position = options.position;
  }

  /** Everything in the scope up to this revision has been delivered: what a bookmark may say. */
  get position(): Revision {
    return this.#unsubscribe === undefined ? this.#position : this.#livePosition();
  }

  start(): void {
    this.#catchUp().catch((error: unknown) => this.#fail(error));
  }

  close(): void {
    this.#isClosed = true;
    this.#position = this.position;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #livePosition(): Revision {
    const delivered = this.#store.feed.deliveredRevision;
    return delivered > this.#position ? delivered : this.#position;
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#sink.failed(error);
  }

  async #catchUp(): Promise<void> {
    while (!this.#isClosed) {
      let isFull: boolean;
      const snapshot = this.#store.snapshot();
      try {
        // From the floor on nothing is missing; revision 0 means "from the beginning of an empty scope".
        if (this.#position < snapshot.floor) {
          this.#isClosed = true;
          this.#sink.expired(this.#position, snapshot.floor);
          return;
        }
        isFull = await this.#deliverHistory(snapshot);
        if (!isFull && !this.#isClosed && snapshot.revision > this.#position)
          this.#position = snapshot.revision;
      } finally {
        snapshot.close();
      }
      // Only now, when no snapshot is open: a sink may be stuck for as long as it likes, and pins nothing.
      if (isFull) await this.#sink.drained();
      else if (this.#goLive()) return;
    }
  }

  /** False when the sink got everything up to the snapshot (or the watch was closed), true when it is full. */
  async #deliverHistory(snapshot: StoreSnapshot): Promise<boolean> {
    const range = { after: this.#position, upTo: snapshot.revision };
    if (range.upTo <= range.after) return false;
    for await (const events of snapshot.history(this.#scope, range)) {
      if (this.#isClosed) return false;
      const isFull = !this.#sink.deliver(events);
      this.#position = events.at(-1)!.revision;
      if (isFull) return true;
    }
    return false;
  }

  /** Subscribes, if no event was published between the snapshot and now; there is no await in between. */
  #goLive(): boolean {
    if (this.#isClosed) return true;
    // Not the delivered revision: nobody may have collected this scope's events for the round to come.
    if (this.#store.feed.revision > this.#position) return false;
    this.#unsubscribe = this.#store.feed.subscribe(this.#scope, (events) => {
      try {
        this.#onLive(events);
      } catch (error) {
        // One watcher's trouble ends that watch, never the feed.
        this.#fail(error);
      }
    });
    return true;
  }

  #onLive(events: readonly StoreEvent[]): void {
    if (this.#isClosed) return;
    // The snapshot may have been ahead of the feed by a group that was durable but not announced yet.
    const fresh =
      events[0]!.revision > this.#position ? events : events.filter((e) => e.revision > this.#position);
    if (fresh.length === 0) return;
    const isFull = !this.#sink.deliver(fresh);
    this.#position = fresh.at(-1)!.revision;
    if (!isFull) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#sink
      .drained()
      .then(() => this.#catchUp())
      .catch((error: unknown) => this.#fail(error));
  }
}
