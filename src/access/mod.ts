export type { PathAttributes, ResourceAttributes } from './attributes.ts';
export * from './authentication/mod.ts';
export { Access, type Authorized, groundsOf, type Question, type Right } from './authorize.ts';
export * from './chain/mod.ts';
export { AUTHENTICATED_GROUP, MASTERS_GROUP } from './groups.ts';
export * from './rbac/mod.ts';
export { newRequestForbidden, newWorkspaceForbidden } from './refusals.ts';
export { SYSTEM_USER, type User } from './user.ts';
