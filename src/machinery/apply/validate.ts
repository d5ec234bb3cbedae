import type { JsonObject, JsonValue } from '../json-value.ts';
import type { ApplyType, ListType, MapType } from './apply-type.ts';
import { goPlain } from './go-format.ts';
import { itemText } from './list-items.ts';
import { PathStack } from './path-stack.ts';
import type { ValueFault } from './typed-value-error.ts';
import { asList, asMap, kindOf, scalarFault } from './value-kind.ts';

export interface ValidateOptions {
  readonly allowDuplicates: boolean;
}

/**
 * Checks a value against its type and returns what is wrong, in the order of the value's members (upstream's
 * own order is random). Recurses as deep as the value, which the parser bounds.
 */
export function validateValue(
  value: JsonValue,
  type: ApplyType,
  { allowDuplicates }: ValidateOptions,
): readonly ValueFault[] {
  const walk: Walk = { path: new PathStack(), faults: [], allowDuplicates };
  visit(value, type, walk);
  return walk.faults;
}

interface Walk {
  readonly path: PathStack;
  readonly faults: ValueFault[];
  readonly allowDuplicates: boolean;
}

function visit(value: JsonValue, type: ApplyType, walk: Walk): void {
  switch (kindOf(type, value)) {
    case 'scalar': {
      const fault = scalarFault(type.scalar!, value);
      if (fault !== undefined) report(walk, fault);
      return;
    }
    case 'list':
      visitList(value, type.list!, walk);
      return;
    default:
      visitMap(value, type.map!, walk);
  }
}

function visitList(value: JsonValue, type: ListType, walk: Walk): void {
  if (value === null) return;
  const list = asList(value);
  if (list === undefined) {
    report(walk, `expected list, got &{${goPlain(value)}}`);
    return;
  }
  const seen = new Set<string>();
  for (let index = 0; index < list.length; index++) {
    const item = list[index]!;
    if (type.isAtomic) {
      if (isRightScalar(item, type.items)) continue;
      walk.path.enterItem(`i:${index}`);
    } else {
      const text = itemText(type, item);
      if (typeof text !== 'string') {
        // What cannot be addressed hides what comes after it, as upstream gives up on the list here.
        report(walk, `element ${index}: ${text.fault}`);
        return;
      }
      walk.path.enterItem(text);
      if (seen.has(text) && !walk.allowDuplicates) reportDuplicate(walk);
      seen.add(text);
    }
    visit(item, type.items, walk);
    walk.path.leave();
  }
}

function visitMap(value: JsonValue, type: MapType, walk: Walk): void {
  if (value === null) return;
  const map = asMap(value);
  if (map === undefined) {
    report(walk, `expected map, got &{${goPlain(value)}}`);
    return;
  }
  visitMembers(map, type, walk);
}

function visitMembers(map: JsonObject, type: MapType, walk: Walk): void {
  for (const name in map) {
    const value = map[name];
    if (value === undefined) continue;
    const field = type.field(name) ?? type.others;
    if (field !== undefined && isRightScalar(value, field)) continue;
    walk.path.enterField(name);
    if (field === undefined) report(walk, 'field not declared in schema');
    else visit(value, field, walk);
    walk.path.leave();
    // Upstream looks no further once it has met an unknown field.
    if (field === undefined) return;
  }
}

/** Most values are scalars in their right place: they need no path. */
function isRightScalar(value: JsonValue, type: ApplyType): boolean {
  if (typeof value === 'object' || type.scalar === undefined) return false;
  return type.scalar === 'untyped' || (type.scalar === 'string' && typeof value === 'string');
}

function report(walk: Walk, message: string): void {
  walk.faults.push({ path: walk.path.toString(), message });
}

/** A repeated item is reported at the list, with its element as part of the message. */
function reportDuplicate({ path, faults }: Walk): void {
  const item = path.describeLast();
  faults.push({ path: path.toString().slice(0, -item.length), message: `duplicate entries for key ${item}` });
}
