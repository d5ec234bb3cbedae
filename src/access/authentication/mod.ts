export { Authenticator, type AuthenticatorOptions, type IdentifiedToken } from './authenticator.ts';
export {
  type ClientCertificate,
  type Credentials,
  InvalidCredential,
  type TokenAuthenticator,
} from './credentials.ts';
export { staticTokens, type TokenCredential } from './static-tokens.ts';
export { parseTokenFile, TokenFileError } from './token-file.ts';
export { isReservedExtra } from './user-extras.ts';
