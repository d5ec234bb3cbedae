import type { RegionName } from '../../base/mod.ts';
import { KEY_BYTES } from './keys.ts';

/** What somebody needs to join a planet, as one text that is shown once. */
export interface JoinToken {
  /** The name by which it is listed and revoked; no secret. */
  readonly id: string;
  /** Where to ask: the region of whoever made it. */
  readonly region: RegionName;
  /** Seed of the key that whoever joins signs with; the planet keeps only its public half. */
  readonly seed: Uint8Array;
  /** Public key of the planet: answers of nobody else are believed. */
  readonly planetKey: Uint8Array;
}

export const TOKEN_ID = /^[a-z0-9]{8}$/;
const REGION = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const KEY = '[A-Za-z0-9_-]{43}';
const TOKEN = new RegExp(`^antipode1\\.(${REGION})\\.([a-z0-9]{8})\\.(${KEY})\\.(${KEY})$`);

/** `antipode1.<region>.<id>.<secret>.<planet>`: a prefix by which scanners for leaked secrets find it. */
export function textOfToken({ region, id, seed, planetKey }: JoinToken): string {
  return `antipode1.${region}.${id}.${base64url(seed)}.${base64url(planetKey)}`;
}

/** Undefined for what is no token as a whole, such as one that was cut off when it was copied. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, region, id, seed, planetKey] = TOKEN.exec(text.trim()) ?? [];
  if (region === undefined || id === undefined || seed === undefined || planetKey === undefined)
    return undefined;
  const token = {
    region: region as RegionName,
    id,
    seed: Buffer.from(seed, 'base64url'),
    planetKey: Buffer.from(planetKey, 'base64url'),
  };
  return token.seed.length === KEY_BYTES && token.planetKey.length === KEY_BYTES ? token : undefined;
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
