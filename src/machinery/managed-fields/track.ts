import { ApplyError, TypedValueError, unionOf, updateManagers } from '../apply/mod.ts';
import type { JsonObject } from '../json-value.ts';
import type { KubeObject } from '../kube-object.ts';
import { capUpdaters } from './ancient-changes.ts';
import {
  decodeManagedFields,
  encodeManagedFields,
  type Managed,
  ManagedFieldsError,
  managerIdentifier,
  NOTHING_MANAGED,
} from './managed.ts';
import {
  type FieldWriter,
  managerRules,
  type OwnershipRules,
  ownable,
  typedObject,
  withoutManagedFields,
} from './rules.ts';

/**
 * Sets the managed fields of an object that is about to be written, by anything but an apply: what changes
 * belongs to the writer from now on and to nobody else, what goes belongs to nobody. What the object brings
 * along as managed fields replaces what was known (so that clients can edit them), unless it cannot be read.
 *
 * @param live the stored object; undefined when it is created
 */
export async function trackUpdate(
  rules: OwnershipRules,
  change: {
    readonly live: KubeObject | undefined;
    readonly object: KubeObject;
    readonly writer: FieldWriter;
  },
): Promise<void> {
  const { live, object, writer } = change;
  const before = ownershipBefore(rules, change);
  await rules.pause?.();
  delete object.metadata.managedFields;
  // Once an object is without managed fields, only an apply begins them anew.
  const isUntracked = live !== undefined && before.owners.size === 0;
  if (isUntracked) return;
  let after: Managed;
  try {
    const from = live === undefined ? rules.empty : withoutManagedFields(live);
    after = await updateOwners(rules, { managed: before, live: from, object, writer });
  } catch (error) {
    // As upstream: of an object that cannot be compared nobody owns anything. Most such objects are refused.
    if (!(error instanceof TypedValueError || error instanceof ApplyError)) throw error;
    return;
  }
  await rules.pause?.();
  const entries = encodeManagedFields(capUpdaters(after));
  if (entries !== undefined) object.metadata.managedFields = entries;
}

/**
 * What becomes of the owners when `live` becomes `object`, both without managed fields.
 *
 * @throws {TypedValueError | ApplyError} when they are not of their type, or cannot be converted
 */
export async function updateOwners(
  rules: OwnershipRules,
  change: {
    readonly managed: Managed;
    readonly live: KubeObject;
    readonly object: KubeObject;
    readonly writer: FieldWriter;
  },
): Promise<Managed> {
  const { managed, live, object, writer } = change;
  const { apiVersion, subresource } = rules;
  const owners = await updateManagers({
    live: typedObject(rules, live),
    next: typedObject(rules, object),
    managers: managed.owners,
    manager: CURRENT,
    rules: managerRules(rules),
  });
  const current = owners.get(CURRENT);
  if (current === undefined) return { ...managed, owners };
  const set = ownable(current.set);
  const left = new Map(owners);
  left.delete(CURRENT);
  if (set.isEmpty) return { ...managed, owners: left };
  const id = managerIdentifier({ manager: writer.manager, operation: 'Update', apiVersion, subresource });
  const known = left.get(id);
  left.set(id, { ...current, set: known === undefined ? set : unionOf(set, known.set) });
  return { ...managed, owners: left, times: new Map(managed.times).set(id, writer.now) };
}

/** Stands for the writer until it is clear whether it takes any field. */
const CURRENT = 'current-operation';

/**
 * The owners that an update starts from: those that the object names, if it names any that can be read, else
 * those of the stored object. Through a subresource nobody changes ownership by hand.
 */
function ownershipBefore(
  rules: OwnershipRules,
  { live, object }: { readonly live: KubeObject | undefined; readonly object: KubeObject },
): Managed {
  const stored = live?.metadata.managedFields;
  if (rules.subresource !== '') return decodeOrNothing(stored);
  const given = object.metadata.managedFields;
  if (!Array.isArray(given)) return decodeOrNothing(stored);
  if (isReset(given, rules)) return NOTHING_MANAGED;
  const managed = decodeOrUndefined(given);
  return managed === undefined || managed.owners.size === 0 ? decodeOrNothing(stored) : managed;
}

/** One empty entry (or, where it can be told from none, an empty list) asks to forget all owners. */
function isReset(entries: readonly JsonObject[], { knowsEmptyLists }: OwnershipRules): boolean {
  const [first] = entries;
  if (first === undefined) return knowsEmptyLists;
  return entries.length === 1 && Object.values(first).every((value) => value === null || value === '');
}

function decodeOrNothing(entries: readonly JsonObject[] | undefined): Managed {
  return decodeOrUndefined(entries) ?? NOTHING_MANAGED;
}

function decodeOrUndefined(entries: readonly JsonObject[] | undefined): Managed | undefined {
  try {
    return decodeManagedFields(entries);
  } catch (error) {
    if (!(error instanceof ManagedFieldsError)) throw error;
    return undefined;
  }
}
