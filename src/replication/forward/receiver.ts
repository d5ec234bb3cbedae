import { hash } from 'node:crypto';
import { type Clock, limits, type Random, type ShardName } from '../../base/mod.ts';
import { type MemberName, QuestionRefused, type ServedQuestion, textOfMember } from '../transport/mod.ts';
import { MalformedMessage } from './fields.ts';
import {
  decodeRequest,
  encodeAnswer,
  encodeContentAlone,
  type ForwardedAnswer,
  type ForwardedRequest,
  type ForwardedResponse,
  type Refusal,
} from './messages.ts';
import { Remembered } from './remembered.ts';
import { encodeSigned, type MemberKeys, openSigned } from './signed.ts';

/** A request that another member has taken, and that this one carries out. */
export interface ReceivedRequest {
  readonly request: ForwardedRequest;
  readonly from: MemberName;
  /** The id, 16 bytes, of what the request commits of an object: see `RequestCommits`. */
  commitIdOf(object: string): Uint8Array;
}

export interface ForwardReceiverOptions {
  readonly keys: MemberKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether this member sequences a shard's log now. */
  isHome(shard: ShardName): boolean;
  /** Carries a request out as if it had come here, and resolves when nothing of it is at work any more. */
  carryOut(received: ReceivedRequest): Promise<ForwardedResponse>;
}

/**
 * Carries out what other members forward, each message and each request once: who is no member is refused, and so is a
 * message that was sent to another process, too long ago, or before.
 */
export class ForwardReceiver {
  readonly #options: ForwardReceiverOptions;
  readonly #service: Uint8Array;
  readonly #remembered: Remembered;

  constructor(options: ForwardReceiverOptions) {
    this.#options = options;
    this.#service = options.random.bytes(16);
    this.#remembered = new Remembered(options.clock);
  }

  /** Answers a question on `FORWARD_TOPIC`. Whoever is no member hears that, and nothing that is signed. */
  readonly answer = async (question: ServedQuestion): Promise<Uint8Array> => {
    const { keys } = this.#options;
    let opened: ReturnType<typeof openSigned>;
    let request: ForwardedRequest;
    try {
      opened = openSigned(keys, 'request', question.body);
      request = decodeRequest(opened.content);
    } catch (error) {
      if (error instanceof MalformedMessage) throw new QuestionRefused(error.message);
      throw error;
    }
    const answer = await this.#answer(request, opened.from);
    return encodeSigned(keys, 'answer', encodeAnswer(answer));
  };

  async #answer(request: ForwardedRequest, from: MemberName): Promise<ForwardedAnswer> {
    const head = { nonce: request.nonce, service: this.#service };
    const refused = this.#refusalOf(request, from);
    if (refused !== undefined) return { kind: 'refused', ...head, ...refused };
    const { id, digest, seed } = identityOf(request, from);
    // As often as the one that was waited for came to nothing: the next one is carried out by one of those who waited.
    for (let run = this.#remembered.run(id); run !== undefined; run = this.#remembered.run(id)) {
      if (run.digest !== digest) {
        return { kind: 'refused', ...head, refusal: 'denied', detail: 'its id is that of another request' };
      }
      const first = await run.response;
      if (first !== undefined) return { kind: 'response', ...head, response: first };
      // What was refused then may be allowed now: nobody is told another answer than the first.
      if (this.#remembered.isDropped(id)) return { kind: 'response', ...head, response: NOT_KNOWN };
    }
    const commitIdOf = (object: string) =>
      new Uint8Array(hash('sha256', Buffer.concat([seed, Buffer.from(object)]), 'buffer').subarray(0, 16));
    const carriedOut = this.#options.carryOut({ request, from, commitIdOf });
    const response = await this.#remembered.begin(id, digest, carriedOut);
    return { kind: 'response', ...head, response };
  }

  #refusalOf(
    request: ForwardedRequest,
    from: MemberName,
  ): { readonly refusal: Refusal; readonly detail: string } | undefined {
    const { clock } = this.#options;
    if (Buffer.compare(request.service, this.#service) !== 0) {
      return { refusal: 'service', detail: 'it was sent to another process of this home' };
    }
    if (request.nonce.length !== 16 || request.id.length !== 16) {
      return { refusal: 'denied', detail: 'its ids do not have 16 bytes' };
    }
    const aheadMs = request.sentMs - clock.nowMs();
    const isLongLived = request.lifetimeMs > limits.forwardAttemptMs;
    if (
      isLongLived ||
      aheadMs > limits.forwardClockMs ||
      -aheadMs > request.lifetimeMs + limits.forwardClockMs
    ) {
      const detail = `the clock of ${textOfMember(from)} and that of this home are ${Math.abs(aheadMs)} ms apart, or it was under way for that long`;
      return { refusal: 'clock', detail };
    }
    if (this.#remembered.isFull) return { refusal: 'busy', detail: 'too many requests were forwarded here' };
    if (!this.#remembered.isNew(request.nonce)) return { refusal: 'replayed', detail: 'it has come before' };
    if (this.#options.isHome(request.shard)) return undefined;
    return { refusal: 'away', detail: `the home of shard ${request.shard} is not here` };
  }
}

const NOT_KNOWN: ForwardedResponse = {
  status: 504,
  headers: [],
  body: new Uint8Array(0),
  revision: 0,
  shownRevisions: [],
  isUnknown: true,
};

/** A request is what its member calls by an id and all that it asks for: two different ones share nothing. */
function identityOf(request: ForwardedRequest, from: MemberName) {
  const digest = hash('sha256', encodeContentAlone(request), 'hex');
  const id = `${textOfMember(from)} ${Buffer.from(request.id).toString('hex')}`;
  return { id, digest, seed: Buffer.from(`${id} ${digest} `) };
}
