import { hash } from 'node:crypto';
import type { Clock, Random, RegionName } from '../../base/mod.ts';
import { SigningKey } from './keys.ts';
import { type Found, listRecords, type RecordStore, readRecord, recordKey, recordRow } from './records.ts';
import { base64url, TOKEN_ID, textOfToken } from './token-text.ts';

/** A token that lies around for a year is a password; make a new one. */
const TOKEN_TTL_MS_MAX = 30 * 24 * 60 * 60 * 1000;
/** Listing and checking read them all; whoever makes more forgets to revoke. */
export const TOKENS_MAX = 256;

/** What the planet keeps of a token: nothing by which anybody could join. */
export interface TokenRecord {
  readonly id: string;
  /** Public half of the token's key, base64url. */
  readonly publicKey: string;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly expiresMs: number;
  readonly usesMax: number;
  /** Numbers of the members that came by it. */
  readonly members: readonly number[];
  /** Only members of this region; of whichever, without. */
  readonly region?: string;
  readonly revokedMs?: number;
}

export interface TokenWish {
  readonly ttlMs: number;
  readonly usesMax: number;
  readonly region?: RegionName;
  readonly actor: string;
}

/** A token whose secret is with whoever asks for it: only its public half comes to where it is kept. */
export interface KeyedTokenWish extends TokenWish {
  readonly publicKey: Uint8Array;
}

/** There is no room for another token. */
export class TooManyTokens extends Error {
  override readonly name = 'TooManyTokens';
}

/** The tokens by which members join. Kept in the root shard; changed at its home alone. */
export class JoinTokens {
  readonly #options: {
    readonly store: RecordStore;
    readonly clock: Clock;
    readonly random: Random;
    readonly region: RegionName;
    readonly planetKey: Uint8Array;
  };

  constructor(options: {
    readonly store: RecordStore;
    readonly clock: Clock;
    readonly random: Random;
    /** Where whoever joins is to ask. */
    readonly region: RegionName;
    readonly planetKey: Uint8Array;
  }) {
    this.#options = options;
  }

  /** Makes a token. Its text is known to nobody but whom this is returned to. */
  async create(wish: TokenWish): Promise<{ readonly text: string; readonly record: TokenRecord }> {
    const key = SigningKey.create(this.#options.random);
    const record = await this.add({ ...wish, publicKey: key.publicKey });
    return { text: this.textOf(record.id, key), record };
  }

  /** Writes down a token. Its id follows from its key, so that asking again for the same one gives the same one. */
  async add(wish: KeyedTokenWish): Promise<TokenRecord> {
    const { store, clock, region } = this.#options;
    const nowMs = clock.nowMs();
    const id = idOf(wish.publicKey);
    const publicKey = base64url(wish.publicKey);
    const known = this.find(id)?.content;
    if (known !== undefined && known.publicKey === publicKey) return known;
    await this.#forgetOld(nowMs, wish.actor);
    const record: TokenRecord = {
      id,
      publicKey,
      createdMs: nowMs,
      createdBy: wish.actor,
      expiresMs: nowMs + wish.ttlMs,
      usesMax: wish.usesMax,
      members: [],
      ...(wish.region === undefined ? {} : { region: wish.region }),
    };
    await store.commit({
      mutations: [{ key: recordKey('join-token', id), expected: 0, row: recordRow(id, record) }],
      actor: wish.actor,
      originRegion: region,
    });
    return record;
  }

  /** What is given to whoever joins; they ask this member's region first. */
  textOf(id: string, { seed }: Pick<SigningKey, 'seed'>): string {
    const { region, planetKey } = this.#options;
    return textOfToken({ region, id, seed, planetKey });
  }

  find(id: string): Found<TokenRecord> | undefined {
    return TOKEN_ID.test(id) ? readRecord<TokenRecord>(this.#options.store, 'join-token', id) : undefined;
  }

  /** Newest first. */
  async list(): Promise<readonly TokenRecord[]> {
    const found = await listRecords<TokenRecord>(this.#options.store, 'join-token');
    return found.map(({ content }) => content).sort((one, other) => other.createdMs - one.createdMs);
  }

  /** Nobody joins by it from now on; false for one that there is not. Revoking again changes nothing. */
  async revoke(id: string, actor: string): Promise<boolean> {
    const found = this.find(id);
    if (found === undefined) return false;
    if (found.content.revokedMs !== undefined) return true;
    const record: TokenRecord = { ...found.content, revokedMs: this.#options.clock.nowMs() };
    await this.#options.store.commit({
      mutations: [{ key: recordKey('join-token', id), expected: found.revision, row: recordRow(id, record) }],
      actor,
      originRegion: this.#options.region,
    });
    return true;
  }

  /** Frees the records of tokens that ended as long ago as one may live, so that who came by which can be seen till then. */
  async #forgetOld(nowMs: number, actor: string): Promise<void> {
    const { store, region } = this.#options;
    const found = await listRecords<TokenRecord>(store, 'join-token');
    const old = found.filter(({ content }) => content.expiresMs + TOKEN_TTL_MS_MAX < nowMs);
    if (found.length - old.length >= TOKENS_MAX) {
      throw new TooManyTokens(`there are ${TOKENS_MAX} join tokens: wait until some of them have expired`);
    }
    if (old.length === 0) return;
    const mutations = old.map(({ content, revision }) => ({
      key: recordKey('join-token', content.id),
      expected: revision,
    }));
    await store.commit({ mutations, actor, originRegion: region });
  }
}

/** Why nobody can join by it now; undefined while somebody can. */
export function endOfToken(record: TokenRecord, nowMs: number): 'revoked' | 'expired' | 'used' | undefined {
  if (record.revokedMs !== undefined) return 'revoked';
  if (nowMs >= record.expiresMs) return 'expired';
  return record.members.length >= record.usesMax ? 'used' : undefined;
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 8;

function idOf(publicKey: Uint8Array): string {
  const digest = hash('sha256', publicKey, 'buffer').subarray(0, ID_LENGTH);
  return [...digest].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]).join('');
}
