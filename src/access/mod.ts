export { Authenticator, type TokenCredential } from './authenticate.ts';
export {
  type Authorized,
  authorize,
  authorizePath,
  isAllowed,
  newRequestForbidden,
  newWorkspaceForbidden,
  type PathAttributes,
  type ResourceAttributes,
} from './authorize.ts';
export * from './chain/mod.ts';
export { MASTERS_GROUP } from './groups.ts';
export * from './rbac/mod.ts';
export { SYSTEM_USER, type User } from './user.ts';
