import { type Clock, limits, type Random, type ShardName } from '../../base/mod.ts';
import {
  type Addressee,
  type AskOptions,
  type AskOutcome,
  collect,
  type MemberName,
  TransportError,
} from '../transport/mod.ts';
import { MalformedMessage } from './fields.ts';
import {
  decodeAnswer,
  encodeRequest,
  type ForwardedAnswer,
  type ForwardedResponse,
  type RequestContent,
} from './messages.ts';
import { encodeSigned, type MemberKeys, openSigned } from './signed.ts';

/** On this topic members hand on requests. */
export const FORWARD_TOPIC = 'forward';

/** The member at which a shard is homed, seen from one where it is not. */
export interface HomeAway {
  readonly shard: ShardName;
  readonly member: MemberName;
  /** For how long nothing has been heard of it; 0 as long as it can be expected to answer. */
  readonly unreachableMs: number;
}

export type ForwardOutcome =
  | { readonly kind: 'answered'; readonly response: ForwardedResponse }
  /** The home was not reached, and nothing of the request is there. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The home was reached, and did not carry it out. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** It may have been carried out, or may not. */
  | { readonly kind: 'unknown'; readonly detail: string };

/** The part of a transport that is asked by. */
export interface Asking {
  ask(options: AskOptions): Promise<AskOutcome>;
}

export interface ForwarderOptions {
  readonly transport: Asking;
  readonly keys: MemberKeys;
  readonly clock: Clock;
  readonly random: Random;
}

type Attempt =
  | ForwardOutcome
  | { readonly kind: 'again'; readonly detail: string; readonly isAtOnce: boolean };

/** Hands requests on to the homes of their shards, as often as it takes to know what has become of them. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  /** How the homes' processes name themselves: of as many members as a planet has. */
  readonly #services = new Map<string, Uint8Array>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /**
   * Hands on one request. It is carried out once at most, however often it is sent: all messages of it have one id, by which
   * homes, also later ones, know it again. `home` is asked before each of them, since homes move; it says undefined once this
   * member is the home itself.
   */
  async forward(request: {
    readonly content: RequestContent;
    readonly timeoutMs: number;
    /** Whether it does no harm to run all of it again. What cannot be is sent again only when it was not carried out. */
    readonly isRepeatable: boolean;
    readonly signal: AbortSignal;
    home(): HomeAway | undefined;
  }): Promise<ForwardOutcome> {
    const { clock, random } = this.#options;
    const { signal } = request;
    const id = random.bytes(16);
    const startMs = clock.monotonicMs();
    let endMs = startMs + request.timeoutMs;
    let doubt: string | undefined;
    let waitMs: number = limits.retryMsMin;
    let last = 'there was no time to send it';
    for (let attempts = 0; attempts < limits.forwardAttemptsMax && !signal.aborted; attempts++) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      const outcome = await this.#attempt({ ...request, id, leftMs });
      if (outcome.kind === 'answered') return outcome;
      last = outcome.detail;
      if (outcome.kind === 'unknown') {
        if (!request.isRepeatable) return outcome;
        if (doubt === undefined) endMs = Math.min(endMs, clock.monotonicMs() + limits.forwardDoubtMs);
        doubt ??= outcome.detail;
      } else if (doubt === undefined) {
        if (outcome.kind !== 'again') return outcome;
        if (clock.monotonicMs() - startMs > limits.forwardPatienceMs) break;
      }
      if (outcome.kind === 'again' && outcome.isAtOnce) continue;
      await pause(clock, Math.min(waitMs, Math.max(1, endMs - clock.monotonicMs())), signal);
      waitMs = Math.min(waitMs * 2, limits.retryMsMax);
    }
    return doubt === undefined ? { kind: 'refused', detail: last } : { kind: 'unknown', detail: doubt };
  }

  async #attempt(request: Parameters<Forwarder['forward']>[0] & Repeated): Promise<Attempt> {
    const { transport, keys, clock, random } = this.#options;
    const home = request.home();
    if (home === undefined) return again('the home of the shard is moving to this member');
    if (home.unreachableMs > 0) return { kind: 'unreachable', detail: silenceOf(home) };
    const name = `${home.member.region}/${home.member.member}`;
    const nonce = random.bytes(16);
    const lifetimeMs = Math.min(request.leftMs, limits.forwardAttemptMs);
    const content = encodeRequest({
      ...request.content,
      shard: home.shard,
      service: this.#services.get(name) ?? new Uint8Array(16),
      nonce,
      id: request.id,
      sentMs: clock.nowMs(),
      lifetimeMs: Math.ceil(lifetimeMs),
      leftMs: Math.ceil(request.leftMs),
    });
    const outcome = await transport.ask({
      to: home.member satisfies Addressee,
      topic: FORWARD_TOPIC,
      body: encodeSigned(keys, 'request', content),
      timeoutMs: lifetimeMs,
      signal: request.signal,
    });
    if (outcome.kind === 'no-responders') return { kind: 'unreachable', detail: outcome.detail };
    if (outcome.kind === 'unknown') return outcome;
    if (outcome.kind === 'refused') {
      const { status, detail } = outcome;
      // Nothing of it was looked at: it may be taken in a moment.
      if (status === 'busy') return again(detail);
      return { kind: status === 'failed' ? 'unknown' : 'refused', detail };
    }
    const answer = await this.#open(outcome.parts, { home, nonce });
    return typeof answer === 'string'
      ? { kind: 'unknown', detail: answer }
      : this.#conclude(answer, { name });
  }

  /** What the home has said to this message; a text when that cannot be told. */
  async #open(
    parts: AsyncIterable<Uint8Array>,
    { home, nonce }: { readonly home: HomeAway; readonly nonce: Uint8Array },
  ): Promise<ForwardedAnswer | string> {
    try {
      const bytes = await collect(parts, limits.forwardAnswerBytesMax);
      const { from, content } = openSigned(this.#options.keys, 'answer', bytes);
      const answer = decodeAnswer(content);
      const isOurs = from.region === home.member.region && from.member === home.member.member;
      if (!isOurs || Buffer.compare(answer.nonce, nonce) !== 0) return 'the answer is to something else';
      return answer;
    } catch (error) {
      // Whatever is wrong with an answer, it does not say that nothing was done.
      if (error instanceof MalformedMessage || error instanceof TransportError) return error.message;
      throw error;
    }
  }

  #conclude(answer: ForwardedAnswer, { name }: { readonly name: string }): Attempt {
    const isKnown = Buffer.compare(this.#services.get(name) ?? EMPTY, answer.service) === 0;
    if (!isKnown) this.#services.set(name, answer.service);
    if (answer.kind === 'response') {
      return answer.response.isUnknown
        ? { kind: 'unknown', detail: 'the home cannot tell whether it was carried out' }
        : { kind: 'answered', response: answer.response };
    }
    const { refusal, detail } = answer;
    if (refusal === 'service') return { kind: 'again', detail, isAtOnce: !isKnown };
    if (refusal === 'away') return again(detail);
    return { kind: 'refused', detail };
  }
}

const EMPTY = new Uint8Array(0);

interface Repeated {
  readonly id: Uint8Array;
  readonly leftMs: number;
}

function again(detail: string): Attempt {
  return { kind: 'again', detail, isAtOnce: false };
}

function silenceOf({ unreachableMs }: HomeAway): string {
  return `nothing was heard of it for ${Math.round(unreachableMs / 1000)} s`;
}

function pause(clock: Clock, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(waitMs, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
