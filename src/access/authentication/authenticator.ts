import { type Clock, limits, WeightedCache } from '../../base/mod.ts';
import { ANONYMOUS_USER, UNAUTHENTICATED_GROUP } from '../groups.ts';
import type { User } from '../user.ts';
import { bearerToken } from './bearer-token.ts';
import { certificateUser } from './client-certificates.ts';
import {
  type Credentials,
  InvalidCredential,
  type TokenAuthenticator,
  type VerifiedToken,
} from './credentials.ts';

export interface AuthenticatorOptions {
  /** The kinds of tokens, in the order in which they are asked. */
  readonly tokens: readonly TokenAuthenticator[];
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Whom a token must be for, one of them, unless an access review says otherwise. */
  readonly audiences: readonly string[];
  /** Whether a request without credentials is that of `system:anonymous`. */
  readonly allowsAnonymous: boolean;
}

/** Whom a token stands for, and which of the wanted audiences it is for. */
export interface IdentifiedToken {
  readonly user: User;
  readonly audiences: readonly string[];
}

const ANONYMOUS: User = { name: ANONYMOUS_USER, uid: '', groups: [UNAUTHENTICATED_GROUP], extra: {} };

/** What upstream says of a token that nobody knows. */
export const INVALID_TOKEN = new InvalidCredential('invalid bearer token');

/**
 * Turns the credentials of a request into a user, in upstream's order: client certificate, then the kinds of
 * tokens. The first that knows who it is wins. A credential that was presented and is no good is refused,
 * also where a request without any would be let in as anonymous.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  // By the whole header: clients send the same one with every request. What was found wrong is not remembered,
  // so that nobody can push out what was found right.
  readonly #verified = new WeightedCache<Remembered>({
    weightMax: limits.verifiedTokensBytesMax,
    weigh: ({ bytes }) => bytes,
  });

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Whom a token is for that was asked for without saying whom. */
  get audiences(): readonly string[] {
    return this.#options.audiences;
  }

  /** Undefined means 401. Answers at once, without a promise, wherever nothing has to be verified. */
  authenticate(credentials: Credentials): User | undefined | Promise<User | undefined> {
    const { authorization, certificate } = credentials;
    let isRefused = false;
    if (certificate !== undefined) {
      const user = certificateUser(certificate, this.#options.clock.nowMs());
      if (user !== undefined && !(user instanceof InvalidCredential)) return user;
      isRefused = user !== undefined;
    }
    if (authorization === undefined) return isRefused ? undefined : this.#anonymous();
    const remembered = this.#verified.get(authorization);
    if (remembered !== undefined) {
      const user = remembered.token.identify();
      if (!(user instanceof InvalidCredential)) return user;
      // It may still be good for another reason, such as a provider's new key of the same name.
      this.#verified.delete(authorization);
    }
    const token = bearerToken(authorization);
    if (token === undefined) return isRefused ? undefined : this.#anonymous();
    const verified = this.#verify(token);
    if (verified instanceof Promise) return verified.then((found) => this.#accept(authorization, found));
    return this.#accept(authorization, verified);
  }

  /** For access reviews: whom a token stands for, if it is for one of the audiences. */
  async review(
    token: string,
    audiences: readonly string[] = this.#options.audiences,
  ): Promise<IdentifiedToken | InvalidCredential> {
    // As if it had come in a header.
    const presented = bearerToken(`Bearer ${token}`);
    if (presented === undefined) return INVALID_TOKEN;
    const verified = await this.#verify(presented);
    if (verified instanceof InvalidCredential) return verified;
    const common = this.#commonAudiences(verified, audiences);
    if (common.length === 0) return wrongAudience(verified, audiences);
    const user = verified.identify();
    return user instanceof InvalidCredential ? summaryOf([user]) : { user, audiences: common };
  }

  #anonymous(): User | undefined {
    return this.#options.allowsAnonymous ? ANONYMOUS : undefined;
  }

  #accept(authorization: string, verified: VerifiedToken | InvalidCredential): User | undefined {
    if (verified instanceof InvalidCredential) return undefined;
    if (this.#commonAudiences(verified, this.#options.audiences).length === 0) return undefined;
    const user = verified.identify();
    if (user instanceof InvalidCredential) return undefined;
    const bytes = REMEMBERED_BYTES + 2 * authorization.length;
    this.#verified.getOrCompute(authorization, () => ({ token: verified, bytes }));
    return user;
  }

  #commonAudiences(token: VerifiedToken, wanted: readonly string[]): readonly string[] {
    const own = token.audiences ?? this.#options.audiences;
    return wanted.filter((audience) => own.includes(audience));
  }

  #verify(token: string): VerifiedToken | InvalidCredential | Promise<VerifiedToken | InvalidCredential> {
    if (token.length > limits.tokenBytesMax) return INVALID_TOKEN;
    return this.#ask(token, { from: 0, refusals: [] });
  }

  /** Asks one kind after the other; becomes a promise with the first that needs one. */
  #ask(
    token: string,
    { from, refusals }: { readonly from: number; readonly refusals: readonly InvalidCredential[] },
  ): VerifiedToken | InvalidCredential | Promise<VerifiedToken | InvalidCredential> {
    const authenticator = this.#options.tokens[from];
    if (authenticator === undefined) return summaryOf(refusals);
    const found = authenticator.verify(token);
    const goOn = (known: Awaited<typeof found>) => {
      if (known !== undefined && !(known instanceof InvalidCredential)) return known;
      const more = known === undefined ? refusals : [...refusals, known];
      return this.#ask(token, { from: from + 1, refusals: more });
    };
    return found instanceof Promise ? found.then(goOn) : goOn(found);
  }
}

interface Remembered {
  readonly token: VerifiedToken;
  readonly bytes: number;
}

// A map entry, a closure, claims and a user.
const REMEMBERED_BYTES = 1_024;

/** What upstream says when those that know the kind of token refuse it. */
function summaryOf(refusals: readonly InvalidCredential[]): InvalidCredential {
  if (refusals.length === 0) return INVALID_TOKEN;
  const reasons = refusals.map(({ reason }) => reason);
  return new InvalidCredential(`[${[INVALID_TOKEN.reason, ...reasons].join(', ')}]`);
}

function wrongAudience(token: VerifiedToken, wanted: readonly string[]): InvalidCredential {
  if (token.audiences === undefined) return INVALID_TOKEN;
  const quoted = (audiences: readonly string[]) =>
    `[${audiences.map((text) => JSON.stringify(text)).join(' ')}]`;
  const reason = `token audiences ${quoted(token.audiences)} is invalid for the target audiences ${quoted(wanted)}`;
  return summaryOf([new InvalidCredential(reason)]);
}
