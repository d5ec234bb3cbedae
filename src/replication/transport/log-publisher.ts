import { assert, type Clock, limits, type Random } from '../../base/mod.ts';
import type { Carrier, StoreOutcome, Streams } from './carrier.ts';
import { TransportError } from './errors.ts';
import { encodeLogMessage, type FrameBatch, messageIdOf } from './messages.ts';
import { type LogTerm, textOfTerm } from './names.ts';
import { Retry } from './retry.ts';

export type PublishOutcome =
  /** The stream has it, at this sequence of the stream, from this attempt or an earlier one of ours. */
  | { readonly kind: 'stored'; readonly sequence: number }
  /** Not taken: the queue is full. Wait for `room()`. */
  | { readonly kind: 'busy' }
  /** This publisher has ended; the stream does not have it. */
  | { readonly kind: 'ended'; readonly end: PublisherEnd }
  /** This publisher was closed while it was on its way: the stream may have it. */
  | { readonly kind: 'unknown'; readonly detail: string };

export interface PublisherEnd {
  /**
   * - `fenced`: somebody else has published to the stream. Nothing may be acknowledged until the epoch is confirmed.
   * - `tail-lost`: the stream has lost messages that it had stored. Open the log again, and publish what follows its tail.
   * - `stream-gone`: the stream is not there any more, or another one of its name. The same.
   * - `closed`: `close()` was called.
   */
  readonly kind: 'fenced' | 'tail-lost' | 'stream-gone' | 'closed';
  readonly detail: string;
}

export interface LogPublisherOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly random: Random;
  readonly term: LogTerm;
  readonly stream: string;
  readonly subject: string;
  /** The stream as it was opened: its last message, and when it was made. */
  readonly tail: { readonly sequence: number; readonly id: string | undefined };
  readonly created: string;
}

interface Entry {
  readonly payload: Uint8Array;
  readonly id: string;
  readonly settle: (outcome: PublishOutcome) => void;
  outcome: StoreOutcome | undefined;
}

/**
 * Publishes one log to its stream, in order, many messages at a time, and each once: every message names the one it
 * follows by its sequence and its id, so that one that went missing, or one of somebody else's, stops all behind it.
 * Whatever goes wrong is looked up in the stream: what is there counts as stored, what is not is sent again, for as
 * long as it takes. A stream that holds what this publisher did not send ends it.
 */
