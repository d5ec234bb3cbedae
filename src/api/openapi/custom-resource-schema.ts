import { isObject, type JsonObject, type JsonValue, newObject, objectOf } from '../../machinery/mod.ts';
import type { ServedDefinition } from '../discovery-groups.ts';
import { API_VERSION_TEXT, KIND_TEXT, LIST_METADATA_TEXT, METADATA_TEXT } from './common-components.ts';
import { customResourceComponent, LIST_META, OBJECT_META, V2_PREFIX, V3_PREFIX } from './component-names.ts';
import { kindObject } from './operation.ts';
import { mapChildSchemas } from './schema-walk.ts';

export type OpenApiVersion = 'v2' | 'v3';

/**
 * The component of a custom resource: the user's schema with apiVersion, kind and metadata added at its
 * root and in embedded resources (apiextensions' OpenAPI builder). For v2 everything that its readers,
 * kubectl and Argo CD among them, cannot digest is taken away.
 */
export function customResourceSchema(served: ServedDefinition, target: OpenApiVersion): JsonObject {
  const schema = served.version.schema as JsonObject;
  const published = publishRoot(schema, target);
  published['x-kubernetes-group-version-kind'] = [
    kindObject({
      group: served.definition.group,
      version: served.version.name,
      kind: served.definition.names.kind,
    }),
  ];
  addSelectableFields(published, served);
  return published;
}

/** The component of the list of a custom resource. */
export function customResourceListSchema(served: ServedDefinition, target: OpenApiVersion): JsonObject {
  const { definition, version } = served;
  const { kind, listKind, plural } = definition.names;
  const groupVersion = { group: definition.group, version: version.name };
  const item = `${prefixOf(target)}${customResourceComponent({ ...groupVersion, kind })}`;
  const published = objectOf({
    type: 'object',
    description: `A list of ${kind} objects.`,
    required: ['items'],
    properties: objectOf({
      ...typeProperties(),
      metadata: reference(LIST_META, LIST_METADATA_TEXT, target),
      items: objectOf({
        type: 'array',
        description: `The ${plural} of this list.`,
        items: objectOf({ $ref: item }),
      }),
    }),
    'x-kubernetes-group-version-kind': [kindObject({ ...groupVersion, kind: listKind })],
  });
  addSelectableFields(published, served);
  return published;
}

function publishRoot(schema: JsonObject, target: OpenApiVersion): JsonObject {
  // Clients of v2 take a list of properties for a complete one and would refuse all others.
  if (target === 'v2' && schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return objectOf({ type: 'object' });
  }
  const published = publish(schema, target);
  // A nullable root would lose its type and properties in v2; an object is never null.
  published['type'] = 'object';
  const properties = propertiesOf(published);
  Object.assign(properties, typeProperties());
  properties['metadata'] = reference(OBJECT_META, METADATA_TEXT, target);
  published['properties'] = properties;
  return published;
}

function publish(schema: JsonObject, target: OpenApiVersion): JsonObject {
  const kept = target === 'v2' ? withoutUnsupported(schema) : withoutForeignKeys(schema);
  const published = mapChildSchemas(kept, (child) => publish(child, target));
  if (target === 'v3' && schema['x-kubernetes-int-or-string'] === true) addIntOrString(published);
  if (schema['x-kubernetes-embedded-resource'] === true) addEmbeddedResource(published, schema, target);
  return published;
}

/** Keeps what a structural schema consists of; `externalDocs`, `example` and unknown keys are not published. */
function withoutForeignKeys(schema: JsonObject): JsonObject {
  const kept = newObject();
  for (const key of Object.keys(schema)) {
    const value = schema[key];
    if (value === undefined || value === false || value === null) continue;
    if (PUBLISHED_KEYS.has(key) || key.startsWith('x-kubernetes-')) kept[key] = value;
  }
  // False and null are data there, and `additionalProperties: false` has a meaning.
  for (const key of ['default', 'additionalProperties']) {
    const value = schema[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}

/** The rules of apiextensions' v2 conversion: see section "OpenAPI v2" of the wire specification. */
function withoutUnsupported(schema: JsonObject): JsonObject {
  const kept = withoutForeignKeys(schema);
  for (const key of ['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'default']) delete kept[key];
  const isNullable = schema['nullable'] === true;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (isNullable) delete kept['type'];
  if (isNullable || isOpen) {
    delete kept['items'];
    delete kept['properties'];
  }
  if (kept['type'] === 'array' && kept['items'] === undefined) delete kept['type'];
  if (kept['type'] === 'object' && isOpen) delete kept['type'];
  dropNullableRequired(kept);
  return kept;
}

/** v2 cannot say that a value may be null, so a field with such a value must not be required. */
function dropNullableRequired(schema: JsonObject): void {
  const required = schema['required'];
  if (!Array.isArray(required)) return;
  const values = schema['additionalProperties'];
  const properties = schema['properties'];
  const left =
    isObject(values) && values['nullable'] === true
      ? []
      : required.filter((name) => !isObject(properties) || !isNullableProperty(properties, name));
  if (left.length === 0) delete schema['required'];
  else schema['required'] = left;
}

function isNullableProperty(properties: JsonObject, name: JsonValue): boolean {
  const property = typeof name === 'string' ? properties[name] : undefined;
  return isObject(property) && property['nullable'] === true;
}

/** Structural schemas may leave the two alternatives out; validators of v3 need them. */
function addIntOrString(published: JsonObject): void {
  delete published['type'];
  if (published['anyOf'] !== undefined || published['allOf'] !== undefined) return;
  published['anyOf'] = [objectOf({ type: 'integer' }), objectOf({ type: 'string' })];
}

function addEmbeddedResource(published: JsonObject, schema: JsonObject, target: OpenApiVersion): void {
  if (target === 'v2' && schema['x-kubernetes-preserve-unknown-fields'] === true) return;
  const properties = propertiesOf(published);
  Object.assign(properties, typeProperties());
  properties['metadata'] = reference(OBJECT_META, METADATA_TEXT, target);
  published['properties'] = properties;
  const required = Array.isArray(published['required']) ? [...published['required']] : [];
  for (const name of ['kind', 'apiVersion']) if (!required.includes(name)) required.push(name);
  published['required'] = required;
}

function addSelectableFields(published: JsonObject, { version }: ServedDefinition): void {
  if (version.selectableFields.length === 0) return;
  published['x-kubernetes-selectable-fields'] = version.selectableFields.map((fieldPath) =>
    // Without the dot, as field selectors name them.
    objectOf({ fieldPath: fieldPath.replace(/^\./, '') }),
  );
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = schema['properties'];
  return isObject(properties) ? properties : newObject();
}

function typeProperties(): Record<'apiVersion' | 'kind', JsonObject> {
  return {
    apiVersion: objectOf({ type: 'string', description: API_VERSION_TEXT }),
    kind: objectOf({ type: 'string', description: KIND_TEXT }),
  };
}

function reference(component: string, description: string, target: OpenApiVersion): JsonObject {
  const $ref = `${prefixOf(target)}${component}`;
  // OpenAPI 3.0 ignores what stands beside a `$ref`; readers of Kubernetes' v2 documents expect it there.
  return target === 'v2'
    ? objectOf({ $ref, description })
    : objectOf({ allOf: [objectOf({ $ref })], description });
}

function prefixOf(target: OpenApiVersion): string {
  return target === 'v2' ? V2_PREFIX : V3_PREFIX;
}

const PUBLISHED_KEYS = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'properties',
  'items',
  'required',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
]);
