export { type CountedKind, countedNames, isOfOtherKinds, kindCountedBy } from './counted-names.ts';
export { isQuota } from './quota-index.ts';
export { QuotaLedger } from './quota-ledger.ts';
export { hasScopes, isClusterWide } from './quota-state.ts';
export { resourceQuota } from './resource-quota.ts';
export type { Tally } from './tally.ts';
