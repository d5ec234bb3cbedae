import { limits } from '../base/mod.ts';
import {
  at,
  child,
  type FieldError,
  forbidden,
  goQuote,
  invalid,
  required,
  tooLong,
  tooMany,
} from './field-error.ts';
import { deepEqual, isObject, type JsonObject, type JsonValue } from './json-value.ts';
import type { ObjectMeta } from './kube-object.ts';
import {
  labelValueErrors,
  type NameValidator,
  pathSegmentErrors,
  qualifiedNameErrors,
  validateDns1123LabelName,
} from './names.ts';

/** Bytes of all keys and values of metadata.annotations together (apimachinery's TotalAnnotationSizeLimitB). */
export const ANNOTATIONS_BYTES_MAX = 262_144;

const MANAGER_BYTES_MAX = 128;
const SUBRESOURCE_BYTES_MAX = 256;
const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
/** Finalizers that need no domain. The last one is the CRD controllers' own. */
const STANDARD_FINALIZERS: readonly string[] = [
  ORPHAN,
  FOREGROUND,
  'kubernetes',
  'customresourcecleanup.apiextensions.k8s.io',
];

/**
 * What is wrong with the metadata of an object that is to be created, after its name was generated.
 * Built-in kinds (`isCustomResource` false) moreover need finalizers with a `/` or standard ones. The
 * metadata must have passed `checkMetadataTypes`.
 */
export function validateObjectMeta(
  meta: ObjectMeta,
  options: {
    readonly isNamespaced: boolean;
    readonly validateName: NameValidator;
    readonly isCustomResource: boolean;
  },
): FieldError[] {
  const { isNamespaced, validateName, isCustomResource } = options;
  const errors: FieldError[] = [];
  const generateName = textOf(meta.generateName);
  if (generateName !== '') {
    for (const detail of nameErrors(validateName, generateName, { isPrefix: true })) {
      errors.push(invalid('metadata.generateName', generateName, detail));
    }
  }
  const name = textOf(meta.name);
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else {
    for (const detail of nameErrors(validateName, name, { isPrefix: false })) {
      errors.push(invalid('metadata.name', name, detail));
    }
  }
  errors.push(...namespaceErrors(textOf(meta.namespace), isNamespaced));
  const generation = numberOf(meta.generation);
  if (generation < 0) {
    errors.push(invalid('metadata.generation', generation, 'must be greater than or equal to 0'));
  }
  errors.push(...contentErrors(meta), ...finalizerErrors(stringsOf(meta.finalizers)));
  errors.push(...managedFieldsErrors(meta.managedFields));
  if (!isCustomResource) errors.push(...unqualifiedFinalizerErrors(stringsOf(meta.finalizers)));
  return errors;
}

/**
 * What is wrong with an update from `oldMeta` to `newMeta`. The caller has copied over what clients
 * cannot set (creationTimestamp, deletionTimestamp …) and, for an unconditional update, the
 * resourceVersion. With `isCustomResource: false` finalizers are checked as on creation of built-in kinds.
 */
export function validateObjectMetaUpdate(
  newMeta: ObjectMeta,
  oldMeta: ObjectMeta,
  options: { readonly isCustomResource: boolean } = { isCustomResource: true },
): FieldError[] {
  const errors: FieldError[] = [];
  if (isPresent(oldMeta.deletionTimestamp)) {
    errors.push(...newFinalizerErrors(stringsOf(newMeta.finalizers), stringsOf(oldMeta.finalizers)));
  }
  if (textOf(newMeta.resourceVersion) === '') {
    // Printed as a number, because upstream compares the decoded version.
    errors.push(invalid('metadata.resourceVersion', 0, 'must be specified for an update'));
  }
  const generation = numberOf(newMeta.generation);
  if (generation < numberOf(oldMeta.generation)) {
    errors.push(invalid('metadata.generation', generation, 'must not be decremented'));
  }
  for (const key of ['name', 'namespace', 'uid']) {
    errors.push(...immutableErrors(key, textOf(newMeta[key]), textOf(oldMeta[key])));
  }
  for (const key of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds']) {
    errors.push(...immutableErrors(key, newMeta[key] ?? null, oldMeta[key] ?? null));
  }
  errors.push(...contentErrors(newMeta), ...finalizerErrors(stringsOf(newMeta.finalizers)));
  errors.push(...managedFieldsErrors(newMeta.managedFields));
  if (!options.isCustomResource) errors.push(...unqualifiedFinalizerErrors(stringsOf(newMeta.finalizers)));
  return errors;
}

/**
 * Warnings about finalizers of custom resources that name no domain or no path. With `old`, only for
 * finalizers that it does not have yet.
 */
