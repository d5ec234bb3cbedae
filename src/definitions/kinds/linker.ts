import { assert } from '../../base/mod.ts';
import type { Schema } from '../../machinery/mod.ts';
import { type Components, copyTraits, META, MICRO_TIME, QUANTITY, REFERENCE_PREFIX, TIME } from './fields.ts';

/**
 * Turns components into linked schemas: every reference is replaced by a flat node that carries the
 * component's type, properties and extensions together with what the referring field says. Nodes of
 * recursive components are cyclic. Unknown names are a mistake of ours, not a caller's.
 */
export function createLinker(components: Components): (name: string) => Schema {
  const nodes = new Map<string, Schema>();
  const properties = new Map<string, Record<string, Schema>>();

  function resolve(name: string): Schema {
    let node = nodes.get(name);
    if (node === undefined) {
      node = flatten(name, {});
      nodes.set(name, node);
    }
    return node;
  }

  function flatten(name: string, overlay: Schema): Schema {
    const { properties: fields, ...component } = linkedForm(name);
    return {
      ...component,
      ...overlay,
      ...(fields === undefined ? {} : { properties: propertiesOf(fieldsOwner(name)) }),
    };
  }

  // The record is remembered before it is filled, which is what ends the recursion of JSONSchemaProps.
  function propertiesOf(name: string): Readonly<Record<string, Schema>> {
    const known = properties.get(name);
    if (known !== undefined) return known;
    // Without a prototype, so that a field named `constructor` is not found in it.
    const linked: Record<string, Schema> = Object.create(null) as Record<string, Schema>;
    properties.set(name, linked);
    for (const [key, field] of Object.entries(componentOf(name).properties ?? {})) linked[key] = link(field);
    return linked;
  }

  function link(field: Schema): Schema {
    const { $ref, allOf, items, additionalProperties, ...own } = field;
    const target = $ref ?? allOf?.[0]?.$ref;
    const node: Schema = {
      ...(target === undefined ? own : flatten(target.slice(REFERENCE_PREFIX.length), own)),
      ...(items === undefined ? {} : { items: link(items) }),
      ...(typeof additionalProperties === 'object'
        ? { additionalProperties: link(additionalProperties) }
        : {}),
    };
    copyTraits(field, node);
    return node;
  }

  function componentOf(name: string): Schema {
    const component = components[name];
    assert(component !== undefined, `no component is named ${name}`);
    return component;
  }

  /** Some components publish less than the server needs to know of them: a micro time as any date-time. */
  function linkedForm(name: string): Schema {
    const component = componentOf(name);
    const form = LINKED_FORMS.get(name);
    if (form !== undefined) return { description: component.description ?? '', ...form };
    if (SCHEMA_UNIONS.has(name)) return { description: component.description ?? '', properties: {} };
    return component;
  }

  return resolve;
}

/** The property of JSONSchemaProps that may be a schema or something else has the schema's properties. */
function fieldsOwner(name: string): string {
  return SCHEMA_UNIONS.has(name) ? `${API_EXTENSIONS}.JSONSchemaProps` : name;
}

const API_EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

const ANY_JSON: Schema = { 'x-kubernetes-preserve-unknown-fields': true };
const ANY_OBJECT: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const LINKED_FORMS: ReadonlyMap<string, Schema> = new Map<string, Schema>([
  [QUANTITY, { type: 'string', format: 'quantity' }],
  [TIME, { type: 'string', format: 'date-time' }],
  [MICRO_TIME, { type: 'string', format: 'micro-time' }],
  [`${META}.FieldsV1`, ANY_OBJECT],
  ['io.k8s.apimachinery.pkg.runtime.RawExtension', ANY_OBJECT],
  ['io.k8s.apimachinery.pkg.util.intstr.IntOrString', { 'x-kubernetes-int-or-string': true }],
  [`${API_EXTENSIONS}.JSON`, ANY_JSON],
]);

const SCHEMA_UNIONS: ReadonlySet<string> = new Set([
  `${API_EXTENSIONS}.JSONSchemaPropsOrArray`,
  `${API_EXTENSIONS}.JSONSchemaPropsOrBool`,
  `${API_EXTENSIONS}.JSONSchemaPropsOrStringArray`,
]);
