import { BoundedCache, limits } from '../base/mod.ts';
import {
  compareKubeVersions,
  type Definition,
  type DefinitionSet,
  type DefinitionVersion,
  groupPriority,
} from '../definitions/mod.ts';

/** A definition together with one of its served versions. */
export interface ServedDefinition {
  readonly definition: Definition;
  readonly version: DefinitionVersion;
}

/** One group of a set: its served versions with the preferred one first, each with its kinds by plural name. */
export interface DiscoveryGroup {
  readonly name: string;
  readonly versions: readonly {
    readonly name: string;
    readonly served: readonly ServedDefinition[];
  }[];
}

// A grouping holds a few references per kind, so that their number alone is a bound.
const groupings = new BoundedCache<string, readonly DiscoveryGroup[]>(limits.definitionSetsCachedMax);

/**
 * The groups of a set that have a served version, the core group (`''`) included, in the order in which
 * upstream's aggregator lists them: priority descending, then name. Ambiguous short names resolve to the first.
 */
export function discoveryGroups(set: DefinitionSet): readonly DiscoveryGroup[] {
  return groupings.getOrMake(set.hash, () => groupDefinitions(set.definitions));
}

/** One group of a set, or undefined when nothing of it is served. */
export function discoveryGroup(set: DefinitionSet, name: string): DiscoveryGroup | undefined {
  return discoveryGroups(set).find((group) => group.name === name);
}

/** `v1` for the core group, else `group/v1`. */
export function groupVersionText(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Orders texts by code unit, as Go's sort does for the ASCII names used here; never by locale. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function groupDefinitions(definitions: readonly Definition[]): readonly DiscoveryGroup[] {
  const groups = new Map<string, Map<string, ServedDefinition[]>>();
  for (const definition of definitions) {
    for (const version of definition.versions) {
      if (!version.served) continue;
      const versions = getOrAdd(groups, definition.group, () => new Map<string, ServedDefinition[]>());
      getOrAdd(versions, version.name, () => []).push({ definition, version });
    }
  }
  return [...groups]
    .map(([name, versions]) => ({ name, versions: orderVersions(versions) }))
    .sort((a, b) => groupPriority(b.name) - groupPriority(a.name) || compareTexts(a.name, b.name));
}

function orderVersions(versions: ReadonlyMap<string, ServedDefinition[]>): DiscoveryGroup['versions'] {
  return [...versions]
    .sort(([a], [b]) => compareKubeVersions(a, b))
    .map(([name, served]) => ({ name, served: served.sort(byPlural) }));
}

function byPlural(a: ServedDefinition, b: ServedDefinition): number {
  return compareTexts(a.definition.names.plural, b.definition.names.plural);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
