import type { JsonObject, JsonValue } from '../json-value.ts';
import type { ApplyType, ListType, MapType } from './apply-type.ts';
import { ChangeNode, type Comparison, NO_CHANGES } from './comparison.ts';
import { FieldSet, type FieldSetEntry, LEAF } from './field-set.ts';
import { groupItems, itemText } from './list-items.ts';
import { PathStack } from './path-stack.ts';
import type { TypedValue } from './typed-value.ts';
import { TypedValueError, type ValueFault } from './typed-value-error.ts';
import { asList, asMap, isEmptyMap, kindOf, scalarFault, type ValueKind } from './value-kind.ts';
import { areEqual } from './value-order.ts';

/**
 * Which fields were removed, modified and added from one object to another of the same type. What exists on
 * one side only counts with everything below it. Two empty values are one leaf, which tells null from empty.
 *
 * @throws {TypedValueError} where items of an associative list cannot be addressed
 */
export function compareTyped(lhs: TypedValue, rhs: TypedValue): Comparison {
  if (lhs.type !== rhs.type) throw new TypeError('only values of the same type can be compared');
  if (lhs.value === rhs.value) return NO_CHANGES;
  const walk: Walk = { path: new PathStack(), faults: [] };
  const root = new ChangeNode();
  compareNode({ lhs: lhs.value, rhs: rhs.value, type: lhs.type }, root, walk);
  if (walk.faults.length > 0) throw new TypedValueError(walk.faults);
  return {
    removed: root.removed.children(),
    modified: root.modified.children(),
    added: root.added.children(),
  };
}

interface Walk {
  readonly path: PathStack;
  readonly faults: ValueFault[];
}

interface Sides {
  readonly lhs: JsonValue;
  readonly rhs: JsonValue;
  readonly type: ApplyType;
}

/** Both sides exist. Where they are of different kinds, each is walked as what it is. */
function compareNode(sides: Sides, node: ChangeNode, walk: Walk): void {
  const left = kindOf(sides.type, sides.lhs);
  const right = kindOf(sides.type, sides.rhs);
  compareAs(left, sides, { node, walk });
  if (left !== right) compareAs(right, sides, { node, walk });
}

interface Place {
  readonly node: ChangeNode;
  readonly walk: Walk;
}

function compareAs(kind: ValueKind, sides: Sides, place: Place): void {
  switch (kind) {
    case 'scalar':
      return compareScalars(sides, place);
    case 'list':
      return compareLists(sides, sides.type.list!, place);
    default:
      return compareMaps(sides, sides.type.map!, place);
  }
}

function compareScalars({ lhs, rhs, type }: Sides, { node, walk }: Place): void {
  const left = scalarFault(type.scalar!, lhs);
  const right = scalarFault(type.scalar!, rhs);
  // One side that is right is enough: the other one is being replaced.
  if (left !== undefined && right !== undefined) {
    report(walk, `lhs: ${left}`);
    report(walk, `rhs: ${right}`);
    return;
  }
  compareLeaves(lhs, rhs, node);
}

function compareLeaves(lhs: JsonValue, rhs: JsonValue, node: ChangeNode): void {
  if (!areEqual(lhs, rhs)) node.modified.isMember = true;
}

function compareLists({ lhs, rhs }: Sides, type: ListType, { node, walk }: Place): void {
  const left = asList(lhs);
  const right = asList(rhs);
  if (type.isAtomic || ((left?.length ?? 0) === 0 && (right?.length ?? 0) === 0)) {
    compareLeaves(lhs, rhs, node);
    return;
  }
  // Most lists do not change, and to see that is cheaper than to address their items.
  if (left !== undefined && right !== undefined && areEqual(lhs, rhs)) return;
  const before = groupItems(type, left);
  const after = groupItems(type, right);
  for (const fault of [...before.faults, ...after.faults]) report(walk, fault);
  for (const [text, lefts] of before.groups) {
    walk.path.enterItem(text);
    compareItems({ text, lefts, rights: after.groups.get(text) ?? [], type: type.items }, node, walk);
    walk.path.leave();
  }
  for (const [text, rights] of after.groups) {
    if (before.groups.has(text)) continue;
    walk.path.enterItem(text);
    compareItems({ text, lefts: [], rights, type: type.items }, node, walk);
    walk.path.leave();
  }
}

interface ItemSides {
  readonly text: string;
  readonly lefts: readonly JsonValue[];
  readonly rights: readonly JsonValue[];
  readonly type: ApplyType;
}

/** Items that are there more than once are one leaf, which is added and removed as such. */
function compareItems({ text, lefts, rights, type }: ItemSides, node: ChangeNode, walk: Walk): void {
  const [lhs] = lefts;
  const [rhs] = rights;
  if (lefts.length > 1 && rights.length > 1) {
    if (!areEqual(lefts as JsonValue[], rights as JsonValue[])) node.modified.putItem(text, LEAF);
    return;
  }
  if (lefts.length > 1) {
    node.removed.putItem(text, LEAF);
    if (rhs !== undefined) node.added.putItem(text, wholeEntry(rhs, type, walk));
  } else if (rights.length > 1) {
    node.added.putItem(text, LEAF);
    if (lhs !== undefined) node.removed.putItem(text, wholeEntry(lhs, type, walk));
  } else if (lhs === undefined) {
    node.added.putItem(text, wholeEntry(rhs!, type, walk));
  } else if (rhs === undefined) {
    node.removed.putItem(text, wholeEntry(lhs, type, walk));
  } else if (lhs !== rhs) {
    const below = new ChangeNode();
    compareNode({ lhs, rhs, type }, below, walk);
    node.removed.putItem(text, below.removed.entry());
    node.modified.putItem(text, below.modified.entry());
    node.added.putItem(text, below.added.entry());
  }
}

