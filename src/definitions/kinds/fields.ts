import type { JsonValue, Schema } from '../../machinery/mod.ts';

/**
 * A small language for the schemas of the built-in kinds. Beside the published schema every field says
 * how Go prints it, because clients see the difference between a field that is left out, one that is
 * empty and one that is null:
 *
 * - `omit`: left out when it has the zero value (`omitempty`);
 * - `keep`: a pointer: what was given stays, also `false`, `0` or `{}`;
 * - `print`: always there, with its default, or as null where it has none;
 * - `null`: always there, and an empty list becomes null, as protobuf storage cannot tell them apart.
 */
export type Presence = 'omit' | 'keep' | 'print' | 'null';

/** Components by name, as they are published in OpenAPI. */
export type Components = Readonly<Record<string, Schema>>;

export interface FieldOptions {
  readonly presence?: Presence;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly mergeKey?: string;
  readonly patchStrategy?: string;
  /** Inside a list or map: the default of a zero value is published as upstream publishes it. */
  readonly isItem?: boolean;
}

/** How Go prints this field. Fields made by hand print as `omitempty` does. */
export function presenceOf(field: Schema): Presence {
  return presences.get(field) ?? 'omit';
}

/** Carries the traits of a field over to a copy of it. */
export function copyTraits(from: Schema, to: Schema): void {
  const presence = presences.get(from);
  if (presence !== undefined) presences.set(to, presence);
}

/** A string. */
export function text(description: string, options: FieldOptions = {}): Schema {
  return scalar('string', '', { description, options });
}

/** A boolean. */
export function flag(description: string, options: FieldOptions = {}): Schema {
  return scalar('boolean', false, { description, options });
}

/** A 32-bit integer. */
export function int32(description: string, options: FieldOptions = {}): Schema {
  return scalar('integer', 0, { description, options: { format: 'int32', ...options } });
}

/** A 64-bit integer. */
export function int64(description: string, options: FieldOptions = {}): Schema {
  return scalar('integer', 0, { description, options: { format: 'int64', ...options } });
}

/** A double. */
export function double(description: string, options: FieldOptions = {}): Schema {
  return scalar('number', 0, { description, options: { format: 'double', ...options } });
}

/** Bytes, in base64. */
export function bytes(description: string, options: FieldOptions = {}): Schema {
  return scalar('string', undefined, { description, options: { format: 'byte', ...options } });
}

/** A list of strings without schema of their own. */
export function texts(description: string, options: FieldOptions = {}): Schema {
  return list(TEXT_ITEM, description, options);
}

/** A list. Its items are usually made by {@link item} or one of the scalars above. */
export function list(items: Schema, description: string, options: FieldOptions = {}): Schema {
  return withTraits({ type: 'array', ...describe(description), items, ...extensions(options) }, options);
}

/** A map with free-form keys. */
export function map(values: Schema, description: string, options: FieldOptions = {}): Schema {
  return withTraits(
    { type: 'object', ...describe(description), additionalProperties: values, ...extensions(options) },
    options,
  );
}

/** A map from strings to strings. */
export function textMap(description: string, options: FieldOptions = {}): Schema {
  return map(TEXT_ITEM, description, options);
}

/** A nested struct: always printed, unless its presence says otherwise. */
export function nested(component: string, description: string, options: FieldOptions = {}): Schema {
  const presence = options.presence ?? 'print';
  const published = { ...reference(component), ...describe(description), ...extensions(options) };
  return withTraits(presence === 'print' ? { ...published, default: {} } : published, {
    ...options,
    presence,
  });
}

/** A pointer to a struct. */
export function optional(component: string, description: string, options: FieldOptions = {}): Schema {
  return nested(component, description, { presence: 'keep', ...options });
}

/** A point in time in whole seconds. Go prints an unset one as null, unless presence is `omit` or `keep`. */
export function time(description: string, options: FieldOptions = {}): Schema {
  return timestamp(TIME, description, options);
}

