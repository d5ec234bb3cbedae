import { at, child, type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import type { Schema } from './schema.ts';
import { propertySchemaOf } from './schema-nodes.ts';

/** The rules for `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and `x-kubernetes-map-type` of one node. */
export function validateListAndMapTypes(schema: Schema, path: string): FieldError[] {
  return [
    ...validateMapType(schema, path),
    ...validateListType(schema, path),
    ...validateMapKeys(schema, path),
  ];
}

function validateMapType(schema: Schema, path: string): FieldError[] {
  const mapType = schema[MAP_TYPE];
  if (mapType === undefined) return [];
  const errors: FieldError[] = [];
  const detail = `must be object if ${MAP_TYPE} is specified`;
  const type = schema.type ?? '';
  if (type === '') errors.push(required(child(path, 'type'), detail));
  else if (type !== 'object') errors.push(invalid(child(path, 'type'), type, detail));
  if (mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(notSupported(child(path, MAP_TYPE), mapType, ['atomic', 'granular']));
  }
  return errors;
}

function validateListType(schema: Schema, path: string): FieldError[] {
  const listType = schema[LIST_TYPE];
  if (listType === undefined) return [];
  const errors: FieldError[] = [];
  const detail = `must be array if ${LIST_TYPE} is specified`;
  const type = schema.type ?? '';
  if (type === '') errors.push(required(child(path, 'type'), detail));
  else if (type !== 'array') errors.push(invalid(child(path, 'type'), type, detail));
  else if (listType === 'set' && schema.items !== undefined)
    errors.push(...validateSetItem(schema.items, path));
  if (listType !== 'atomic' && listType !== 'set' && listType !== 'map') {
    errors.push(notSupported(child(path, LIST_TYPE), listType, ['atomic', 'set', 'map']));
  }
  return errors;
}

/** Items of a set are compared as a whole, and so must not be merged into. */
function validateSetItem(items: Schema, path: string): FieldError[] {
  const itemsPath = child(path, 'items');
  const detail = `must be atomic as item of a list with ${LIST_TYPE}=set`;
  if (items.type === 'array' && (items[LIST_TYPE] ?? 'atomic') !== 'atomic') {
    return [invalid(child(itemsPath, LIST_TYPE), items[LIST_TYPE] ?? null, detail)];
  }
  if (items.type === 'object' && items[MAP_TYPE] !== 'atomic') {
    return [invalid(child(itemsPath, MAP_TYPE), items[MAP_TYPE] ?? null, detail)];
  }
  return [];
}

function validateMapKeys(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const listType = schema[LIST_TYPE];
  const keys = schema[MAP_KEYS] ?? [];
  if (keys.length > 0 && listType !== 'map') {
    const detail = `must be map if ${MAP_KEYS} is non-empty`;
    const typePath = child(path, LIST_TYPE);
    errors.push(listType === undefined ? required(typePath, detail) : invalid(typePath, listType, detail));
  }
  const items = schema.items;
  if (items?.nullable === true && (listType === 'set' || listType === 'map')) {
    const detail = `cannot be nullable when ${LIST_TYPE} is ${listType}`;
    errors.push(forbidden(child(child(path, 'items'), 'nullable'), detail));
  }
  if (listType !== 'map') return errors;
  if (keys.length === 0) {
    errors.push(required(child(path, MAP_KEYS), `must not be empty if ${LIST_TYPE} is map`));
  }
  if (items === undefined) {
    errors.push(required(child(path, 'items'), `must have a schema if ${LIST_TYPE} is map`));
  } else if (items.type !== 'object') {
    const detail = `must be object if parent array's ${LIST_TYPE} is map`;
    errors.push(invalid(child(child(path, 'items'), 'type'), items.type ?? '', detail));
  } else {
    errors.push(...validateKeyProperties(keys, items, path));
  }
  return errors;
}

function validateKeyProperties(keys: readonly string[], items: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const keysPath = child(path, MAP_KEYS);
  const seen = new Set<string>();
  for (const key of keys) {
    const property = propertySchemaOf(items, key);
    const propertyPath = at(child(child(path, 'items'), 'properties'), key);
    if (property === undefined) {
      errors.push(invalid(keysPath, [...keys], 'entries must all be names of item properties'));
    } else {
      const isRequired = items.required?.includes(key) === true;
      errors.push(...validateKeyProperty(property, propertyPath, { isRequired }));
    }
    if (seen.has(key)) errors.push(invalid(keysPath, [...keys], 'must not contain duplicate entries'));
    seen.add(key);
  }
  return errors;
}

/** Two items without the key would be one, so that it must always have a value. */
function validateKeyProperty(
  property: Schema,
  path: string,
  { isRequired }: { readonly isRequired: boolean },
): FieldError[] {
  const errors: FieldError[] = [];
  const reason = `this property is in ${MAP_KEYS}, so it`;
  if (property.type === 'array' || property.type === 'object') {
    const detail = `must be a scalar type if parent array's ${LIST_TYPE} is map`;
    errors.push(invalid(child(path, 'type'), property.type, detail));
  }
  if (!isRequired && (property.default === undefined || property.default === null)) {
    errors.push(required(child(path, 'default'), `${reason} must have a default or be a required property`));
  }
  if (property.nullable === true) {
    errors.push(forbidden(child(path, 'nullable'), `${reason} cannot be nullable`));
  }
  return errors;
}

const LIST_TYPE = 'x-kubernetes-list-type';
const MAP_KEYS = 'x-kubernetes-list-map-keys';
const MAP_TYPE = 'x-kubernetes-map-type';
