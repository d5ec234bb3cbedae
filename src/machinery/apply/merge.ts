import { type JsonValue, newObject } from '../json-value.ts';
import type { ApplyType, ListType, MapType } from './apply-type.ts';
import { itemText } from './list-items.ts';
import { describeElement, parseItem } from './path-element.ts';
import { PathStack } from './path-stack.ts';
import type { TypedValue } from './typed-value.ts';
import { TypedValueError, type ValueFault } from './typed-value-error.ts';
import { asList, asMap, isEmptyMap, kindOf, scalarFault, type ValueKind } from './value-kind.ts';
import { areEqual } from './value-order.ts';

/**
 * Lays a configuration over a live value: what the configuration says wins, what it does not say stays.
 * Neither is changed; the result shares with both what it can.
 *
 * The order of an associative list: items of both in the configuration's order, the configuration's own
 * ones where they are in it, the live ones where they are among their neighbours. Items that the live list
 * holds twice give way to the configuration's item, or stay as they are if it has none.
 *
 * @throws {TypedValueError} where items of an associative list cannot be addressed
 */
export function mergeTyped(live: TypedValue, config: TypedValue): TypedValue {
  if (live.type !== config.type) throw new TypeError('only values of the same type can be merged');
  const walk: Walk = { path: new PathStack(), faults: [] };
  const value = mergeNode(live.value, config.value, { type: live.type, walk });
  if (walk.faults.length > 0) throw new TypedValueError(walk.faults);
  return { value: value ?? null, type: live.type, apiVersion: live.apiVersion };
}

interface Walk {
  readonly path: PathStack;
  readonly faults: ValueFault[];
}

interface Place {
  readonly type: ApplyType;
  readonly walk: Walk;
}

/** The merged value, or undefined where nothing is left of it. At least one side exists. */
function mergeNode(
  lhs: JsonValue | undefined,
  rhs: JsonValue | undefined,
  place: Place,
): JsonValue | undefined {
  if (lhs === undefined || rhs === undefined) return winner({ lhs, rhs });
  return mergeAs(kindOf(place.type, rhs), { lhs, rhs }, place);
}

interface Sides {
  readonly lhs: JsonValue | undefined;
  readonly rhs: JsonValue | undefined;
}

function mergeAs(kind: ValueKind, sides: Sides, { type, walk }: Place): JsonValue | undefined {
  switch (kind) {
    case 'scalar':
      return mergeScalars(sides, { type, walk });
    case 'list':
      return mergeLists(sides, type.list!, walk);
    default:
      return mergeMaps(sides, type.map!, walk);
  }
}

function mergeScalars(sides: Sides, { type, walk }: Place): JsonValue | undefined {
  const left = scalarFault(type.scalar!, sides.lhs);
  const right = scalarFault(type.scalar!, sides.rhs);
  if (left !== undefined && right !== undefined) {
    report(walk, `lhs: ${left}`);
    report(walk, `rhs: ${right}`);
    return undefined;
  }
  return winner(sides);
}

function winner({ lhs, rhs }: Sides): JsonValue | undefined {
  return rhs === undefined ? lhs : rhs;
}

function mergeMaps(sides: Sides, type: MapType, walk: Walk): JsonValue | undefined {
  const left = asMap(sides.lhs);
  const right = asMap(sides.rhs);
  if (
    type.isAtomic ||
    ((left === undefined || isEmptyMap(left)) && (right === undefined || isEmptyMap(right)))
  ) {
    return winner(sides);
  }
  const out = newObject();
  let isEmpty = true;
  // What the configuration only repeats is passed on as it is, which makes a later comparison trivial.
  let isChanged = left === undefined;
  for (const name in left) {
    const lhs = left[name];
    if (lhs === undefined) continue;
    const merged = mergeMember(name, { lhs, rhs: right?.[name] }, { type, walk });
    if (merged !== lhs) isChanged = true;
    if (merged === undefined) continue;
    out[name] = merged;
    isEmpty = false;
  }
  for (const name in right) {
    const rhs = right[name];
    if (rhs === undefined || left?.[name] !== undefined) continue;
    out[name] = rhs;
    isEmpty = false;
    isChanged = true;
  }
  if (isEmpty) return undefined;
  return isChanged ? out : left;
}

function mergeMember(
  name: string,
  { lhs, rhs }: Sides,
  { type, walk }: { readonly type: MapType; readonly walk: Walk },
): JsonValue | undefined {
  if (rhs === undefined) return lhs;
  const memberType = type.field(name) ?? type.others;
  walk.path.enterField(name);
  let merged: JsonValue | undefined;
  if (memberType === undefined) report(walk, 'schema error: invalid atom: inlined');
  else merged = mergeNode(lhs, rhs, { type: memberType, walk });
  walk.path.leave();
  return merged;
}

