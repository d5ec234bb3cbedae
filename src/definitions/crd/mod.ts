/** CustomResourceDefinitions: their rules and life cycle, and the definitions that they make. */
export {
  type ConversionWebhook,
  conversionReview,
  printKind,
  readConversionReview,
} from './conversion-review.ts';
export { type ConversionRules, compileConversionRules, PRESERVE_PREFIX } from './conversion-rules.ts';
export { validateApiApproval } from './crd-approval.ts';
export { validateConversion } from './crd-conversion-validation.ts';
export { defaultCustomResourceDefinition } from './crd-defaults.ts';
export { validateNames, validateRequiredNames } from './crd-names-validation.ts';
export {
  nextStoredVersions,
  validateCustomResourceDefinition,
  validateCustomResourceDefinitionStatus,
} from './crd-validation.ts';
export { validateEachVersion } from './crd-version-validation.ts';
export { conditionOf, isConditionTrue, type VersionView, versionsOf } from './crd-view.ts';
export { customResourceDefinitionWarnings } from './crd-warnings.ts';
export { coerceConverted, decodeCustomResource, readCustomResource } from './custom-resource-codec.ts';
export { CONVERSION_RULES, definitionFromCrd, definitionHashOf } from './definition-from-crd.ts';
export { embeddedMetadataError } from './embedded-resources.ts';
export { namingConditions, nextCrdStatus } from './naming.ts';
export { AccessorError } from './nested-fields.ts';
export { type FoundScale, scaleOf, setReplicas } from './scale.ts';
export { CRD_FINALIZER, type TerminatingPhase, terminatingStatus } from './terminating.ts';
