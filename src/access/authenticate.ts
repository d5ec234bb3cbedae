import { hash, timingSafeEqual } from 'node:crypto';
import type { User } from './user.ts';

/** A bearer token that is known by its SHA-256 (hex), so that the server's files do not contain it. */
export interface TokenCredential {
  readonly tokenHash: string;
  readonly user: User;
}

const RECOGNISED_MAX = 64;

/** Turns the credentials of a request into a user; undefined when there are none that count (401). */
export class Authenticator {
  readonly #credentials: readonly { readonly hash: Buffer; readonly user: User }[];
  // Clients send the same header with every request: the last few are recognised without hashing again.
  readonly #recognised = new Map<string, User>();

  constructor(credentials: readonly TokenCredential[]) {
    this.#credentials = credentials.map(({ tokenHash, user }) => ({
      hash: Buffer.from(tokenHash, 'hex'),
      user,
    }));
  }

  /** `authorization` is the header as it was sent; the scheme is case-insensitive (RFC 7235). */
  authenticate(authorization: string | undefined): User | undefined {
    if (authorization === undefined) return undefined;
    const recognised = this.#recognised.get(authorization);
    if (recognised !== undefined) return recognised;
    const token = /^bearer +([^\s]+)$/i.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    const tokenHash = hash('sha256', token, 'buffer');
    for (const credential of this.#credentials) {
      if (credential.hash.length !== tokenHash.length || !timingSafeEqual(credential.hash, tokenHash))
        continue;
      // Spaces and the case of the scheme are the client's to choose: it must not fill our memory with them.
      if (this.#recognised.size >= RECOGNISED_MAX) this.#recognised.clear();
      this.#recognised.set(authorization, credential.user);
      return credential.user;
    }
    return undefined;
  }
}
