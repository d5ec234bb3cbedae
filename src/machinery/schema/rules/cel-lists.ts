import { CelArray, type CelError, CelList, type CelResult, type CelValue, celEquals } from '../../cel/mod.ts';
import { isObject, type JsonValue } from '../../json-value.ts';
import { SchemaMap } from './cel-maps.ts';
import { escapePropertyName } from './property-names.ts';

/** Makes the value of one item for expressions. */
export type ItemConverter = (item: JsonValue) => CelResult;

/** A list of a schema. Items are converted when an expression looks at them. */
export class SchemaList extends CelList {
  protected readonly items: readonly JsonValue[];
  readonly #convert: ItemConverter;

  constructor(items: readonly JsonValue[], convert: ItemConverter) {
    super();
    this.items = items;
    this.#convert = convert;
  }

  get size(): number {
    return this.items.length;
  }

  get(index: number): CelValue {
    // The language takes faults wherever it takes values; that a list has one is rare enough not to be declared.
    return this.#convert(this.items[index] ?? null) as CelValue;
  }
}

/** A list of type `set`: equal whatever the order, and `+` is the union. */
export class SchemaSet extends SchemaList {
  #keys: ReadonlySet<string> | undefined;

  override equals(other: CelList): boolean {
    if (this.size !== other.size) return false;
    this.#keys ??= new Set(this.items.map(keyOfJson));
    for (let index = 0; index < other.size; index++) {
      const key = keyOfCel(other.get(index));
      if (key === undefined || !this.#keys.has(key)) return false;
    }
    return true;
  }

  override concat(other: CelList): CelResult {
    const keys = new Set(this.items.map(keyOfJson));
    const items = valuesOf(this);
    for (const item of valuesOf(other)) {
      const key = keyOfCel(item);
      if (key !== undefined && keys.has(key)) continue;
      if (key !== undefined) keys.add(key);
      items.push(item);
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
      if (counterpart === undefined || !celEquals(counterpart, item)) return false;
    }
    return true;
  }

  override concat(other: CelList): CelResult {
    const items = valuesOf(this);
    const indices = new Map(items.map((item, index) => [this.#keyOf(item), index]));
    for (const item of valuesOf(other)) {
      const key = this.#keyOf(item);
      const index = key === undefined ? undefined : indices.get(key);
      if (index === undefined) items.push(item);
      else items[index] = item;
    }
    return new CelArray(items);
  }

  #keyOf(item: CelValue): string | undefined {
    if (!(item instanceof SchemaMap)) return undefined;
    const { json } = item;
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
      return value instanceof SchemaMap ? keyOfJson(value.json) : undefined;
  }
}
