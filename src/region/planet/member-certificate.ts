import type { RegionName } from '../../base/mod.ts';
import { isSigned, type SigningKey } from './keys.ts';
import { base64url } from './token-text.ts';

/** What the planet vouches for: that the holder of a key is one of its members. */
export interface MemberStatement {
  /** Its number: unique for ever, below 1024. */
  readonly number: number;
  readonly region: RegionName;
  /** Ed25519. */
  readonly publicKey: Uint8Array;
  /** Milliseconds since 1970, by the clock of whoever admitted it. */
  readonly joinedMs: number;
}

const PURPOSE = 'member certificate';

/** The name of a member in subjects, logs and messages. */
export function memberName(number: number): string {
  return `m${number}`;
}

/** Signs a statement with the planet's key. */
export function certify(planet: SigningKey, statement: MemberStatement): Uint8Array {
  return planet.sign(PURPOSE, bytesOf(planet.publicKey, statement));
}

/** Whether the planet has made exactly this statement. */
export function isCertified(options: {
  readonly planetKey: Uint8Array;
  readonly statement: MemberStatement;
  readonly signature: Uint8Array;
}): boolean {
  const { planetKey, statement, signature } = options;
  return isSigned({
    publicKey: planetKey,
    purpose: PURPOSE,
    statement: bytesOf(planetKey, statement),
    signature,
  });
}

// No field may hold a line break: numbers, a region's name and base64url do not.
function bytesOf(planetKey: Uint8Array, statement: MemberStatement): Uint8Array {
  const { number, region, publicKey, joinedMs } = statement;
  return Buffer.from([base64url(planetKey), number, region, base64url(publicKey), joinedMs].join('\n'));
}
