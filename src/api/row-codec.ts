import { limits } from '../base/mod.ts';
import type { BuiltinDefinition, Definition } from '../definitions/mod.ts';
import { internalFields, readCustomResource } from '../definitions/mod.ts';
import {
  apiVersionText,
  encodeObject,
  isObject,
  type KubeObject,
  newObject,
  newRequestEntityTooLarge,
  type ObjectMeta,
  objectOf,
  parseJson,
} from '../machinery/mod.ts';
import type { NewRow, ObjectKey, Row } from '../store/mod.ts';
import type { RevisionForm } from './revision-form.ts';

/** Annotation that says in which logical cluster an object lives: spliced in on reads, never stored. */
const CLUSTER_ANNOTATION = 'kcp.io/cluster';

// What the typed ObjectMeta of upstream leaves out when it is empty (Go's omitempty).
const OMITTED_WHEN_EMPTY = ['annotations', 'labels', 'finalizers', 'ownerReferences'];
const OMITTED_WHEN_BLANK = ['generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion'];
// Uids become parts of index keys; anything else cannot be the uid of an object of ours.
const INDEXABLE_UID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The stored form of an object of a served version. The object is changed: what is never stored
 * (resourceVersion, our annotation, empty metadata) is taken out. Throws 413 above the object limit,
 * or the one that is given.
 */
export function encodeRow(
  definition: Definition,
  version: string,
  object: KubeObject,
  bytesMax: number = limits.objectBytesMax,
): NewRow {
  tidyMetadata(object.metadata);
  delete object.metadata.resourceVersion;
  delete object.metadata['selfLink'];
  const stored = inStorageVersion(definition, version, object);
  const json = Buffer.from(encodeObject(stored));
  if (json.length > bytesMax) throw newRequestEntityTooLarge(`limit is ${bytesMax}`);
  const header = `{"apiVersion":${JSON.stringify(stored.apiVersion)},"kind":${JSON.stringify(stored.kind)},"metadata":{`;
  const metadataOffset = Buffer.byteLength(header);
  const home = homeOf(definition);
  return {
    uid: stored.metadata.uid ?? '',
    definitionHash: home.hash,
    json,
    metadataOffset,
    isAnnotated: stored.metadata.annotations !== undefined,
    labels: stored.metadata.labels ?? {},
    fields: { ...home.selectable(stored), ...internalFields(home, stored) },
    owners: ownerUids(stored.metadata),
  };
}

/** An object as the given served version shows it, with its resourceVersion and cluster annotation. */
export function decodeRow(options: {
  readonly definition: Definition;
  readonly version: string;
  readonly key: ObjectKey;
  readonly row: Row;
  readonly revisions: RevisionForm;
}): KubeObject {
  const { definition, version, row } = options;
  const object = addShown(decodeToShow(definition, version, row), options);
  definition.shown?.add(object);
  return object;
}

/** Gives a stored object, in place, what is shown of it but not stored: resourceVersion and cluster annotation. */
export function addShown(
  object: KubeObject,
  shown: {
    readonly key: ObjectKey;
    readonly row: Pick<Row, 'revision'>;
    readonly revisions: RevisionForm;
  },
): KubeObject {
  const { key, row, revisions } = shown;
  object.metadata.resourceVersion = revisions.ofObject(key.cluster, row.revision);
  const annotations = (object.metadata.annotations ?? newObject()) as { [key: string]: string };
  annotations[CLUSTER_ANNOTATION] = key.cluster;
  object.metadata.annotations = annotations;
  return object;
}

/**
 * A stored object as it is shown, but for resourceVersion and annotation. Rules that fail to convert it fail nobody
 * who reads: see `Definition.convertToShow`.
 */
export function decodeToShow(definition: Definition, version: string, row: Row): KubeObject {
  const { convertToShow } = definition;
  if (convertToShow === undefined) return decodeStored(definition, version, row);
  return decodeStored({ ...definition, convert: convertToShow }, version, row);
}

/**
 * The same without resourceVersion and annotation: what a write starts from. A row that only a webhook can
 * convert has to be brought into that version first (`rowInVersion`).
 */
export function decodeStored(definition: Definition, version: string, row: Row): KubeObject {
  const home = homeOf(definition);
  if (home.hash !== definition.hash) {
    const stored = decodeStored(home, home.storageVersion, row);
    return definition.family!.convert(stored, apiVersionIn(definition, version));
  }
  const object = parseJson(row.json).value as KubeObject;
  if (definition.origin === 'crd') return decodeStoredCustom(definition, version, { row, object });
  return isStoredAs(definition, version) || definition.convert === undefined
    ? object
    : definition.convert(object, version);
}

