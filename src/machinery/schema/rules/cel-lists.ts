import {
  CelArray,
  CelError,
  CelList,
  CelMap,
  type CelResult,
  type CelValue,
  equalsOrFault,
} from '../../cel/mod.ts';
import { isObject, type JsonObject, type JsonValue } from '../../json-value.ts';
import { SchemaMap } from './cel-maps.ts';
import { NativeMap } from './cel-natives.ts';
import { escapePropertyName } from './property-names.ts';

/** Makes the value of one item for expressions. */
export type ItemConverter = (item: JsonValue) => CelResult;

/** A list of a schema. Items are converted when an expression looks at them. */
export class SchemaList extends CelList {
  readonly json: readonly JsonValue[];
  readonly #convert: ItemConverter;

  constructor(json: readonly JsonValue[], convert: ItemConverter) {
    super();
    this.json = json;
    this.#convert = convert;
  }

  get size(): number {
    return this.json.length;
  }

  get(index: number): CelValue {
    // The language takes faults wherever it takes values; that a list has one is rare enough not to be declared.
    return this.#convert(this.json[index] ?? null) as CelValue;
  }

  override equals(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    for (let index = 0; index < other.size; index++) {
      const isEqual = faultOrEqual(this.get(index), other.get(index));
      if (isEqual !== true) return isEqual;
    }
    return true;
  }

  override equalsForeign(): CelError {
    return new CelError('no such overload');
  }

  /** An item of another list, as one of this. */
  protected adopt(item: CelValue): CelValue {
    const json = jsonOf(item);
    return json === undefined ? item : (this.#convert(json) as CelValue);
  }
}

/** As Go's: a fault on the left stays one, a fault on the right is what no scalar is equal to. */
function faultOrEqual(left: CelResult, right: CelResult): boolean | CelError {
  if (left instanceof CelError) return left;
  if (right instanceof CelError) return left instanceof CelMap || left instanceof CelList ? right : false;
  return equalsOrFault(left, right);
}

/** A list of type `set`: equal whatever the order, and `+` is the union. */
export class SchemaSet extends SchemaList {
  #keys: ReadonlySet<string> | undefined;

  override equals(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    this.#keys ??= new Set(this.json.map(keyOfJson));
    for (let index = 0; index < other.size; index++) {
      const key = keyOfCel(other.get(index));
      if (key === undefined || !this.#keys.has(key)) return false;
    }
    return true;
  }

  override concat(other: CelList): CelResult {
    const keys = new Set(this.json.map(keyOfJson));
    const items = valuesOf(this);
    for (const item of valuesOf(other)) {
      const key = keyOfCel(item);
      if (key !== undefined && keys.has(key)) continue;
      if (key !== undefined) keys.add(key);
      items.push(this.adopt(item));
    }
    return new CelArray(items);
  }
}

/** A list of type `map`: equal whatever the order, and `+` replaces items by those with the same keys. */
export class SchemaMapList extends SchemaList {
  readonly #keys: readonly string[];

  constructor(items: readonly JsonValue[], convert: ItemConverter, keys: readonly string[]) {
    super(items, convert);
    // As upstream, which looks for the escaped names in the items.
    this.#keys = keys.map((key) => escapePropertyName(key) ?? key);
  }

  override equals(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    const byKey = new Map<string | undefined, CelValue>();
    for (const item of valuesOf(this)) byKey.set(this.#keyOf(item), item);
    for (const item of valuesOf(other)) {
      const key = this.#keyOf(item);
      const counterpart = key === undefined ? undefined : byKey.get(key);
      if (counterpart === undefined) return false;
      const isEqual = faultOrEqual(counterpart, item);
      if (isEqual !== true) return isEqual;
    }
    return true;
  }

  override concat(other: CelList): CelResult {
    const items = valuesOf(this);
    const indices = new Map(items.map((item, index) => [this.#keyOf(item), index]));
    for (const item of valuesOf(other)) {
      const key = this.#keyOf(item);
      const index = key === undefined ? undefined : indices.get(key);
      if (index === undefined) items.push(this.adopt(item));
      else items[index] = this.adopt(item);
    }
    return new CelArray(items);
  }

  #keyOf(item: CelValue): string | undefined {
    const json = jsonOf(item);
    if (json === undefined) return undefined;
    return this.#keys.map((key) => keyOfJson(json[key] ?? null)).join();
  }
}

function valuesOf(list: CelList): CelValue[] {
  const values: CelValue[] = [];
  for (let index = 0; index < list.size; index++) values.push(list.get(index));
  return values;
}

/** Upstream compares the JSON values as Go has them, so that the integer 1 is no double. */
function keyOfJson(value: JsonValue): string {
  if (typeof value === 'number' && Number.isInteger(value)) return `int ${value}`;
  if (typeof value === 'bigint') return `int ${value}`;
  if (Array.isArray(value) || isObject(value)) {
    return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item));
  }
  return `${typeof value} ${String(value)}`;
}

/** The same of a value of the language; what no JSON value can be has none. */
function keyOfCel(value: CelValue): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return `int ${value}`;
    case 'string':
    case 'boolean':
    case 'number':
      return `${typeof value} ${String(value)}`;
    default:
      return keyOfObject(jsonOf(value));
  }
}

function keyOfObject(json: JsonObject | undefined): string | undefined {
  return json === undefined ? undefined : keyOfJson(json);
}

/** The object behind a value that is one, whatever schema it was seen through. */
function jsonOf(value: CelValue): JsonObject | undefined {
  return value instanceof SchemaMap || value instanceof NativeMap ? value.json : undefined;
}
