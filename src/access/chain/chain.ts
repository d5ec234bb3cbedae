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
import { type Authorizer, decision, union } from './decision.ts';

/** As upstream: single checks below them are for system:monitoring. */
const HEALTH_PATHS = ['/healthz', '/readyz', '/livez'];

export interface ChainOptions {
  readonly rbac: RbacAuthorizer;
  readonly find: FindLogicalCluster;
}

/**
 * The authorizers in kcp's order. First who may do everything and what everybody may; then, for each identity of the
 * user, whether it may enter the logical cluster; then RBAC, of the cluster itself and of `system:admin`, whose
 * roles count everywhere.
 */
export function accessChain(options: ChainOptions): Authorizer {
  return union(
    allowGroups([MASTERS_GROUP]),
    allowPaths(HEALTH_PATHS),
    forEffectiveUsers(entryTo(options, systemStatus(byRoles(options)))),
  );
}

/**
 * Whether a user may enter a logical cluster as who they are, whatever they may do there: asked of each of the users
 * that somebody counts as.
 */
export function entryChain(options: ChainOptions): Authorizer {
  return union(
    allowGroups([MASTERS_GROUP]),
    entryTo(options, () => decision('allow', '')),
  );
}

function entryTo(options: ChainOptions, next: Authorizer): Authorizer {
  const { find } = options;
  return requiredGroups(find, workspaceContent({ find, access: byRoles(options) }, next));
}

function byRoles({ rbac }: ChainOptions): Authorizer {
  return union(byRbac(rbac), byRbac(rbac, SYSTEM_ADMIN_CLUSTER));
}
