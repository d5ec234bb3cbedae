export { Authenticator, type AuthenticatorOptions, type IdentifiedToken } from './authenticator.ts';
export { bootstrapTokens } from './bootstrap-tokens.ts';
export {
  type ClientCertificate,
  type Credentials,
  InvalidCredential,
  type TokenAuthenticator,
} from './credentials.ts';
export type { FetchDocument } from './oidc-keys.ts';
export { OIDC_ALGORITHMS, type OidcProvider, oidcTokens } from './oidc-tokens.ts';
export type { BoundSecret, ServiceAccount } from './service-account-claims.ts';
export { type IssuedToken, ServiceAccountIssuer } from './service-account-issuer.ts';
export {
  parseSigningKey,
  parseVerificationKeys,
  type SigningKey,
  type VerificationKey,
  verificationKey,
} from './service-account-keys.ts';
export { serviceAccountTokens } from './service-account-tokens.ts';
export { staticTokens, type TokenCredential } from './static-tokens.ts';
export { parseTokenFile, TokenFileError } from './token-file.ts';
export { isReservedExtra } from './user-extras.ts';