export function metadataWarnings(
  meta: ObjectMeta,
  options: { readonly isCustomResource: boolean; readonly old?: ObjectMeta | undefined },
): string[] {
  if (!options.isCustomResource) return [];
  const known = new Set(stringsOf(options.old?.finalizers));
  const warnings: string[] = [];
  for (const finalizer of [...new Set(stringsOf(meta.finalizers))].sort()) {
    if (known.has(finalizer) || finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) continue;
    const path = finalizer.includes('.') ? ' including a path (/)' : '';
    warnings.push(
      `metadata.finalizers: ${goQuote(finalizer)}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
    );
  }
  return warnings;
}

/** Every name must also do as a path segment; said only when the kind's own rule is content. */
function nameErrors(
  validateName: NameValidator,
  name: string,
  options: { readonly isPrefix: boolean },
): string[] {
  const errors = validateName(name, options);
  return errors.length > 0 ? errors : pathSegmentErrors(name, options);
}

function namespaceErrors(namespace: string, isNamespaced: boolean): FieldError[] {
  if (!isNamespaced) {
    return namespace === '' ? [] : [forbidden('metadata.namespace', 'not allowed on this type')];
  }
  if (namespace === '') return [required('metadata.namespace')];
  return validateDns1123LabelName(namespace, { isPrefix: false }).map((detail) =>
    invalid('metadata.namespace', namespace, detail),
  );
}

/** Labels, annotations and owner references, which creation and update check alike. */
function contentErrors(meta: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(mapOf(meta.labels), 'metadata.labels'),
    ...validateAnnotations(mapOf(meta.annotations), 'metadata.annotations'),
    ...ownerReferenceErrors(meta.ownerReferences),
  ];
}

/** What is wrong with labels that stand at a path. */
export function validateLabels(labels: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(labels)) {
    for (const detail of qualifiedNameErrors(key)) errors.push(invalid(path, key, detail));
    const value = textOf(labels[key]);
    for (const detail of labelValueErrors(value)) errors.push(invalid(path, value, detail));
  }
  return errors;
}

/** What is wrong with annotations that stand at a path. */
export function validateAnnotations(annotations: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const key of Object.keys(annotations)) {
    for (const detail of qualifiedNameErrors(key.toLowerCase())) {
      errors.push(invalid(path, key, detail));
    }
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(textOf(annotations[key]));
  }
  if (sizeBytes > ANNOTATIONS_BYTES_MAX) errors.push(tooLong(path, ANNOTATIONS_BYTES_MAX));
  return errors;
}

function ownerReferenceErrors(references: JsonValue | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const path = 'metadata.ownerReferences';
  let controllerName = '';
  for (const reference of objectsOf(references)) {
    const [apiVersion, kind] = [textOf(reference['apiVersion']), textOf(reference['kind'])];
    const [name, uid] = [textOf(reference['name']), textOf(reference['uid'])];
    // A malformed apiVersion has no version either.
    const version = /^(?:[^/]*\/)?([^/]*)$/.exec(apiVersion)?.[1] ?? '';
    if (version === '')
      errors.push(invalid(child(path, 'apiVersion'), apiVersion, 'version must not be empty'));
    if (kind === '') errors.push(invalid(child(path, 'kind'), kind, 'must not be empty'));
    if (name === '') errors.push(invalid(child(path, 'name'), name, 'must not be empty'));
    if (uid === '') errors.push(invalid(child(path, 'uid'), uid, 'must not be empty'));
    if (apiVersion === 'v1' && kind === 'Event') {
      errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (reference['controller'] !== true) continue;
    if (controllerName === '') controllerName = `${kind}/${name}`;
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controllerName} and ${kind}/${name}`;
      errors.push(invalid(path, references ?? null, detail));
      // One error says it all; printing the whole list once per reference would be quadratic.
      break;
    }
  }
  return errors;
}

function finalizerErrors(finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers) {
    for (const detail of qualifiedNameErrors(finalizer)) {
      errors.push(invalid('metadata.finalizers', finalizer, detail));
    }
  }
  if (finalizers.includes(ORPHAN) && finalizers.includes(FOREGROUND)) {
    const detail = `finalizer ${ORPHAN} and ${FOREGROUND} cannot be both set`;
    errors.push(invalid('metadata.finalizers', [...finalizers], detail));
  }
  return errors;
}

function unqualifiedFinalizerErrors(finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  finalizers.forEach((finalizer, index) => {
    if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return;
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    errors.push(invalid(at('metadata.finalizers', index), finalizer, detail));
  });
  return errors;
}

function newFinalizerErrors(finalizers: readonly string[], old: readonly string[]): FieldError[] {
  const known = new Set(old);
  const added = [...new Set(finalizers)].filter((finalizer) => !known.has(finalizer)).sort();
  if (added.length === 0) return [];
  const list = added.map((finalizer) => goQuote(finalizer)).join(', ');
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  return [forbidden('metadata.finalizers', detail)];
}

function managedFieldsErrors(entries: JsonValue | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const managers = objectsOf(entries);
  if (managers.length > limits.fieldManagersMax) {
    return [tooMany('metadata.managedFields', managers.length, limits.fieldManagersMax)];
  }
  managers.forEach((entry, index) => {
    const path = at('metadata.managedFields', index);
    const operation = textOf(entry['operation']);
    if (operation !== 'Apply' && operation !== 'Update') {
      errors.push(invalid(child(path, 'operation'), operation, 'must be `Apply` or `Update`'));
    }
    const fieldsType = textOf(entry['fieldsType']);
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') {
      errors.push(invalid(child(path, 'fieldsType'), fieldsType, 'must be `FieldsV1`'));
    }
    if (Buffer.byteLength(textOf(entry['manager'])) > MANAGER_BYTES_MAX) {
      errors.push(tooLong(child(path, 'manager'), MANAGER_BYTES_MAX));
    }
    if (Buffer.byteLength(textOf(entry['subresource'])) > SUBRESOURCE_BYTES_MAX) {
      errors.push(tooLong(child(path, 'subresource'), SUBRESOURCE_BYTES_MAX));
    }
  });
  return errors;
}

function immutableErrors(key: string, value: JsonValue, old: JsonValue): FieldError[] {
  return deepEqual(value, old) ? [] : [invalid(child('metadata', key), value, 'field is immutable')];
}

// A decoded `null` means the zero value, wherever it stands.

function isPresent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}
function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
function numberOf(value: JsonValue | undefined): number | bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? value : 0;
}
function mapOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {};
}
function stringsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}
function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
