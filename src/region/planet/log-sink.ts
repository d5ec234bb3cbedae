import type { RegionName } from '../../base/mod.ts';
import type {
  LogPublisher,
  LogRetention,
  LogSink,
  PublishedBatch,
  PublishOutcome,
  Transport,
} from '../../replication/mod.ts';

/** Where a home's frames go: the stream of the epoch in its own region. */
export class StreamSink implements LogSink {
  readonly #options: {
    readonly transport: Transport;
    readonly log: string;
    readonly region: RegionName;
    readonly retention: LogRetention;
  };
  #publisher: LogPublisher | undefined;
  // A publisher takes messages in the order of the calls, and some only when there is room.
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: {
    readonly transport: Transport;
    readonly log: string;
    readonly region: RegionName;
    readonly retention: LogRetention;
  }) {
    this.#options = options;
  }

  async open(epoch: number): Promise<{ readonly sequence: number; readonly hash: Uint8Array } | undefined> {
    const { transport, log, region, retention } = this.#options;
    this.#publisher?.close();
    const { publisher, tail } = await transport.openLog({ log, epoch, region }, retention);
    this.#publisher = publisher;
    return tail && { sequence: tail.lastSequence, hash: tail.lastHash };
  }

  async publish(batch: PublishedBatch): Promise<PublishOutcome> {
    const publisher = this.#publisher;
    if (publisher === undefined) return { kind: 'lost', detail: 'the stream is not open' };
    const taken = this.#turn.then(async () => {
      await publisher.room();
      return { fate: publisher.publish(batch) };
    });
    this.#turn = taken.catch(() => {});
    const outcome = await (await taken).fate;
    switch (outcome.kind) {
      case 'stored':
        return { kind: 'stored' };
      case 'ended':
        return { kind: outcome.end.kind === 'fenced' ? 'fenced' : 'lost', detail: outcome.end.detail };
      case 'unknown':
        return { kind: 'lost', detail: outcome.detail };
      case 'busy':
        return { kind: 'lost', detail: 'the queue of the stream is full' };
    }
  }

  close(): void {
    this.#publisher?.close();
  }
}
