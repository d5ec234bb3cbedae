import { BoundedCache, EVERYWHERE } from '../base/mod.ts';
import {
  type BoundResource,
  builtinDefinition,
  definitionFromCrd,
  kindReference,
  readBoundResources,
  systemDefinition,
} from '../definitions/mod.ts';
import { type KubeObject, objectOf } from '../machinery/mod.ts';
import type { Api } from './api.ts';
import type { Target } from './target.ts';
import type { ViewedKind } from './virtual-workspace.ts';

// What bound kinds for all logical clusters were last found to be; those that are asked for are few.
const lastFound = new WeakMap<Api, BoundedCache<string, BoundResource | null>>();
const KINDS_REMEMBERED_MAX = 1_000;
// As kcp's identities: hexadecimal SHA-256.
const IDENTIFIED = /^([^:]+):([0-9a-f]{64})$/;

/**
 * The kind of a request for all logical clusters. What all of them have is simply there; a bound API is named together
 * with its identity, `resource:identity`, since others may have the same name. Of CRDs nobody knows which schema is
 * meant, so that only the metadata of their objects can be shown, whatever version it is asked in.
 */
export function kindEverywhere(
  api: Api,
  target: Target,
  { isPartial }: { readonly isPartial: boolean },
): ViewedKind | undefined {
  const { group, resource, version } = target;
  const shared = builtinDefinition(group, resource) ?? systemDefinition(group, resource);
  if (shared !== undefined) return { definition: shared, preconditions: [] };
  const bound = boundKindOf(target);
  if (bound !== undefined) {
    const found = lastFound.get(api)?.get(kindReference(bound));
    const definition = found ? api.registry.bound(found, { isLeaving: false }) : undefined;
    return definition && { definition, preconditions: [] };
  }
  if (!isPartial || !group.includes('.') || resource.includes(':')) return undefined;
  return { definition: metadataDefinition({ group, version, resource }), preconditions: [] };
}

/**
 * Looks for a bound kind that is asked for in all logical clusters, so that {@link kindEverywhere} finds it. Where
 * bindings have bound several schemas of it, the first one counts, as in kcp.
 */
export async function learnKindEverywhere(api: Api, target: Target): Promise<void> {
  const { cluster, view } = target;
  const bound = cluster === EVERYWHERE && view === undefined ? boundKindOf(target) : undefined;
  if (bound === undefined) return;
  const kinds = lastFound.get(api) ?? new BoundedCache<string, BoundResource | null>(KINDS_REMEMBERED_MAX);
  lastFound.set(api, kinds);
  kinds.set(kindReference(bound), (await firstBound(api, bound)) ?? null);
}

type BoundKind = Pick<BoundResource, 'group' | 'resource' | 'identity'>;

function boundKindOf({ group, resource }: Target): BoundKind | undefined {
  const [, plural, identity] = IDENTIFIED.exec(resource) ?? [];
  return plural === undefined || identity === undefined ? undefined : { group, resource: plural, identity };
}

async function firstBound(api: Api, kind: BoundKind): Promise<BoundResource | undefined> {
  const snapshot = api.store.snapshot();
  try {
    for await (const batch of snapshot.referring(kindReference(kind))) {
      for (const { row } of batch) {
        const { resources } = readBoundResources(row);
        const found = resources.find((one) => kindReference(one) === kindReference(kind));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  } finally {
    snapshot.close();
  }
}

/** A kind of which nothing is known but how its objects are found. */
function metadataDefinition(kind: {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}) {
  const { group, version, resource } = kind;
  const schema = objectOf({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  const names = objectOf({ plural: resource, kind: 'PartialObjectMetadata' });
  return definitionFromCrd(
    objectOf({
      metadata: objectOf({ name: `${resource}.${group}` }),
      spec: objectOf({
        group,
        names,
        // Namespaces are a part of the key that may be empty.
        scope: 'Namespaced',
        versions: [
          objectOf({
            name: version,
            served: true,
            storage: true,
            schema: objectOf({ openAPIV3Schema: schema }),
          }),
        ],
      }),
    }) as KubeObject,
  );
}
