/** Kinds that come from elsewhere: APIResourceSchemas that an APIExport shows and an APIBinding brings. */
export { type Binding, boundDefinition } from './bound-definition.ts';
export {
  BINDING_GROUP,
  BINDING_RESOURCE,
  BOUND_CRDS_CLUSTER,
  type BoundResource,
  type BoundResources,
  bindingFields,
  boundAlias,
  boundResourcesOf,
  exportPathReference,
  exportReference,
  identityOfBinding,
  isBindingKind,
  kindReference,
  readBoundResources,
  schemaReference,
} from './bound-resources.ts';
export { crdFromSchema, PATH_SEGMENT_NAME } from './crd-from-schema.ts';
export {
  exportFields,
  exportOfBinding,
  hasLocalPolicy,
  identityReference,
  secretReference,
} from './export-fields.ts';
export { isReferencePart } from './reference-part.ts';
export {
  heirReference,
  logicalClusterFields,
  typeReference,
  workspaceTypeFields,
} from './tenancy-fields.ts';
export { PARTITIONED, partitionSetFields, sliceFields, sliceReference } from './topology-fields.ts';
export {
  type MountedObject,
  mountedObject,
  mountReference,
  UNSCHEDULED,
  workspaceFields,
} from './workspace-fields.ts';
