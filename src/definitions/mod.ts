export * from './annotations.ts';
export { applyTypeOf } from './apply-types.ts';
export * from './bound/mod.ts';
export * from './claims/mod.ts';
export * from './consistency.ts';
export * from './crd/mod.ts';
export * from './definition.ts';
export * from './definition-set.ts';
export * from './kcp/mod.ts';
export * from './kinds/mod.ts';
export * from './logical-cluster-key.ts';
export {
  CRD_GROUP,
  CRD_RESOURCE,
  collectionOf,
  DefinitionRegistry,
  type FoundDefinition,
  internalFields,
} from './registry.ts';
