import type { Clock } from '../../base/mod.ts';
import { builtinDefinition, collectionOf } from '../../definitions/mod.ts';
import { isObject, objectAt, parseJson, textAt } from '../../machinery/mod.ts';
import type { ObjectKey, Row } from '../../store/mod.ts';
import type { User } from '../user.ts';
import { InvalidCredential, type TokenAuthenticator, type Verification } from './credentials.ts';
import { LEGACY_ISSUER, type LegacyClaims, parseLegacyClaims } from './legacy-claims.ts';
import {
  parseClaims,
  type ServiceAccount,
  type ServiceAccountClaims,
  serviceAccountUser,
} from './service-account-claims.ts';
import type { VerificationKey } from './service-account-keys.ts';
import { readToken, verifySignature } from './signed-token.ts';

export interface ServiceAccountTokensOptions {
  readonly issuers: readonly string[];
  readonly keys: readonly VerificationKey[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly read: (key: ObjectKey) => Row | undefined;
}

/** What clocks may differ by, as upstream. */
const LEEWAY_SECONDS = 60;
/** A service account that is being deleted keeps its tokens this long, so that what runs as it can end. */
const DELETION_GRACE_MS = 60_000;

/**
 * Tokens of service accounts: those of TokenRequest, and those in Secrets. A signature is verified once;
 * whether the account and what the token is bound to still exist is asked with every request.
 */
export function serviceAccountTokens(options: ServiceAccountTokensOptions): TokenAuthenticator {
  return {
    verify(token) {
      const unverified = readToken(token);
      if (unverified === undefined) return undefined;
      const issuer = textAt(unverified.claims, 'iss');
      const isLegacy = issuer === LEGACY_ISSUER;
      if (!isLegacy && !options.issuers.includes(issuer)) return undefined;
      const { keyId } = unverified;
      // A token without the name of a key may be by any of them, as upstream.
      const keys = options.keys.filter(({ id }) => keyId === undefined || id === keyId);
      return verify(options, { token, keys, isLegacy });
    },
  };
}

async function verify(
  options: ServiceAccountTokensOptions,
  presented: {
    readonly token: string;
    readonly keys: readonly VerificationKey[];
    readonly isLegacy: boolean;
  },
): Promise<Verification> {
  const { token, keys, isLegacy } = presented;
  const object = await verifySignature(token, keys);
  if (object instanceof InvalidCredential) return object;
  if (isLegacy) {
    const legacy = parseLegacyClaims(object);
    return legacy === undefined ? NO_ACCOUNT : legacyToken(options, legacy, token);
  }
  const claims = parseClaims(object);
  return claims === undefined ? NO_ACCOUNT : boundToken(options, claims);
}

function boundToken(options: ServiceAccountTokensOptions, claims: ServiceAccountClaims): Verification {
  const { account, secret, expiry, notBefore } = claims;
  const user = serviceAccountUser(account, claims.id);
  const accountKey = keyOf('serviceaccounts', account, account.name);
  const secretKey = secret === undefined ? undefined : keyOf('secrets', account, secret.name);
  const accountLife = new Life();
  const secretLife = new Life();
  return {
    audiences: claims.audiences,
    identify(): User | InvalidCredential {
      const nowMs = options.clock.nowMs();
      if (nowMs >= (expiry + LEEWAY_SECONDS) * 1_000) return EXPIRED;
      if (nowMs < (notBefore - LEEWAY_SECONDS) * 1_000) return NOT_YET_VALID;
      const row = options.read(accountKey);
      if (row === undefined || row.uid !== account.uid) return missingAccount(account, row);
      if (nowMs >= accountLife.endMs(row)) return INVALIDATED;
      if (secretKey === undefined) return user;
      const bound = options.read(secretKey);
      if (bound === undefined || bound.uid !== secret?.uid) return INVALIDATED;
      return nowMs >= secretLife.endMs(bound) ? INVALIDATED : user;
    },
  };
}

/** A token that lies in a Secret, and counts as long as it does. */
function legacyToken(
  options: ServiceAccountTokensOptions,
  { account, secret }: LegacyClaims,
  token: string,
): Verification {
  const user = serviceAccountUser(account, '');
  const accountKey = keyOf('serviceaccounts', account, account.name);
  const secretKey = keyOf('secrets', account, secret);
  const accountLife = new Life();
  let held: { readonly revision: number; readonly isHeld: boolean } | undefined;
  return {
    audiences: undefined,
    identify() {
      const row = options.read(accountKey);
      if (row === undefined || row.uid !== account.uid) return missingAccount(account, row);
      if (options.clock.nowMs() >= accountLife.endMs(row)) return INVALIDATED;
      const secretRow = options.read(secretKey);
      if (secretRow === undefined) return INVALIDATED;
      if (held?.revision !== secretRow.revision) {
        held = { revision: secretRow.revision, isHeld: holdsToken(secretRow, token) };
      }
      return held.isHeld ? user : INVALIDATED;
    },
  };
}

/** Set by whoever finds that a token in a Secret is not used any more: it must not work from then on. */
const INVALID_SINCE_LABEL = 'kubernetes.io/legacy-token-invalid-since';

function holdsToken(row: Row, token: string): boolean {
  if (row.labels[INVALID_SINCE_LABEL] !== undefined) return false;
  const secret = parseJson(row.json).value;
  if (!isObject(secret) || textAt(objectAt(secret, 'metadata'), 'deletionTimestamp') !== '') return false;
  const stored = textAt(objectAt(secret, 'data'), 'token');
  return Buffer.from(stored, 'base64').equals(Buffer.from(token));
}

/** When an object ends that is being deleted; it is looked for once in each state of the object. */
class Life {
  #revision = -1;
  #endMs = Number.POSITIVE_INFINITY;

  endMs(row: Row): number {
    if (row.revision !== this.#revision) {
      this.#revision = row.revision;
      this.#endMs = endOf(row);
    }
    return this.#endMs;
  }
}

function endOf({ json }: Row): number {
  if (!json.includes('"deletionTimestamp"')) return Number.POSITIVE_INFINITY;
  const object = parseJson(json).value;
  const deleted = textAt(isObject(object) ? objectAt(object, 'metadata') : undefined, 'deletionTimestamp');
  return deleted === '' ? Number.POSITIVE_INFINITY : Date.parse(deleted) + DELETION_GRACE_MS;
}

function keyOf(resource: string, { cluster, namespace }: ServiceAccount, name: string): ObjectKey {
  return { ...collectionOf(cluster, builtinDefinition('', resource)!), namespace, name };
}

function missingAccount({ name, uid }: ServiceAccount, row: Row | undefined): InvalidCredential {
  if (row === undefined) return new InvalidCredential(`serviceaccounts "${name}" not found`);
  return new InvalidCredential(`service account UID (${row.uid}) does not match claim (${uid})`);
}

const NO_ACCOUNT = new InvalidCredential('the token names no service account');
const EXPIRED = new InvalidCredential('service account token has expired');
const NOT_YET_VALID = new InvalidCredential('service account token is not valid yet');
const INVALIDATED = new InvalidCredential('service account token has been invalidated');