function decodeStoredCustom(
  definition: Definition,
  version: string,
  { row, object }: { readonly row: Row; readonly object: KubeObject },
): KubeObject {
  // Written under this very definition: defaults and pruning have been applied already.
  if (row.definitionHash !== definition.hash) {
    const stored = storedVersionOf(definition, row);
    const schema = definition.versions.find(({ name }) => name === stored);
    if (schema !== undefined) readCustomResource(object, schema);
    object.apiVersion = apiVersionIn(definition, stored);
  }
  return definition.convert === undefined ? object : definition.convert(object, version);
}

/** Whether the stored bytes are what this version of this definition serves, so that they can be copied. */
export function isServedAsStored(definition: Definition, version: string, row: Row): boolean {
  if (definition.shown !== undefined) return false;
  if (row.definitionHash !== definition.hash) return false;
  if (definition.conversion !== undefined) return storedVersionOf(definition, row) === version;
  return isStoredAs(definition, version);
}

/** Whether a row of a custom resource holds an object of that version, so that nobody has to convert it. */
export function isStoredIn(definition: Definition, version: string, row: Row): boolean {
  return storedVersionOf(definition, row) === version;
}

/** The version that a row of a custom resource is stored in: its bytes begin with it. */
export function storedVersionOf(definition: Definition, row: Row): string {
  const from = API_VERSION_OPEN.length;
  const end = row.json.indexOf(QUOTE, from);
  const apiVersion = row.json.toString('utf8', from, end);
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  const isKnown = definition.versions.some(({ name }) => name === version);
  // A version that the definition has lost can only be read as the one that took its place.
  return isKnown ? version : definition.storageVersion;
}

const API_VERSION_OPEN = '{"apiVersion":"';
const QUOTE = 0x22;

/** Whose rows the objects of a definition are: itself, but for further forms of kinds that have some. */
export function homeOf(definition: Definition): Definition {
  const { family } = definition;
  // What the facade adds to a definition to show its objects leaves it the definition that it was.
  return family === undefined || family.home.hash === definition.hash ? definition : family.home;
}

function isStoredAs(definition: Definition, version: string): boolean {
  return definition.storedAs === undefined && version === definition.storageVersion;
}

function apiVersionIn(definition: Definition, version: string): string {
  return apiVersionText(definition.group, version);
}

/** An object of a served version in the version that is stored; the same object where it is in that version. */
export function inStorageVersion(definition: Definition, version: string, object: KubeObject): KubeObject {
  const builtin = definition as Partial<BuiltinDefinition>;
  if (builtin.toStorage !== undefined) return builtin.toStorage(object);
  const home = homeOf(definition);
  const { storageVersion, convert } = home;
  const isForeign = home.hash !== definition.hash;
  if (!isForeign && (version === storageVersion || convert === undefined)) return object;
  const stored = isForeign
    ? definition.family!.convert(object, apiVersionIn(home, storageVersion))
    : convert!(object, storageVersion);
  const schema = home.versions.find(({ name }) => name === storageVersion);
  // What every read of the storage version would add, so that its bytes can be copied.
  if (definition.origin === 'crd' && schema !== undefined) readCustomResource(stored, schema);
  return stored;
}

/** Takes out of metadata what only reads show, and what is empty. */
export function tidyMetadata(metadata: ObjectMeta): void {
  dropClusterAnnotation(metadata);
  for (const key of OMITTED_WHEN_EMPTY) if (isEmpty(metadata[key])) delete metadata[key];
  for (const key of OMITTED_WHEN_BLANK)
    if (metadata[key] === '' || metadata[key] === null) delete metadata[key];
  for (const key of Object.keys(metadata)) if (metadata[key] === null) delete metadata[key];
  if (metadata.generation === 0) delete metadata.generation;
}

/** Takes out the annotation that reads put in, also where it was sent back. */
export function dropClusterAnnotation(metadata: ObjectMeta): void {
  const given = metadata.annotations;
  if (!isObject(given) || !Object.hasOwn(given, CLUSTER_ANNOTATION)) return;
  const annotations = objectOf(given);
  delete annotations[CLUSTER_ANNOTATION];
  if (isEmpty(annotations)) delete metadata.annotations;
  else metadata.annotations = annotations as { [key: string]: string };
}

function ownerUids(metadata: ObjectMeta): string[] {
  const uids = (metadata.ownerReferences ?? []).map((reference) => reference.uid);
  return [...new Set(uids)].filter((uid) => INDEXABLE_UID.test(uid));
}

function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