function mergeLists(sides: Sides, type: ListType, walk: Walk): JsonValue | undefined {
  const left = asList(sides.lhs);
  const right = asList(sides.rhs);
  if (type.isAtomic || ((left?.length ?? 0) === 0 && (right?.length ?? 0) === 0)) return winner(sides);
  if (left !== undefined && right !== undefined && areEqual(sides.lhs!, sides.rhs!)) return sides.lhs;
  const faultsBefore = walk.faults.length;
  const config = indexItems(type, right ?? [], { walk, allowDuplicates: false });
  const live = indexItems(type, left ?? [], { walk, allowDuplicates: true });
  if (walk.faults.length > faultsBefore) return undefined;
  const out = new ListMerge(type.items, live, config).run();
  return out.length === 0 ? undefined : out;
}

/** The items of a list: their elements in order, and by their element. */
interface IndexedItems {
  readonly items: readonly JsonValue[];
  readonly texts: readonly string[];
  /** The item, or null where there are several. */
  readonly byText: ReadonlyMap<string, JsonValue>;
}

function indexItems(
  type: ListType,
  items: readonly JsonValue[],
  { walk, allowDuplicates }: { readonly walk: Walk; readonly allowDuplicates: boolean },
): IndexedItems {
  const texts: string[] = [];
  const byText = new Map<string, JsonValue>();
  items.forEach((item, index) => {
    const text = itemText(type, item);
    if (typeof text !== 'string') {
      report(walk, `element ${index}: ${text.fault}`);
    } else if (byText.has(text) && !allowDuplicates) {
      report(walk, `duplicate entries for key ${describeElement(parseItem(text))}`);
    } else {
      byText.set(text, byText.has(text) ? null : item);
      texts.push(text);
    }
  });
  return { items, texts, byText };
}

/** One pass over both lists at once. */
class ListMerge {
  readonly #type: ApplyType;
  readonly #live: IndexedItems;
  readonly #config: IndexedItems;
  /** What is in both lists and has not been passed, in the configuration's order. */
  readonly #shared: readonly string[];
  #sharedIndex = 0;
  readonly #done = new Set<string>();
  readonly #out: JsonValue[] = [];
  /** What is wrong inside items was found when the sides were checked; upstream passes over it here too. */
  readonly #walk: Walk = { path: new PathStack(), faults: [] };

  constructor(type: ApplyType, live: IndexedItems, config: IndexedItems) {
    this.#type = type;
    this.#live = live;
    this.#config = config;
    this.#shared = config.texts.filter((text) => live.byText.has(text));
  }

  run(): JsonValue[] {
    const lefts = this.#live.texts;
    const rights = this.#config.texts;
    // Every round moves one of the two indexes on, or both.
    for (let left = 0, right = 0; left < lefts.length || right < rights.length; ) {
      const text = lefts[left];
      if (text !== undefined && right < rights.length) {
        if (text === rights[right]) {
          this.#takeConfig(text);
          this.#sharedIndex++;
          left++;
          right++;
          continue;
        }
        if (this.#config.byText.has(text) && this.#nextShared !== undefined && this.#nextShared !== text) {
          // In both lists, but not its turn yet.
          left++;
          continue;
        }
      }
      if (text !== undefined) {
        if (!this.#config.byText.has(text)) {
          this.#put(this.#merge(this.#live.items[left], undefined));
          left++;
          continue;
        }
        if (this.#done.has(text)) left++;
      }
      const own = rights[right];
      if (own !== undefined) {
        this.#takeConfig(own);
        right++;
        if (this.#nextShared === own) this.#sharedIndex++;
      }
    }
    return this.#out;
  }

  get #nextShared(): string | undefined {
    return this.#shared[this.#sharedIndex];
  }

  #takeConfig(text: string): void {
    this.#done.add(text);
    this.#put(this.#merge(this.#live.byText.get(text), this.#config.byText.get(text)));
  }

  #put(merged: JsonValue | undefined): void {
    if (merged !== undefined) this.#out.push(merged);
  }

  #merge(lhs: JsonValue | undefined, rhs: JsonValue | undefined): JsonValue | undefined {
    return mergeNode(lhs, rhs, { type: this.#type, walk: this.#walk });
  }
}

function report(walk: Walk, message: string): void {
  walk.faults.push({ path: walk.path.toString(), message });
}
