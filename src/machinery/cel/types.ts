/** What kind of thing a {@link CelType} describes. */
export type CelKind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'null'
  | 'dyn'
  | 'any'
  | 'error'
  | 'type'
  | 'list'
  | 'map'
  | 'object'
  | 'opaque'
  | 'typeParam';

/** Finds the type of a field of an object type; called while checking, never while evaluating. */
export type FieldTypes = (field: string) => CelType | undefined;

interface TypeShape {
  readonly kind: CelKind;
  readonly name: string;
  readonly parameters?: readonly CelType[];
  readonly isNullable?: boolean;
  readonly fields?: FieldTypes;
}

// Above the class: the types below are made while this module loads.
const shortNames: Readonly<Partial<Record<CelKind, string>>> = {
  any: 'any',
  duration: 'duration',
  error: '!error!',
  null: 'null',
  timestamp: 'timestamp',
};

/**
 * A type of the language. Types are also values (`type(x) == int`); as values they are equal when their
 * names are, as in cel-go. Make them with the functions below.
 */
export class CelType {
  readonly kind: CelKind;
  /** The name without parameters, as `type(x)` and error texts show it. */
  readonly name: string;
  /** list: [element]; map: [key, value]; opaque: its own; type: [the type] or none. */
  readonly parameters: readonly CelType[];
  /** A wrapper (`wrapper(int)`): `null` is among its values. */
  readonly isNullable: boolean;
  /** Only of objects. */
  readonly fields: FieldTypes | undefined;
  /** The number of types that it is made of. */
  readonly weight: number;
  /** The type as checker messages spell it, with parameters. */
  readonly text: string;

  constructor(shape: TypeShape) {
    this.kind = shape.kind;
    this.name = shape.name;
    this.parameters = shape.parameters ?? [];
    this.isNullable = shape.isNullable === true;
    this.fields = shape.fields;
    this.weight = this.parameters.reduce((sum, parameter) => sum + parameter.weight, 1);
    this.text = textOf(this);
  }
}

export const boolType = new CelType({ kind: 'bool', name: 'bool' });
export const intType = new CelType({ kind: 'int', name: 'int' });
export const uintType = new CelType({ kind: 'uint', name: 'uint' });
export const doubleType = new CelType({ kind: 'double', name: 'double' });
export const stringType = new CelType({ kind: 'string', name: 'string' });
export const bytesType = new CelType({ kind: 'bytes', name: 'bytes' });
export const timestampType = new CelType({ kind: 'timestamp', name: 'google.protobuf.Timestamp' });
export const durationType = new CelType({ kind: 'duration', name: 'google.protobuf.Duration' });
export const nullType = new CelType({ kind: 'null', name: 'null_type' });
export const dynType = new CelType({ kind: 'dyn', name: 'dyn' });
/** What an expression has whose check failed: goes with everything, so that one fault gives one message. */
export const errorType = new CelType({ kind: 'error', name: 'error' });
/** The type of types. */
export const typeType = new CelType({ kind: 'type', name: 'type' });

export function listType(element: CelType): CelType {
  return new CelType({ kind: 'list', name: 'list', parameters: [element] });
}

export function mapType(key: CelType, value: CelType): CelType {
  return new CelType({ kind: 'map', name: 'map', parameters: [key, value] });
}

/** The type whose only value is `of`. */
export function typeTypeOf(of: CelType): CelType {
  return new CelType({ kind: 'type', name: 'type', parameters: [of] });
}

/**
 * A type with named fields; two of them are the same when their names are. `fields` is asked when an
 * expression selects a field, so that recursive and large types cost nothing until they are used.
 */
export function objectType(name: string, fields: FieldTypes): CelType {
  return new CelType({ kind: 'object', name, fields });
}

/** A type without fields that only its own functions understand, such as a URL or a quantity. */
export function opaqueType(name: string, parameters: readonly CelType[] = []): CelType {
  return new CelType({ kind: 'opaque', name, parameters });
}

export function optionalType(of: CelType): CelType {
  return opaqueType('optional_type', [of]);
}

/** Stands for any type in a declaration; the same name is the same type within one overload. */
export function typeParameter(name: string): CelType {
  return new CelType({ kind: 'typeParam', name });
}

/** The primitive type with `null` among its values. */
export function nullable(type: CelType): CelType {
  return new CelType({ kind: type.kind, name: type.name, isNullable: true });
}

/** Type of a list, a map or an optional whose contents nobody knows: what `type(x)` gives. */
export const listOfDyn = listType(dynType);
export const mapOfDyn = mapType(dynType, dynType);
export const optionalOfDyn = optionalType(dynType);

/** Same kind, name and parameters; `typeParam`s by name. */
export function isSameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.parameters.length !== b.parameters.length) return false;
  return a.parameters.every((parameter, index) => isSameType(parameter, b.parameters[index]!));
}

export function isDyn(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'any';
}

export function isOptional(type: CelType): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type';
}

function textOf(type: CelType): string {
  const short = shortNames[type.kind];
  if (short !== undefined) return short;
  if (type.parameters.length > 0) {
    return `${type.name}(${type.parameters.map((parameter) => parameter.text).join(', ')})`;
  }
  return type.isNullable ? `wrapper(${type.name})` : type.name;
}
