export { exportHooks, identitySecretHooks } from './export-hooks.ts';
export { IDENTITY_NAMESPACE, newIdentity, readIdentity, secretKey } from './identity-secret.ts';
