import { type Clock, limits, type RegionName } from '../../../base/mod.ts';
import type { CarriedMessage, ConsumeOptions, StreamSettings } from '../carrier.ts';
import { subjectMatches } from '../subjects.ts';
import { type CheckOrder, MemoryStream } from './memory-stream.ts';

export interface MemorySubscription {
  readonly node: string;
  readonly pattern: string;
  readonly queue: string | undefined;
  /** Whether whoever listens has a connection, and so can answer. */
  readonly isConnected: () => boolean;
  readonly receive: (message: CarriedMessage) => void;
}

/** What a server pushes to one follower. */
export interface MemoryConsumer {
  readonly node: string;
  readonly options: ConsumeOptions;
  /** Sends over the links, and counts as one delivery. */
  readonly send: (deliver: () => void) => void;
  readonly isReachable: () => boolean;
  next: number;
  delivery: number;
  sentBytes: number;
  takenBytes: number;
  unreachableTicks: number;
}

/** A server sends so many bytes ahead of a follower's word that it may go on. */
const WINDOW_BYTES = 2 * 1024 * 1024;
/** A server forgets a follower that it cannot reach for so many heartbeats. */
const UNREACHABLE_TICKS_MAX = 3;

/** The NATS server of one region: who listens, and its JetStream. */
export class MemoryServer {
  readonly region: RegionName;
  readonly streams = new Map<string, MemoryStream>();
  readonly subscriptions = new Set<MemorySubscription>();
  readonly #clock: Clock;
  readonly #order: CheckOrder;
  readonly #consumers = new Set<MemoryConsumer>();
  isUp = true;
  /** Acknowledgements of stored messages that get lost on the way. */
  acksToLose = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly region: RegionName;
    readonly order: CheckOrder;
  }) {
    this.#order = options.order;
    this.#clock = options.clock;
    this.region = options.region;
  }

  open(settings: StreamSettings): MemoryStream {
    let stream = this.streams.get(settings.name);
    if (stream === undefined) {
      const serial = `${this.#clock.nowMs()}.${this.#clock.monotonicMs()}`;
      stream = new MemoryStream(settings, serial, this.#order);
      this.streams.set(settings.name, stream);
    } else stream.settings = settings;
    return stream;
  }

  remove(name: string): void {
    this.streams.delete(name);
    for (const consumer of [...this.#consumers]) {
      if (consumer.options.stream === name) this.#consumers.delete(consumer);
    }
  }

  hasInterest(subject: string): boolean {
    return [...this.subscriptions].some(({ pattern }) => subjectMatches(pattern, subject));
  }

  /** Who gets a message: all who listen, and one of each queue. */
  receiversOf(subject: string): readonly MemorySubscription[] {
    const receivers: MemorySubscription[] = [];
    const queues = new Set<string>();
    for (const subscription of this.subscriptions) {
      if (!subjectMatches(subscription.pattern, subject)) continue;
      const { pattern, queue } = subscription;
      if (queue !== undefined && queues.has(`${pattern} ${queue}`)) continue;
      if (queue !== undefined) queues.add(`${pattern} ${queue}`);
      receivers.push(subscription);
    }
    return receivers;
  }

  /** Its followers are forgotten, as consumers in memory are by a server that starts anew. */
  forgetFollowers(): void {
    this.#consumers.clear();
  }

  /** Forgets what one node wanted, because its connection is gone. */
  forget(node: string): void {
    for (const subscription of this.subscriptions) {
      if (subscription.node === node) this.subscriptions.delete(subscription);
    }
  }

  addConsumer(consumer: MemoryConsumer): void {
    // The same question may come twice.
    if (this.#consumers.has(consumer)) return;
    // A place beyond the end of the stream is its end, as with JetStream.
    consumer.next = Math.min(
      consumer.next,
      (this.streams.get(consumer.options.stream)?.lastSequence ?? 0) + 1,
    );
    this.#consumers.add(consumer);
    this.#pump(consumer);
    this.#beat(consumer);
  }

  removeConsumer(consumer: MemoryConsumer): void {
    this.#consumers.delete(consumer);
  }

  /** A follower has taken so many bytes in all. */
  taken(consumer: MemoryConsumer, bytes: number): void {
    consumer.takenBytes = Math.max(consumer.takenBytes, bytes);
    this.#pump(consumer);
  }

  /** Something was stored. */
  pump(stream: string): void {
    for (const consumer of this.#consumers) {
      if (consumer.options.stream === stream) this.#pump(consumer);
    }
  }

  #pump(consumer: MemoryConsumer): void {
    const { options } = consumer;
    const stream = this.streams.get(options.stream);
    if (stream === undefined || !this.#consumers.has(consumer) || !consumer.isReachable()) return;
    const { firstSequence, lastSequence } = stream.state(this.#clock.nowMs());
    consumer.next = Math.max(consumer.next, firstSequence);
    while (consumer.next <= lastSequence && consumer.sentBytes - consumer.takenBytes < WINDOW_BYTES) {
      const message = stream.read(consumer.next++, this.#clock.nowMs());
      if (message === undefined) return;
      const delivery = ++consumer.delivery;
      consumer.sentBytes += message.payload.length;
      consumer.send(() => {
        options.onAlive();
        options.onMessage(message, delivery);
      });
    }
  }

  #beat(consumer: MemoryConsumer): void {
    this.#clock.after(limits.followHeartbeatMs, () => {
      if (!this.#consumers.has(consumer)) return;
      consumer.unreachableTicks = consumer.isReachable() ? 0 : consumer.unreachableTicks + 1;
      if (consumer.unreachableTicks > UNREACHABLE_TICKS_MAX) return this.removeConsumer(consumer);
      this.#pump(consumer);
      if (consumer.isReachable()) consumer.send(consumer.options.onAlive);
      this.#beat(consumer);
    });
  }
}
