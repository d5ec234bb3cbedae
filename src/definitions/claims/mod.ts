export {
  CLAIM_LABEL_PREFIX,
  claimReference,
  EXPORT_LABEL,
  type ExportName,
  exportHash,
  type Label,
  reflexiveLabel,
} from './claim-labels.ts';
export { isClaimableBuiltin, isClaimableWithoutIdentity } from './claimable.ts';
export {
  type AcceptedClaim,
  acceptedClaims,
  type ClaimedKind,
  claimantOf,
  claimLabelsFor,
  isClaimLabel,
  labelOf,
  ownLabelOf,
  selectionOf,
} from './object-labels.ts';
export {
  allowsVerb,
  claimsOfBinding,
  claimsOfExport,
  claimText,
  isSameClaim,
  type PermissionClaim,
  type ScopedClaim,
  verbsInForce,
} from './permission-claim.ts';
