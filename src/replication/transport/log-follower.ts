import { type Clock, limits, type Random } from '../../base/mod.ts';
import type { Carrier, Consumption, StoredMessage, Streams } from './carrier.ts';
import { TransportError } from './errors.ts';
import { isBeyond, locate } from './locate.ts';
import { decodeLogMessage, type LogEnd, type LogMessage } from './messages.ts';
import { type LogTerm, textOfTerm } from './names.ts';
import { Retry } from './retry.ts';

export type FollowEvent =
  /** What the stream has next. It may hold frames that were delivered before: whoever follows compares them. */
  | { readonly kind: 'message'; readonly streamSequence: number; readonly message: LogMessage }
  /** The stream does not have these frames (any more); ask a peer for them. What follows them comes next. */
  | { readonly kind: 'gap'; readonly firstSequence: number; readonly lastSequence: number };

export type FollowEnd =
  /** Its home said that nothing follows in this epoch. */
  | { readonly kind: 'epoch-over'; readonly end: LogEnd }
  /** There is no such stream: not yet, or not any more. */
  | { readonly kind: 'stream-gone'; readonly detail: string }
  /** It holds what this member does not understand; a newer one does. */
  | { readonly kind: 'unsupported'; readonly detail: string }
  /** It holds what is no message of this log. */
  | { readonly kind: 'corrupt'; readonly detail: string }
  | { readonly kind: 'stopped' };

export interface LogFollowerOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly random: Random;
  readonly term: LogTerm;
  readonly stream: string;
  /** Sequence of the last frame that is here already; 0 for none. */
  readonly after: number;
  /** Where in the stream that frame was: saves a search. */
  readonly streamSequence?: number;
}

interface Queued {
  readonly event: FollowEvent;
  readonly bytes: number;
}

/**
 * Follows one log in its stream, in whatever region that is, from a frame on. Survives lost connections, cut links
 * and servers that start anew: it begins again behind the last frame it has delivered. Iterate over it; it holds a
 * bounded number of bytes that nobody has taken, and then lets the server wait.
 */
export class LogFollower implements AsyncIterable<FollowEvent> {
  readonly term: LogTerm;
  /** Settles when nothing follows any more, and all that came before has been taken (or `stop()` was called). */
  readonly ended: Promise<FollowEnd>;
  readonly #options: LogFollowerOptions;
  readonly #streams: Streams;
  readonly #retry: Retry;
  readonly #settleEnded: (end: FollowEnd) => void;
  readonly #queue: Queued[] = [];
  #queuedBytes = 0;
  #after: number;
  #at: number | undefined;
  #wakeReader: (() => void) | undefined;
  #endSession: ((detail: string) => void) | undefined;
  #consumption: Consumption | undefined;
  // Set when nothing is added to the queue any more.
  #end: FollowEnd | undefined;
  #problem: string | undefined = 'not connected yet';

  constructor(options: LogFollowerOptions) {
    this.term = options.term;
    this.#options = options;
    this.#streams = options.carrier.streams(options.term.region);
    this.#retry = new Retry(options);
    this.#after = options.after;
    this.#at = options.streamSequence;
    let settleEnded: (end: FollowEnd) => void = () => {};
    this.ended = new Promise((resolve) => {
      settleEnded = resolve;
    });
    this.#settleEnded = settleEnded;
    void this.#run();
  }

  /** What keeps messages from coming at the moment, undefined while the server is heard. It is tried again until it works. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Bytes of messages that have come and that nobody has taken. */
  get heldBytes(): number {
    return this.#queuedBytes;
  }

