export { exportHooks, identitySecretOf, isIdentityInvalid } from './export-hooks.ts';
export { IDENTITY_NAMESPACE, newIdentity, readIdentity, secretKey } from './identity-secret.ts';
