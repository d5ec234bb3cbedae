import { type LogicalCluster, type Revision, SYSTEM_ADMIN_CLUSTER } from '../../base/mod.ts';
import { MASTERS_GROUP } from '../groups.ts';
import type { RbacAuthorizer } from '../rbac/mod.ts';
import type { User } from '../user.ts';
import {
  allowGroups,
  allowPaths,
  byRbac,
  type FindLogicalCluster,
  forEffectiveUsers,
  LIFECYCLE_ALLOWED,
  requiredGroups,
  systemStatus,
  workspaceContent,
} from './authorizers.ts';
import { type Authorizer, after, type Decision, decision, union, withGround } from './decision.ts';
import { type FindApiOrigin, maximalPermissionPolicy } from './maximal-permission-policy.ts';

/** As upstream: single checks below them are for system:monitoring. */
const HEALTH_PATHS = ['/healthz', '/readyz', '/livez'];

export interface ChainOptions {
  readonly rbac: RbacAuthorizer;
  readonly find: FindLogicalCluster;
  /** Which exports kinds come from. */
  readonly originOf: FindApiOrigin;
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
    forEffectiveUsers(entryTo(options, systemStatus(withinPolicies(options)))),
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

/**
 * Asks whether the user may enter, and then `next`. That somebody may enter is remembered until what decides about it
 * changes: it is the same for all their requests.
 */
function entryTo(options: ChainOptions, next: Authorizer): Authorizer {
  const { rbac, find } = options;
  const enter = requiredGroups(
    find,
    workspaceContent({ find, access: roleChain(options) }, () => decision('allow', '')),
  );
  const entered = new WeakMap<User, Entry>();
  return (request) => {
    const { user, cluster } = request;
    const here = rbac.revision(cluster);
    const everywhere = rbac.revision(SYSTEM_ADMIN_CLUSTER);
    const known = entered.get(user);
    const isSame = known?.cluster === cluster && known.here === here && known.everywhere === everywhere;
    // What is above it counts, too, and is not among what was remembered.
    const isKnown = isSame && find(cluster)?.isClosed !== true;
    return after(isKnown && !request.isDeepReview ? known.entry : enter(request), (entry) => {
      if (entry.verdict !== 'allow' || entry.reason === LIFECYCLE_ALLOWED) return entry;
      if (!isKnown && !request.isDeepReview) entered.set(user, { cluster, here, everywhere, entry });
      return after(next(request), (answer) => withGround(answer, [entry]));
    });
  };
}

/** A decision that lets a user in, and the revisions of before it was asked for. */
interface Entry {
  readonly cluster: LogicalCluster;
  readonly here: Revision;
  readonly everywhere: Revision;
  readonly entry: Decision;
}

function withinPolicies(options: ChainOptions): Authorizer {
  const roles = roleChain(options);
  return maximalPermissionPolicy({ find: options.originOf, roles }, roles);
}

/** RBAC alone: of the logical cluster of a request, and of what counts everywhere. */
export function roleChain({ rbac }: ChainOptions): Authorizer {
  return union(byRbac(rbac), byRbac(rbac, SYSTEM_ADMIN_CLUSTER));
}
