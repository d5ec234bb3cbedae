import type { Revision } from '../base/mod.ts';
import type { StoreEvent } from './projection.ts';
import type { WatchSink } from './watch-session.ts';

/** Keeps what it gets. Takes `roomFor` events at a time, then is full until {@link RecordingSink.drain}. */
export class RecordingSink implements WatchSink {
  readonly events: StoreEvent[] = [];
  readonly errors: unknown[] = [];
  readonly batches: number[] = [];
  expiredAt: { readonly position: Revision; readonly floor: Revision } | undefined;
  #room: number;
  readonly #roomMax: number;
  #drained: (() => void)[] = [];

  constructor(options: { readonly roomFor?: number } = {}) {
    this.#roomMax = options.roomFor ?? Number.POSITIVE_INFINITY;
    this.#room = this.#roomMax;
  }

  get isFull(): boolean {
    return this.#room <= 0;
  }

  deliver(events: readonly StoreEvent[]): boolean {
    if (this.isFull) throw new Error('events are handed to a sink that is full');
    this.events.push(...events);
    this.batches.push(events.length);
    this.#room -= events.length;
    return !this.isFull;
  }

  drained(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  drain(): void {
    this.#room = this.#roomMax;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  expired(position: Revision, floor: Revision): void {
    this.expiredAt = { position, floor };
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }
}
