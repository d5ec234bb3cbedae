import {
  at,
  deepEqual,
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  type FieldError,
  invalid,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  notSupported,
  objectOf,
  required,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { validateApiApproval } from './crd-approval.ts';
import { caBundleProblem, validateConversion } from './crd-conversion-validation.ts';
import { validateNames, validateRequiredNames } from './crd-names-validation.ts';
import { validateVersions } from './crd-version-validation.ts';
import { isConditionTrue, objectAt, specOf, statusOfCrd, type VersionView, versionsOf } from './crd-view.ts';

/**
 * The rules for a CRD that is to be created, or updated from `old`, with upstream's texts and paths.
 * Metadata is checked elsewhere, except for the name, which follows from the spec. A spec that does not
 * change is not checked again, so that status can be written whatever rules came later.
 */
export function validateCustomResourceDefinition(crd: KubeObject, old: KubeObject | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (old === undefined) errors.push(...validateName(crd));
  if (old === undefined || !deepEqual(crd['spec'], old['spec'])) {
    errors.push(...validateSpec(crd, old));
    if (old !== undefined) errors.push(...validateImmutable(crd, old));
  }
  errors.push(...validateCustomResourceDefinitionStatus(crd));
  errors.push(...validateStoredVersions(crd));
  errors.push(...validateApiApproval(crd, old));
  return errors;
}

/** The rules for a write to the status alone: as upstream, only the form of the accepted names. */
export function validateCustomResourceDefinitionStatus(crd: KubeObject): FieldError[] {
  return validateNames(objectAt(statusOfCrd(crd), 'acceptedNames'), 'status.acceptedNames');
}

/** status.storedVersions after this write: the storage version joins, and none leaves by itself. */
export function nextStoredVersions(crd: KubeObject): string[] {
  const stored = textsAt(statusOfCrd(crd), 'storedVersions');
  const storage = versionsOf(crd).find((version) => version.isStorage);
  return storage === undefined || stored.includes(storage.name) ? stored : [...stored, storage.name];
}

function validateName(crd: KubeObject): FieldError[] {
  const name = crd.metadata.name ?? '';
  // That it is missing is said with the rest of the metadata.
  if (name === '') return [];
  const spec = specOf(crd);
  const errors = dns1123SubdomainErrors(name).map((detail) => invalid('metadata.name', name, detail));
  if (name !== `${textAt(objectAt(spec, 'names'), 'plural')}.${textAt(spec, 'group')}`) {
    errors.push(invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group'));
  }
  return errors;
}

function validateSpec(crd: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = specOf(crd);
  const names = objectAt(spec, 'names');
  const versions = versionsOf(crd);
  return [
    ...validateGroup(textAt(spec, 'group')),
    ...validateScope(textAt(spec, 'scope')),
    ...validatePreserveUnknownFields(spec, versions, old),
    ...validateVersions(versions, old === undefined ? [] : versionsOf(old)),
    ...validateVersionSet(spec, versions),
    ...validateRequiredNames(names),
    ...validateNames(names, 'spec.names'),
    ...validateConversion(objectAt(spec, 'conversion'), {
      allowsBadCaBundle: allowsBadCaBundle(old),
      old: old && objectAt(specOf(old), 'conversion'),
    }),
  ];
}

function allowsBadCaBundle(old: KubeObject | undefined): boolean {
  if (old === undefined || !isConditionTrue(old, 'Established')) return true;
  const webhook = objectAt(objectAt(specOf(old), 'conversion'), 'webhook');
  const bundle = textAt(objectAt(webhook, 'clientConfig'), 'caBundle');
  return bundle !== '' && caBundleProblem(bundle) !== undefined;
}

function validateGroup(group: string): FieldError[] {
  if (group === '') return [required('spec.group')];
  const errors = dns1123SubdomainErrors(group);
  if (errors.length > 0) return [invalid('spec.group', group, errors.join(','))];
  if (!group.includes('.')) return [invalid('spec.group', group, 'should be a domain with at least one dot')];
  return [];
}

function validateScope(scope: string): FieldError[] {
  if (scope === '') return [required('spec.scope')];
  return SCOPES.includes(scope) ? [] : [notSupported('spec.scope', scope, SCOPES)];
}

const SCOPES: readonly string[] = ['Cluster', 'Namespaced'];

function validatePreserveUnknownFields(
  spec: JsonObject,
  versions: readonly VersionView[],
  old: KubeObject | undefined,
): FieldError[] {
  if (spec['preserveUnknownFields'] !== true) return [];
  const errors: FieldError[] = [];
  const field = 'spec.preserveUnknownFields';
  if (versions.some(({ schema }) => schema !== undefined && hasDefaults(schema))) {
    errors.push(invalid(field, true, 'must be false in order to use defaults in the schema'));
  }
  const detail =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  // What was so before upstream had this rule may stay so.
  if (old === undefined || specOf(old)['preserveUnknownFields'] !== true) {
    errors.push(invalid(field, true, detail));
  }
  return errors;
}

function hasDefaults(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if ('default' in schema) return true;
  return Object.values(schema).some(hasDefaults);
}

function validateVersionSet(spec: JsonObject, versions: readonly VersionView[]): FieldError[] {
  const errors: FieldError[] = [];
  const shown = Array.isArray(spec['versions']) ? versions.map(internalVersion) : null;
  if (new Set(versions.map((version) => version.name)).size !== versions.length) {
    errors.push(invalid('spec.versions', shown, 'must contain unique version names'));
  }
  if (versions.filter((version) => version.isStorage).length !== 1) {
    errors.push(invalid('spec.versions', shown, 'must have exactly one version marked as storage version'));
  }
  // Upstream's internal type has the first version's name once more.
  const first = versions[0];
  const nameErrors = first === undefined ? [] : dns1035LabelErrors(first.name);
  if (first !== undefined && first.name !== '' && nameErrors.length > 0) {
    errors.push(invalid('spec.version', first.name, nameErrors.join(',')));
  }
  return errors;
}

/**
 * A version as upstream prints its internal type. What all versions have in common is not part of it; what
 * they do not is left out as well, since schemas would make the message as large as the CRD.
 */
function internalVersion({ name, isServed, isStorage, raw }: VersionView): JsonValue {
  return objectOf({
    Name: name,
    Served: isServed,
    Storage: isStorage,
    Deprecated: raw['deprecated'] === true,
    DeprecationWarning: raw['deprecationWarning'] ?? null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  });
}

/** Names that are part of keys in storage cannot change; kind and scope may until objects can exist. */
function validateImmutable(crd: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const [spec, oldSpec] = [specOf(crd), specOf(old)];
  const [names, oldNames] = [objectAt(spec, 'names'), objectAt(oldSpec, 'names')];
  if (isConditionTrue(old, 'Established')) {
    errors.push(...immutable('spec.scope', spec['scope'], oldSpec['scope']));
    errors.push(...immutable('spec.names.kind', names['kind'], oldNames['kind']));
  }
  errors.push(...immutable('spec.group', spec['group'], oldSpec['group']));
  errors.push(...immutable('spec.names.plural', names['plural'], oldNames['plural']));
  return errors;
}

function immutable(field: string, value: JsonValue | undefined, old: JsonValue | undefined): FieldError[] {
  return deepEqual(value, old) ? [] : [invalid(field, value ?? null, 'field is immutable')];
}

function validateStoredVersions(crd: KubeObject): FieldError[] {
  const field = 'status.storedVersions';
  const given = statusOfCrd(crd)['storedVersions'] ?? null;
  const stored = textsAt(statusOfCrd(crd), 'storedVersions');
  if (stored.length === 0) return [invalid(field, given, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  const versions = versionsOf(crd);
  for (const { name, isStorage } of versions) {
    if (isStorage && !stored.includes(name)) {
      errors.push(invalid(field, stored, `must have the storage version ${name}`));
    }
  }
  stored.forEach((name, index) => {
    if (versions.some((version) => version.name === name)) return;
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(at(field, index), name, detail));
  });
  return errors;
}
