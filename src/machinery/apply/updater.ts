import { compareTyped } from './compare.ts';
import { type Comparison, changedFields, filterComparison } from './comparison.ts';
import type { Conflict } from './conflict.ts';
import { filterSet } from './field-filter.ts';
import { FieldSet } from './field-set.ts';
import { differenceOf, intersectionOf, unionOf } from './field-set-algebra.ts';
import {
  attempt,
  attemptSteps,
  Conversions,
  type ManagedSet,
  type ManagerRules,
  type Managers,
} from './managers.ts';
import { mergeTyped } from './merge.ts';
import { pruneDropped } from './prune-dropped.ts';
import { reconcileSet } from './schema-sets.ts';
import { rest, runSteps, type Steps } from './steps.ts';
import { fieldSetOf } from './to-field-set.ts';
import type { TypedValue } from './typed-value.ts';
import { areEqual } from './value-order.ts';

export interface UpdateOptions {
  readonly live: TypedValue;
  /** What the object becomes, in the same version as `live`. */
  readonly next: TypedValue;
  readonly managers: Managers;
  /** Who updates. */
  readonly manager: string;
  readonly rules: ManagerRules;
}

export interface ApplyOptions {
  readonly live: TypedValue;
  /** The fields that the manager wants, in the same version as `live`. */
  readonly config: TypedValue;
  readonly managers: Managers;
  /** Who applies. */
  readonly manager: string;
  /** Take fields away from others instead of reporting conflicts. */
  readonly force: boolean;
  readonly rules: ManagerRules;
}

export type ApplyOutcome =
  | {
      readonly kind: 'applied';
      /** The new object, or undefined where it is the same as the live one. */
      readonly object: TypedValue | undefined;
      readonly managers: Managers;
    }
  | {
      readonly kind: 'conflict';
      /** By manager, then in the order of the fields. */
      readonly conflicts: readonly Conflict[];
    };

/**
 * The managers after an update: the updater owns what it added and changed, and everybody else loses that
 * and what is gone. An entry that says the same as before is the very same object. Returns a promise only
 * if a conversion does, or a pause.
 *
 * @throws {ApplyError} where objects cannot be converted or compared
 */
export function updateManagers(options: UpdateOptions): Managers | Promise<Managers> {
  return runSteps(updateSteps(options));
}

/**
 * Applies a configuration: merges it into the live object, removes what the manager applied before and
 * neither applies now nor shares with anybody, and works out who owns what. Returns a promise only if a
 * conversion does, or a pause.
 *
 * @throws {ApplyError} where objects cannot be converted, merged or compared
 */
export function applyPatch(options: ApplyOptions): ApplyOutcome | Promise<ApplyOutcome> {
  return runSteps(applySteps(options));
}

function* updateSteps({ live, next, managers, manager, rules }: UpdateOptions): Steps<Managers> {
  const conversions = new Conversions(rules.convert);
  const reconciled = yield* reconcileManagers({ live, managers, conversions });
  const { apiVersion } = next;
  yield* rest(rules);
  const settled = yield* settle({ live, next, managers: reconciled, manager, rules, conversions });
  yield* rest(rules);
  const changed = settled.comparison;
  const others = withoutFields(reconciled, settled);
  const known = others.get(manager);
  const kept = differenceOf(known?.set ?? FieldSet.empty, changed.removed);
  const set = filterSet(unionOf(kept, changedFields(changed)), rules.filterOf?.(apiVersion));
  if (set.isEmpty) others.delete(manager);
  else others.set(manager, sameOr(known, { set, apiVersion, isApplied: false }));
  return others;
}

function* applySteps({ live, config, managers, manager, force, rules }: ApplyOptions): Steps<ApplyOutcome> {
  const conversions = new Conversions(rules.convert);
  const reconciled = yield* reconcileManagers({ live, managers, conversions });
  const { apiVersion } = config;
  yield* rest(rules);
  const merged = attempt('failed to merge config', () => mergeTyped(live, config));
  yield* rest(rules);
  const last = reconciled.get(manager);
  const set = filterSet(fieldSetOf(config), rules.filterOf?.(apiVersion));
  reconciled.set(manager, sameOr(last, { set, apiVersion, isApplied: true }));
  yield* rest(rules);
  const next = yield* attemptSteps(
    'failed to prune fields',
    pruneDropped({ merged, last, managers: reconciled, manager, apiVersion, conversions }),
  );
  yield* rest(rules);
  const settled = yield* settle({ live, next, managers: reconciled, manager, rules, conversions });
  if (!force && settled.conflicts.size > 0) return { kind: 'conflict', conflicts: listConflicts(settled) };
  yield* rest(rules);
  const isSame = areEqual(live.value, next.value);
  return {
    kind: 'applied',
    object: isSame ? undefined : next,
    managers: withoutFields(reconciled, settled),
  };
}

