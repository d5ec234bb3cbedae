import { parseLogicalCluster } from '../../base/mod.ts';
import { type JsonObject, objectOf, textAt } from '../../machinery/mod.ts';
import { type ServiceAccount, subjectOf } from './service-account-claims.ts';

/** What a token says that lies in a Secret of the type `kubernetes.io/service-account-token`. */
export interface LegacyClaims {
  readonly account: ServiceAccount;
  /** The name of the Secret, in the account's namespace. */
  readonly secret: string;
}

/** The issuer of all such tokens, on every server. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount';
const PREFIX = 'kubernetes.io/serviceaccount/';

/** The claims as Kubernetes writes them, with the name of the logical cluster, in kcp's manner. */
export function legacyClaimsObject({ account, secret }: LegacyClaims): JsonObject {
  return objectOf({
    iss: LEGACY_ISSUER,
    [`${PREFIX}clusterName`]: account.cluster,
    [`${PREFIX}namespace`]: account.namespace,
    [`${PREFIX}secret.name`]: secret,
    [`${PREFIX}service-account.name`]: account.name,
    [`${PREFIX}service-account.uid`]: account.uid,
    sub: subjectOf(account),
  });
}

export function parseLegacyClaims(object: JsonObject): LegacyClaims | undefined {
  const cluster = parseLogicalCluster(textAt(object, `${PREFIX}clusterName`));
  const secret = textAt(object, `${PREFIX}secret.name`);
  if (cluster === undefined || secret === '') return undefined;
  const account: ServiceAccount = {
    cluster,
    namespace: textAt(object, `${PREFIX}namespace`),
    name: textAt(object, `${PREFIX}service-account.name`),
    uid: textAt(object, `${PREFIX}service-account.uid`),
  };
  return account.uid === '' || textAt(object, 'sub') !== subjectOf(account) ? undefined : { account, secret };
}