function compareMaps({ lhs, rhs }: Sides, type: MapType, { node, walk }: Place): void {
  const left = asMap(lhs);
  const right = asMap(rhs);
  if (
    type.isAtomic ||
    ((left === undefined || isEmptyMap(left)) && (right === undefined || isEmptyMap(right)))
  ) {
    compareLeaves(lhs, rhs, node);
    return;
  }
  if (left !== undefined) compareLeftMembers(left, { right, type }, { node, walk });
  if (right !== undefined) addRightMembers(right, { left, type }, { node, walk });
}

/** The members that the left side has: removed, or there on both sides. */
function compareLeftMembers(
  left: JsonObject,
  { right, type }: { readonly right: JsonObject | undefined; readonly type: MapType },
  { node, walk }: Place,
): void {
  for (const name in left) {
    const lhs = left[name];
    const rhs = right?.[name];
    if (lhs === undefined || lhs === rhs) continue;
    const memberType = memberTypeOf(type, name, walk);
    if (memberType === undefined) continue;
    if (rhs !== undefined && isRightText(lhs, rhs, memberType)) {
      node.modified.putField(name, LEAF);
      continue;
    }
    walk.path.enterField(name);
    if (rhs === undefined) {
      node.removed.putField(name, wholeEntry(lhs, memberType, walk));
    } else {
      const below = new ChangeNode();
      compareNode({ lhs, rhs, type: memberType }, below, walk);
      node.removed.putField(name, below.removed.entry());
      node.modified.putField(name, below.modified.entry());
      node.added.putField(name, below.added.entry());
    }
    walk.path.leave();
  }
}

function addRightMembers(
  right: JsonObject,
  { left, type }: { readonly left: JsonObject | undefined; readonly type: MapType },
  { node, walk }: Place,
): void {
  for (const name in right) {
    const rhs = right[name];
    if (rhs === undefined || left?.[name] !== undefined) continue;
    const memberType = memberTypeOf(type, name, walk);
    if (memberType === undefined) continue;
    walk.path.enterField(name);
    node.added.putField(name, wholeEntry(rhs, memberType, walk));
    walk.path.leave();
  }
}

/** The entry of something that is on one side only: itself and everything below it. */
function wholeEntry(value: JsonValue, type: ApplyType, walk: Walk): FieldSetEntry {
  switch (kindOf(type, value)) {
    case 'scalar':
      return LEAF;
    case 'list':
      return wholeListEntry(value, type.list!, walk);
    default:
      return wholeMapEntry(value, type.map!, walk);
  }
}

function wholeListEntry(value: JsonValue, type: ListType, walk: Walk): FieldSetEntry {
  const list = asList(value);
  if (type.isAtomic || list === undefined || list.length === 0) return LEAF;
  const entries = new Map<string, FieldSetEntry>();
  for (let index = 0; index < list.length; index++) {
    const item = list[index]!;
    const text = itemText(type, item);
    if (typeof text !== 'string') {
      report(walk, `element ${index}: ${text.fault}`);
    } else if (entries.has(text)) {
      entries.set(text, LEAF);
    } else {
      walk.path.enterItem(text);
      entries.set(text, wholeEntry(item, type.items, walk));
      walk.path.leave();
    }
  }
  return { isMember: true, children: nonEmpty(FieldSet.from(undefined, entries)) };
}

function wholeMapEntry(value: JsonValue, type: MapType, walk: Walk): FieldSetEntry {
  const map = asMap(value);
  if (type.isAtomic || map === undefined) return LEAF;
  let entries: Map<string, FieldSetEntry> | undefined;
  for (const name in map) {
    const member = map[name];
    if (member === undefined) continue;
    const memberType = memberTypeOf(type, name, walk);
    if (memberType === undefined) continue;
    entries ??= new Map();
    if (typeof member !== 'object' && memberType.scalar !== undefined) {
      entries.set(name, LEAF);
      continue;
    }
    walk.path.enterField(name);
    entries.set(name, wholeEntry(member, memberType, walk));
    walk.path.leave();
  }
  return entries === undefined ? LEAF : { isMember: true, children: FieldSet.from(entries, undefined) };
}

function memberTypeOf(type: MapType, name: string, walk: Walk): ApplyType | undefined {
  const memberType = type.field(name) ?? type.others;
  if (memberType === undefined) {
    walk.path.enterField(name);
    report(walk, 'schema error: invalid atom: inlined');
    walk.path.leave();
  }
  return memberType;
}

/** Two texts that differ, where the type wants a text: the most frequent change by far. */
function isRightText(lhs: JsonValue, rhs: JsonValue, type: ApplyType): boolean {
  return (
    typeof lhs === 'string' &&
    typeof rhs === 'string' &&
    (type.scalar === 'string' || type.scalar === 'untyped')
  );
}

function nonEmpty(set: FieldSet): FieldSet | undefined {
  return set.isEmpty ? undefined : set;
}

function report(walk: Walk, message: string): void {
  walk.faults.push({ path: walk.path.toString(), message });
}
