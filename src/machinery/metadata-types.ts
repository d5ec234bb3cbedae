import { child } from './field-error.ts';
import { isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { timeParseError } from './timestamps.ts';

/**
 * The first error that Go would report when it decodes this value into an ObjectMeta, in encoding/json's
 * words, or undefined if it decodes. `null` is fine everywhere and means absent; unknown fields are not
 * looked at.
 */
export function checkMetadataTypes(metadata: JsonValue | undefined): string | undefined {
  // Upstream decodes the metadata of custom resources by itself, so that paths begin inside of it.
  return check(metadata, OBJECT_META, { struct: undefined, path: '' });
}

type GoType =
  | { readonly kind: 'string' | 'int64' | 'bool'; readonly name: string }
  | { readonly kind: 'time' | 'any' }
  | { readonly kind: 'map' | 'slice'; readonly name: string; readonly element: GoType }
  | {
      readonly kind: 'struct';
      readonly name: string;
      /** Without the package, as decode errors name the struct of a field. */
      readonly shortName: string;
      readonly fields: ReadonlyMap<string, GoType>;
    };

/** Where a value stands, for the error text. */
interface Place {
  /** The innermost struct around the value; undefined for the metadata itself. */
  readonly struct: string | undefined;
  readonly path: string;
}

const STRING: GoType = { kind: 'string', name: 'string' };
const INT64: GoType = { kind: 'int64', name: 'int64' };
const BOOL: GoType = { kind: 'bool', name: 'bool' };
const TIME: GoType = { kind: 'time' };
const UID: GoType = { kind: 'string', name: 'types.UID' };
const STRING_MAP: GoType = { kind: 'map', name: 'map[string]string', element: STRING };

const OWNER_REFERENCE = structOf('OwnerReference', {
  apiVersion: STRING,
  kind: STRING,
  name: STRING,
  uid: UID,
  controller: BOOL,
  blockOwnerDeletion: BOOL,
});
const MANAGED_FIELDS_ENTRY = structOf('ManagedFieldsEntry', {
  manager: STRING,
  operation: { kind: 'string', name: 'v1.ManagedFieldsOperationType' },
  apiVersion: STRING,
  time: TIME,
  fieldsType: STRING,
  fieldsV1: { kind: 'any' },
  subresource: STRING,
});
const OBJECT_META = structOf('ObjectMeta', {
  name: STRING,
  generateName: STRING,
  namespace: STRING,
  selfLink: STRING,
  uid: UID,
  resourceVersion: STRING,
  generation: INT64,
  creationTimestamp: TIME,
  deletionTimestamp: TIME,
  deletionGracePeriodSeconds: INT64,
  labels: STRING_MAP,
  annotations: STRING_MAP,
  ownerReferences: { kind: 'slice', name: '[]v1.OwnerReference', element: OWNER_REFERENCE },
  finalizers: { kind: 'slice', name: '[]string', element: STRING },
  managedFields: { kind: 'slice', name: '[]v1.ManagedFieldsEntry', element: MANAGED_FIELDS_ENTRY },
});

function structOf(shortName: string, fields: Readonly<Record<string, GoType>>): GoType {
  return { kind: 'struct', name: `v1.${shortName}`, shortName, fields: new Map(Object.entries(fields)) };
}

function check(value: JsonValue | undefined, type: GoType, place: Place): string | undefined {
  if (value === null || value === undefined) return undefined;
  switch (type.kind) {
    case 'any':
      return undefined;
    case 'string':
      return typeof value === 'string' ? undefined : mismatch(jsonKind(value), type.name, place);
    case 'bool':
      return typeof value === 'boolean' ? undefined : mismatch(jsonKind(value), type.name, place);
    case 'int64':
      if (typeof value !== 'number' && typeof value !== 'bigint') {
        return mismatch(jsonKind(value), type.name, place);
      }
      return isInt64(value) ? undefined : mismatch(`number ${value}`, type.name, place);
    case 'time':
      // metav1.Time decodes itself, so that its errors know nothing of the field.
      if (typeof value !== 'string') return mismatch(jsonKind(value), 'string', undefined);
      return timeParseError(value);
    case 'map':
      if (!isObject(value)) return mismatch(jsonKind(value), type.name, place);
      return firstError(Object.keys(value), (key) => check(value[key], type.element, place));
    case 'slice':
      if (!Array.isArray(value)) return mismatch(jsonKind(value), type.name, place);
      return firstError(value, (item) => check(item, type.element, place));
    case 'struct':
      if (!isObject(value)) return mismatch(jsonKind(value), type.name, place);
      return checkStruct(value, type, place);
  }
}

function checkStruct(
  value: JsonObject,
  type: Extract<GoType, { readonly kind: 'struct' }>,
  place: Place,
): string | undefined {
  return firstError(Object.keys(value), (key) => {
    const fieldType = type.fields.get(key);
    if (fieldType === undefined) return undefined;
    return check(value[key], fieldType, { struct: type.shortName, path: child(place.path, key) });
  });
}

function firstError<T>(items: readonly T[], examine: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const error = examine(item);
    if (error !== undefined) return error;
  }
  return undefined;
}

function isInt64(value: number | bigint): boolean {
  // A float64 integer beyond 2^53 comes from a literal outside int64 or from an exponent: Go refuses both.
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

function jsonKind(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  return typeof value === 'string' ? 'string' : 'object';
}

function mismatch(found: string, goType: string, place: Place | undefined): string {
  const target = place?.struct === undefined ? 'Go value' : `Go struct field ${place.struct}.${place.path}`;
  return `json: cannot unmarshal ${found} into ${target} of type ${goType}`;
}
