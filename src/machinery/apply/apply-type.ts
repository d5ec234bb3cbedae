import { encodeJson } from '../json-encoder.ts';
import type { JsonValue } from '../json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { additionalSchemaOf, propertySchemaOf } from '../schema/schema-nodes.ts';
import { compareTexts } from './value-order.ts';

/**
 * How server-side apply sees a node of a schema. A node that allows several kinds of values has several of
 * the three; then the value decides, and for null a map goes before a scalar before a list.
 */
export interface ApplyType {
  readonly scalar: ScalarType | undefined;
  readonly list: ListType | undefined;
  readonly map: MapType | undefined;
}

/** `untyped` is any scalar: int-or-string, times, and every format that upstream does not know. */
export type ScalarType = 'numeric' | 'string' | 'boolean' | 'untyped';

export interface ListType {
  /** One value as a whole; else an associative list: a set, or a map where there are keys. */
  readonly isAtomic: boolean;
  readonly keys: readonly string[];
  /** The keys sorted by name, each with the text that goes before its value in a path element. */
  readonly keyFields: readonly KeyFieldText[];
  readonly items: ApplyType;
  /** The schema's default of a key field that an item may leave out. */
  keyDefault(name: string): JsonValue | undefined;
}

export interface KeyFieldText {
  readonly name: string;
  readonly prefix: string;
}

export interface MapType {
  readonly isAtomic: boolean;
  /** Neither declared fields nor anything known of the others: changes of the schema mean nothing here. */
  readonly isUntyped: boolean;
  /** The type of a declared field. */
  field(name: string): ApplyType | undefined;
  /** The type of all fields that are not declared; undefined where they are not allowed. */
  readonly others: ApplyType | undefined;
}

/** The types of schemas. Resolved along the data, since linked schemas of built-in kinds are cyclic. */
export interface ApplyTypes {
  /** The type of a built-in kind, from its linked schema. */
  builtIn(schema: Schema): ApplyType;
  /**
   * The type of a custom resource, from its structural schema: apiVersion, kind and metadata are those of
   * every object, at the root and in embedded resources. Without a schema everything is deduced.
   */
  custom(schema: Schema | undefined, options?: CustomTypeOptions): ApplyType;
}

export interface CustomTypeOptions {
  /** The CRD's `spec.preserveUnknownFields`: fields that no schema declares are deduced. */
  readonly preserveUnknownFields?: boolean;
}

/**
 * Creates the view of schemas. Types hang on their schema nodes and go with them; nothing is kept per
 * workspace. Follows kube-openapi's conversion to the schemas of structured-merge-diff.
 *
 * @param objectMeta the linked schema of ObjectMeta
 */
export function createApplyTypes({ objectMeta }: { readonly objectMeta: Schema }): ApplyTypes {
  const builtIn = variants({ isCustom: false, metadata: undefined }).plain;
  const metadata = typeOf(objectMeta, { variant: builtIn });
  const custom = variants({ isCustom: true, metadata });
  return {
    builtIn: (schema) => typeOf(schema, { variant: builtIn }),
    custom: (schema, { preserveUnknownFields = false } = {}) => {
      if (schema === undefined) return DEDUCED_OBJECT;
      return typeOf(schema, {
        variant: preserveUnknownFields ? custom.preserving : custom.plain,
        isRoot: true,
      });
    },
  };
}

type Relationship = Pick<ListType, 'isAtomic' | 'keys' | 'keyFields'>;

const ATOMIC: Relationship = { isAtomic: true, keys: [], keyFields: [] };

/** Any value, nothing of it granular. */
export const UNTYPED: ApplyType = {
  scalar: 'untyped',
  list: untypedList(),
  map: {
    isAtomic: true,
    isUntyped: false,
    field: () => undefined,
    get others() {
      return UNTYPED;
    },
  },
};

/** Any value without schema: maps granular, lists atomic. */
export const DEDUCED: ApplyType = {
  scalar: 'untyped',
  list: untypedList(),
  map: {
    isAtomic: false,
    isUntyped: true,
    field: () => undefined,
    get others() {
      return DEDUCED;
    },
  },
};

/** The type of an object of a CRD version without schema. */
const DEDUCED_OBJECT: ApplyType = { scalar: undefined, list: undefined, map: DEDUCED.map };

const TEXT: ApplyType = { scalar: 'string', list: undefined, map: undefined };

/** One way to see the same nodes: what is above a node decides about it too. */
interface Variant {
  readonly isCustom: boolean;
  /** Fields that are not declared are deduced, here and below (but not in components of their own). */
  readonly preserves: boolean;
  readonly types: WeakMap<Schema, ApplyType>;
  readonly roots: WeakMap<Schema, ApplyType>;
  /** The type of the metadata of custom resources. */
  readonly metadata: ApplyType | undefined;
  /** The variant for what is below a node that preserves; undefined if this one is it. */
  readonly preserving: Variant | undefined;
}

function variants(traits: Pick<Variant, 'isCustom' | 'metadata'>): {
  readonly plain: Variant;
  readonly preserving: Variant;
} {
  const preserving = {
    ...traits,
    preserves: true,
    types: new WeakMap(),
    roots: new WeakMap(),
    preserving: undefined,
  };
  const plain = { ...traits, preserves: false, types: new WeakMap(), roots: new WeakMap(), preserving };
  return { plain, preserving };
}