  /** Sequence of the last frame that has come, and where in the stream it was. */
  get position(): { readonly after: number; readonly streamSequence: number | undefined } {
    return { after: this.#after, streamSequence: this.#at };
  }

  /** For one reader. What was not taken when `stop()` is called is not delivered. */
  async *[Symbol.asyncIterator](): AsyncIterator<FollowEvent> {
    try {
      while (true) {
        const queued = this.#queue.shift();
        if (queued !== undefined) {
          this.#queuedBytes -= queued.bytes;
          if (this.#hasRoom()) this.#consumption?.proceed();
          yield queued.event;
        } else if (this.#end !== undefined) {
          this.#settleEnded(this.#end);
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        }
      }
    } finally {
      this.stop();
    }
  }

  /**
   * Messages that have come already, and that nothing is missing before, up to some bytes: whoever takes them together with
   * the event before needs one step for all.
   */
  takeMore(bytesMax: number): readonly LogMessage[] {
    const taken: LogMessage[] = [];
    let sizeBytes = 0;
    for (let [next] = this.#queue; next?.event.kind === 'message'; [next] = this.#queue) {
      sizeBytes += next.bytes;
      if (sizeBytes > bytesMax) break;
      this.#queue.shift();
      this.#queuedBytes -= next.bytes;
      taken.push(next.event.message);
    }
    if (taken.length > 0 && this.#hasRoom()) this.#consumption?.proceed();
    return taken;
  }

  /** May be called again. */
  stop(): void {
    this.#finish({ kind: 'stopped' });
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#settleEnded({ kind: 'stopped' });
  }

  async #run(): Promise<void> {
    const stopListening = this.#options.carrier.onStatus((status) => {
      if (status.kind === 'connected') this.#retry.goOn();
      else if (status.kind !== 'problem') this.#endSession?.(status.detail);
    });
    while (this.#end === undefined) {
      try {
        await this.#session();
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        this.#finish(endOf(error, this.term));
      }
      if (this.#end === undefined) await this.#retry.wait();
    }
    stopListening();
  }

  /** Finds the place, and takes what comes until something goes wrong. */
  async #session(): Promise<void> {
    const { stream } = this.#options;
    const located = await locate({ streams: this.#streams, stream, after: this.#after, at: this.#at });
    if (this.#end !== undefined) return;
    if (located.kind === 'not-found') return this.#gone(located.detail);
    if (located.kind !== 'at') return this.#failed(located.detail);
    let delivered = 0;
    let isOver = false;
    let cancelSilence = () => {};
    const over = new Promise<string>((resolve) => {
      this.#endSession = resolve;
    });
    const end = (detail: string) => this.#endSession?.(detail);
    const heard = () => {
      this.#problem = undefined;
      this.#retry.succeeded();
      cancelSilence();
      cancelSilence = this.#options.clock.after(limits.followSilenceMs, () =>
        end(`nothing was heard from the stream ${stream} for ${limits.followSilenceMs} ms`),
      );
    };
    const consumed = await this.#streams.consume({
      stream,
      fromSequence: located.sequence,
      onMessage: (message, delivery) => {
        if (this.#end !== undefined || isOver || delivery <= delivered) return;
        if (delivery > delivered + 1) {
          // What comes after it in this session must not be taken: the next session brings it in its place.
          isOver = true;
          return end(`messages of the stream ${stream} were lost on the way`);
        }
        delivered = delivery;
        this.#take(message);
      },
      onAlive: heard,
      mayProceed: () => this.#hasRoom(),
      onEnd: end,
    });
    if (consumed.kind === 'done') {
      this.#consumption = consumed.value;
      if (this.#end === undefined) {
        heard();
        this.#problem = await over;
      }
      isOver = true;
      this.#consumption = undefined;
      consumed.value.stop();
    } else if (consumed.kind === 'not-found') this.#gone(consumed.detail);
    else this.#failed(consumed.detail);
    cancelSilence();
    this.#endSession = undefined;
  }

  #take(stored: StoredMessage): void {
    let message: LogMessage;
    try {
      message = decodeLogMessage(stored.payload);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return this.#finish(endOf(error, this.term));
    }
    if (message.log !== this.term.log || message.epoch !== this.term.epoch) {
      const detail = `message ${stored.sequence} is of log ${message.log}, epoch ${message.epoch}`;
      return this.#finish({ kind: 'corrupt', detail: `${textOfTerm(this.term)}: ${detail}` });
    }
    // A message without frames says where the log stands, so that what is missing before it is noticed too.
    const firstNew = message.frames.length > 0 ? message.firstSequence : message.lastSequence + 1;
    if (firstNew > this.#after + 1) {
      this.#add({ kind: 'gap', firstSequence: this.#after + 1, lastSequence: firstNew - 1 }, 0);
    }
    if (isBeyond(message, this.#after) || message.frames.length > 0) {
      this.#add({ kind: 'message', streamSequence: stored.sequence, message }, stored.payload.length);
    }
    if (message.lastSequence >= this.#after) {
      this.#after = message.lastSequence;
      this.#at = stored.sequence;
    }
    if (message.end !== undefined) this.#finish({ kind: 'epoch-over', end: message.end });
  }

  #add(event: FollowEvent, bytes: number): void {
    this.#queue.push({ event, bytes });
    this.#queuedBytes += bytes;
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #hasRoom(): boolean {
    return this.#queuedBytes < limits.followQueueBytesMax;
  }

  #gone(detail: string): void {
    this.#finish({ kind: 'stream-gone', detail: `${textOfTerm(this.term)}: ${detail}` });
  }

  #failed(detail: string): void {
    this.#problem = detail;
  }

  #finish(end: FollowEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#retry.goOn();
    this.#endSession?.('it has ended');
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}

function endOf(error: TransportError, term: LogTerm): FollowEnd {
  const kind = error.code === 'unsupported' ? 'unsupported' : 'corrupt';
  return { kind, detail: `${textOfTerm(term)}: ${error.message}` };
}
