import {
  dedupeOwnerReferences,
  type FieldError,
  type KubeObject,
  metadataWarnings,
  newBadRequest,
  newConflict,
  newInvalid,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../machinery/mod.ts';
import type { RequestContext } from './api.ts';
import { groupKind, groupResource, namespaceOf, type Resource } from './target.ts';

/** The namespace of the body must be the URL's; a missing one is filled in, cluster-scoped objects have none. */
export function settleNamespace(resource: Resource, object: KubeObject): void {
  const namespace = namespaceOf(resource);
  const given = object.metadata.namespace ?? '';
  if (namespace === '') {
    delete object.metadata.namespace;
    return;
  }
  if (given !== '' && given !== namespace) {
    throw newBadRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  object.metadata.namespace = namespace;
}

/** The name of an updated object must be there, and be the URL's; 400 otherwise. */
export function assertName(resource: Resource, object: KubeObject): void {
  const given = object.metadata.name ?? '';
  const { name } = resource.target;
  if (given === '') {
    throw newBadRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (given !== name) {
    throw newBadRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
}

/** Takes out of a new object's metadata what only the server sets. */
export function wipeSystemMetadata(object: KubeObject): void {
  const { metadata } = object;
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.generation;
  delete metadata['selfLink'];
}

/** A replaced object that names another uid means an object that is gone: 409. */
export function assertSameUid(resource: Resource, object: KubeObject, old: KubeObject): void {
  const given = object.metadata.uid;
  const uid = old.metadata.uid ?? '';
  if (!given || given === uid) return;
  throw newConflict(
    groupResource(resource),
    resource.target.name,
    `Precondition failed: UID in precondition: ${given}, UID in object meta: ${uid}`,
  );
}

/** Puts back what an update cannot change, silently as upstream does. Another uid is left for validation to find. */
export function restoreSystemMetadata(object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  if (!metadata.uid && old.metadata.uid !== undefined) metadata.uid = old.metadata.uid;
  for (const key of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation']) {
    const value = old.metadata[key];
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
}

/** Drops repeated owner references, with upstream's warning. */
export function dedupeOwners(object: KubeObject, context: RequestContext): void {
  const warning = dedupeOwnerReferences(object.metadata);
  if (warning !== undefined) context.warn(warning);
}

/** Throws 422 with everything that is wrong with a new object. */
export function assertValidNew(resource: Resource, object: KubeObject, errors: readonly FieldError[]): void {
  const { definition } = resource;
  const metaErrors = validateObjectMeta(object.metadata, {
    isNamespaced: definition.scope === 'Namespaced',
    validateName: definition.strategy.validateName.bind(definition.strategy),
    isCustomResource: definition.origin === 'crd',
  });
  refuse(resource, object, [...metaErrors, ...errors]);
}

/** Throws 422 with everything that is wrong with a review; it has no metadata of its own. */
export function assertValidReview(
  resource: Resource,
  object: KubeObject,
  errors: readonly FieldError[],
): void {
  if (errors.length === 0) return;
  // Upstream's reviews name their group and no kind.
  throw newInvalid({ group: resource.definition.group, kind: '' }, object.metadata.name ?? '', errors);
}

/** Throws 422 with everything that is wrong with an update. */
export function assertValidUpdate(options: {
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly old: KubeObject;
  readonly errors: readonly FieldError[];
}): void {
  const { resource, object, old, errors } = options;
  const isCustomResource = resource.definition.origin === 'crd';
  const metaErrors = validateObjectMetaUpdate(object.metadata, old.metadata, { isCustomResource });
  // Upstream's registry and the rules of each kind both check the metadata: causes come twice.
  refuse(resource, object, [...metaErrors, ...metaErrors, ...errors]);
}

/** Warnings that the definition and the metadata rules have for an accepted object. */
export function warnOf(
  resource: Resource,
  context: RequestContext,
  objects: { readonly object: KubeObject; readonly old: KubeObject | undefined },
): void {
  const { definition } = resource;
  const { object, old } = objects;
  for (const text of definition.strategy.warnings?.(object, old) ?? []) context.warn(text);
  const isCustomResource = definition.origin === 'crd';
  const metadataOptions = { isCustomResource, ...(old === undefined ? {} : { old: old.metadata }) };
  for (const text of metadataWarnings(object.metadata, metadataOptions)) context.warn(text);
}

function refuse(resource: Resource, object: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const { kind } = groupKind(resource);
  const { group } = resource.definition.storedAs ?? resource.definition;
  // A custom resource is called what it says it is, be that wrong.
  const shownGroup = resource.definition.origin === 'crd' ? groupOf(object.apiVersion) : group;
  const shown = resource.definition.origin === 'crd' ? object.kind || kind : kind;
  throw newInvalid({ group: shownGroup, kind: shown }, object.metadata.name ?? '', errors);
}

function groupOf(apiVersion: string): string {
  const end = apiVersion.indexOf('/');
  return end < 0 ? '' : apiVersion.slice(0, end);
}
