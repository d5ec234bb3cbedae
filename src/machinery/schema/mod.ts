/** Schemas of objects: structural rules, pruning, defaults, decoding and validation. */
export { type CompiledSchema, type CompileOptions, compileSchema } from './compiled-schema.ts';
export { CorrelatedValue } from './correlated-value.ts';
export { checkDecodable, type DecodedForm } from './decodable.ts';
export { applyDefaults, dropNonNullableNulls } from './defaults.ts';
export { base64Error, isKnownFormat, matchesFormat } from './formats.ts';
export { validateListTypes } from './list-types.ts';
export { compilePattern, type Pattern, PatternError } from './pattern.ts';
export { type PruneOptions, pruneUnknown } from './prune.ts';
export {
  compileTransformation,
  copyWithin,
  RuleValidator,
  type Transformation,
  type TransformationBudget,
  TransformationError,
} from './rules/mod.ts';
export type { Schema, ValidationRule } from './schema.ts';
export { CompileEffort, validateSchemaEffort } from './schema-effort.ts';
export { SchemaHistory } from './schema-history.ts';
export { additionalSchemaOf, propertySchemaOf, visitSchema } from './schema-nodes.ts';
export { schemaAtPath, splitFieldPath } from './schema-path.ts';
export { type StructuralOptions, validateStructural } from './structural.ts';