/** A point in time with microseconds. */
export function microTime(description: string, options: FieldOptions = {}): Schema {
  return timestamp(MICRO_TIME, description, options);
}

/** A struct as item of a list or value of a map. */
export function item(component: string): Schema {
  return { ...reference(component), default: {} };
}

/** A map from resource names to quantities. */
export function quantities(description: string, options: FieldOptions = {}): Schema {
  return map({ $ref: `${REFERENCE_PREFIX}${QUANTITY}` }, description, options);
}

/** The component of an object type. `required` names the fields that a client must send. */
export function struct(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  options: { readonly required?: readonly string[]; readonly mapType?: 'atomic' } = {},
): Schema {
  return {
    type: 'object',
    description,
    properties,
    ...(options.required === undefined ? {} : { required: options.required }),
    ...(options.mapType === undefined ? {} : { 'x-kubernetes-map-type': options.mapType }),
  };
}

/** The component of a kind: a struct with apiVersion, kind and metadata. */
export function kindStruct(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  options: { readonly required?: readonly string[] } = {},
): Schema {
  return struct(description, { ...TYPE_FIELDS, metadata: METADATA, ...properties }, options);
}

/** The component of the list of a kind. */
export function listStruct(component: string): Schema {
  const kind = component.slice(component.lastIndexOf('.') + 1);
  return struct(
    `A list of ${kind} objects.`,
    {
      ...TYPE_FIELDS,
      metadata: nested(LIST_META, 'Version and paging of this list.'),
      items: list(item(component), `The ${kind} objects of this list.`, { presence: 'print' }),
    },
    { required: ['items'] },
  );
}

export function reference(component: string): Schema {
  return { allOf: [{ $ref: `${REFERENCE_PREFIX}${component}` }] };
}

export const REFERENCE_PREFIX = '#/components/schemas/';
export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
export const TIME = `${META}.Time`;
export const MICRO_TIME = `${META}.MicroTime`;
export const LIST_META = `${META}.ListMeta`;

const presences = new WeakMap<Schema, Presence>();

const TEXT_ITEM: Schema = { type: 'string', default: '' };

const TYPE_FIELDS: Readonly<Record<string, Schema>> = {
  apiVersion: text('Group and version of the schema that this object is written in, for example `v1`.'),
  kind: text('Kind of this object, in CamelCase. It follows from the endpoint and cannot be changed.'),
};

const METADATA: Schema = nested(`${META}.ObjectMeta`, 'Name, labels and other data common to all objects.');

function scalar(
  type: string,
  zero: JsonValue | undefined,
  { description, options }: { readonly description: string; readonly options: FieldOptions },
): Schema {
  const isPrinted = options.presence === 'print' || options.isItem === true;
  const hasDefault = isPrinted && zero !== undefined;
  return withTraits(
    { type, ...describe(description), ...(hasDefault ? { default: zero } : {}), ...extensions(options) },
    options,
  );
}

function timestamp(component: string, description: string, options: FieldOptions): Schema {
  return withTraits(
    { ...reference(component), ...describe(description), ...extensions(options) },
    { presence: 'print', ...options },
  );
}

function describe(description: string): { readonly description?: string } {
  return description === '' ? {} : { description };
}

function extensions(options: FieldOptions): Schema {
  return {
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.enum === undefined ? {} : { enum: options.enum }),
    ...(options.mapType === undefined ? {} : { 'x-kubernetes-map-type': options.mapType }),
    ...(options.listType === undefined ? {} : { 'x-kubernetes-list-type': options.listType }),
    ...(options.listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': options.listMapKeys }),
    ...(options.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': options.mergeKey }),
    ...(options.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': options.patchStrategy }),
  };
}

function withTraits(schema: Schema, options: FieldOptions): Schema {
  if (options.presence !== undefined) presences.set(schema, options.presence);
  return schema;
}
