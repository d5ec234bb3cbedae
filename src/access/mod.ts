export type { ClusterQuestion, PathAttributes, Question, ResourceAttributes } from './attributes.ts';
export * from './authentication/mod.ts';
export {
  Access,
  type Asked,
  type Authorized,
  groundsOf,
  isGround,
  type Right,
  type Vouchers,
} from './authorize.ts';
export { bindQuestion } from './bind-question.ts';
export * from './chain/mod.ts';
export type { Door } from './door.ts';
export {
  ADMIN_GROUP,
  AUTHENTICATED_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  MASTERS_GROUP,
  WORKSPACE_BOOTSTRAPPER_GROUP,
} from './groups.ts';
export type { Impersonated, Impersonation } from './impersonation.ts';
export { isMasterOf } from './masters.ts';
export * from './rbac/mod.ts';
export { newRequestForbidden, newWorkspaceForbidden } from './refusals.ts';
export { SYSTEM_USER, type User } from './user.ts';
