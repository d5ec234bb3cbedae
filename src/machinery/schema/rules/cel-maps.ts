import { CelError, CelMap, type CelResult, type CelValue, equalsOrFault, work } from '../../cel/mod.ts';
import { deepEqual, type JsonObject, type JsonValue } from '../../json-value.ts';
import type { Schema } from '../schema.ts';
import { propertySchemaOf } from '../schema-nodes.ts';
import { escapePropertyName, unescapePropertyName } from './property-names.ts';

/** Makes the value for expressions of a JSON value and its schema. */
export type Converter = (value: JsonValue, schema: Schema) => CelResult;

/** An object with fields, or a map, of a schema. Values are converted when an expression looks at them. */
export class SchemaMap extends CelMap {
  readonly json: JsonObject;
  readonly #schema: Schema;
  /** The schema of all values of a map; undefined of an object, whose fields have their own. */
  readonly #values: Schema | undefined;
  readonly #convert: Converter;
  #size: number | undefined;

  constructor(
    json: JsonObject,
    schemas: { readonly schema: Schema; readonly values?: Schema },
    convert: Converter,
  ) {
    super();
    this.json = json;
    this.#schema = schemas.schema;
    this.#values = schemas.values;
    this.#convert = convert;
  }

  get size(): number {
    if (this.#size === undefined) {
      this.#size = Object.keys(this.json).length;
      work(this.#size);
    }
    return this.#size;
  }

  get(key: CelValue): CelResult | undefined {
    if (typeof key !== 'string') return new CelError('no such overload');
    const name = this.#hasFields ? unescapePropertyName(key) : key;
    if (name === undefined) return undefined;
    const value = this.json[name];
    // A field that is null is there no more than one that is missing; a key of a map is.
    if (value === undefined || (value === null && this.#hasFields)) return undefined;
    const schema = this.#schemaOf(name);
    return schema === undefined ? undefined : this.#convert(value, schema);
  }

  *keys(): Iterable<CelValue> {
    work(this.size);
    for (const name of Object.keys(this.json)) {
      if (this.#schemaOf(name) === undefined) continue;
      yield this.#hasFields ? (escapePropertyName(name) ?? name) : name;
    }
  }

  override equals(other: CelMap): boolean | CelError {
    if (this.size !== other.size) return false;
    for (const name of Object.keys(this.json)) {
      work(3);
      if (this.#schemaOf(name) === undefined) {
        if (!(other instanceof SchemaMap)) return new CelError('no such overload');
        const counterpart = other.json[name];
        work(nodeCount(this.json[name]));
        if (counterpart !== undefined && !deepEqual(this.json[name], counterpart)) return false;
        continue;
      }
      const value = this.get(name);
      const counterpart = other.get(name);
      if ((value === undefined) !== (counterpart === undefined)) return false;
      if (value === undefined || counterpart === undefined) continue;
      const isEqual = equalsOrFault(value, counterpart);
      if (isEqual !== true) return isEqual;
    }
    return true;
  }

  override equalsForeign(other: CelResult): CelError {
    return other instanceof CelError ? other : new CelError('no such overload');
  }

  get #hasFields(): boolean {
    return this.#values === undefined && this.#schema.properties !== undefined;
  }

  #schemaOf(name: string): Schema | undefined {
    return this.#values ?? propertySchemaOf(this.#schema, name);
  }
}

/** How many values a value consists of: what it takes to compare it. */
export function nodeCount(value: JsonValue | undefined): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = nodeCounts.get(value);
  if (count === undefined) {
    count = 1;
    for (const member of Object.values(value)) count += nodeCount(member);
    nodeCounts.set(value, count);
  }
  return count;
}

const nodeCounts = new WeakMap<object, number>();
