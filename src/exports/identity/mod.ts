export { exportHooks, identitySecretHooks } from './export-hooks.ts';
export { IDENTITY_NAMESPACE, secretKey } from './identity-secret.ts';
