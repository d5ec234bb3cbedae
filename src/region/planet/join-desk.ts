import { hash } from 'node:crypto';
import { type Clock, limits, type Random, type RegionName } from '../../base/mod.ts';
import { QuestionRefused } from '../../replication/mod.ts';
import {
  ANSWER_PURPOSE,
  decodeJoinApplication,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinGrant,
  type JoinApplication,
  type JoinRequest,
  MEMBER_PURPOSE,
  type PlanetFile,
  regionOf,
  TOKEN_PURPOSE,
  UnreadableJoin,
} from './join-messages.ts';
import { endOfToken, type JoinTokens, type TokenRecord } from './join-tokens.ts';
import { isSigned, KEY_BYTES, type SigningKey } from './keys.ts';
import { certify, memberName } from './member-certificate.ts';
import { MEMBERS_MAX, type Membership, memberRecord, type PlanetMember } from './membership.ts';
import { type Found, type RecordStore, recordKey, recordRow } from './records.ts';
import { seal } from './sealed-box.ts';
import { shardMutation } from './shard-records.ts';

export interface JoinDeskOptions {
  readonly store: RecordStore;
  readonly planet: SigningKey;
  readonly membership: Membership;
  readonly tokens: JoinTokens;
  /** What all members have alike, secrets included; read anew for each. */
  readonly files: () => Promise<readonly PlanetFile[]>;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: RegionName;
  readonly admitted?: (member: PlanetMember) => void;
}

/**
 * Admits members at the home of the root shard. Who shows a valid token gets a number that nobody had, and everything
 * secret of the planet, sealed so that only they can read it. Asking again with the same key gives the same answer, so
 * that one that was lost costs neither a number nor a use of the token.
 */
