export { exportHooks, identitySecretOf, isIdentityInvalid } from './export-hooks.ts';
export { IDENTITY_NAMESPACE, secretKey } from './identity-secret.ts';
