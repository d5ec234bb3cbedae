import { CelError, CelList, type CelResult, type CelValue, equalsOrFault, work } from '../../cel/mod.ts';
import { isObject, type JsonObject, type JsonValue } from '../../json-value.ts';
import { nodeCount, SchemaMap } from './cel-maps.ts';
import { NativeMap } from './cel-natives.ts';
import { goTypeOf } from './cel-scalars.ts';
import { escapePropertyName } from './property-names.ts';

/** Makes the value of one item for expressions. */
export type ItemConverter = (item: JsonValue) => CelResult;

/** A list of a schema. Items are converted when an expression looks at them. */
export class SchemaList extends CelList {
  readonly json: readonly JsonValue[];
  protected readonly convert: ItemConverter;

  constructor(json: readonly JsonValue[], convert: ItemConverter) {
    super();
    this.json = json;
    this.convert = convert;
  }

  get size(): number {
    return this.json.length;
  }

  get(index: number): CelValue {
    // The language takes faults wherever it takes values; that a list has one is rare enough not to be declared.
    return this.convert(this.json[index] ?? null) as CelValue;
  }

  override equals(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    for (let index = 0; index < other.size; index++) {
      const isEqual = equalsOrFault(this.get(index), other.get(index));
      if (isEqual !== true) return isEqual;
    }
    return true;
  }

  override equalsForeign(other: CelResult): CelError {
    return other instanceof CelError ? other : new CelError('no such overload');
  }

  /** `this + other` is a list of the same schema, if what the other holds is JSON. */
  override concat(other: CelList): CelResult | undefined {
    const added = jsonItemsOf(other);
    return added === undefined ? undefined : this.withItems([...this.json, ...added]);
  }

  protected withItems(json: readonly JsonValue[]): SchemaList {
    return new SchemaList(json, this.convert);
  }
}

/** A list of type `set`: equal whatever the order, and `+` is the union. */
export class SchemaSet extends SchemaList {
  #keys: ReadonlySet<string> | undefined;

  override equals(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    // Upstream takes items for keys of a Go map, which only scalars can be, and reports what Go says then.
    work(this.size >> 2);
    const odd = this.json.find((item) => typeof item === 'object' && item !== null);
    if (odd !== undefined) return unhashable(odd);
    this.#keys ??= new Set(this.json.map(keyOfJson));
    work(other.size);
    for (let index = 0; index < other.size; index++) {
      const key = keyOfCel(other.get(index));
      if (key === undefined || !this.#keys.has(key)) return false;
    }
    return true;
  }

  override concat(other: CelList): CelResult | undefined {
    const added = jsonItemsOf(other);
    if (added === undefined) return undefined;
    const keys = new Set(this.json.map(keyOfJson));
    const items = [...this.json];
    for (const item of added) {
      const key = keyOfJson(item);
      if (!keys.has(key)) items.push(item);
      keys.add(key);
    }
    return this.withItems(items);
  }

  protected override withItems(json: readonly JsonValue[]): SchemaSet {
    return new SchemaSet(json, this.convert);
  }
}

/** A list of type `map`: equal whatever the order, and `+` replaces items by those with the same keys. */
export class SchemaMapList extends SchemaList {
  #keys: readonly string[];

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
      const isEqual = equalsOrFault(counterpart, item);
      if (isEqual !== true) return isEqual;
    }
    return true;
  }

  override concat(other: CelList): CelResult | undefined {
    const added = jsonItemsOf(other);
    if (added === undefined) return undefined;
    const items = [...this.json];
    const indices = new Map(items.map((item, index) => [this.#keyOfJson(item), index]));
    for (const item of added) {
      const index = indices.get(this.#keyOfJson(item));
      if (index === undefined) items.push(item);
      else items[index] = item;
    }
    return this.withItems(items);
  }

  protected override withItems(json: readonly JsonValue[]): SchemaMapList {
    const list = new SchemaMapList(json, this.convert, []);
    list.#keys = this.#keys;
    return list;
  }

  #keyOfJson(item: JsonValue): string | undefined {
    return isObject(item) ? this.#keys.map((key) => keyOfJson(item[key] ?? null)).join() : undefined;
  }

  #keyOf(item: CelValue): string | undefined {
    const json = jsonOf(item);
    return json === undefined ? undefined : this.#keyOfJson(json);
  }
}

function unhashable(item: JsonValue): CelError {
  return new CelError(`internal error: runtime error: hash of unhashable type ${goTypeOf(item)}`);
}

function valuesOf(list: CelList): CelValue[] {
  work(3 * list.size);
  const values: CelValue[] = [];
  for (let index = 0; index < list.size; index++) values.push(list.get(index));
  return values;
}

/** The items of a list as JSON; undefined if one is something that JSON has not, such as a time. */
function jsonItemsOf(list: CelList): readonly JsonValue[] | undefined {
  if (list instanceof SchemaList) return list.json;
  const items: JsonValue[] = [];
  for (const item of valuesOf(list)) {
    const json = jsonOfItem(item);
    if (json === undefined) return undefined;
    items.push(json);
  }
  return items;
}

function jsonOfItem(item: CelValue): JsonValue | undefined {
  if (item === null || typeof item !== 'object') return item;
  if (item instanceof CelList) return jsonItemsOf(item)?.slice();
  return jsonOf(item);
}

/** Upstream compares the JSON values as Go has them, so that the integer 1 is no double. */
function keyOfJson(value: JsonValue): string {
  work(4 * nodeCount(value));
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
