import type { RegionName } from '../../base/mod.ts';
import { isCertified, type MemberStatement, memberName } from './member-certificate.ts';
import { contentOf, listRecords, type RecordStore, readRecord, recordKey, recordRow } from './records.ts';
import { base64url } from './token-text.ts';

/** How many members a planet can ever have: member-bound revisions have room for so many numbers, and none is used again. */
export const MEMBERS_MAX = 1024;

/** One member of the planet, as all members know it. */
export interface PlanetMember extends MemberStatement {
  /** By which token it came; absent for the founder. */
  readonly tokenId?: string;
  /** It is no member any more since then; its number stays taken. */
  readonly removedMs?: number;
}

/** A member's record. Keys and signatures are base64url. */
export interface MemberRecord {
  readonly number: number;
  readonly region: string;
  readonly publicKey: string;
  readonly joinedMs: number;
  readonly certificate: string;
  readonly tokenId?: string;
  readonly removedMs?: number;
}

/**
 * The members of a planet, read from this member's replica of the root shard at every question, so that a removal counts
 * as soon as it is here. Records are believed only with the planet's signature: whoever can write to a stream cannot
 * make members.
 */
export class Membership {
  readonly #store: RecordStore;
  readonly #planetKey: Uint8Array;
  // One entry per number, which are bounded: a signature is checked once per version of a record.
  readonly #checked = new Map<
    number,
    { readonly revision: number; readonly member: PlanetMember | undefined }
  >();

  constructor(options: { readonly store: RecordStore; readonly planetKey: Uint8Array }) {
    this.#store = options.store;
    this.#planetKey = options.planetKey;
  }

  /**
   * The member of a number, or of a name (`m3`), if it is one now: with the key by which its signatures are verified.
   * Undefined for whoever was removed, never was, or has a record that the planet did not sign.
   */
  memberOf(who: number | string): PlanetMember | undefined {
    const number = typeof who === 'number' ? who : numberOfName(who);
    const known = number === undefined ? undefined : this.find(number);
    return known?.removedMs === undefined ? known : undefined;
  }

  /** The same, with those that were removed. */
  find(number: number): PlanetMember | undefined {
    if (!Number.isInteger(number) || number < 0 || number >= MEMBERS_MAX) return undefined;
    const row = this.#store.get(recordKey('member', memberName(number)));
    if (row === undefined) return undefined;
    return this.#check(number, row.revision, () => contentOf<MemberRecord>(row).content);
  }

  /** All that there are and were, by number. */
  async list(): Promise<readonly PlanetMember[]> {
    const records = await listRecords<MemberRecord>(this.#store, 'member');
    const members = records.map(({ content, revision }) =>
      this.#check(content.number, revision, () => content),
    );
    return members.filter((member) => member !== undefined).sort((one, other) => one.number - other.number);
  }

  /** Ends a membership, at once where this is stored and elsewhere as it arrives; false where there is none. */
  async remove(number: number, by: { readonly actor: string; readonly nowMs: number }): Promise<boolean> {
    const found = readRecord<MemberRecord>(this.#store, 'member', memberName(number));
    if (found === undefined || found.content.removedMs !== undefined) return false;
    const content: MemberRecord = { ...found.content, removedMs: by.nowMs };
    const name = memberName(number);
    await this.#store.commit({
      mutations: [
        { key: recordKey('member', name), expected: found.revision, row: recordRow(name, content) },
      ],
      actor: by.actor,
      originRegion: '',
    });
    return true;
  }

  /** Asked for every message between members, and all but a few times of a record that has been read and verified. */
  #check(number: number, revision: number, read: () => MemberRecord): PlanetMember | undefined {
    const known = this.#checked.get(number);
    if (known?.revision === revision) return known.member;
    const content = read();
    const member = memberOfRecord(content);
    const isRight =
      member.number === number &&
      isCertified({
        planetKey: this.#planetKey,
        statement: member,
        signature: Buffer.from(content.certificate, 'base64url'),
      });
    const checked = isRight ? member : undefined;
    if (number >= 0 && number < MEMBERS_MAX) this.#checked.set(number, { revision, member: checked });
    return checked;
  }
}

export function memberRecord(
  statement: MemberStatement,
  others: { readonly certificate: Uint8Array; readonly tokenId?: string },
): MemberRecord {
  const { number, region, publicKey, joinedMs } = statement;
  const { certificate, tokenId } = others;
  return {
    number,
    region,
    publicKey: base64url(publicKey),
    joinedMs,
    certificate: base64url(certificate),
    ...(tokenId === undefined ? {} : { tokenId }),
  };
}

function memberOfRecord(record: MemberRecord): PlanetMember {
  const { number, region, publicKey, joinedMs, tokenId, removedMs } = record;
  return {
    number,
    region: region as RegionName,
    publicKey: Buffer.from(publicKey, 'base64url'),
    joinedMs,
    ...(tokenId === undefined ? {} : { tokenId }),
    ...(removedMs === undefined ? {} : { removedMs }),
  };
}

function numberOfName(name: string): number | undefined {
  const [, digits] = /^m(0|[1-9][0-9]{0,3})$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
