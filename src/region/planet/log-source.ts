import { type Clock, limits, type RegionName, type Revision } from '../../base/mod.ts';
import type {
  Addressee,
  LogFollower,
  LogSource,
  MemberName,
  ReplayAnswer,
  SourceEvent,
  Subscription,
  Transport,
} from '../../replication/mod.ts';
import type { Heartbeat, Position } from '../../store/mod.ts';
import { askForFrames, askForState } from './ask-refill.ts';
import type { HeardRegions } from './heard-regions.ts';

/** The home of a log as it was last heard, and when, by this member's monotonic clock. */
export interface HeardHome {
  readonly member: MemberName;
  readonly epoch: number;
  readonly atMs: number;
}

/**
 * Where a member has a log from: the stream of its home, which heartbeats name, and any member that has it, the home
 * first. As soon as another epoch is heard of, the stream of the one before is left.
 */
export class StreamSource implements LogSource {
  readonly #transport: Transport;
  readonly #log: string;
  readonly #clock: Clock;
  readonly #regions: HeardRegions;
  readonly #listeners = new Set<(heartbeat: Heartbeat) => void>();
  readonly #stops: readonly (() => void)[];
  #home: HeardHome | undefined;
  #follower: LogFollower | undefined;

  constructor(options: {
    readonly transport: Transport;
    readonly log: string;
    readonly clock: Clock;
    readonly regions: HeardRegions;
  }) {
    this.#transport = options.transport;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#regions = options.regions;
    const stopHearing = this.#transport.hearHeartbeats(this.#log, ({ beat, atMs }) => {
      const { epoch, publishedEpoch = epoch, region, member, sequence, hash } = beat;
      // A home of the past may not know yet that it is none.
      if (this.#home !== undefined && publishedEpoch < this.#home.epoch) return;
      if (publishedEpoch !== this.#home?.epoch) this.#follower?.stop();
      this.#home = { epoch: publishedEpoch, member: { region, member }, atMs };
      const revision = beat.revision as Revision;
      for (const listen of this.#listeners) listen({ epoch, sequence, hash, revision });
    });
    // The stream is asked anew at once: what it was asked before the link was cut may take long to fail.
    const stopWaiting = this.#regions.onReturn((region) => {
      if (region === this.#home?.member.region) this.#follower?.stop();
    });
    this.#stops = [stopHearing, stopWaiting];
  }

  get home(): HeardHome | undefined {
    return this.#home;
  }

  /** For how long nothing was heard of the home, milliseconds; undefined if nothing ever was. */
  get silenceMs(): number | undefined {
    return this.#home && this.#clock.monotonicMs() - this.#home.atMs;
  }

  subscribe(after: Position): Subscription {
    if (this.#home === undefined) return after.sequence === 0 ? ALL_OF_IT : NOTHING_YET;
    const { epoch, member } = this.#home;
    return this.#follow({ epoch, region: member.region }, after.sequence);
  }

  /** What a stream has that the home of an epoch has left in its region. */
  #follow(term: { readonly epoch: number; readonly region: RegionName }, after: number): Subscription {
    // Where it was left in the same stream, it is found without a search.
    const left = this.#follower?.term.epoch === term.epoch ? this.#follower.position : undefined;
    const streamSequence = left?.after === after ? left.streamSequence : undefined;
    const follower = this.#transport.followLog({
      term: { log: this.#log, ...term },
      after,
      ...(streamSequence !== undefined && { streamSequence }),
    });
    this.#follower = follower;
    return { close: () => follower.stop(), [Symbol.asyncIterator]: () => eventsOf(follower, term.epoch) };
  }

  async replay(request: { readonly from: number; readonly bytesMax: number }): Promise<ReplayAnswer> {
    let detail = 'nobody who has it was heard yet';
    for (const to of this.#peers()) {
      const answer = await askForFrames(this.#transport, { to, log: this.#log, ...request });
      if (answer.kind !== 'unavailable') return answer;
      detail = answer.detail;
    }
    return { kind: 'unavailable', detail };
  }

  async snapshot(): Promise<AsyncIterable<Uint8Array> | undefined> {
    for (const to of this.#peers()) {
      const parts = await askForState(this.#transport, { to, log: this.#log });
      if (parts !== undefined) return parts;
    }
    return undefined;
  }

  hearHeartbeats(listener: (heartbeat: Heartbeat) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#follower?.stop();
  }

  /** The home, and then the other regions; not this member's own, which is all that its region has. */
  #peers(): readonly Addressee[] {
    const home = this.#home?.member.region;
    const regions = new Set([
      ...(home === undefined ? [] : [home]),
      ...this.#regions.members.map((m) => m.region),
    ]);
    regions.delete(this.#transport.self.region);
    return [...regions].map((region) => ({ region }));
  }
}

const NOTHING_YET: Subscription = {
  close() {},
  async *[Symbol.asyncIterator]() {},
};

/** Where nobody is heard to be the home, a member that has nothing is given what others have: it may be the home itself. */
const ALL_OF_IT: Subscription = {
  close() {},
  async *[Symbol.asyncIterator]() {
    yield { kind: 'gap', wants: 1 };
  },
};

/**
 * Messages that wait already come together: after a cut there are many, and between two steps nothing is taken while the
 * last of the one before comes to the disk.
 */
async function* eventsOf(follower: LogFollower, epoch: number): AsyncGenerator<SourceEvent> {
  for await (const event of follower) {
    if (event.kind === 'gap') {
      yield { kind: 'gap', wants: event.firstSequence };
      continue;
    }
    const messages = [event.message, ...follower.takeMore(limits.followBatchBytes)];
    const frames = messages.flatMap((message) => message.frames);
    if (frames.length > 0) yield { kind: 'frames', frames, epoch };
  }
}