export class JoinDesk {
  readonly #options: JoinDeskOptions;
  // One after the other: each takes the number after the last.
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: JoinDeskOptions) {
    this.#options = options;
  }

  /** Throws `QuestionRefused` with what whoever asks has to know, and nothing else. */
  answer(body: Uint8Array): Promise<Uint8Array> {
    const answer = this.#turn.then(() => this.#answer(body));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async #answer(body: Uint8Array): Promise<Uint8Array> {
    const { request, application } = parse(body);
    const token = this.#authenticate(request, application);
    this.#checkClock(application);
    const region = regionOf(application);
    if (region === undefined) throw new QuestionRefused('the name of the region cannot be one');
    const member = await this.#memberFor({ application, token, region });
    return this.#grant(request, application, member);
  }

  /** Unknown tokens and wrong proofs are told alike. */
  #authenticate(request: JoinRequest, application: JoinApplication): Found<TokenRecord> {
    const { application: statement } = request;
    const token = this.#options.tokens.find(application.tokenId);
    const isShown =
      token !== undefined &&
      isSigned({
        publicKey: Buffer.from(token.content.publicKey, 'base64url'),
        purpose: TOKEN_PURPOSE,
        statement,
        signature: request.tokenSignature,
      });
    if (!isShown) throw new QuestionRefused('no such join token: make one with "antipode join-token create"');
    const isOwn =
      application.answerKey.length === KEY_BYTES &&
      isSigned({
        publicKey: application.memberKey,
        purpose: MEMBER_PURPOSE,
        statement,
        signature: request.memberSignature,
      });
    if (!isOwn) throw new QuestionRefused('the key of the member that joins is not its own');
    return token;
  }

  /** A request is not good for later; and a member whose clock is wrong would write into the future. */
  #checkClock({ timeMs }: JoinApplication): void {
    const aheadMs = timeMs - this.#options.clock.nowMs();
    if (Math.abs(aheadMs) <= limits.joinClockMsMax) return;
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    const side = aheadMs > 0 ? 'ahead of' : 'behind';
    throw new QuestionRefused(
      `the clock of the machine that joins is ${seconds} s ${side} the planet's: set it (with NTP), and start again`,
    );
  }

  async #memberFor(request: {
    readonly application: JoinApplication;
    readonly token: Found<TokenRecord>;
    readonly region: RegionName;
  }): Promise<PlanetMember> {
    const { application, token, region } = request;
    const { clock, membership } = this.#options;
    const end = endOfToken(token.content, clock.nowMs());
    if (end === 'revoked' || end === 'expired') throw new QuestionRefused(`the join token ${END[end]}`);
    const members = await membership.list();
    const known = members.find(({ publicKey }) => Buffer.compare(publicKey, application.memberKey) === 0);
    if (known !== undefined) return repeated(known, { ...request, token: token.content });
    if (end !== undefined) throw new QuestionRefused(`the join token ${END[end]}`);
    const wanted = token.content.region;
    if (wanted !== undefined && wanted !== region)
      throw new QuestionRefused(`the join token is for region ${wanted}, not for ${region}`);
    const taken = members.find((member) => member.region === region && member.removedMs === undefined);
    if (taken !== undefined) {
      throw new QuestionRefused(
        `region ${region} has a member (${memberName(taken.number)}), and can have one: choose another --region, or ` +
          `remove it with "antipode member remove ${memberName(taken.number)}"`,
      );
    }
    return this.#admit(request, 1 + Math.max(-1, ...members.map(({ number }) => number)));
  }

  /** Number, key, shard and the use of the token in one commit: after a crash there are all of them, or none. */
  async #admit(
    request: {
      readonly application: JoinApplication;
      readonly token: Found<TokenRecord>;
      readonly region: RegionName;
    },
    number: number,
  ): Promise<PlanetMember> {
    const { application, token, region } = request;
    const { store, planet, clock } = this.#options;
    if (number >= MEMBERS_MAX)
      throw new QuestionRefused(`the planet has had ${MEMBERS_MAX} members, and can have no more`);
    const { id } = token.content;
    const statement = { number, region, publicKey: application.memberKey, joinedMs: clock.nowMs() };
    const name = memberName(number);
    const member = memberRecord(statement, { certificate: certify(planet, statement), tokenId: id });
    const used: TokenRecord = { ...token.content, members: [...token.content.members, number] };
    await store.commit({
      mutations: [
        { key: recordKey('member', name), expected: 0, row: recordRow(name, member) },
        { key: recordKey('join-token', id), expected: token.revision, row: recordRow(id, used) },
        ...shardMutation(store, statement),
      ],
      actor: `system:join-token:${id}`,
      originRegion: this.#options.region,
    });
    const admitted: PlanetMember = { ...statement, tokenId: id };
    this.#options.admitted?.(admitted);
    return admitted;
  }

  async #grant(
    request: JoinRequest,
    application: JoinApplication,
    member: PlanetMember,
  ): Promise<Uint8Array> {
    const { planet, files, random } = this.#options;
    const { number, joinedMs } = member;
    const plaintext = encodeJoinGrant({
      number,
      joinedMs,
      certificate: certify(planet, member),
      planetSeed: planet.seed,
      files: await files(),
    });
    const sealed = seal({ to: application.answerKey, context: request.application, plaintext, random });
    if (sealed === undefined) throw new QuestionRefused('the key for the answer cannot be used');
    return encodeJoinAnswer({
      sealed,
      signature: planet.sign(ANSWER_PURPOSE, answered(request.application, sealed)),
    });
  }
}

/** What the planet signs of an answer: to which question it belongs, and what it is. */
export function answered(application: Uint8Array, sealed: Uint8Array): Uint8Array {
  return Buffer.concat([hash('sha256', application, 'buffer'), sealed]);
}

const END = { revoked: 'was revoked', expired: 'has expired', used: 'is used up' } as const;

function parse(body: Uint8Array): { readonly request: JoinRequest; readonly application: JoinApplication } {
  try {
    const request = decodeJoinRequest(body);
    return { request, application: decodeJoinApplication(request.application) };
  } catch (error) {
    if (error instanceof UnreadableJoin) throw new QuestionRefused(error.message);
    throw error;
  }
}

/** Somebody asks again with the key of a member. */
function repeated(
  member: PlanetMember,
  request: { readonly token: TokenRecord; readonly region: RegionName },
): PlanetMember {
  const name = memberName(member.number);
  if (member.removedMs !== undefined) {
    throw new QuestionRefused(
      `${name} was removed from the planet: join with an empty directory, as a new member`,
    );
  }
  const isSame = member.region === request.region && request.token.members.includes(member.number);
  if (isSame) return member;
  throw new QuestionRefused(
    `the key is that of ${name} in region ${member.region}, which came by another token`,
  );
}
