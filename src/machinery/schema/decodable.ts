import { goTypeName } from '../go-values.ts';
import { isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import { parseQuantity } from '../quantity.ts';
import { microTimeParseError, timeParseError } from '../timestamps.ts';
import { base64Error } from './formats.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';

/**
 * The error with which Go's JSON decoder would refuse this object of a built-in kind, or undefined. A
 * typed API server reads built-in kinds into structs, so that a wrong type is a decoding error (400)
 * and no field error (422). Null is always fine: it means absent.
 *
 * @param kind the name of the struct of the root, as it appears in the error text
 * @param form what is read: the text of the object, or (after a strategic merge patch or an apply) a tree of
 *   maps, which upstream brings into structs by other code, with other words
 */
export function checkDecodable(
  object: JsonObject,
  schema: Schema,
  { kind, form = 'text' }: { readonly kind: string; readonly form?: DecodedForm },
): string | undefined {
  return checkFields(object, schema, { struct: kind, root: kind, fields: '', form });
}

export type DecodedForm = 'text' | 'tree';

/** Where the decoder stands: the innermost struct, and the names of all fields on the way. */
interface Place {
  readonly struct: string;
  readonly root: string;
  readonly fields: string;
  readonly form: DecodedForm;
}

function checkFields(object: JsonObject, schema: Schema, place: Place): string | undefined {
  for (const key of Object.keys(object)) {
    const value = object[key];
    const property = propertySchemaOf(schema, key);
    if (property === undefined || value === undefined) continue;
    const fields = place.fields === '' ? key : `${place.fields}.${key}`;
    const error = check(value, property, { ...place, fields });
    if (error !== undefined) return error;
  }
  return undefined;
}

function check(value: JsonValue, schema: Schema, place: Place): string | undefined {
  if (value === null) return undefined;
  if (schema['x-kubernetes-int-or-string'] === true) return checkIntOrString(value);
  if (schema.format === 'quantity') return checkQuantity(value);
  switch (schema.type) {
    case 'string':
      return checkString(value, schema, place);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : mismatch(value, schema, place);
    case 'integer':
    case 'number':
      return isNumberOf(value, schema) ? undefined : mismatch(value, schema, place);
    case 'array':
      return checkItems(value, schema, place);
    case 'object':
      return checkObject(value, schema, place);
    default:
      // Any JSON, or a union such as JSONSchemaPropsOrBool: what is an object is read as the struct.
      return isObject(value) ? checkFields(value, schema, inStruct(place)) : undefined;
  }
}

function checkString(value: JsonValue, schema: Schema, place: Place): string | undefined {
  const isTime = schema.format === 'date-time' || schema.format === 'micro-time';
  if (typeof value !== 'string') {
    if (isTime) return `json: cannot unmarshal ${jsonTypeOf(value)} into Go value of type string`;
    return mismatch(value, schema, place);
  }
  if (isTime) return schema.format === 'date-time' ? timeParseError(value) : microTimeParseError(value);
  const error = schema.format === 'byte' ? base64Error(value) : undefined;
  return error === undefined || place.form === 'text' ? error : `error decoding from json: ${error}`;
}

function checkIntOrString(value: JsonValue): string | undefined {
  if (typeof value === 'string' || isInteger(value, INT32_MAX)) return undefined;
  return `json: cannot unmarshal ${describe(value)} into Go value of type int32`;
}

function checkQuantity(value: JsonValue): string | undefined {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  try {
    // Go hands the raw JSON text to the parser, so that anything else fails by its first character.
    parseQuantity(typeof text === 'string' ? text : jsonTypeOf(value));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkItems(value: JsonValue, schema: Schema, place: Place): string | undefined {
  if (!Array.isArray(value)) return mismatch(value, schema, place);
  if (schema.items === undefined) return undefined;
  for (const item of value) {
    const error = check(item, schema.items, place);
    if (error !== undefined) return error;
  }
  return undefined;
}

function checkObject(value: JsonValue, schema: Schema, place: Place): string | undefined {
  if (!isObject(value)) return mismatch(value, schema, place);
  const additional = additionalSchemaOf(schema);
  if (additional === undefined) return checkFields(value, schema, inStruct(place));
  for (const key of Object.keys(value)) {
    const error = check(value[key] ?? null, additional, place);
    if (error !== undefined) return error;
  }
  return undefined;
}

function mismatch(value: JsonValue, schema: Schema, place: Place): string {
  if (place.form === 'tree') return treeMismatch(value, schema, place);
  const field = `${place.struct}.${place.fields}`;
  return `json: cannot unmarshal ${describe(value, schema)} into Go struct field ${field} of type ${goTypeOf(schema, place)}`;
}

/** In the words of the converter of apimachinery, which names neither field nor struct. */
function treeMismatch(value: JsonValue, schema: Schema, place: Place): string {
  const wanted = goTypeOf(schema, place);
  const found = goTypeName(value)
    .replace(/^map.*/, 'map')
    .replace(/^\[\].*/, 'slice');
  if (wanted.startsWith('[]')) return `cannot restore slice from ${found}`;
  if (schema.type === 'object') {
    const isMap = additionalSchemaOf(schema) !== undefined;
    return isMap ? `cannot restore map from ${found}` : `cannot restore struct from: ${found}`;
  }
  // Go could convert these, which JSON does not allow.
  const isConvertible = wanted === 'string' ? found === 'int64' : /^(int|float)/.test(found);
  return isConvertible && wanted !== 'bool'
    ? `cannot convert ${found} to ${wanted}`
    : `unrecognized type: ${wanted}`;
}

function inStruct(place: Place): Place {
  return { ...place, struct: structNameOf(place) };
}

/** The schemas do not carry the names of Go's structs: these are the ones that the field names do not give away. */
const STRUCT_NAMES: ReadonlyMap<string, string> = new Map([
  ['metadata', 'ObjectMeta'],
  ['metadata.ownerReferences', 'OwnerReference'],
  ['metadata.managedFields', 'ManagedFieldsEntry'],
  ['rules', 'PolicyRule'],
  ['subjects', 'Subject'],
  ['involvedObject', 'ObjectReference'],
  ['regarding', 'ObjectReference'],
  ['related', 'ObjectReference'],
  ['secrets', 'ObjectReference'],
  ['imagePullSecrets', 'LocalObjectReference'],
  ['source', 'EventSource'],
  ['deprecatedSource', 'EventSource'],
  ['series', 'EventSeries'],
  ['spec.limits', 'LimitRangeItem'],
  ['spec.scopeSelector', 'ScopeSelector'],
  ['spec.scopeSelector.matchExpressions', 'ScopedResourceSelectorRequirement'],
  ['spec.resourceAttributes', 'ResourceAttributes'],
  ['spec.nonResourceAttributes', 'NonResourceAttributes'],
  ['aggregationRule.clusterRoleSelectors', 'LabelSelector'],
  ['spec.names', 'CustomResourceDefinitionNames'],
  ['spec.versions', 'CustomResourceDefinitionVersion'],
  ['spec.conversion', 'CustomResourceConversion'],
  ['spec.versions.schema', 'CustomResourceValidation'],
  ['spec.versions.subresources', 'CustomResourceSubresources'],
  ['spec.versions.additionalPrinterColumns', 'CustomResourceColumnDefinition'],
  ['spec.versions.selectableFields', 'SelectableField'],
]);

/** What is no struct but has a name of its own: lists by that of their items. */
const TYPE_NAMES: ReadonlyMap<string, string> = new Map([
  ['Namespace.spec.finalizers', 'v1.FinalizerName'],
  ['Namespace.status.phase', 'v1.NamespacePhase'],
  ['ResourceQuota.spec.hard', 'v1.ResourceList'],
  ['ResourceQuota.spec.scopes', 'v1.ResourceQuotaScope'],
  ['ResourceQuota.status.hard', 'v1.ResourceList'],
  ['ResourceQuota.status.used', 'v1.ResourceList'],
  ['LimitRange.spec.limits.type', 'v1.LimitType'],
  ['LimitRange.spec.limits.max', 'v1.ResourceList'],
  ['LimitRange.spec.limits.min', 'v1.ResourceList'],
  ['LimitRange.spec.limits.default', 'v1.ResourceList'],
  ['LimitRange.spec.limits.defaultRequest', 'v1.ResourceList'],
  ['LimitRange.spec.limits.maxLimitRequestRatio', 'v1.ResourceList'],
  ['Secret.type', 'v1.SecretType'],
]);

function structNameOf({ fields, root }: Place): string {
  if (fields === 'spec' || fields === 'status') return `${root}${fields === 'spec' ? 'Spec' : 'Status'}`;
  const known = STRUCT_NAMES.get(fields);
  if (known !== undefined) return known;
  if (fields.includes('openAPIV3Schema')) return 'JSONSchemaProps';
  const last = fields.slice(fields.lastIndexOf('.') + 1);
  return last === 'conditions' ? 'Condition' : last.charAt(0).toUpperCase() + last.slice(1);
}

function goTypeOf(schema: Schema, place: Place): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'intstr.IntOrString';
  if (schema.format === 'quantity') return 'resource.Quantity';
  if (schema.format === 'date-time') return 'v1.Time';
  if (schema.format === 'micro-time') return 'v1.MicroTime';
  const named = TYPE_NAMES.get(`${place.root}.${place.fields}`);
  if (named !== undefined && schema.type === 'object') return named;
  switch (schema.type) {
    case 'string':
      if (named !== undefined) return named;
      return schema.format === 'byte' ? '[]uint8' : 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    case 'array':
      return `[]${schema.items === undefined ? 'interface {}' : goTypeOf(schema.items, place)}`;
    default: {
      const values = additionalSchemaOf(schema);
      return values === undefined ? `v1.${structNameOf(place)}` : `map[string]${goTypeOf(values, place)}`;
    }
  }
}

function isNumberOf(value: JsonValue, schema: Schema): boolean {
  if (schema.type === 'number') return typeof value === 'number' || typeof value === 'bigint';
  return isInteger(value, schema.format === 'int32' ? INT32_MAX : INT64_MAX);
}

const INT32_MAX = 2n ** 31n - 1n;
const INT64_MAX = 2n ** 63n - 1n;

function isInteger(value: JsonValue, max: bigint): boolean {
  if (typeof value === 'number' && Number.isInteger(value)) return inRange(BigInt(value), max);
  return typeof value === 'bigint' && inRange(value, max);
}

function inRange(value: bigint, max: bigint): boolean {
  return value <= max && value >= -max - 1n;
}

/** Go names the number itself where only its value is wrong for an integer. */
function describe(value: JsonValue, schema?: Schema): string {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  const wantsInteger = schema === undefined || schema.type === 'integer';
  return isNumber && wantsInteger ? `number ${value}` : jsonTypeOf(value);
}

function jsonTypeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
}
