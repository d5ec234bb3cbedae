import { isObject, type JsonObject, type JsonValue, newObject } from '../machinery/mod.ts';
import { compareAcrossPaths } from './ranking.ts';
import { type Birth, compareNames, decodeLife, isSameBirth, type Register } from './register.ts';
import { unescapeName } from './register-path.ts';
import type { RegisterView, ViewNode } from './register-view.ts';
import type { Stamp } from './stamps.ts';

/** Which registers count, besides what the view says: none of those that are left out. */
export interface JoinOptions {
  readonly leftOut?: ReadonlySet<Register>;
  /** Told each register that has a say in the result, and those that say that there is nothing. */
  readonly onCounted?: (register: Register) => void;
}

/** A value that was put together, and the newest register that is in it: one that is not parked, if there is any. */
export interface Joined {
  readonly value: JsonValue;
  readonly newest: Register;
}

/**
 * Puts an object together from its registers: the newest one at each path. Where regions have made something different of
 * the same place (a value and a map, a map and a list), the place belongs to whoever wrote there last; only an empty map
 * or list gives way to whatever is in another region's. The same view gives the same value, everywhere.
 */
export function joinView({ root, horizon }: RegisterView, options: JoinOptions = {}): JsonObject {
  const joined = new Join(horizon, options).fieldsOf(root, undefined);
  return joined === undefined ? newObject() : (joined.value as JsonObject);
}

/** The item of a list as it is for this birth, whether it is the one that counts or not. */
export function joinItem({ horizon }: RegisterView, node: ViewNode, life: Register): JsonValue | undefined {
  return new Join(horizon, {}).bornItem(node, life)?.value;
}

/** The register that counts at a place: the first of this birth that is not left out. */
export function pickRegister(
  registers: readonly Register[],
  {
    birth,
    leftOut,
  }: { readonly birth: Birth | undefined; readonly leftOut?: ReadonlySet<Register> | undefined },
): Register | undefined {
  return registers.find((register) => leftOut?.has(register) !== true && isSameBirth(register.birth, birth));
}

class Join {
  readonly #horizon: Stamp;
  readonly #leftOut: ReadonlySet<Register> | undefined;
  readonly #onCounted: ((register: Register) => void) | undefined;

  constructor(horizon: Stamp, { leftOut, onCounted }: JoinOptions) {
    this.#horizon = horizon;
    this.#leftOut = leftOut;
    this.#onCounted = onCounted;
  }

  // Recurses as deep as paths are, which is bounded where they are parsed.
  #node(node: ViewNode, birth: Birth | undefined): Joined | undefined {
    const whole = joinedOf(this.#pick(node.whole, birth));
    const map = this.fieldsOf(node, birth);
    const list = this.#itemsOf(node, birth);
    return this.#newest(this.#newest(unlessEmpty(whole, map ?? list), map), list);
  }

  /** The map of the fields below a node; undefined if there is none. */
  fieldsOf(node: ViewNode, birth: Birth | undefined): Joined | undefined {
    const members = new Map<string, Joined>();
    const add = (name: string, member: Joined | undefined): void => {
      const joined = this.#newest(members.get(name), member);
      if (joined !== undefined) members.set(name, joined);
    };
    for (const [name, child] of node.fields) add(name, this.#node(child, birth));
    for (const [names, registers] of node.unions) {
      const choice = joinedOf(this.#pick(registers, birth));
      if (choice === undefined || !isObject(choice.value)) continue;
      for (const name of names.slice(1).split('|').map(unescapeName)) {
        const value = choice.value[name];
        if (value !== undefined) add(name, { value, newest: choice.newest });
      }
    }
    if (members.size === 0) return undefined;
    const value = newObject();
    let last: Register | undefined;
    for (const [name, member] of members) {
      value[name] = member.value;
      last = this.#newer(last, member.newest);
    }
    return { value, newest: last! };
  }

  /** The list of the items below a node; undefined if there is none. */
  #itemsOf(node: ViewNode, birth: Birth | undefined): Joined | undefined {
    if (node.items.size === 0) return undefined;
    const found = new Map<string, Item>();
    for (const [text, child] of node.items) {
      const item = this.#item(child, birth);
      if (item !== undefined) found.set(text, item);
    }
    // The order has no say in whether there is a list.
    const order = this.#pick(node.order, birth)?.value;
    if (found.size === 0) return undefined;
    let last: Register | undefined;
    for (const { joined } of found.values()) last = this.#newer(last, joined.newest);
    const texts = sortItems(found, Array.isArray(order) ? order : []);
    return { value: texts.map((text) => found.get(text)!.joined.value), newest: last! };
  }

  #item(node: ViewNode, birth: Birth | undefined): Item | undefined {
    const life = this.#pick(node.life, birth);
    const born = life === undefined ? undefined : this.bornItem(node, life);
    const whole = joinedOf(this.#pick(node.whole, birth));
    const joined = this.#newest(whole, born);
    if (joined === undefined) return undefined;
    return { joined, birth: joined === born ? decodeLife(life?.value)!.birth : joined.newest };
  }

  /** An item with the fields that belong to this birth. */
  bornItem(node: ViewNode, life: Register): Joined | undefined {
    const born = decodeLife(life.value);
    if (born === undefined) return undefined;
    const fields = this.fieldsOf(node, born.birth);
    const value = fields === undefined ? newObject() : (fields.value as JsonObject);
    for (const name of Object.keys(born.keys)) value[name] = born.keys[name];
    return { value, newest: this.#newer(fields?.newest, life) };
  }

  #pick(registers: readonly Register[], birth: Birth | undefined): Register | undefined {
    const register = pickRegister(registers, { birth, leftOut: this.#leftOut });
    if (register !== undefined) this.#onCounted?.(register);
    return register;
  }

  #newest(a: Joined | undefined, b: Joined | undefined): Joined | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return compareAcrossPaths(a.newest, b.newest, this.#horizon) <= 0 ? a : b;
  }

  #newer(a: Register | undefined, b: Register): Register {
    return a !== undefined && compareAcrossPaths(a, b, this.#horizon) <= 0 ? a : b;
  }
}

interface Item {
  readonly joined: Joined;
  readonly birth: Birth;
}

/** As the order says; what it does not name comes after it, in the order of birth. */
function sortItems(items: ReadonlyMap<string, Item>, order: readonly JsonValue[]): readonly string[] {
  const named = new Set<string>();
  for (const text of order) if (typeof text === 'string' && items.has(text)) named.add(text);
  const rest = [...items.keys()].filter((text) => !named.has(text));
  const birthOf = (text: string): Birth => items.get(text)!.birth;
  rest.sort((a, b) => {
    const [left, right] = [birthOf(a), birthOf(b)];
    return left.stamp - right.stamp || compareNames(left.region, right.region) || compareNames(a, b);
  });
  return [...named, ...rest];
}

function joinedOf(register: Register | undefined): Joined | undefined {
  return register?.value === undefined ? undefined : { value: register.value, newest: register };
}

/** An empty map or list says only that there is one, which others say too. */
function unlessEmpty(whole: Joined | undefined, others: Joined | undefined): Joined | undefined {
  if (whole === undefined || others === undefined) return whole;
  const { value } = whole;
  const isEmpty = Array.isArray(value)
    ? value.length === 0
    : isObject(value) && Object.keys(value).length === 0;
  return isEmpty ? undefined : whole;
}
