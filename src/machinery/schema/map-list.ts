import { isObject, type JsonObject, type JsonValue } from '../json-value.ts';
import type { Schema } from './schema.ts';

/** A list of type `map` in which items are found by their keys. Anything else is empty. */
export class MapList {
  readonly #keys: readonly string[];
  readonly #items = new Map<string, JsonObject>();

  /** Of items with the same key, the first counts. */
  constructor(schema: Schema, items: readonly JsonValue[]) {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const isMapList = schema.type === 'array' && schema['x-kubernetes-list-type'] === 'map';
    this.#keys = keys;
    if (!isMapList || keys.length === 0) return;
    for (const item of items) {
      const key = this.#keyOf(item);
      if (key !== undefined && !this.#items.has(key)) this.#items.set(key, item as JsonObject);
    }
  }

  /** The item with the same key as this one. */
  find(item: JsonValue): JsonObject | undefined {
    const key = this.#keyOf(item);
    return key === undefined ? undefined : this.#items.get(key);
  }

  /** Undefined for what is no object, or lacks a key, or has one that is no scalar. */
  #keyOf(item: JsonValue): string | undefined {
    if (!isObject(item)) return undefined;
    let text = '';
    for (const key of this.#keys) {
      const value = item[key];
      if (value === undefined || value === null || typeof value === 'object') return undefined;
      text += typeof value === 'string' ? `"${JSON.stringify(value)}` : ` ${String(value)}`;
    }
    return text;
  }
}
