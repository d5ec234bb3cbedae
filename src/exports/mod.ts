export * from './claims/mod.ts';
export {
  type ConditionVerdict,
  READY,
  saysSo,
  withConditions,
  withSummary,
} from './conditions.ts';
export * from './root/mod.ts';
export * from './views/mod.ts';
