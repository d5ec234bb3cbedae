export { aggregationSelectors, settledRules } from './aggregation.ts';
export { kcpRbacDefaults } from './bootstrap/kcp.ts';
export { kubernetesRbacDefaults } from './bootstrap/kubernetes.ts';
export { rootRbacDefaults } from './bootstrap/root.ts';
export { covers, missingRules } from './covers.ts';
export {
  bindingRefusal,
  escalationProblem,
  type Granter,
  isOnlyForGarbageCollection,
  roleRefusal,
} from './escalation.ts';
export { withFallbackRoles } from './fallback-roles.ts';
export {
  grantSizeBytes,
  Policy,
  PolicyTooLarge,
  RBAC_GROUP,
  type RbacState,
  type RoleRef,
  roleRefOf,
} from './policy.ts';
export { type PolicyRule, ruleFrom, rulesOf, ruleToJson } from './policy-rule.ts';
export {
  RbacAuthorizer,
  type RbacDecision,
  type RbacReader,
  type RbacRequest,
  type RbacScope,
  rulesFor,
} from './rbac-authorizer.ts';
export { RuleIndex } from './rule-index.ts';
export { rulesReviewStatus } from './rules-review.ts';
export { APIS_GROUP, LOGICAL_CLUSTER_GROUP, StoreRbacReader } from './store-rbac-reader.ts';
