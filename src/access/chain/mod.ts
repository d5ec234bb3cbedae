export {
  allowGroups,
  allowPaths,
  byRbac,
  type FindLogicalCluster,
  forEffectiveUsers,
  type LogicalClusterFacts,
  requiredGroups,
  systemStatus,
  workspaceContent,
} from './authorizers.ts';
export { accessChain, entryChain, roleChain } from './chain.ts';
export {
  type AccessRequest,
  type Authorizer,
  after,
  type Decision,
  decision,
  type Eventual,
  outside,
  type RbacAt,
  union,
  withGround,
} from './decision.ts';
export {
  effectiveUsers,
  homeOfServiceAccount,
  isInScope,
  nameElsewhere,
  ORIGIN_EXTRA,
  SCOPES_EXTRA,
  WARRANT_EXTRA,
  withoutWarrants,
} from './effective-users.ts';
export {
  type ApiOrigin,
  allowedBy,
  type FindApiOrigin,
  maximalPermissionPolicy,
  POLICY_PREFIX,
  VIEW_WARRANT,
} from './maximal-permission-policy.ts';
