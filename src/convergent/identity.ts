import { assert } from '../base/mod.ts';
import {
  isObject,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  newObject,
  objectAt,
  textAt,
} from '../machinery/mod.ts';
import { GIVEN_METADATA } from './field-classes.ts';
import { compareRegisters, type Register } from './register.ts';
import type { RegisterPath } from './register-path.ts';
import type { RegisterView } from './register-view.ts';
import type { Stamp } from './stamps.ts';

/** Who an object is: written once, when it is created. */
export const IDENTITY_PATH: RegisterPath = '@identity';
/** How often the spec was edited in each region. */
export const GENERATION_PATH: RegisterPath = '@generation';

/** Who an object is, and when it was created. */
export interface Identity {
  readonly uid: string;
  readonly logicalCluster: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: Stamp;
  readonly createdIn: string;
}

/** What the identity register of a new object holds. */
export function encodeIdentity(
  object: KubeObject,
  place: Pick<Identity, 'logicalCluster' | 'group' | 'resource'>,
): JsonValue {
  const given = newObject();
  for (const name of GIVEN_METADATA) {
    const value = object.metadata[name];
    if (value !== undefined && name !== 'resourceVersion') given[name] = value;
  }
  const identity = newObject();
  identity['cluster'] = place.logicalCluster;
  identity['group'] = place.group;
  identity['resource'] = place.resource;
  identity['kind'] = object.kind;
  identity['metadata'] = given;
  return identity;
}

/** Who the object is; undefined for a document that does not say it, which is none. */
export function identityOf(view: RegisterView): Identity | undefined {
  const register = identityRegister(view);
  if (register === undefined) return undefined;
  const value = register.value as JsonObject;
  const metadata = objectAt(value, 'metadata');
  return {
    uid: textAt(metadata, 'uid'),
    logicalCluster: textAt(value, 'cluster'),
    group: textAt(value, 'group'),
    resource: textAt(value, 'resource'),
    namespace: textAt(metadata, 'namespace'),
    name: textAt(metadata, 'name'),
    created: register.stamp,
    createdIn: register.region,
  };
}

/** The uid that a register at {@link IDENTITY_PATH} gives. */
export function uidIn({ value }: Register): string {
  return textAt(objectAt(isObject(value) ? value : undefined, 'metadata'), 'uid');
}

/** Puts what the identity says around what the registers say; in place. */
export function addIdentity(object: JsonObject, view: RegisterView): KubeObject {
  const register = identityRegister(view);
  assert(register !== undefined, 'a document says who its object is');
  const value = register.value as JsonObject;
  const given = objectAt(value, 'metadata') ?? newObject();
  const metadata = objectAt(object, 'metadata') ?? newObject();
  for (const name of GIVEN_METADATA) if (given[name] !== undefined) metadata[name] = given[name];
  const first = given['generation'];
  // Every region counts its own edits, so that the sum grows with each of them and is the same in all.
  if (typeof first === 'number') metadata['generation'] = first + editsOf(view);
  object['kind'] = textAt(value, 'kind');
  object['metadata'] = metadata;
  return object as KubeObject;
}

/** How often the spec was edited in a region. */
export function editsIn(view: RegisterView, region: string): number {
  return countsOf(view).get(region) ?? 0;
}

function editsOf(view: RegisterView): number {
  let sum = 0;
  for (const count of countsOf(view).values()) sum += count;
  return sum;
}

/** The highest count of each region: counts only grow, so that times have no say in which of them is the last one. */
function countsOf(view: RegisterView): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const register of view.system.get(GENERATION_PATH) ?? []) {
    counts.set(register.region, Math.max(counts.get(register.region) ?? 0, countOf(register)));
  }
  return counts;
}

function countOf({ value }: Register): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value < COUNT_MAX
    ? value
    : 0;
}

/** No region edits one object so often; the sum of what anybody writes here stays a safe integer. */
const COUNT_MAX = 2 ** 40;

/** The oldest one: there is one only, unless somebody has made two documents of one uid. */
function identityRegister(view: RegisterView): Register | undefined {
  const found = view.system.get(IDENTITY_PATH)?.filter(({ value }) => isObject(value)) ?? [];
  return found.length < 2 ? found[0] : [...found].sort(compareRegisters).at(-1);
}
