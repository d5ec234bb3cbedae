import type { Clock, Random } from '../../base/mod.ts';
import { type AskOptions, type AskOutcome, ask } from './asking.ts';
import type { Carrier, CarrierStatus, StreamFailure } from './carrier.ts';
import { TransportError, type TransportErrorCode } from './errors.ts';
import { type HeardBeat, type HeartbeatContent, HeartbeatReceiver, HeartbeatSender } from './heartbeats.ts';
import { LogFollower } from './log-follower.ts';
import { LogPublisher } from './log-publisher.ts';
import { decodeLogMessage, type LogMessage } from './messages.ts';
import { type LogTerm, type MemberName, textOfTerm } from './names.ts';
import { type ServeOptions, Serving } from './serving.ts';
import { Subjects } from './subjects.ts';

export interface TransportOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly random: Random;
  readonly self: MemberName;
  readonly subjects?: Subjects;
}

/** How long and how much of a log its stream keeps: what followers can catch up from without asking a peer. */
export interface LogRetention {
  readonly ageMsMax: number;
  readonly bytesMax: number;
  /** Copies within the region's JetStream cluster: 1, 3 or 5. */
  readonly replicas: number;
}

export interface OpenedLog {
  readonly publisher: LogPublisher;
  /** The stream's last message; the home publishes what follows it. Undefined for a stream without any. */
  readonly tail: LogMessage | undefined;
}

export interface FollowOptions {
  readonly term: LogTerm;
  /** Sequence of the last frame that is here already; 0 for none. */
  readonly after: number;
  /** Where in the stream that frame was, if that is known: saves a search, and does no harm when it is wrong. */
  readonly streamSequence?: number;
}

/** Repeats by the same home within this come from restarts and reconnections; ids are kept in the server's memory. */
const DUPLICATE_WINDOW_MS = 120_000;

/**
 * How one member talks to all others: it publishes the logs that it is home of, follows others', hears and says how far
 * they are, asks and answers. On NATS with JetStream, or in memory: the same code above one of two carriers.
 */
