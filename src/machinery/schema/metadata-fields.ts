/** Is this a field of ObjectMeta. selfLink is one, although servers no longer set it. */
export function isKnownMetadataField(key: string): boolean {
  return OBJECT_META.has(key);
}

const OBJECT_META: ReadonlySet<string> = new Set([
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]);

/** The lists of structs in ObjectMeta, with the fields of their items. */
export const METADATA_LISTS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['ownerReferences', new Set(['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'])],
  [
    'managedFields',
    new Set(['manager', 'operation', 'apiVersion', 'time', 'fieldsType', 'fieldsV1', 'subresource']),
  ],
]);
