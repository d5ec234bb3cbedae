import { createHash } from 'node:crypto';
import { WeightedCache } from '../base/mod.ts';
import type { Definition, DefinitionSet, DefinitionVersion, Subresource } from '../definitions/mod.ts';
import { type JsonObject, objectOf } from '../machinery/mod.ts';
import { discoveryVerbs } from './discovery-aggregated.ts';
import {
  compareTexts,
  type DiscoveryGroup,
  discoveryGroup,
  discoveryGroups,
  groupVersionText,
  type ServedDefinition,
} from './discovery-groups.ts';

export { aggregatedDiscovery, aggregatedETag } from './discovery-aggregated.ts';

// Weighed in resources listed, about 1 KB each: 50,000 stay around 50 MB.
const resourceLists = new WeightedCache<JsonObject | undefined>({
  weightMax: 50_000,
  weigh: (list) => 1 + (Array.isArray(list?.['resources']) ? list['resources'].length : 0),
});
const groupLists = new WeightedCache<JsonObject>({
  weightMax: 50_000,
  weigh: (list) => 1 + (Array.isArray(list['groups']) ? list['groups'].length : 0),
});

/** The answer to `GET /api` (APIVersions). `serverAddress` is the `host:port` that reached this server. */
export function legacyCoreVersions(serverAddress: string): JsonObject {
  return objectOf({
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [objectOf({ clientCIDR: '0.0.0.0/0', serverAddress })],
  });
}

/** The answer to `GET /apis` (APIGroupList). The result is shared: it must not be changed. */
export function legacyGroupList(set: DefinitionSet): JsonObject {
  return groupLists.getOrCompute(set.hash, () =>
    objectOf({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: discoveryGroups(set)
        .filter((group) => group.name !== '')
        .map((group) => objectOf(groupFields(group))),
    }),
  );
}

/** The answer to `GET /apis/<group>` (APIGroup); undefined when the group is not served (404). */
export function legacyGroup(set: DefinitionSet, group: string): JsonObject | undefined {
  if (group === '') return undefined;
  const found = discoveryGroup(set, group);
  if (found === undefined) return undefined;
  return objectOf({ kind: 'APIGroup', apiVersion: 'v1', ...groupFields(found) });
}

/**
 * The answer to `GET /apis/<group>/<version>`, and for the group `''` to `GET /api/<version>`
 * (APIResourceList); undefined when that version is not served (404). Shared: must not be changed.
 */
export function legacyResourceList(
  set: DefinitionSet,
  group: string,
  version: string,
): JsonObject | undefined {
  const served = discoveryGroup(set, group)?.versions.find((candidate) => candidate.name === version)?.served;
  // Unknown versions are not remembered: a caller could fill the cache with them.
  if (served === undefined) return undefined;
  return resourceLists.getOrCompute(`${set.hash} ${group}/${version}`, () =>
    objectOf({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: groupVersionText(group, version),
      resources: [...served].sort(byPlural).flatMap(resourcesOf),
    }),
  );
}

/** The answer to `GET /`: the paths that a caller may continue with. */
export function rootPaths(set: DefinitionSet): JsonObject {
  const paths = [
    '/.well-known/openid-configuration',
    '/api',
    '/apis',
    '/apis/',
    '/healthz',
    '/livez',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
  ];
  paths.push('/readyz', '/version');
  for (const group of discoveryGroups(set)) {
    if (group.name !== '') paths.push(`/apis/${group.name}`);
    const prefix = group.name === '' ? '/api' : `/apis/${group.name}`;
    for (const version of group.versions) paths.push(`${prefix}/${version.name}`);
  }
  return objectOf({ paths: paths.sort(compareTexts) });
}

/**
 * Eight bytes that change with the stored group, version and kind (upstream's discovery.StorageVersionHash).
 * For the core group the hashed text begins with a slash.
 */
export function storageVersionHash(definition: Definition): string {
  const group = definition.storedAs?.group ?? definition.group;
  const version = definition.announcedStorageVersion ?? definition.storageVersion;
  const text = `${group}/${version}/${definition.names.kind}`;
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}

function groupFields(group: DiscoveryGroup): Readonly<Record<string, JsonObject | JsonObject[] | string>> {
  const versions = group.versions.map(({ name }) =>
    objectOf({ groupVersion: groupVersionText(group.name, name), version: name }),
  );
  return { name: group.name, versions, preferredVersion: versions[0]! };
}

function resourcesOf({ definition, version }: ServedDefinition): JsonObject[] {
  const { names } = definition;
  const main = objectOf({
    name: names.plural,
    singularName: names.singular,
    namespaced: definition.scope === 'Namespaced',
    kind: names.kind,
    verbs: discoveryVerbs(definition),
    shortNames: names.shortNames.length > 0 ? [...names.shortNames] : undefined,
    categories: names.categories.length > 0 ? [...names.categories] : undefined,
    storageVersionHash: definition.isVirtual ? undefined : storageVersionHash(definition),
  });
  const parts = [...version.subresources];
  // Upstream sorts the built-in ones by name; a CRD's come as status and scale.
  if (definition.origin === 'builtin') parts.sort((a, b) => compareTexts(a.name, b.name));
  return [main, ...parts.map((part) => subresourceOf(definition, version, part))];
}

function subresourceOf(definition: Definition, version: DefinitionVersion, part: Subresource): JsonObject {
  const kind = part.kind;
  // Group and version are given only where they differ from those of the list.
  const isForeign = kind !== undefined && (kind.group !== definition.group || kind.version !== version.name);
  return objectOf({
    name: `${definition.names.plural}/${part.name}`,
    singularName: '',
    namespaced: definition.scope === 'Namespaced',
    group: isForeign ? kind.group : undefined,
    version: isForeign ? kind.version : undefined,
    kind: kind?.kind ?? definition.names.kind,
    verbs: [...part.verbs],
  });
}

function byPlural(a: ServedDefinition, b: ServedDefinition): number {
  return compareTexts(a.definition.names.plural, b.definition.names.plural);
}