export class LogPublisher {
  readonly term: LogTerm;
  /** Settles when this publisher has ended, and why. */
  readonly ended: Promise<PublisherEnd>;
  readonly #options: LogPublisherOptions;
  readonly #streams: Streams;
  readonly #retry: Retry;
  readonly #stopListening: () => void;
  readonly #settleEnd: (end: PublisherEnd) => void;
  // What has not settled; the first #sent of them are on their way.
  readonly #entries: Entry[] = [];
  #sent = 0;
  #queuedBytes = 0;
  #confirmed: { readonly sequence: number; readonly id: string | undefined };
  // The first message after opening or looking up goes alone and names no id: a server that was restarted may have
  // forgotten the id of its last message, and nothing behind it could be stored out of turn.
  #isAlone = true;
  #isResolving = false;
  #end: PublisherEnd | undefined;
  #problem: string | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: LogPublisherOptions) {
    this.term = options.term;
    this.#options = options;
    this.#streams = options.carrier.streams(options.term.region);
    this.#retry = new Retry(options);
    this.#confirmed = options.tail;
    let settleEnd: (end: PublisherEnd) => void = () => {};
    this.ended = new Promise((resolve) => {
      settleEnd = resolve;
    });
    this.#settleEnd = settleEnd;
    this.#stopListening = options.carrier.onStatus((status) => {
      if (status.kind === 'connected') this.#retry.goOn();
    });
  }

  /** Sequence of the last message of the stream that is known to be stored. */
  get lastSequence(): number {
    return this.#confirmed.sequence;
  }

  /** What keeps messages from being stored at the moment; it is tried again until it works. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Messages that have been taken and not stored yet. */
  get pending(): number {
    return this.#entries.length;
  }

  /**
   * Settles when the fate of the batch is known, however long that takes. Order is that of the calls.
   *
   * @throws {TransportError} `too-large` for what does not fit in one message.
   */
  publish(batch: FrameBatch): Promise<PublishOutcome> {
    const payload = encodeLogMessage(this.term.log, this.term.epoch, batch);
    const bytesMax = Math.min(limits.transportMessageBytesMax, this.#options.carrier.payloadBytesMax);
    if (payload.length > bytesMax) {
      const detail = `frames ${batch.firstSequence} to ${batch.lastSequence} of ${textOfTerm(this.term)}`;
      return Promise.reject(
        new TransportError(
          'too-large',
          `${detail}: ${payload.length} bytes, and a message holds ${bytesMax}`,
        ),
      );
    }
    if (this.#end !== undefined) return Promise.resolve({ kind: 'ended', end: this.#end });
    if (!this.hasRoom()) return Promise.resolve({ kind: 'busy' });
    return new Promise((settle) => {
      this.#entries.push({ payload, id: messageIdOf(payload), settle, outcome: undefined });
      this.#queuedBytes += payload.length;
      this.#pump();
    });
  }

  hasRoom(): boolean {
    return (
      this.#entries.length < limits.publishQueueMessagesMax && this.#queuedBytes < limits.publishQueueBytesMax
    );
  }

  /** Resolves when `publish` takes one more, or this publisher has ended. */
  async room(): Promise<void> {
    while (this.#end === undefined && !this.hasRoom()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** What is on its way has an unknown fate then. May be called again. */
  close(): void {
    this.#finish({ kind: 'closed', detail: `the publisher of ${textOfTerm(this.term)} was closed` });
  }

  #pump(): void {
    if (this.#isResolving || this.#end !== undefined) return;
    let windowBytes = 0;
    for (const entry of this.#entries.slice(0, this.#sent)) windowBytes += entry.payload.length;
    while (this.#sent < this.#entries.length && this.#sent < limits.publishWindowMessagesMax) {
      if (this.#isAlone && this.#sent > 0) return;
      const entry = this.#entries[this.#sent]!;
      windowBytes += entry.payload.length;
      if (this.#sent > 0 && windowBytes > limits.publishWindowBytesMax) return;
      const lastId = this.#sent > 0 ? this.#entries[this.#sent - 1]!.id : this.#confirmed.id;
      const expectedLastSequence = this.#confirmed.sequence + this.#sent;
      this.#sent++;
      void this.#send(entry, expectedLastSequence, this.#isAlone ? undefined : lastId);
    }
  }

  async #send(entry: Entry, expectedLastSequence: number, expectedLastId: string | undefined): Promise<void> {
    const outcome = await this.#streams.store({
      stream: this.#options.stream,
      subject: this.#options.subject,
      payload: entry.payload,
      id: entry.id,
      expectedLastSequence,
      ...(expectedLastId === undefined ? {} : { expectedLastId }),
      timeoutMs: limits.publishTimeoutMs,
    });
    if (this.#end !== undefined) return;
    entry.outcome = outcome;
    const isThere = outcome.kind === 'stored' || outcome.kind === 'duplicate';
    if (isThere && outcome.sequence === expectedLastSequence + 1) {
      if (!this.#isResolving) {
        this.#settleFront();
        this.#pump();
      }
    } else {
      this.#problem = isThere
        ? `${textOfTerm(this.term)}: stored at ${outcome.sequence} in place of ${expectedLastSequence + 1}`
        : outcome.detail;
      this.#isResolving = true;
    }
    if (this.#isResolving && this.#entries.slice(0, this.#sent).every((sent) => sent.outcome !== undefined)) {
      await this.#resolve();
    }
  }

  /** Settles what is stored, from the front; acknowledgements may come in another order. */
  #settleFront(): void {
    for (let entry = this.#entries[0]; entry?.outcome !== undefined; entry = this.#entries[0]) {
      const { kind } = entry.outcome;
      assert(kind === 'stored' || kind === 'duplicate', 'what is settled is stored');
      this.#isAlone = false;
      this.#retry.succeeded();
      this.#problem = undefined;
      this.#settleFirst();
    }
  }

  #settleFirst(): void {
    const entry = this.#entries.shift()!;
    // What the stream already had from an earlier publisher of ours need not have been sent.
    this.#sent = Math.max(0, this.#sent - 1);
    this.#queuedBytes -= entry.payload.length;
    const sequence = this.#confirmed.sequence + 1;
    this.#confirmed = { sequence, id: entry.id };
    entry.settle({ kind: 'stored', sequence });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** Nothing is on its way: finds out what the stream has, and goes on from there. */
  async #resolve(): Promise<void> {
    while (this.#end === undefined) {
      await this.#retry.wait();
      if (this.#end !== undefined) return;
      if (!(await this.#lookUp())) continue;
      for (const entry of this.#entries) entry.outcome = undefined;
      this.#sent = 0;
      this.#isAlone = true;
      this.#isResolving = false;
      this.#pump();
      return;
    }
  }

  /** Whether it is known what the stream has. Ends this publisher if that is not what it sent. */
  async #lookUp(): Promise<boolean> {
    const { stream, created } = this.#options;
    const state = await this.#streams.state(stream);
    if (this.#end !== undefined) return false;
    if (state.kind === 'not-found') {
      this.#finish({ kind: 'stream-gone', detail: `${textOfTerm(this.term)}: the stream ${stream} is gone` });
      return false;
    }
    if (state.kind !== 'done') return this.#failed(state.detail);
    const { lastSequence } = state.value;
    if (state.value.created !== created) {
      const detail = `${textOfTerm(this.term)}: the stream ${stream} was made anew at ${state.value.created}`;
      this.#finish({ kind: 'stream-gone', detail });
      return false;
    }
    if (lastSequence < this.#confirmed.sequence) {
      const detail = `the stream ${stream} had stored ${this.#confirmed.sequence} messages and has ${lastSequence}`;
      this.#finish({ kind: 'tail-lost', detail: `${textOfTerm(this.term)}: ${detail}` });
      return false;
    }
    return this.#compare(lastSequence);
  }

  /** Compares message by message what the stream has beyond what was confirmed with what was sent. */
  async #compare(lastSequence: number): Promise<boolean> {
    const first = this.#confirmed;
    for (let sequence = Math.max(1, first.sequence); sequence <= lastSequence; sequence++) {
      const entry = sequence === first.sequence ? undefined : this.#entries[0];
      const wanted = sequence === first.sequence ? first.id : entry?.id;
      const stored = await this.#streams.read(this.#options.stream, sequence);
      if (this.#end !== undefined) return false;
      if (stored.kind !== 'done' && stored.kind !== 'not-found') return this.#failed(stored.detail);
      // The confirmed one may have gone by its age, and its id may never have been known.
      if (sequence === first.sequence && (stored.kind === 'not-found' || wanted === undefined)) continue;
      if (stored.kind !== 'done' || stored.value.id !== wanted) {
        const detail = `message ${sequence} of the stream ${this.#options.stream} is not the one that was sent`;
        this.#finish({ kind: 'fenced', detail: `${textOfTerm(this.term)}: ${detail}` });
        return false;
      }
      if (entry !== undefined) {
        this.#retry.succeeded();
        this.#problem = undefined;
        this.#settleFirst();
      }
    }
    return true;
  }

  #failed(detail: string): boolean {
    this.#problem = detail;
    return false;
  }

  #finish(end: PublisherEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#stopListening();
    this.#retry.goOn();
    for (const [index, entry] of this.#entries.splice(0).entries()) {
      const isUnknown = end.kind === 'closed' && index < this.#sent;
      entry.settle(isUnknown ? { kind: 'unknown', detail: end.detail } : { kind: 'ended', end });
    }
    this.#sent = 0;
    this.#queuedBytes = 0;
    for (const go of this.#waiting.splice(0)) go();
    this.#settleEnd(end);
  }
}
