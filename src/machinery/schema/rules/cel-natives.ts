import { CelArray, CelMap, type CelResult, type CelValue, work } from '../../cel/mod.ts';
import type { JsonObject, JsonValue } from '../../json-value.ts';

/**
 * A JSON value as expressions see it without a schema: names are not escaped, times are texts, sets are
 * lists. This is how upstream shows what an optional `oldSelf` holds.
 */
export function nativeValueOf(value: JsonValue): CelValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return new NativeMap(value);
  work(value.length);
  return new CelArray(value.map(nativeValueOf));
}

export class NativeMap extends CelMap {
  readonly json: JsonObject;

  constructor(json: JsonObject) {
    super();
    this.json = json;
  }

  get size(): number {
    const { length } = Object.keys(this.json);
    work(length);
    return length;
  }

  get(key: CelValue): CelResult | undefined {
    const value = typeof key === 'string' ? this.json[key] : undefined;
    return value === undefined ? undefined : nativeValueOf(value);
  }

  keys(): Iterable<CelValue> {
    const keys = Object.keys(this.json);
    work(keys.length);
    return keys;
  }
}
