import { isInScope } from './chain/mod.ts';
import { MASTERS_GROUP } from './groups.ts';
import type { User } from './user.ts';

/** Whether a user may do everything in a logical cluster, whatever its roles and bindings say. */
export function isMasterOf(user: User, cluster: string): boolean {
  return user.groups.includes(MASTERS_GROUP) && isInScope(user, cluster);
}
