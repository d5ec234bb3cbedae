export { CLAIM_CONTROLLERS, claimHooks, kindWorkKey, parseKindWorkKey } from './claim-hooks.ts';
export {
  type ClaimStatus,
  claimStatusOf,
  claimsToApply,
  isStatedBy,
  notApplied,
} from './claim-status.ts';
export { labelForClaims } from './companion-labels.ts';
export { stateClaims, writeClaimStatus } from './state-claims.ts';
export { viewClaims } from './view-claims.ts';
