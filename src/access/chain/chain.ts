import { SYSTEM_ADMIN_CLUSTER } from '../../base/mod.ts';
import { MASTERS_GROUP } from '../groups.ts';
import type { RbacAuthorizer } from '../rbac/mod.ts';
import {
  allowGroups,
  allowPaths,
  byRbac,
  type FindLogicalCluster,
  forEffectiveUsers,
  requiredGroups,
  systemStatus,
  workspaceContent,
} from './authorizers.ts';
import { type Authorizer, union } from './decision.ts';

/** As upstream: single checks below them are for system:monitoring. */
const HEALTH_PATHS = ['/healthz', '/readyz', '/livez'];

/**
 * The authorizers in kcp's order. First who may do everything and what everybody may; then, for each identity of the
 * user, whether it may enter the logical cluster; then RBAC, of the cluster itself and of `system:admin`, whose
 * roles count everywhere.
 */
export function accessChain(options: {
  readonly rbac: RbacAuthorizer;
  readonly find: FindLogicalCluster;
}): Authorizer {
  const { rbac, find } = options;
  const byRoles = union(byRbac(rbac), byRbac(rbac, SYSTEM_ADMIN_CLUSTER));
  const entering = workspaceContent({ find, access: byRoles }, systemStatus(byRoles));
  return union(
    allowGroups([MASTERS_GROUP]),
    allowPaths(HEALTH_PATHS),
    forEffectiveUsers(requiredGroups(find, entering)),
  );
}
