import { hash, timingSafeEqual } from 'node:crypto';
import type { User } from '../user.ts';
import type { TokenAuthenticator } from './credentials.ts';

/** A bearer token that is known by its SHA-256 (hex), so that the server's files do not contain it. */
export interface TokenCredential {
  readonly tokenHash: string;
  readonly user: User;
}

/** Tokens that an operator chose: the administrators' and those of a token file. */
export function staticTokens(credentials: readonly TokenCredential[]): TokenAuthenticator {
  // The first 8 bytes of a hash find the candidate: who does not know a token learns nothing from how long
  // that takes, and the whole hash is compared in constant time.
  const known = new Map<string, { readonly hash: Buffer; readonly user: User }[]>();
  for (const { tokenHash, user } of credentials) {
    const prefix = tokenHash.slice(0, PREFIX_DIGITS);
    const same = known.get(prefix) ?? [];
    known.set(prefix, [...same, { hash: Buffer.from(tokenHash, 'hex'), user }]);
  }
  return {
    verify(token) {
      const tokenHash = hash('sha256', token, 'buffer');
      for (const candidate of known.get(tokenHash.toString('hex', 0, PREFIX_DIGITS / 2)) ?? []) {
        if (candidate.hash.length !== tokenHash.length) continue;
        if (!timingSafeEqual(candidate.hash, tokenHash)) continue;
        const { user } = candidate;
        return { audiences: undefined, identify: () => user };
      }
      return undefined;
    },
  };
}

const PREFIX_DIGITS = 16;
