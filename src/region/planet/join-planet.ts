import { type Clock, limits, type Random, type RegionName } from '../../base/mod.ts';
import { type AskOutcome, collect, type Transport } from '../../replication/mod.ts';
import { StartError } from '../start-error.ts';
import { answered } from './join-desk.ts';
import {
  ANSWER_PURPOSE,
  decodeJoinAnswer,
  decodeJoinGrant,
  encodeJoinApplication,
  encodeJoinRequest,
  type JoinGrant,
  MEMBER_PURPOSE,
  TOKEN_PURPOSE,
  UnreadableJoin,
} from './join-messages.ts';
import { AgreementKey, isSigned, KEY_BYTES, SigningKey } from './keys.ts';
import { isCertified } from './member-certificate.ts';
import { open } from './sealed-box.ts';
import type { JoinToken } from './token-text.ts';

/** Questions of members that join, to whoever sequences the root shard. */
export const JOIN_TOPIC = 'join';

export interface JoinOptions {
  readonly transport: Pick<Transport, 'ask'>;
  readonly token: JoinToken;
  readonly region: RegionName;
  /** Who this member will be; kept before it asks, so that asking again costs nothing. */
  readonly member: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Asks to be a member of the token's planet, again while nobody answers. What comes is believed only with the signature
 * of the planet that the token names.
 *
 * @throws {StartError} that says why it was refused, or that nobody answered.
 */
export async function joinPlanet(options: JoinOptions): Promise<JoinGrant> {
  const { clock } = options;
  let problem = '';
  for (let attempt = 0; attempt < limits.joinAttemptsMax; attempt++) {
    if (attempt > 0) await new Promise<void>((resolve) => void clock.after(limits.retryMsMax, resolve));
    const outcome = await askOnce(options);
    if (outcome.kind === 'granted') return outcome.grant;
    if (outcome.kind === 'refused') throw new StartError(`cannot join the planet: ${outcome.detail}`);
    problem = outcome.detail;
  }
  throw new StartError(
    `cannot join the planet: nobody in region ${options.token.region} answers (${problem}); is its member running with ` +
      '--nats, and are the NATS servers of both regions connected?',
  );
}

type Outcome =
  | { readonly kind: 'granted'; readonly grant: JoinGrant }
  | { readonly kind: 'refused' | 'unanswered'; readonly detail: string };

async function askOnce(options: JoinOptions): Promise<Outcome> {
  const { transport, token, region, member, clock, random } = options;
  const answerKey = new AgreementKey(random);
  const application = encodeJoinApplication({
    tokenId: token.id,
    region,
    memberKey: member.publicKey,
    answerKey: answerKey.publicKey,
    timeMs: clock.nowMs(),
  });
  const body = encodeJoinRequest({
    application,
    tokenSignature: new SigningKey(token.seed).sign(TOKEN_PURPOSE, application),
    memberSignature: member.sign(MEMBER_PURPOSE, application),
  });
  const to = { region: token.region };
  const asked = await transport.ask({ to, topic: JOIN_TOPIC, body, timeoutMs: limits.joinTimeoutMs });
  if (asked.kind !== 'answered') return outcomeOf(asked);
  try {
    const answer = decodeJoinAnswer(await collect(asked.parts, limits.joinGrantBytesMax));
    const isOfPlanet = isSigned({
      publicKey: token.planetKey,
      purpose: ANSWER_PURPOSE,
      statement: answered(application, answer.sealed),
      signature: answer.signature,
    });
    if (!isOfPlanet)
      return { kind: 'refused', detail: 'the answer is not from the planet that the token names' };
    const plaintext = open({ key: answerKey, context: application, sealed: answer.sealed });
    if (plaintext === undefined) return { kind: 'refused', detail: 'the answer cannot be opened' };
    return checked(decodeJoinGrant(plaintext), options);
  } catch (error) {
    if (error instanceof UnreadableJoin) return { kind: 'refused', detail: error.message };
    throw error;
  }
}

function outcomeOf(asked: Exclude<AskOutcome, { kind: 'answered' }>): Outcome {
  const isFinal = asked.kind === 'refused' && (asked.status === 'refused' || asked.status === 'unsupported');
  return { kind: isFinal ? 'refused' : 'unanswered', detail: asked.detail };
}

/** What the planet gives must be what it will be held to. */
function checked(grant: JoinGrant, { token, region, member }: JoinOptions): Outcome {
  const { number, joinedMs, certificate, planetSeed } = grant;
  const isPlanet =
    planetSeed.length === KEY_BYTES &&
    Buffer.compare(new SigningKey(planetSeed).publicKey, token.planetKey) === 0;
  const statement = { number, region, publicKey: member.publicKey, joinedMs };
  const isMember = isCertified({ planetKey: token.planetKey, statement, signature: certificate });
  if (isPlanet && isMember) return { kind: 'granted', grant };
  return { kind: 'refused', detail: 'the answer does not hold what makes a member' };
}
