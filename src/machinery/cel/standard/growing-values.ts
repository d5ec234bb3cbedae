import { celEquals } from '../equality.ts';
import { compareNumbers, isNumeric } from '../numbers.ts';
import { celText } from '../value-text.ts';
import {
  CelArray,
  CelError,
  CelList,
  CelMap,
  type CelResult,
  CelUint,
  type CelValue,
  itemsOf,
} from '../values.ts';
import { work } from '../work.ts';

/**
 * The list that a comprehension builds: `accumulator + [x]` appends in place, so that a fold over n elements
 * takes n steps and not n².
 */
export class GrowingList extends CelList {
  readonly #items: CelValue[] = [];

  get size(): number {
    return this.#items.length;
  }

  get(index: number): CelValue {
    return this.#items[index]!;
  }

  append(list: CelList): GrowingList {
    for (const item of itemsOf(list)) this.#items.push(item);
    return this;
  }

  /** The list as a value; it must not grow any more. */
  finish(): CelList {
    return new CelArray(this.#items);
  }
}

/** A map of an expression or a comprehension. Keys are ints, uints, bools and strings; 1, 1u and 1.0 are one key. */
export class CelEntries extends CelMap {
  readonly #entries = new Map<string | bigint | boolean, readonly [CelValue, CelValue]>();
  readonly #unusual: (readonly [CelValue, CelValue])[] = [];

  get size(): number {
    return this.#entries.size + this.#unusual.length;
  }

  get(key: CelValue): CelValue | undefined {
    const normal = normalKey(key);
    if (normal !== undefined) return this.#entries.get(normal)?.[1];
    work(this.#unusual.length);
    return this.#unusual.find(([other]) => celEquals(other, key))?.[1];
  }

  *keys(): Iterable<CelValue> {
    for (const [key] of this.#entries.values()) yield key;
    for (const [key] of this.#unusual) yield key;
  }

  /** Only for who makes the map: afterwards it never changes. */
  set(key: CelValue, value: CelValue): void {
    const normal = normalKey(key);
    if (normal !== undefined) this.#entries.set(normal, [key, value]);
    else this.#unusual.push([key, value]);
  }

  delete(key: CelValue): void {
    const normal = normalKey(key);
    if (normal !== undefined) this.#entries.delete(normal);
  }
}

/** The map that a comprehension builds. */
export class GrowingMap extends CelEntries {}

/** Adds an entry: in place when the map is being built, else to a copy. A key that is there already is a fault. */
export function insertEntry(map: CelMap, key: CelValue, value: CelValue): CelResult {
  if (map.get(key) !== undefined) return new CelError(`insert failed: key ${celText(key)} already exists`);
  const target = map instanceof GrowingMap ? map : copyOf(map);
  target.set(key, value);
  return target;
}

function copyOf(map: CelMap): CelEntries {
  const copy = new CelEntries();
  work(map.size);
  for (const key of map.keys()) {
    const value = map.get(key);
    if (value !== undefined && !(value instanceof CelError)) copy.set(key, value);
  }
  return copy;
}

function normalKey(key: CelValue): string | bigint | boolean | undefined {
  if (typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean') return key;
  if (key instanceof CelUint) return key.value;
  if (typeof key === 'number' && Number.isInteger(key) && isNumeric(key)) {
    const integer = BigInt(key);
    return compareNumbers(key, integer) === 0 ? integer : undefined;
  }
  return undefined;
}
