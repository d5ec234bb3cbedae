/** `x-kubernetes-validations`: checking the rules of a schema, and evaluating them on objects. */
export { checkRules, type RuleCheckOptions } from './rule-checks.ts';
export type { KnownExpressions } from './rule-environment.ts';
export { RuleBudget } from './rule-evaluation.ts';
export { normalizeFieldPath } from './rule-field-path.ts';
export { type RuleOptions, RuleValidator } from './rule-validator.ts';
export {
  compileTransformation,
  copyWithin,
  type Transformation,
  type TransformationBudget,
  TransformationError,
} from './transformation.ts';
