import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Clock, limits } from '../../base/mod.ts';
import { type JsonObject, objectsAt, textAt } from '../../machinery/mod.ts';
import type { VerificationKey } from './service-account-keys.ts';

/** Gets a JSON document of a provider. Throws an `Error` that says why there is none. */
export type FetchDocument = (url: string) => Promise<JsonObject>;

/**
 * The keys of an OIDC provider, fetched when the first token needs them, and again when a token names one that
 * is not there (providers rotate keys) or they are old; but not more often than now and then, whatever tokens
 * come. When a provider does not answer, the keys that are known go on.
 */
export class OidcKeys {
  readonly #issuer: string;
  readonly #fetch: FetchDocument;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #keys: readonly ProviderKey[] = [];
  #fetchedMs: number | undefined;
  #triedMs: number | undefined;
  #fetching: Promise<void> | undefined;
  #failure = 'no keys were fetched yet';

  constructor(options: {
    readonly issuer: string;
    readonly fetch: FetchDocument;
    readonly clock: Pick<Clock, 'monotonicMs'>;
  }) {
    this.#issuer = options.issuer;
    this.#fetch = options.fetch;
    this.#clock = options.clock;
  }

  /** Why there are no keys, for as long as there are none. */
  get failure(): string | undefined {
    return this.#fetchedMs === undefined ? this.#failure : undefined;
  }

  /** The keys that may have signed a token, for use with its algorithm alone. */
  async find(keyId: string | undefined, algorithm: string): Promise<readonly VerificationKey[]> {
    const isOld = this.#ageMs() > limits.oidcKeysAgeMsMax;
    if (isOld || this.#select(keyId, algorithm).length === 0) await this.#refresh();
    return this.#select(keyId, algorithm);
  }

  /** Whether the provider still has a key that a token was verified with. */
  has(key: VerificationKey): boolean {
    return this.#keys.some(({ id, fingerprint }) => id === key.id && fingerprint === fingerprintOf(key.key));
  }

  #select(keyId: string | undefined, algorithm: string): VerificationKey[] {
    const fitting = this.#keys.filter(
      (key) => (keyId === undefined || key.id === keyId) && fits(key, algorithm),
    );
    return fitting.map(({ id, key }) => ({ id, key, algorithm }));
  }

  #ageMs(): number {
    return this.#fetchedMs === undefined ? 0 : this.#clock.monotonicMs() - this.#fetchedMs;
  }

  async #refresh(): Promise<void> {
    if (this.#fetching === undefined) {
      const nowMs = this.#clock.monotonicMs();
      if (this.#triedMs !== undefined && nowMs - this.#triedMs < limits.oidcFetchIntervalMsMin) return;
      this.#triedMs = nowMs;
      this.#fetching = this.#load().finally(() => {
        this.#fetching = undefined;
      });
    }
    // Tokens that come meanwhile wait for the same answer.
    await this.#fetching;
  }

  async #load(): Promise<void> {
    try {
      const configuration = await this.#fetch(
        `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      );
      const issuer = textAt(configuration, 'issuer');
      if (issuer !== this.#issuer) throw new Error(`the provider calls itself ${JSON.stringify(issuer)}`);
      const keysUrl = textAt(configuration, 'jwks_uri');
      if (!keysUrl.startsWith('https://')) throw new Error('the provider has no keys at an https URL');
      const documents = objectsAt(await this.#fetch(keysUrl), 'keys').slice(0, limits.oidcKeysMax);
      this.#keys = documents.flatMap(providerKey);
      this.#fetchedMs = this.#clock.monotonicMs();
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }
}

interface ProviderKey {
  readonly id: string;
  readonly key: KeyObject;
  readonly fingerprint: string;
  /** The only algorithm that the provider uses it with, if it says so. */
  readonly algorithm: string;
}

/** A key that cannot be used is passed over: providers publish others beside those for signatures. */
function providerKey(jwk: JsonObject): ProviderKey[] {
  const use = textAt(jwk, 'use');
  const type = textAt(jwk, 'kty');
  if ((use !== '' && use !== 'sig') || (type !== 'RSA' && type !== 'EC')) return [];
  try {
    const parts = Object.fromEntries(['kty', 'crv', 'x', 'y', 'n', 'e'].map((name) => [name, jwk[name]]));
    const key = createPublicKey({ key: parts as never, format: 'jwk' });
    const fingerprint = fingerprintOf(key);
    return [{ id: textAt(jwk, 'kid'), key, fingerprint, algorithm: textAt(jwk, 'alg') }];
  } catch {
    return [];
  }
}

function fingerprintOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

const CURVES: ReadonlyMap<string, string> = new Map([
  ['ES256', 'prime256v1'],
  ['ES384', 'secp384r1'],
  ['ES512', 'secp521r1'],
]);
const RSA_BITS_MIN = 2048;

function fits({ key, algorithm: only }: ProviderKey, algorithm: string): boolean {
  if (only !== '' && only !== algorithm) return false;
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return /^[RP]S/.test(algorithm) && modulusLength >= RSA_BITS_MIN;
  return namedCurve !== undefined && CURVES.get(algorithm) === namedCurve;
}
