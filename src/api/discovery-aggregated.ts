import { createHash } from 'node:crypto';
import { WeightedCache } from '../base/mod.ts';
import type { Definition, DefinitionSet, Subresource } from '../definitions/mod.ts';
import { type JsonObject, objectOf } from '../machinery/mod.ts';
import {
  compareTexts,
  type DiscoveryGroup,
  discoveryGroups,
  type ServedDefinition,
} from './discovery-groups.ts';

// Weighed in kinds, about 1 KB each: 50,000 stay around 50 MB.
const documents = new WeightedCache<{ readonly document: JsonObject; readonly kinds: number }>({
  weightMax: 50_000,
  weigh: ({ kinds }) => 1 + kinds,
});

/**
 * The aggregated form (APIGroupDiscoveryList) of `/api` or `/apis`, KEP-3352. Both paths must answer in
 * the same form, or client-go drops one of them. The result is shared: it must not be changed.
 */
export function aggregatedDiscovery(
  set: DefinitionSet,
  options: { readonly path: '/api' | '/apis'; readonly version: 'v2' | 'v2beta1' },
): JsonObject {
  const { path, version } = options;
  const found = documents.getOrCompute(`${set.hash} ${path} ${version}`, () => {
    const groups = discoveryGroups(set).filter((group) => (group.name === '') === (path === '/api'));
    const document = objectOf({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: objectOf({}),
      items: groups.map(groupDiscovery),
    });
    const kinds = groups
      .flatMap((group) => group.versions)
      .reduce((sum, { served }) => sum + served.length, 0);
    return { document, kinds };
  });
  return found.document;
}

/** The entity tag of a discovery answer: the SHA-512 of its JSON text in upper-case hex, in quotes. */
export function aggregatedETag(text: string): string {
  return `"${createHash('sha512').update(text).digest('hex').toUpperCase()}"`;
}

/** The verbs to advertise for a kind: a kind that is going away takes no new or changed objects. */
export function discoveryVerbs(definition: Definition): string[] {
  if (!definition.isTerminating) return [...definition.verbs];
  return definition.verbs.filter((verb) => verb !== 'create' && verb !== 'patch' && verb !== 'update');
}

function groupDiscovery(group: DiscoveryGroup): JsonObject {
  return objectOf({
    // The core group is the one without a name.
    metadata: objectOf(group.name === '' ? {} : { name: group.name }),
    versions: group.versions.map(({ name, served }) =>
      objectOf({
        version: name,
        resources: served.map(resourceDiscovery),
        freshness: 'Current',
      }),
    ),
  });
}

function resourceDiscovery({ definition, version }: ServedDefinition): JsonObject {
  const { names } = definition;
  // Upstream's built-in kinds leave it to the reader that group and version are those around them.
  const isBuiltin = definition.origin === 'builtin';
  const own = objectOf({
    group: isBuiltin ? '' : definition.group,
    version: isBuiltin ? '' : version.name,
    kind: names.kind,
  });
  const parts = [...version.subresources];
  if (isBuiltin) parts.sort((a, b) => compareTexts(a.name, b.name));
  return objectOf({
    resource: names.plural,
    responseKind: own,
    scope: definition.scope,
    singularResource: names.singular,
    verbs: discoveryVerbs(definition),
    shortNames: names.shortNames.length > 0 ? [...names.shortNames] : undefined,
    categories: names.categories.length > 0 ? [...names.categories] : undefined,
    subresources: parts.length > 0 ? parts.map((part) => subresourceDiscovery(part, own)) : undefined,
  });
}

function subresourceDiscovery(part: Subresource, own: JsonObject): JsonObject {
  return objectOf({
    subresource: part.name,
    responseKind: part.kind === undefined ? own : objectOf({ ...part.kind }),
    verbs: [...part.verbs],
  });
}
