import type { Clock, Random } from '../../base/mod.ts';
import { type JsonObject, objectOf } from '../../machinery/mod.ts';
import { type LegacyClaims, legacyClaimsObject } from './legacy-claims.ts';
import { type BoundSecret, claimsObject, type ServiceAccount } from './service-account-claims.ts';
import { jwkOf, type SigningKey, type VerificationKey } from './service-account-keys.ts';
import { signToken } from './signed-token.ts';

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresMs: number;
}

/** Issues the tokens of service accounts, and publishes what others verify them with. */
export class ServiceAccountIssuer {
  readonly #issuer: string;
  readonly #signingKey: SigningKey;
  readonly #keys: readonly VerificationKey[];
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #random: Random;
  readonly #keysUrl: () => string;

  constructor(options: {
    readonly issuer: string;
    readonly signingKey: SigningKey;
    /** All keys whose tokens are accepted. */
    readonly keys: readonly VerificationKey[];
    readonly clock: Pick<Clock, 'nowMs'>;
    readonly random: Random;
    /** Where {@link keySet} is served; known once the server listens. */
    readonly keysUrl: () => string;
  }) {
    this.#issuer = options.issuer;
    this.#signingKey = options.signingKey;
    this.#keys = options.keys;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#keysUrl = options.keysUrl;
  }

  async issue(request: {
    readonly account: ServiceAccount;
    readonly secret: BoundSecret | undefined;
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
  }): Promise<IssuedToken> {
    const now = Math.floor(this.#clock.nowMs() / 1_000);
    const expiry = now + request.expirationSeconds;
    const claims = { ...request, issuedAt: now, notBefore: now, expiry, id: this.#random.uuid() };
    const token = await signToken(claimsObject(claims, this.#issuer), this.#signingKey);
    return { token, expiresMs: expiry * 1_000 };
  }

  /** A token without end, for a Secret. */
  issueLegacy(claims: LegacyClaims): Promise<string> {
    return signToken(legacyClaimsObject(claims), this.#signingKey);
  }

  /** OpenID Connect Discovery 1.0, as much of it as Kubernetes serves. */
  discovery(): JsonObject {
    return objectOf({
      issuer: this.#issuer,
      jwks_uri: this.#keysUrl(),
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [
        ...new Set(this.#keys.map(({ algorithm }) => algorithm)),
      ].sort(),
    });
  }

  /** RFC 7517. */
  keySet(): JsonObject {
    return objectOf({ keys: this.#keys.map(jwkOf) });
  }
}