interface Place {
  readonly variant: Variant;
  readonly isRoot?: boolean;
}

function typeOf(schema: Schema, { variant, isRoot = false }: Place): ApplyType {
  const cache = isRoot ? variant.roots : variant.types;
  let type = cache.get(schema);
  if (type === undefined) {
    type = newType(schema, { variant, isRoot });
    cache.set(schema, type);
  }
  return type;
}

function newType(schema: Schema, { variant, isRoot = false }: Place): ApplyType {
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const below = preserves ? (variant.preserving ?? variant) : variant;
  const isObject = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  const mapOptions = { variant: below, hasTypeMeta: variant.isCustom && isObject };
  switch (schema.type) {
    case undefined:
    case '':
      return { scalar: 'untyped', list: listOf(schema, below), map: mapOf(schema, mapOptions) };
    case 'object':
      return { scalar: undefined, list: undefined, map: mapOf(schema, mapOptions) };
    case 'array':
      return { scalar: undefined, list: listOf(schema, below), map: undefined };
    default:
      return { scalar: scalarOf(schema.type, schema.format ?? ''), list: undefined, map: undefined };
  }
}

function scalarOf(type: string, format: string): ScalarType {
  switch (type) {
    case 'integer':
    case 'number':
      return 'numeric';
    case 'boolean':
      return 'boolean';
    case 'string':
      return format === '' || format === 'byte' ? 'string' : 'untyped';
    default:
      return 'untyped';
  }
}

function listOf(schema: Schema, variant: Variant): ListType {
  const items = schema.items;
  let type: ApplyType | undefined;
  return {
    ...relationshipOf(schema),
    get items() {
      type ??= items === undefined ? UNTYPED : typeOf(items, { variant });
      return type;
    },
    keyDefault: (name) =>
      (items === undefined ? undefined : propertySchemaOf(items, name)?.default) ?? undefined,
  };
}

function relationshipOf(schema: Schema): Relationship {
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return associative([]);
    case 'map':
      return associative(schema['x-kubernetes-list-map-keys'] ?? []);
    case 'atomic':
      return ATOMIC;
  }
  // Lists of built-in kinds may say only how strategic merge patch treats them.
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (strategy !== 'merge' && strategy !== 'merge,retainKeys') return ATOMIC;
  const key = schema['x-kubernetes-patch-merge-key'];
  return associative(key === undefined ? [] : [key]);
}

function associative(keys: readonly string[]): Relationship {
  const keyFields = [...keys].sort(compareTexts).map((name) => ({ name, prefix: `${encodeJson(name)}:` }));
  return { isAtomic: false, keys, keyFields };
}

function mapOf(
  schema: Schema,
  options: { readonly variant: Variant; readonly hasTypeMeta: boolean },
): MapType {
  const { variant, hasTypeMeta } = options;
  const fields = new Map<string, ApplyType | undefined>();
  // Unions of the published schema of CRDs have properties only in our linked form of them.
  const isUnion = !variant.isCustom && schema.type === undefined;
  const hasFields = !isUnion && (hasTypeMeta || hasProperties(schema));
  let others: { readonly type: ApplyType | undefined } | undefined;
  return {
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
    get isUntyped() {
      return !hasFields && isUntypedElement(this.others);
    },
    field(name) {
      if (!hasFields) return undefined;
      let type = fields.get(name);
      if (type === undefined) {
        type = typeMetaField(name, options) ?? declaredField(schema, name, variant);
        if (type !== undefined) fields.set(name, type);
      }
      return type;
    },
    get others() {
      others ??= { type: othersOf(schema, { variant, hasFields }) };
      return others.type;
    },
  };
}

function typeMetaField(
  name: string,
  { variant, hasTypeMeta }: { readonly variant: Variant; readonly hasTypeMeta: boolean },
): ApplyType | undefined {
  if (!hasTypeMeta) return undefined;
  if (name === 'metadata') return variant.metadata;
  return name === 'apiVersion' || name === 'kind' ? TEXT : undefined;
}

function declaredField(schema: Schema, name: string, variant: Variant): ApplyType | undefined {
  const field = propertySchemaOf(schema, name);
  return field === undefined ? undefined : typeOf(field, { variant });
}

function othersOf(
  schema: Schema,
  { variant, hasFields }: { readonly variant: Variant; readonly hasFields: boolean },
): ApplyType | undefined {
  const additional = schema.additionalProperties;
  if (additional === undefined || additional === null) {
    return variant.preserves || !hasFields ? DEDUCED : undefined;
  }
  const shared = additionalSchemaOf(schema);
  if (shared !== undefined) return typeOf(shared, { variant });
  return additional === true ? DEDUCED : undefined;
}

function hasProperties(schema: Schema): boolean {
  for (const _ in schema.properties) return true;
  return false;
}

function isUntypedElement(type: ApplyType | undefined): boolean {
  return type !== undefined && (type === DEDUCED || (type !== UNTYPED && type.scalar === 'untyped'));
}

function untypedList(): ListType {
  return {
    ...ATOMIC,
    get items() {
      return UNTYPED;
    },
    keyDefault: () => undefined,
  };
}
