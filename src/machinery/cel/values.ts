import type { CelDuration, CelTimestamp } from './time-values.ts';
import {
  boolType,
  bytesType,
  CelType,
  doubleType,
  errorType,
  intType,
  listOfDyn,
  mapOfDyn,
  nullType,
  optionalOfDyn,
  stringType,
  typeType,
  uintType,
} from './types.ts';
import { work } from './work.ts';

/**
 * A value of the language. `int` is a bigint, `double` a number, `bytes` a Uint8Array; an int is never
 * a number, so that 1 and 1.0 stay apart. Lists and maps are classes that whoever owns the data
 * extends: nothing is converted before an expression looks at it.
 */
export type CelValue = boolean | bigint | number | string | null | Uint8Array | CelObjectValue;

/** The values that are instances of classes. */
export type CelObjectValue =
  | CelUint
  | CelTimestamp
  | CelDuration
  | CelList
  | CelMap
  | CelOptional
  | CelOpaque
  | CelType;

/** What an evaluation gives: a value, or the fault that stands in its place. */
export type CelResult = CelValue | CelError;

/**
 * A fault of an evaluation. It is a value, not an exception: `true || fault` is true, and making one costs
 * no stack trace.
 */
export class CelError {
  /** In cel-go's words, e.g. `no such key: x`. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }

  /** A list may hold a fault, of which functions ask the type as of any item. */
  get type(): CelType {
    return errorType;
  }
}

export class CelUint {
  /** 0 to 2^64-1. */
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A list; a subclass adapts foreign data lazily and may bring its own equality and concatenation. */
export abstract class CelList {
  abstract readonly size: number;
  /** The element at a valid index. */
  abstract get(index: number): CelValue;

  /** Equality with another list; `undefined` leaves it to the language's: same length, equal elements. */
  equals(_other: CelList): boolean | CelError | undefined {
    return undefined;
  }

  /** Equality with what is no list. */
  equalsForeign(_other: CelResult): false | CelError {
    return false;
  }

  /** `this + other`; `undefined` leaves it to the language. */
  concat(_other: CelList): CelResult | undefined {
    return undefined;
  }

  /** What `type()` says. */
  get type(): CelType {
    return listOfDyn;
  }
}

/**
 * A map, or an object with fields: both are looked into by key. A subclass adapts foreign data lazily.
 */
export abstract class CelMap {
  abstract readonly size: number;
  /** The value, or `undefined` when the key is not there; a fault when it may not be looked at. */
  abstract get(key: CelValue): CelResult | undefined;
  abstract keys(): Iterable<CelValue>;

  /** Presence, when it can be told more cheaply than by `get`. */
  has(key: CelValue): boolean | CelError {
    const value = this.get(key);
    return value instanceof CelError ? value : value !== undefined;
  }

  /** Equality with another map; `undefined` leaves it to the language's: same keys, equal values. */
  equals(_other: CelMap): boolean | CelError | undefined {
    return undefined;
  }

  /** Equality with what is no map. */
  equalsForeign(_other: CelResult): false | CelError {
    return false;
  }

  get type(): CelType {
    return mapOfDyn;
  }
}

export class CelOptional {
  static readonly none = new CelOptional(undefined);
  readonly value: CelValue | undefined;

  private constructor(value: CelValue | undefined) {
    this.value = value;
  }

  static of(value: CelValue): CelOptional {
    return new CelOptional(value);
  }
}

/** A value that only its own functions understand. */
export abstract class CelOpaque {
  abstract readonly type: CelType;
  abstract equals(other: CelValue): boolean | CelError;
  /** For types whose values have a size that costs are counted by. */
  get size(): number | undefined {
    return undefined;
  }
}

/** A list over an array that nobody changes any more. */
export class CelArray extends CelList {
  readonly items: readonly CelValue[];

  constructor(items: readonly CelValue[]) {
    super();
    this.items = items;
  }

  get size(): number {
    return this.items.length;
  }

  get(index: number): CelValue {
    return this.items[index]!;
  }
}

/** The elements of a list as an array: the list's own one where it has one. */
export function itemsOf(list: CelList): readonly CelValue[] {
  if (list instanceof CelArray) return list.items;
  work(list.size);
  const items: CelValue[] = [];
  for (let index = 0; index < list.size; index++) items.push(list.get(index));
  return items;
}

/** The run-time type: what `type(value)` gives. */
export function typeOf(value: CelValue): CelType {
  switch (typeof value) {
    case 'boolean':
      return boolType;
    case 'bigint':
      return intType;
    case 'number':
      return doubleType;
    case 'string':
      return stringType;
    default:
  }
  if (value === null) return nullType;
  if (value instanceof Uint8Array) return bytesType;
  if (value instanceof CelType) return typeType;
  if (value instanceof CelUint) return uintType;
  if (value instanceof CelOptional) return optionalOfDyn;
  return value.type;
}

/**
 * Whether a value may be passed where a declaration says `type`. Of lists and maps the first element or
 * entry is looked at, as in cel-go: enough to tell a list of ints from a list of strings.
 */
export function isInstance(value: CelValue, type: CelType): boolean {
  if (type.kind === 'dyn' || type.kind === 'any' || type.kind === 'typeParam') return true;
  if (type.isNullable && value === null) return true;
  if (typeOf(value).name !== type.name) return false;
  if (type.kind === 'list') {
    const list = value as CelList;
    return list.size === 0 || isInstance(list.get(0), type.parameters[0]!);
  }
  if (type.kind === 'map') return mapIsInstance(value as CelMap, type);
  return true;
}

function mapIsInstance(map: CelMap, type: CelType): boolean {
  const [keyType, valueType] = type.parameters as [CelType, CelType];
  if (isWildcard(keyType) && isWildcard(valueType)) return true;
  for (const key of map.keys()) {
    const value = map.get(key);
    if (value === undefined || value instanceof CelError) return false;
    return isInstance(key, keyType) && isInstance(value, valueType);
  }
  return true;
}

function isWildcard(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'any' || type.kind === 'typeParam';
}
