/** Which credential a user came by: `JTI=<id of the token>`, `X509SHA256=<hash of the certificate>`. */
export const CREDENTIAL_ID_EXTRA = 'authentication.kubernetes.io/credential-id';

/** Extras of this domain carry rights (scopes, warrants, origins): no credential from outside sets them. */
const RESERVED_DOMAIN = 'kcp.io';

/** Whether an extra is the server's alone. Letters count in any case: who reads extras may not tell them apart. */
export function isReservedExtra(key: string): boolean {
  return key.toLowerCase().includes(RESERVED_DOMAIN);
}
