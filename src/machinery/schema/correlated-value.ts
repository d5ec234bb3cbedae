import { deepEqual, isObject, type JsonValue } from '../json-value.ts';
import { MapList } from './map-list.ts';
import type { Schema } from './schema.ts';
import { additionalSchemaOf, propertySchemaOf } from './schema-nodes.ts';

/**
 * A value of an update together with the value that stood at the same place before. Fields of objects and
 * keys of maps correlate by name, items of lists of type `map` by their keys, and the items of other lists
 * not at all. What the schema does not know correlates with nothing, so that an object with unknown fields
 * never counts as unchanged.
 *
 * Each node compares itself at most once, so that asking all nodes of an object costs one walk over it.
 */
export class CorrelatedValue {
  readonly value: JsonValue;
  readonly old: JsonValue | undefined;
  readonly #schema: Schema;
  readonly #children = new Map<string | number, CorrelatedValue | undefined>();
  #mapList: MapList | undefined;
  #isUnchanged: boolean | undefined;

  /** @param old undefined or null where there was nothing */
  constructor(value: JsonValue, old: JsonValue | undefined, schema: Schema) {
    this.value = value;
    this.old = old;
    this.#schema = schema;
  }

  /** The field or map value of this name, or undefined if it has no counterpart. */
  key(name: string): CorrelatedValue | undefined {
    return this.#child(name, () => {
      if (!isObject(this.value) || !isObject(this.old)) return undefined;
      const schema = propertySchemaOf(this.#schema, name) ?? additionalSchemaOf(this.#schema);
      const value = this.value[name];
      const old = this.old[name];
      if (schema === undefined || value === undefined || old === undefined) return undefined;
      return new CorrelatedValue(value, old, schema);
    });
  }

  /** The list item of this index, or undefined if it has no counterpart. */
  index(index: number): CorrelatedValue | undefined {
    return this.#child(index, () => {
      const items = this.#schema.items;
      if (!Array.isArray(this.value) || !Array.isArray(this.old) || items === undefined) return undefined;
      if (this.#schema['x-kubernetes-list-type'] !== 'map') return undefined;
      this.#mapList ??= new MapList(this.#schema, this.old);
      const value = this.value[index];
      const old = value === undefined ? undefined : this.#mapList.find(value);
      return value === undefined || old === undefined ? undefined : new CorrelatedValue(value, old, items);
    });
  }

  /** Is the value the one that was there before. */
  get isUnchanged(): boolean {
    this.#isUnchanged ??= this.#compare();
    return this.#isUnchanged;
  }

  #child(at: string | number, make: () => CorrelatedValue | undefined): CorrelatedValue | undefined {
    if (this.#children.has(at)) return this.#children.get(at);
    const child = make();
    this.#children.set(at, child);
    return child;
  }

  #compare(): boolean {
    const { value, old } = this;
    if (old === undefined) return value === null;
    if (Array.isArray(value)) {
      if (!Array.isArray(old) || value.length !== old.length) return false;
      if (this.#schema['x-kubernetes-list-type'] !== 'map') return deepEqual(value, old);
      return value.every((_, index) => this.index(index)?.isUnchanged === true);
    }
    if (isObject(value)) {
      if (!isObject(old)) return false;
      const keys = Object.keys(value);
      if (keys.length !== Object.keys(old).length) return false;
      return keys.every((key) => this.key(key)?.isUnchanged === true);
    }
    return deepEqual(value, old);
  }
}
