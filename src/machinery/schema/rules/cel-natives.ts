import { CelArray, CelMap, type CelResult, type CelValue } from '../../cel/mod.ts';
import type { JsonObject, JsonValue } from '../../json-value.ts';

/**
 * A JSON value as expressions see it without a schema: names are not escaped, times are texts, sets are
 * lists. This is how upstream shows what an optional `oldSelf` holds.
 */
export function nativeValueOf(value: JsonValue): CelValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? new CelArray(value.map(nativeValueOf)) : new NativeMap(value);
}

export class NativeMap extends CelMap {
  readonly json: JsonObject;

  constructor(json: JsonObject) {
    super();
    this.json = json;
  }

  get size(): number {
    return Object.keys(this.json).length;
  }

  get(key: CelValue): CelResult | undefined {
    const value = typeof key === 'string' ? this.json[key] : undefined;
    return value === undefined ? undefined : nativeValueOf(value);
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.json);
  }
}
