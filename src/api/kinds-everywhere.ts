import { builtinDefinition, definitionFromCrd, systemDefinition } from '../definitions/mod.ts';
import { type KubeObject, objectOf } from '../machinery/mod.ts';
import type { Api } from './api.ts';
import type { Target } from './target.ts';
import type { ViewedKind } from './virtual-workspace.ts';

/**
 * The kind of a request for all logical clusters. What all of them have is simply there; a bound API is named together
 * with its identity, `resource:identity`, since others may have the same name. Of CRDs nobody knows which schema is
 * meant, so that only the metadata of their objects can be shown, whatever version it is asked in.
 */
export function kindEverywhere(
  _api: Api,
  target: Target,
  { isPartial }: { readonly isPartial: boolean },
): ViewedKind | undefined {
  const { group, resource, version } = target;
  const shared = builtinDefinition(group, resource) ?? systemDefinition(group, resource);
  if (shared !== undefined) return { definition: shared, preconditions: [] };
  if (!isPartial || !group.includes('.') || resource.includes(':')) return undefined;
  return { definition: metadataDefinition({ group, version, resource }), preconditions: [] };
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