interface Reconciling {
  readonly live: TypedValue;
  readonly managers: Managers;
  readonly conversions: Conversions;
}

/** The managers, with their sets adapted to the present schemas, and without those of vanished versions. */
function* reconcileManagers({ live, managers, conversions }: Reconciling): Steps<Map<string, ManagedSet>> {
  const reconciled = new Map<string, ManagedSet>();
  for (const [name, entry] of managers) {
    const there = yield* conversions.at(live, entry.apiVersion);
    if (there === undefined) continue;
    const set = reconcileSet(entry.set, there.type);
    reconciled.set(name, set === entry.set ? entry : { ...entry, set });
  }
  return reconciled;
}

interface Settling {
  readonly live: TypedValue;
  readonly next: TypedValue;
  readonly managers: Managers;
  readonly manager: string;
  readonly rules: ManagerRules;
  readonly conversions: Conversions;
}

/** What a change means to the managers other than the one that makes it. */
interface Settled {
  readonly comparison: Comparison;
  /** The fields of others that have other values now. */
  readonly conflicts: ReadonlyMap<string, FieldSet>;
  /** The fields that are gone, in the version of the manager. */
  readonly removed: ReadonlyMap<string, FieldSet>;
  /** Managers whose version is gone. */
  readonly vanished: ReadonlySet<string>;
}

function* settle({ live, next, managers, manager, rules, conversions }: Settling): Steps<Settled> {
  const conflicts = new Map<string, FieldSet>();
  const removed = new Map<string, FieldSet>();
  const vanished = new Set<string>();
  const comparison = filteredComparison(live, next, rules);
  const comparisons = new Map([[next.apiVersion, comparison]]);
  for (const [name, { set, apiVersion }] of managers) {
    if (name === manager) continue;
    let there = comparisons.get(apiVersion);
    if (there === undefined) {
      const before = yield* attemptSteps('failed to convert old object', conversions.at(live, apiVersion));
      const after =
        before && (yield* attemptSteps('failed to convert new object', conversions.at(next, apiVersion)));
      if (before === undefined || after === undefined) {
        vanished.add(name);
        continue;
      }
      there = filteredComparison(before, after, rules);
      comparisons.set(apiVersion, there);
    }
    const conflict = intersectionOf(set, changedFields(there));
    if (!conflict.isEmpty) conflicts.set(name, conflict);
    if (!there.removed.isEmpty) removed.set(name, there.removed);
  }
  return { comparison, conflicts, removed, vanished };
}

function filteredComparison(before: TypedValue, after: TypedValue, rules: ManagerRules): Comparison {
  const comparison = attempt('failed to compare objects', () => compareTyped(before, after));
  return filterComparison(comparison, rules.filterOf?.(after.apiVersion));
}

/** The managers without what they lose, and without those that are left with nothing. */
function withoutFields(
  managers: Managers,
  { conflicts, removed, vanished }: Settled,
): Map<string, ManagedSet> {
  const left = new Map<string, ManagedSet>();
  for (const [name, entry] of managers) {
    if (vanished.has(name)) continue;
    const lost = conflicts.get(name) ?? FieldSet.empty;
    const set = differenceOf(differenceOf(entry.set, lost), removed.get(name) ?? FieldSet.empty);
    if (!set.isEmpty) left.set(name, set === entry.set ? entry : { ...entry, set });
  }
  return left;
}

function listConflicts({ conflicts }: Settled): Conflict[] {
  return [...conflicts.keys()]
    .sort()
    .flatMap((manager) => [...(conflicts.get(manager) ?? [])].map((path) => ({ manager, path })));
}

function sameOr(known: ManagedSet | undefined, entry: ManagedSet): ManagedSet {
  const isSame =
    known !== undefined &&
    known.apiVersion === entry.apiVersion &&
    known.isApplied === entry.isApplied &&
    known.set.equals(entry.set);
  return isSame ? known : entry;
}
