import { AUTHENTICATED_GROUP, BOUND_PREFIX, SERVICE_ACCOUNT_PREFIX } from '../groups.ts';
import type { User } from '../user.ts';
import { type ClientCertificate, InvalidCredential } from './credentials.ts';
import { groupsOfOperator } from './outside-groups.ts';
import { CREDENTIAL_ID_EXTRA } from './user-extras.ts';

/**
 * Whom a client certificate stands for: its common name is the user, its organizations are the groups. It is
 * asked with every request, since a connection may live longer than the certificate that opened it.
 * Undefined: it names nobody, and the request counts as one without.
 */
export function certificateUser(
  certificate: ClientCertificate,
  nowMs: number,
): User | InvalidCredential | undefined {
  if (!certificate.isTrusted) return UNTRUSTED;
  if (nowMs < certificate.notBeforeMs || nowMs > certificate.notAfterMs) return EXPIRED;
  if (certificate.commonName === '') return undefined;
  // The name alone would be a service account of every logical cluster; only their tokens say of which one.
  if (certificate.commonName.startsWith(SERVICE_ACCOUNT_PREFIX)) return NO_SERVICE_ACCOUNT;
  if (certificate.commonName.startsWith(BOUND_PREFIX)) return NOBODYS_NAME;
  return userOf(certificate);
}

const UNTRUSTED = new InvalidCredential('x509: certificate signed by unknown authority');
const EXPIRED = new InvalidCredential('x509: certificate has expired or is not yet valid');
const NO_SERVICE_ACCOUNT = new InvalidCredential('x509: a certificate cannot be that of a service account');
const NOBODYS_NAME = new InvalidCredential('x509: nobody has a name as permission policies see it');

// The user of a certificate is made once per connection, not once per request.
const users = new WeakMap<ClientCertificate, User>();

function userOf(certificate: ClientCertificate): User {
  const known = users.get(certificate);
  if (known !== undefined) return known;
  const groups = groupsOfOperator(certificate.organizations);
  if (!groups.includes(AUTHENTICATED_GROUP)) groups.push(AUTHENTICATED_GROUP);
  const user: User = {
    name: certificate.commonName,
    uid: certificate.uid,
    groups,
    extra: { [CREDENTIAL_ID_EXTRA]: [`X509SHA256=${certificate.fingerprint}`] },
  };
  users.set(certificate, user);
  return user;
}
