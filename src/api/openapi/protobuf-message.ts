import type { Field, Type } from 'protobufjs';
import { assert } from '../../base/mod.ts';

/** What `JSON.parse` gives; the documents are our own text. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A protobuf message from the JSON form of one of gnostic's types. The rules are the same for OpenAPI v2 and
 * v3: maps become lists of named entries, alternatives become a `oneof`, free values become YAML text, and
 * keys that begin with `x-` go to the extensions. Keys that a type does not know are left out, as gnostic's
 * readers of Kubernetes documents ignore them.
 */
export function messageOf(type: Type, json: Json): Message {
  const special = SPECIAL_TYPES[type.name];
  if (special !== undefined) return special(type, json);
  if (type.oneofs?.['oneof'] !== undefined) return alternativeOf(type, json);
  assert(isRecord(json), `OpenAPI ${type.name} must be an object`);
  const entries = type.fields['additional_properties'];
  // Only maps consist of nothing but entries; a schema has a field of that name as well.
  if (entries?.repeated && type.fieldsArray.length === 1) {
    return { [entries.name]: namedEntries(entries, Object.entries(json)) };
  }
  return objectMessage(type, json);
}

interface Message {
  [field: string]: unknown;
}

const SPECIAL_TYPES: Readonly<Record<string, (type: Type, json: Json) => Message>> = {
  // JSON is YAML, so that its text serves.
  Any: (_type, json) => ({ yaml: JSON.stringify(json) }),
  TypeItem: (_type, json) => ({ value: Array.isArray(json) ? json : [json] }),
  StringArray: (_type, json) => ({ value: json }),
  ItemsItem: (type, json) => {
    const field = type.fieldsArray[0]!;
    return { [field.name]: [fieldValue(field, json)] };
  },
  DefaultType: (_type, json) => ({ [typeof json]: json }),
};

function objectMessage(type: Type, json: { readonly [key: string]: Json }): Message {
  const message: Message = {};
  const extensions: [string, Json][] = [];
  const others: [string, Json][] = [];
  for (const [key, value] of Object.entries(json)) {
    const field = fieldOf(type, key);
    if (key.startsWith('x-')) extensions.push([key, value]);
    else if (field === undefined) others.push([key, value]);
    else if (canHold(field, value)) message[field.name] = fieldMessage(field, value);
  }
  // Paths and responses are maps with extensions beside them: what is neither is an entry.
  const extensionField = type.fields['vendor_extension'] ?? type.fields['specification_extension'];
  if (extensionField !== undefined && extensions.length > 0) {
    message[extensionField.name] = namedEntries(extensionField, extensions);
  }
  const entryField =
    type.fields['path'] ?? type.fields['response_code'] ?? type.fields['response_or_reference'];
  if (entryField !== undefined && others.length > 0) {
    message[entryField.name] = namedEntries(entryField, others);
  }
  return message;
}

/** Chooses among alternatives as gnostic does: a reference if there is a `$ref`, else by what the value is. */
function alternativeOf(type: Type, json: Json): Message {
  const field = type.fields[alternativeName(type, json)];
  assert(field !== undefined, `OpenAPI ${type.name} has no such alternative`);
  return { [field.name]: fieldValue(field, json) };
}

function alternativeName(type: Type, json: Json): string {
  if (typeof json === 'boolean') return 'boolean';
  const isReference = isRecord(json) && '$ref' in json;
  if (isReference && type.fields['reference'] !== undefined) return 'reference';
  if (isReference && type.fields['json_reference'] !== undefined) return 'json_reference';
  const place = isRecord(json) ? json['in'] : undefined;
  if (type.name === 'Parameter') return place === 'body' ? 'body_parameter' : 'non_body_parameter';
  if (type.name === 'NonBodyParameter') return `${String(place)}_parameter_sub_schema`;
  const alternative = type.fieldsArray.find(({ name }) => name !== 'reference' && name !== 'json_reference');
  return alternative?.name ?? '';
}

/** gnostic has room for scalar defaults only in v3; other defaults are in the JSON form alone. */
function canHold(field: Field, value: Json): boolean {
  return field.type !== 'DefaultType' || (typeof value !== 'object' && value !== null);
}

function fieldMessage(field: Field, json: Json): unknown {
  if (!field.repeated) return fieldValue(field, json);
  assert(Array.isArray(json), `OpenAPI field ${field.name} must be a list`);
  return json.map((item: Json) => fieldValue(field, item));
}

function fieldValue(field: Field, json: Json): unknown {
  const type = field.resolve().resolvedType;
  return type !== null && 'fields' in type ? messageOf(type, json) : json;
}

function namedEntries(field: Field, entries: readonly (readonly [string, Json])[]): Message[] {
  const type = field.resolve().resolvedType;
  assert(type !== null && 'fields' in type, `OpenAPI field ${field.name} must hold named entries`);
  const value = type.fields['value'];
  assert(value !== undefined, `OpenAPI ${type.name} must have a value`);
  return entries.map(([name, json]) => ({ name, value: fieldValue(value, json) }));
}

function fieldOf(type: Type, key: string): Field | undefined {
  if (key === '$ref') return type.fields['_ref'];
  const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
}

function isRecord(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
