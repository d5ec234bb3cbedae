/**
 * Server-side apply on plain values: who owns which fields, and what applying a configuration makes of an
 * object. The rules are those of structured-merge-diff v6; nothing here knows HTTP or managedFields.
 */
export {
  type ApplyType,
  type ApplyTypes,
  type CustomTypeOptions,
  createApplyTypes,
  DEDUCED,
  type ListType,
  type MapType,
  type ScalarType,
} from './apply-type.ts';
export { compareTyped } from './compare.ts';
export { type Comparison, changedFields, filterComparison } from './comparison.ts';
export { type Conflict, describeConflicts } from './conflict.ts';
export {
  type ExcludeFilter,
  excludeFields,
  type FieldFilter,
  filterSet,
  type IncludeFilter,
  includeFields,
  pathMatcher,
  type SetMatcher,
} from './field-filter.ts';
export { FieldSet, type FieldSetEntries, type FieldSetEntry } from './field-set.ts';
export {
  differenceOf,
  intersectionOf,
  leavesOf,
  recursiveDifferenceOf,
  unionOf,
} from './field-set-algebra.ts';
export { decodeFieldsV1, encodeFieldsV1, encodeFieldsV1Text, FieldsV1Error } from './fields-v1.ts';
export { groupItems, type ItemGroups } from './list-items.ts';
export {
  ApplyError,
  type ManagedSet,
  type ManagerRules,
  type Managers,
  type VersionConverter,
} from './managers.ts';
export { mergeTyped } from './merge.ts';
export {
  comparePaths,
  describePath,
  elementText,
  type FieldElement,
  type FieldPath,
  fieldElement,
  type IndexElement,
  type ItemElement,
  indexElement,
  type KeyElement,
  keyElement,
  type PathElement,
  PathElementError,
  parseElement,
  type ValueElement,
  valueElement,
} from './path-element.ts';
export { type ExtractOptions, extractItems, removeItems } from './remove-items.ts';
export { reconcileSet, withNamedFields } from './schema-sets.ts';
export { fieldSetOf } from './to-field-set.ts';
export { type TypedValue, type TypedValueOptions, typedValue } from './typed-value.ts';
export { TypedValueError, type ValueFault } from './typed-value-error.ts';
export {
  type ApplyOptions,
  type ApplyOutcome,
  applyPatch,
  type UpdateOptions,
  updateManagers,
} from './updater.ts';
