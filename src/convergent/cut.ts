import {
  groupItems,
  isObject,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  newObject,
} from '../machinery/mod.ts';
import { fieldPath, itemPath, lifePath, type RegisterPath, ROOT_PATH, unionPath } from './register-path.ts';
import type { AssociativeList, GranularMap, ObjectType, RegisterType } from './register-type.ts';

/** An object in pieces. */
export interface Pieces {
  readonly registers: ReadonlyMap<RegisterPath, Piece>;
  /** The order of the items of each associative list, by the list's path. */
  readonly orders: ReadonlyMap<RegisterPath, ListOrder>;
}

/** What one register holds. */
export interface Piece {
  readonly value: JsonValue;
  /** The path of the innermost item around it that has a birth; empty if there is none. */
  readonly item: RegisterPath;
}

export interface ListOrder {
  /** The FieldsV1 texts of the items' elements. */
  readonly texts: readonly string[];
  readonly item: RegisterPath;
}

/**
 * Cuts an object into registers:
 *
 * - maps that are granular down to their leaves; an empty one, null, and whatever is atomic is one register;
 * - an item of a keyed list has a register of its own (`!`) that holds its keys, and registers for its other fields;
 * - an element of a set, and an atomic item, is one register;
 * - a list in which an item cannot be addressed, or is there twice, is one register.
 *
 * Putting the pieces together gives the same object, but for what its identity holds (name, uid, generation …).
 */
export function cutObject(object: KubeObject, type: ObjectType): Pieces {
  const pieces = new Cutter();
  const map = type.root.map;
  if (map !== undefined) pieces.cutMap(object, map, { path: ROOT_PATH, item: ROOT_PATH });
  return pieces;
}

interface Place {
  readonly path: RegisterPath;
  readonly item: RegisterPath;
}

class Cutter implements Pieces {
  readonly registers = new Map<RegisterPath, Piece>();
  readonly orders = new Map<RegisterPath, ListOrder>();

  // Recurses as deep as the object, which the parser bounds.
  cutValue(value: JsonValue, type: RegisterType, place: Place): void {
    if (isObject(value)) {
      if (type.map !== undefined && !isEmpty(value)) return this.cutMap(value, type.map, place);
    } else if (Array.isArray(value) && value.length > 0 && type.list !== undefined) {
      if (this.#cutList(value, type.list, place)) return;
    }
    this.#put(place.path, value, place.item);
  }

  /** @param keys fields that are part of the item's register already */
  cutMap(
    map: JsonObject,
    type: GranularMap,
    { path, item, keys = NONE }: Place & { readonly keys?: readonly string[] },
  ): void {
    const inUnion = new Set<string>();
    for (const names of type.unions) {
      if (names.some((name) => keys.includes(name))) continue;
      const choice = membersOf(map, names);
      for (const name of names) inUnion.add(name);
      if (!isEmpty(choice)) this.#put(unionPath(path, names), choice, item);
    }
    for (const name in map) {
      const value = map[name];
      if (value === undefined || type.given.has(name) || inUnion.has(name) || keys.includes(name)) continue;
      this.cutValue(value, type.field(name), { path: fieldPath(path, name), item });
    }
  }

  #cutList(list: readonly JsonValue[], type: AssociativeList, { path, item }: Place): boolean {
    const { groups, faults } = groupItems(type.list, list);
    if (faults.length > 0 || groups.size !== list.length) return false;
    const texts = [...groups.keys()];
    this.orders.set(path, { texts, item });
    texts.forEach((text, index) => {
      this.#cutItem(list[index]!, type, { path: itemPath(path, text), item });
    });
    return true;
  }

  #cutItem(value: JsonValue, { list, items }: AssociativeList, { path, item }: Place): void {
    if (list.keys.length === 0 || items.map === undefined || !isObject(value)) {
      this.#put(path, value, item);
      return;
    }
    this.#put(lifePath(path), membersOf(value, list.keys), item);
    this.cutMap(value, items.map, { path, item: path, keys: list.keys });
  }

  #put(path: RegisterPath, value: JsonValue, item: RegisterPath): void {
    this.registers.set(path, { value, item });
  }
}

const NONE: readonly string[] = [];

function membersOf(map: JsonObject, names: readonly string[]): JsonObject {
  const out = newObject();
  for (const name of names) {
    const value = map[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}

function isEmpty(map: JsonObject): boolean {
  for (const name in map) if (map[name] !== undefined) return false;
  return true;
}
