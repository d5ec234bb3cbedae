import { at, child, type FieldError, forbidden, invalid, notSupported } from '../field-error.ts';
import { isObject, type JsonValue } from '../json-value.ts';
import { validateListAndMapTypes } from './list-type-rules.ts';
import type { Schema } from './schema.ts';
import { validateRules } from './validation-rules.ts';

/**
 * The rules for every node of a schema, inside and outside of branches: which keywords are not served,
 * and what the others may say.
 */
export function validateSchemaKeywords(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, { path, errors, isRoot: true, isInsideMeta: false });
  return errors;
}

/** Has the schema anywhere a keyword that structural schemas do not have at all. */
export function hasUnsupportedKeywords(schema: Schema): boolean {
  const raw = rawOf(schema);
  if (UNSUPPORTED.some(([keyword]) => isGiven(raw[keyword])) || isGiven(raw['$schema'])) return true;
  if (Array.isArray(raw['items']) || raw['x-kubernetes-preserve-unknown-fields'] === false) return true;
  return childrenOf(schema).some(([, node]) => hasUnsupportedKeywords(node));
}

interface Place {
  readonly path: string;
  readonly errors: FieldError[];
  readonly isRoot: boolean;
  /** Inside apiVersion, kind or metadata of the object or an embedded resource. */
  readonly isInsideMeta: boolean;
  /** Why defaults are not allowed here. */
  readonly noDefaults?: string;
}

function checkNode(schema: Schema, place: Place): void {
  const { path, errors } = place;
  checkNames(schema, place);
  if (schema.uniqueItems === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(child(path, 'uniqueItems'), detail));
  }
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  const additional = schema.additionalProperties ?? true;
  if (hasProperties && additional !== true) {
    const detail = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbidden(child(path, 'additionalProperties'), detail));
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const detail = 'must be true or undefined';
    errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), false, detail));
  }
  errors.push(...validateListAndMapTypes(schema, path));
  errors.push(...validateRules(schema, path));
  for (const [suffix, node, key] of childrenOf(schema)) {
    checkNode(node, placeOfChild(schema, place, { suffix, key }));
  }
}

function placeOfChild(
  schema: Schema,
  place: Place,
  { suffix, key }: { readonly suffix: string; readonly key: string | undefined },
): Place {
  const next = { ...place, path: child(place.path, suffix), isRoot: false };
  if (suffix === 'additionalProperties' && place.isInsideMeta) {
    return { ...next, noDefaults: 'inside additionalProperties applying to object metadata' };
  }
  const isResource = place.isRoot || schema['x-kubernetes-embedded-resource'] === true;
  if (key === undefined || !isResource || !META_FIELDS.has(key)) return next;
  const inMeta = { ...next, isInsideMeta: true };
  return place.isRoot ? { ...inMeta, noDefaults: `in top-level ${key}` } : inMeta;
}

const META_FIELDS: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);

function checkNames(schema: Schema, { path, errors, isInsideMeta, noDefaults }: Place): void {
  const raw = rawOf(schema);
  const type = schema.type ?? '';
  if (type !== '' && !TYPES.includes(type)) errors.push(notSupported(child(path, 'type'), type, TYPES));
  if (schema.default !== undefined && schema.default !== null && noDefaults !== undefined) {
    errors.push(forbidden(child(path, 'default'), `must not be set ${noDefaults}`));
  }
  for (const [keyword, detail] of UNSUPPORTED) {
    if (isGiven(raw[keyword])) errors.push(forbidden(child(path, keyword), detail));
  }
  if (type === 'null') {
    const detail = 'type cannot be set to null, use nullable as an alternative';
    errors.push(forbidden(child(path, 'type'), detail));
  }
  if (Array.isArray(raw['items'])) {
    errors.push(forbidden(child(path, 'items'), 'items must be a schema object and not an array'));
  }
  if (isInsideMeta && schema['x-kubernetes-embedded-resource'] === true) {
    const detail = 'must not be used inside of resource meta';
    errors.push(forbidden(child(path, 'x-kubernetes-embedded-resource'), detail));
  }
}

/** In the order in which upstream lists them. */
const TYPES: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

const UNSUPPORTED: readonly (readonly [string, string])[] = [
  ['id', 'id is not supported'],
  ['additionalItems', 'additionalItems is not supported'],
  ['patternProperties', 'patternProperties is not supported'],
  ['definitions', 'definitions is not supported'],
  ['dependencies', 'dependencies is not supported'],
  ['$ref', '$ref is not supported'],
];

/** The schemas right below a node: path suffix, schema and, of a property, its name. */
function childrenOf(schema: Schema): (readonly [string, Schema, string?])[] {
  const children: (readonly [string, Schema, string?])[] = [];
  for (const keyword of ['items', 'additionalProperties', 'not'] as const) {
    const node = schema[keyword];
    if (isObject(node as JsonValue | undefined)) children.push([keyword, node as Schema]);
  }
  for (const [key, node] of Object.entries(schema.properties ?? {})) {
    children.push([at('properties', key), node, key]);
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    (schema[keyword] ?? []).forEach((node, index) => {
      children.push([at(keyword, index), node]);
    });
  }
  return children;
}

/** Keywords that are not in the type of a schema, as a client may send them. */
function rawOf(schema: Schema): Readonly<Record<string, JsonValue | undefined>> {
  return schema as Readonly<Record<string, JsonValue | undefined>>;
}

/** Go cannot tell an empty string or map from an absent one. */
function isGiven(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return !isObject(value) || Object.keys(value).length > 0;
}
