import { FieldSet } from './field-set.ts';
import { differenceOf, intersectionOf, unionOf } from './field-set-algebra.ts';
import { ApplyError, attemptSteps, type Conversions, type ManagedSet, type Managers } from './managers.ts';
import { removeItems } from './remove-items.ts';
import { withNamedFields } from './schema-sets.ts';
import type { Steps } from './steps.ts';
import { fieldSetOf } from './to-field-set.ts';
import type { TypedValue } from './typed-value.ts';

export interface PruneOptions {
  /** The live object with the new configuration laid over it. */
  readonly merged: TypedValue;
  /** What the manager applied before. */
  readonly last: ManagedSet | undefined;
  /** All managers, the applying one with its new set. */
  readonly managers: Managers;
  readonly manager: string;
  /** The version of the new configuration. */
  readonly apiVersion: string;
  readonly conversions: Conversions;
}

/**
 * The merged object without what the manager applied before and does not apply any more, except for what
 * anybody owns, and what would take something along that the manager did not apply.
 */
export function* pruneDropped(options: PruneOptions): Steps<TypedValue> {
  const { merged, last, managers, apiVersion, conversions } = options;
  if (last === undefined || last.set.isEmpty || isNothingDropped(options)) return merged;
  const there = yield* attemptSteps(
    'failed to convert merged object to last applied version',
    conversions.at(merged, last.apiVersion),
  );
  if (there === undefined) return merged;
  const bare = removeItems(there, withNamedFields(last.set, there.type));
  const owned = yield* attemptSteps(
    'failed add back owned items',
    addBackOwned({ merged: there, pruned: bare }, managers, conversions),
  );
  const pruned = yield* attemptSteps(
    'failed add back dangling items',
    addBackDangling({ merged: there, pruned: owned }, last, conversions),
  );
  const back = yield* conversions.at(pruned, apiVersion);
  if (back === undefined) throw new ApplyError(`version ${apiVersion} of the configuration is gone`);
  return back;
}

/**
 * Is everything applied again, with nobody to convert for? Then all of it is owned, with all that it stands
 * in, and nothing can come out but the merged object: the common case, told without walking the object.
 */
function isNothingDropped({ last, managers, manager, apiVersion }: PruneOptions): boolean {
  for (const other of managers.values()) if (other.apiVersion !== apiVersion) return false;
  const now = managers.get(manager)?.set ?? FieldSet.empty;
  return last?.apiVersion === apiVersion && differenceOf(last.set, now).isEmpty;
}

interface Pair {
  readonly merged: TypedValue;
  readonly pruned: TypedValue;
}

/** Puts back what anybody owns, in the last version first, since other versions may need it to convert at all. */
function* addBackOwned(pair: Pair, managers: Managers, conversions: Conversions): Steps<TypedValue> {
  const versions = ownedByVersion(managers);
  const first = pair.merged.apiVersion;
  let current = pair;
  const owned = versions.get(first);
  if (owned !== undefined) current = yield* addBackAt(current, { apiVersion: first, owned }, conversions);
  for (const [apiVersion, owned] of versions) {
    if (apiVersion !== first) current = yield* addBackAt(current, { apiVersion, owned }, conversions);
  }
  return current.pruned;
}

function* addBackAt(
  pair: Pair,
  { apiVersion, owned }: { readonly apiVersion: string; readonly owned: FieldSet },
  conversions: Conversions,
): Steps<Pair> {
  const merged = yield* attemptSteps(
    `failed to convert merged object at version ${apiVersion}`,
    conversions.at(pair.merged, apiVersion),
  );
  if (merged === undefined) return pair;
  const pruned = yield* attemptSteps(
    `failed to convert pruned object at version ${apiVersion}`,
    conversions.at(pair.pruned, apiVersion),
  );
  if (pruned === undefined) return { merged, pruned: pair.pruned };
  const { type } = merged;
  const all = withNamedFields(fieldSetOf(merged), type);
  const left = withNamedFields(fieldSetOf(pruned), type);
  const lost = differenceOf(intersectionOf(withNamedFields(owned, type), all), left);
  // Nothing to put back: the object stays in the version in which it was pruned. The other version may not tell apart
  // what both objects have, as a list does that the one version sees as a set and the other as a map.
  if (lost.isEmpty) return pair;
  const kept = unionOf(left, withNamedFields(owned, type));
  return { merged, pruned: removeItems(merged, differenceOf(all, kept)) };
}

/** Puts back what went along with something else, and was not in what the manager applied before. */
function* addBackDangling(
  { merged, pruned }: Pair,
  last: ManagedSet,
  conversions: Conversions,
): Steps<TypedValue> {
  const there = yield* attemptSteps(
    'failed to convert pruned object to last applied version',
    conversions.at(pruned, last.apiVersion),
  );
  if (there === undefined) return merged;
  const { type } = merged;
  const gone = differenceOf(
    withNamedFields(fieldSetOf(merged), type),
    withNamedFields(fieldSetOf(there), type),
  );
  return removeItems(merged, intersectionOf(gone, withNamedFields(last.set, type)));
}

function ownedByVersion(managers: Managers): Map<string, FieldSet> {
  const versions = new Map<string, FieldSet>();
  for (const { set, apiVersion } of managers.values()) {
    versions.set(apiVersion, unionOf(versions.get(apiVersion) ?? FieldSet.empty, set));
  }
  return versions;
}
