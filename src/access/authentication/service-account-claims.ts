import { type LogicalCluster, parseLogicalCluster } from '../../base/mod.ts';
import { type JsonObject, objectAt, objectOf, textAt } from '../../machinery/mod.ts';
import { ORIGIN_EXTRA } from '../chain/mod.ts';
import { AUTHENTICATED_GROUP, serviceAccountGroups, serviceAccountUserName } from '../groups.ts';
import type { User } from '../user.ts';
import { CREDENTIAL_ID_EXTRA } from './user-extras.ts';

/** A service account, with the logical cluster that it belongs to. */
export interface ServiceAccount {
  readonly cluster: LogicalCluster;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What a token is bound to: it ends with it. */
export interface BoundSecret {
  readonly name: string;
  readonly uid: string;
}

/** What a token of a service account says. Times are in seconds since 1970. */
export interface ServiceAccountClaims {
  readonly account: ServiceAccount;
  readonly secret: BoundSecret | undefined;
  readonly audiences: readonly string[];
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expiry: number;
  readonly id: string;
}

/** The claims as Kubernetes writes them, with kcp's name of the logical cluster. */
export function claimsObject(claims: ServiceAccountClaims, issuer: string): JsonObject {
  const { account, secret, audiences } = claims;
  return objectOf({
    aud: [...audiences],
    exp: claims.expiry,
    iat: claims.issuedAt,
    iss: issuer,
    jti: claims.id,
    'kubernetes.io': objectOf({
      clusterName: account.cluster,
      namespace: account.namespace,
      secret: secret === undefined ? undefined : objectOf({ name: secret.name, uid: secret.uid }),
      serviceaccount: objectOf({ name: account.name, uid: account.uid }),
    }),
    nbf: claims.notBefore,
    sub: subjectOf(account),
  });
}

/** Reads the claims of a verified token; undefined when they are not those of a service account. */
export function parseClaims(object: JsonObject): ServiceAccountClaims | undefined {
  const own = objectAt(object, 'kubernetes.io');
  const account = objectAt(own, 'serviceaccount');
  const secret = objectAt(own, 'secret');
  const cluster = parseLogicalCluster(textAt(own, 'clusterName'));
  const expiry = secondsAt(object, 'exp');
  if (cluster === undefined || account === undefined || expiry === undefined) return undefined;
  // Of what else a token may be bound to, nothing exists here.
  if (objectAt(own, 'pod') !== undefined || objectAt(own, 'node') !== undefined) return undefined;
  const found: ServiceAccount = {
    cluster,
    namespace: textAt(own, 'namespace'),
    name: textAt(account, 'name'),
    uid: textAt(account, 'uid'),
  };
  if (found.uid === '' || textAt(object, 'sub') !== subjectOf(found)) return undefined;
  return {
    account: found,
    secret: secret === undefined ? undefined : { name: textAt(secret, 'name'), uid: textAt(secret, 'uid') },
    audiences: audiencesOf(object),
    issuedAt: secondsAt(object, 'iat') ?? 0,
    notBefore: secondsAt(object, 'nbf') ?? 0,
    expiry,
    id: textAt(object, 'jti'),
  };
}

/** The user that a service account is, here and as seen from other logical clusters. */
export function serviceAccountUser(account: ServiceAccount, tokenId: string): User {
  const { cluster, namespace, uid } = account;
  const credential = tokenId === '' ? {} : { [CREDENTIAL_ID_EXTRA]: [`JTI=${tokenId}`] };
  return {
    name: subjectOf(account),
    uid,
    groups: [...serviceAccountGroups(namespace), AUTHENTICATED_GROUP],
    // Without its origin it would count as an account of whatever logical cluster is asked.
    extra: { [ORIGIN_EXTRA]: [cluster], ...credential },
  };
}

/** What the subject of its tokens is. */
export function subjectOf({ namespace, name }: ServiceAccount): string {
  return serviceAccountUserName(namespace, name);
}

function audiencesOf(object: JsonObject): readonly string[] {
  const { aud } = object;
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) ? aud.filter((audience) => typeof audience === 'string') : [];
}

function secondsAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
