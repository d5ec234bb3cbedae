/** CustomResourceDefinitions: their rules and life cycle, and the definitions that they make. */
export { defaultCustomResourceDefinition } from './crd-defaults.ts';
export { nextStoredVersions, validateCustomResourceDefinition } from './crd-validation.ts';
export { conditionOf, isConditionTrue } from './crd-view.ts';
export { customResourceDefinitionWarnings } from './crd-warnings.ts';
export { decodeCustomResource, readCustomResource } from './custom-resource-codec.ts';
export { definitionFromCrd, definitionHashOf } from './definition-from-crd.ts';
export { namingConditions, nextCrdStatus } from './naming.ts';
export { CRD_FINALIZER, type TerminatingPhase, terminatingStatus } from './terminating.ts';
