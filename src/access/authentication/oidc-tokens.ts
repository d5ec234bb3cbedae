import type { Clock } from '../../base/mod.ts';
import { type JsonObject, textAt } from '../../machinery/mod.ts';
import { AUTHENTICATED_GROUP } from '../groups.ts';
import type { User } from '../user.ts';
import { InvalidCredential, type TokenAuthenticator, type Verification } from './credentials.ts';
import { type FetchDocument, OidcKeys } from './oidc-keys.ts';
import { groupsOfStranger, isOfSystem } from './outside-groups.ts';
import { readToken, type UnverifiedToken, verifySignature } from './signed-token.ts';
import { CREDENTIAL_ID_EXTRA } from './user-extras.ts';

/** Algorithms that a provider may sign with; all of them have a public key. */
export const OIDC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
] as const;

/** An OIDC provider, and how its users are called here. */
export interface OidcProvider {
  readonly issuer: string;
  /** The client that tokens must be for. */
  readonly clientId: string;
  readonly usernameClaim: string;
  /** Undefined: the issuer and `#`, unless the claim is `email`; `-`: none. */
  readonly usernamePrefix: string | undefined;
  readonly groupsClaim: string | undefined;
  readonly groupsPrefix: string;
  /** Claims that tokens must have, with exactly these values. */
  readonly requiredClaims: Readonly<Record<string, string>>;
  readonly algorithms: readonly string[];
}

/** What clocks may differ by where a token is not valid yet, as upstream; none where it has expired. */
const NOT_BEFORE_LEEWAY_MS = 5 * 60_000;

/**
 * ID tokens of an OIDC provider. Whatever the provider says, its users have no names and no groups of the
 * system's, and no extras but the id of their token.
 */
export function oidcTokens(
  provider: OidcProvider,
  surroundings: { readonly fetch: FetchDocument; readonly clock: Clock },
): TokenAuthenticator {
  const { fetch, clock } = surroundings;
  const keys = new OidcKeys({ issuer: provider.issuer, fetch, clock });
  return {
    verify(token) {
      const unverified = readToken(token);
      if (unverified === undefined || unverified.claims['iss'] !== provider.issuer) return undefined;
      return verify(token, { unverified, provider, keys, clock });
    },
  };
}

async function verify(
  token: string,
  step: {
    readonly unverified: UnverifiedToken;
    readonly provider: OidcProvider;
    readonly keys: OidcKeys;
    readonly clock: Clock;
  },
): Promise<Verification> {
  const { unverified, provider, keys, clock } = step;
  const { algorithm, keyId } = unverified;
  if (!provider.algorithms.includes(algorithm))
    return refused(`its algorithm is ${JSON.stringify(algorithm)}`);
  const candidates = await keys.find(keyId, algorithm);
  if (keys.failure !== undefined) return refused(keys.failure);
  for (const key of candidates) {
    const claims = await verifySignature(token, [key]);
    if (claims instanceof InvalidCredential) continue;
    const user = userOf(provider, claims);
    if (user instanceof InvalidCredential) return user;
    const expiryMs = timeAt(claims, 'exp') ?? 0;
    const notBeforeMs = timeAt(claims, 'nbf') ?? 0;
    return {
      audiences: undefined,
      identify() {
        const nowMs = clock.nowMs();
        if (nowMs >= expiryMs) return refused('it has expired');
        if (nowMs + NOT_BEFORE_LEEWAY_MS < notBeforeMs) return refused('it is not valid yet');
        return keys.has(key) ? user : refused('the provider has withdrawn its key');
      },
    };
  }
  return refused('its signature is by no key of the provider');
}

function userOf(provider: OidcProvider, claims: JsonObject): User | InvalidCredential {
  const { issuer, clientId, requiredClaims } = provider;
  if (claims['iss'] !== issuer) return refused('its issuer is another one');
  const { aud } = claims;
  const isForUs = Array.isArray(aud) ? aud.includes(clientId) : aud === clientId;
  if (!isForUs) return refused('it is for another client');
  for (const [claim, value] of Object.entries(requiredClaims)) {
    if (claims[claim] !== value) return refused(`the claim ${claim} is not as required`);
  }
  const name = nameOf(provider, claims);
  if (name instanceof InvalidCredential) return name;
  const groups = groupsOf(provider, claims);
  if (groups instanceof InvalidCredential) return groups;
  const id = textAt(claims, 'jti');
  return {
    name,
    uid: '',
    groups: [...groups, AUTHENTICATED_GROUP],
    extra: id === '' ? {} : { [CREDENTIAL_ID_EXTRA]: [`JTI=${id}`] },
  };
}

function nameOf(provider: OidcProvider, claims: JsonObject): string | InvalidCredential {
  const { issuer, usernameClaim, usernamePrefix } = provider;
  const claim = textAt(claims, usernameClaim);
  if (claim === '') return refused(`the claim ${usernameClaim} names nobody`);
  if (
    usernameClaim === 'email' &&
    claims['email_verified'] !== undefined &&
    claims['email_verified'] !== true
  ) {
    return refused('the email is not verified');
  }
  const prefix = usernamePrefix ?? (usernameClaim === 'email' ? '-' : `${issuer}#`);
  const name = `${prefix === '-' ? '' : prefix}${claim}`;
  return isOfSystem(name) ? refused('its user has a name of the system') : name;
}

function groupsOf(
  { groupsClaim, groupsPrefix }: OidcProvider,
  claims: JsonObject,
): string[] | InvalidCredential {
  const value = groupsClaim === undefined ? undefined : claims[groupsClaim];
  if (value === undefined || value === null) return [];
  const groups = Array.isArray(value) ? value : [value];
  if (!groups.every((group) => typeof group === 'string')) {
    return refused(`the claim ${groupsClaim} is no list of groups`);
  }
  return groupsOfStranger(groups.map((group) => `${groupsPrefix}${group}`));
}

function timeAt(claims: JsonObject, name: string): number | undefined {
  const value = claims[name];
  return typeof value === 'number' ? value * 1_000 : undefined;
}

function refused(detail: string): InvalidCredential {
  return new InvalidCredential(`oidc: verify token: ${detail}`);
}
