import { limits, type Random, type ShardName } from '../../base/mod.ts';
import { collect, QuestionRefused, type ServedQuestion, TransportError } from '../transport/mod.ts';
import { MalformedMessage } from './fields.ts';
import type { Asking, HomeAway } from './forwarder.ts';
import {
  type Confirmed,
  decodeConfirmed,
  decodeConfirmQuestion,
  encodeConfirmed,
  encodeConfirmQuestion,
} from './messages.ts';
import { encodeSigned, type MemberKeys, openSigned } from './signed.ts';

/** On this topic homes say up to where their logs count. */
export const CONFIRM_TOPIC = 'confirm';

export type Confirmation =
  | { readonly kind: 'confirmed'; readonly revision: number }
  | { readonly kind: 'unconfirmed'; readonly detail: string };

const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * Asks homes up to where their logs count. Whoever has that much has all that was acknowledged anywhere before it asked, so
 * that a replica answers as its home would, and no data comes from afar. Questions that wait at the same time are one.
 */
export class Confirmer {
  readonly #options: { readonly transport: Asking; readonly keys: MemberKeys; readonly random: Random };
  readonly #asked = new Map<ShardName, Promise<Confirmation>>();
  readonly #next = new Map<ShardName, Promise<Confirmation>>();

  constructor(options: { readonly transport: Asking; readonly keys: MemberKeys; readonly random: Random }) {
    this.#options = options;
  }

  /** The question is put after this is called: what was acknowledged before has been confirmed. */
  confirm(home: HomeAway): Promise<Confirmation> {
    const underWay = this.#asked.get(home.shard);
    if (underWay === undefined) return this.#ask(home);
    let next = this.#next.get(home.shard);
    if (next === undefined) {
      next = underWay.then(() => {
        this.#next.delete(home.shard);
        return this.#ask(home);
      });
      this.#next.set(home.shard, next);
    }
    return next;
  }

  #ask(home: HomeAway): Promise<Confirmation> {
    const asked = this.#askOnce(home).finally(() => {
      if (this.#asked.get(home.shard) === asked) this.#asked.delete(home.shard);
    });
    this.#asked.set(home.shard, asked);
    return asked;
  }

  async #askOnce({ shard, member, unreachableMs }: HomeAway): Promise<Confirmation> {
    const { transport, keys, random } = this.#options;
    const unconfirmed = (detail: string): Confirmation => ({ kind: 'unconfirmed', detail });
    if (unreachableMs > 0) {
      return unconfirmed(`nothing was heard of it for ${Math.round(unreachableMs / 1000)} s`);
    }
    const nonce = random.bytes(16);
    try {
      const outcome = await transport.ask({
        to: member,
        topic: CONFIRM_TOPIC,
        body: encodeSigned(keys, 'confirm', encodeConfirmQuestion({ nonce, shard })),
        timeoutMs: limits.homeSilenceMs,
      });
      if (outcome.kind !== 'answered') return unconfirmed(outcome.detail);
      const bytes = await collect(outcome.parts, ANSWER_BYTES_MAX);
      const { from, content } = openSigned(keys, 'confirmed', bytes);
      const confirmed = decodeConfirmed(content);
      const isOurs = from.region === member.region && from.member === member.member;
      if (!isOurs || Buffer.compare(confirmed.nonce, nonce) !== 0) {
        return unconfirmed('the answer is to something else');
      }
      if (confirmed.refusal !== '') return unconfirmed(confirmed.detail);
      return { kind: 'confirmed', revision: confirmed.revision };
    } catch (error) {
      if (error instanceof MalformedMessage || error instanceof TransportError)
        return unconfirmed(error.message);
      throw error;
    }
  }
}

export interface ConfirmingOptions {
  readonly keys: MemberKeys;
  isHome(shard: ShardName): boolean;
  /** Makes sure that this member is still the home: rejects when its voters do not say so. */
  confirmEpoch(shard: ShardName): Promise<void>;
  /** Up to where all is durable, has met its goal and is visible. */
  revisionOf(shard: ShardName): number;
}

/** Answers questions on {@link CONFIRM_TOPIC}. */
export function answerConfirm(options: ConfirmingOptions) {
  return async (question: ServedQuestion): Promise<Uint8Array> => {
    const { keys } = options;
    try {
      const asked = decodeConfirmQuestion(openSigned(keys, 'confirm', question.body).content);
      const confirmed = await confirm(options, asked.shard);
      return encodeSigned(keys, 'confirmed', encodeConfirmed({ ...confirmed, nonce: asked.nonce }));
    } catch (error) {
      if (error instanceof MalformedMessage) throw new QuestionRefused(error.message);
      throw error;
    }
  };
}

async function confirm(options: ConfirmingOptions, shard: ShardName): Promise<Omit<Confirmed, 'nonce'>> {
  if (!options.isHome(shard)) {
    return { refusal: 'away', detail: `the home of shard ${shard} is not here`, revision: 0 };
  }
  // Read before: whoever became the home meanwhile may have acknowledged more, but not before the question came.
  const revision = options.revisionOf(shard);
  try {
    await options.confirmEpoch(shard);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { refusal: 'unconfirmed', detail, revision: 0 };
  }
  return { refusal: '', detail: '', revision };
}
