import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from '../../cel/mod.ts';
import type { Schema } from '../schema.ts';
import { additionalSchemaOf } from '../schema-nodes.ts';
import { escapePropertyName, isReservedWord } from './property-names.ts';
import { withResourceProperties } from './resource-properties.ts';
import {
  BYTES_OF_BOOLEAN_MIN,
  BYTES_OF_CONTAINER_MIN,
  BYTES_OF_NUMBER_MIN,
  itemsMaxOf,
  propertiesMaxOf,
  stringSizesOf,
  textLengthMaxOf,
} from './type-sizes.ts';

/** What expressions know of the values of a schema: their type, and how large they can be. */
export interface DeclaredType {
  /** Of a value that is neither a list nor a map nor an object. */
  readonly scalar?: CelType;
  /** Of the items of a list or the values of a map. */
  readonly element?: DeclaredType;
  readonly isMap?: boolean;
  /** Of an object, by escaped name. What expressions cannot know is not there. */
  readonly fields?: ReadonlyMap<string, DeclaredType>;
  /** Characters, items or entries that a value has at most; 0 for what has no size. */
  readonly elementsMax: number;
  /** The bytes of JSON that a value takes at least. */
  readonly bytesMin: number;
}

/**
 * The declared type of the values of a schema, as upstream's SchemaDeclType: undefined for what expressions
 * cannot see, such as unknown fields and lists of them.
 */
export function declaredTypeOf(
  schema: Schema,
  { isResourceRoot }: { readonly isResourceRoot: boolean },
): DeclaredType | undefined {
  const known = isResourceRoot ? rootTypes : nodeTypes;
  if (known.has(schema)) return known.get(schema);
  const type = declare(schema, isResourceRoot);
  known.set(schema, type);
  return type;
}

/** Every node is looked at once, however many rules stand above it. */
const nodeTypes = new WeakMap<Schema, DeclaredType | undefined>();
const rootTypes = new WeakMap<Schema, DeclaredType | undefined>();

function declareNode(schema: Schema): DeclaredType | undefined {
  return declaredTypeOf(schema, { isResourceRoot: schema['x-kubernetes-embedded-resource'] === true });
}

function declare(schema: Schema, isResourceRoot: boolean): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { scalar: dynType, elementsMax: textLengthMaxOf(schema), bytesMin: BYTES_OF_NUMBER_MIN };
  }
  const known = isResourceRoot ? withResourceProperties(schema) : schema;
  switch (known.type) {
    case 'array':
      return declareList(known);
    case 'object': {
      const additional = additionalSchemaOf(known);
      return additional === undefined ? declareObject(known) : declareMap(known, additional);
    }
    case 'string':
      return { scalar: stringTypeOf(known), ...stringSizesOf(known) };
    case 'boolean':
      return { scalar: boolType, elementsMax: 0, bytesMin: BYTES_OF_BOOLEAN_MIN };
    case 'number':
      return { scalar: doubleType, elementsMax: 0, bytesMin: BYTES_OF_NUMBER_MIN };
    case 'integer':
      return { scalar: intType, elementsMax: 0, bytesMin: BYTES_OF_NUMBER_MIN };
    default:
      return undefined;
  }
}

function declareList(schema: Schema): DeclaredType | undefined {
  const element = schema.items === undefined ? undefined : declareNode(schema.items);
  if (element === undefined) return undefined;
  return { element, elementsMax: itemsMaxOf(schema, element.bytesMin), bytesMin: BYTES_OF_CONTAINER_MIN };
}

function declareMap(schema: Schema, additional: Schema): DeclaredType | undefined {
  const element = declareNode(additional);
  if (element === undefined) return undefined;
  const elementsMax = propertiesMaxOf(schema, element.bytesMin);
  return { element, isMap: true, elementsMax, bytesMin: BYTES_OF_CONTAINER_MIN };
}

function declareObject(schema: Schema): DeclaredType {
  const fields = new Map<string, DeclaredType>();
  const required = new Set(schema.required);
  let bytesMin = BYTES_OF_CONTAINER_MIN;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const type = declareNode(property);
    if (type === undefined) continue;
    const escaped = escapePropertyName(name);
    if (escaped !== undefined) fields.set(escaped, type);
    const isFilledIn = property.default !== undefined && property.default !== null;
    // The name in quotes, a colon and a comma.
    if (required.has(name) && !isFilledIn) bytesMin += Buffer.byteLength(name) + type.bytesMin + 4;
  }
  return { fields, elementsMax: 0, bytesMin };
}

function stringTypeOf({ format }: Schema): CelType {
  switch (format) {
    case 'byte':
      return bytesType;
    case 'duration':
      return durationType;
    case 'date':
    case 'date-time':
      return timestampType;
    default:
      return stringType;
  }
}

/**
 * The type as the language knows it. Objects get a name of their place below `name`, which texts of errors
 * show; their fields are looked up when an expression selects one.
 */
export function celTypeOf(type: DeclaredType, name: string): CelType {
  if (type.scalar !== undefined) return type.scalar;
  if (type.element !== undefined) {
    return type.isMap === true
      ? mapType(stringType, celTypeOf(type.element, `${name}.@elem`))
      : listType(celTypeOf(type.element, `${name}.@idx`));
  }
  return objectType(name, (field) => {
    const found = type.fields?.get(field);
    if (found !== undefined) return celTypeOf(found, `${name}.${field}`);
    const escaped = `__${field}__`;
    const reserved = isReservedWord(field) ? type.fields?.get(escaped) : undefined;
    return reserved === undefined ? undefined : celTypeOf(reserved, `${name}.${escaped}`);
  });
}