export class Transport {
  readonly self: MemberName;
  readonly #options: TransportOptions;
  readonly #carrier: Carrier;
  readonly #subjects: Subjects;
  readonly #serving: Serving;
  readonly #heartbeats: HeartbeatReceiver;
  readonly #heads: HeartbeatSender;
  readonly #open = new Set<{ close(): void }>();
  readonly #problems = new Set<(detail: string) => void>();
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.self = options.self;
    this.#options = options;
    this.#carrier = options.carrier;
    this.#subjects = options.subjects ?? new Subjects();
    this.#serving = new Serving({ ...options, subjects: this.#subjects });
    const onUnreadable = (detail: string) => this.#tellProblem(detail);
    this.#heartbeats = new HeartbeatReceiver({ ...options, subjects: this.#subjects, onUnreadable });
    const hears = () => this.#heartbeats.regions;
    this.#heads = new HeartbeatSender({ ...options, subjects: this.#subjects, hears });
  }

  /**
   * Makes or opens the stream of a log and an epoch in this member's region, for its home to publish to.
   *
   * @throws {TransportError} `unreachable`, `unknown` (try again), `denied`, `configuration`, `failed`.
   */
  async openLog(term: LogTerm, retention: LogRetention): Promise<OpenedLog> {
    this.#checkOpen();
    const streams = this.#carrier.streams(term.region);
    const stream = this.#subjects.stream(term);
    const subject = this.#subjects.log(term);
    const duplicateWindowMs = Math.min(DUPLICATE_WINDOW_MS, retention.ageMsMax);
    const opened = await streams.open({ name: stream, subject, ...retention, duplicateWindowMs });
    if (opened.kind !== 'done') throw errorOf(opened, `cannot open the stream of ${textOfTerm(term)}`);
    const { firstSequence, lastSequence, created } = opened.value;
    let id: string | undefined;
    let tail: LogMessage | undefined;
    if (lastSequence >= firstSequence) {
      const stored = await streams.read(stream, lastSequence);
      if (stored.kind !== 'done')
        throw errorOf(stored, `cannot read the last message of ${textOfTerm(term)}`);
      id = stored.value.id;
      tail = decodeLogMessage(stored.value.payload);
    }
    const publisher = new LogPublisher({
      ...this.#options,
      term,
      stream,
      subject,
      tail: { sequence: lastSequence, id },
      created,
    });
    this.#open.add(publisher);
    void publisher.ended.then(() => this.#open.delete(publisher));
    return { publisher, tail };
  }

  /** Follows a log in its region's stream, from behind a frame, until it ends or is stopped. */
  followLog(options: FollowOptions): LogFollower {
    this.#checkOpen();
    const stream = this.#subjects.stream(options.term);
    const follower = new LogFollower({ ...this.#options, ...options, stream });
    const entry = { close: () => follower.stop() };
    this.#open.add(entry);
    void follower.ended.then(() => this.#open.delete(entry));
    return follower;
  }

  /** Removes the stream of a log and an epoch, which its home alone may do. Followers end with `stream-gone`. */
  async removeLog(term: LogTerm): Promise<void> {
    this.#checkOpen();
    const removed = await this.#carrier.streams(term.region).remove(this.#subjects.stream(term));
    if (removed.kind !== 'done') throw errorOf(removed, `cannot remove the stream of ${textOfTerm(term)}`);
  }

  /** Says how far a log is that this member is home of, now and every second, until the returned function is called. */
  startHeartbeats(log: string, content: () => HeartbeatContent | undefined): () => void {
    this.#checkOpen();
    return this.#whileOpen(this.#heads.start(log, content));
  }

  /** Says it of all these logs at once: somebody may be in reach again who has heard nothing for a while. */
  sayHeads(): void {
    if (!this.#isClosed) this.#heads.sayNow();
  }

  /** Calls `hear` for each heartbeat of one log (of all, without) of all regions, until the returned function is called. */
  hearHeartbeats(log: string | undefined, hear: (heard: HeardBeat) => void): () => void {
    this.#checkOpen();
    return this.#whileOpen(this.#heartbeats.hear(log, hear));
  }

  /** Answers other members' questions on a topic until the returned function is called. */
  serve(options: ServeOptions): () => void {
    this.#checkOpen();
    return this.#serving.serve(options);
  }

  /**
   * Asks a member, or whichever member of a region.
   *
   * @throws {TransportError} `too-large`, `closed`.
   */
  ask(options: AskOptions): Promise<AskOutcome> {
    if (this.#isClosed) return Promise.reject(closedError());
    return ask({ ...this.#options, subjects: this.#subjects, ...options });
  }

  isConnected(): boolean {
    return this.#carrier.isConnected();
  }

  /** Tells what becomes of the connection, and problems that an administrator should know of. */
  onStatus(listen: (status: CarrierStatus) => void): () => void {
    const listenProblem = (detail: string) => listen({ kind: 'problem', detail });
    this.#problems.add(listenProblem);
    const stop = this.#carrier.onStatus(listen);
    return () => {
      this.#problems.delete(listenProblem);
      stop();
    };
  }

  /** Ends everything that was begun on this transport, and the connection. May be called again. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const each of [...this.#open]) each.close();
    this.#serving.close();
    await this.#carrier.close();
  }

  #whileOpen(stop: () => void): () => void {
    const entry = {
      close: () => {
        this.#open.delete(entry);
        stop();
      },
    };
    this.#open.add(entry);
    return entry.close;
  }

  #tellProblem(detail: string): void {
    for (const listen of this.#problems) listen(detail);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

function closedError(): TransportError {
  return new TransportError('closed', 'the connection to the other members was closed');
}

function errorOf(failure: StreamFailure, what: string): TransportError {
  const code: TransportErrorCode = failure.kind === 'not-found' ? 'failed' : failure.kind;
  return new TransportError(code, `${what}: ${failure.detail}`);
}
