import { EVERYWHERE } from '../base/mod.ts';
import { type KubeObject, newForbidden, newNotFound } from '../machinery/mod.ts';
import type { ListedObject, ListScope, ObjectKey, ObjectSnapshot, Row } from '../store/mod.ts';
import { groupResource, type Resource } from './target.ts';
import type { Sight } from './virtual-workspace.ts';

/**
 * The objects of a scope in order, at a revision if they are not to be the current ones. Where a view knows which
 * logical clusters have anything to show, no others are read: then a list costs what it shows.
 */
export async function* listInSight(
  snapshot: ObjectSnapshot,
  plan: {
    readonly scope: ListScope;
    readonly sight: Sight | undefined;
    readonly revision: number;
    readonly isCurrent: boolean;
  },
): AsyncGenerator<ListedObject[]> {
  const { scope, sight } = plan;
  const read = (of: ListScope) => (plan.isCurrent ? snapshot.list(of) : snapshot.listAt(of, plan.revision));
  if (scope.collection.cluster !== EVERYWHERE || sight?.clusters === undefined) {
    yield* read(scope);
    return;
  }
  const [first, ...rest] = scope.after?.split('\0') ?? [];
  if (first !== undefined) yield* read(within(scope, first, rest.join('\0')));
  for await (const cluster of sight.clusters(snapshot, first)) yield* read(within(scope, cluster, undefined));
}

function within(scope: ListScope, cluster: string, after: string | undefined): ListScope {
  return { ...scope, collection: { ...scope.collection, cluster: cluster as ObjectKey['cluster'] }, after };
}

/** Throws 404 for an object that is there, but not for those who ask. What a creation meets is taken, whoever sees it. */
export function assertInSight(resource: Resource, key: ObjectKey, row: Row | undefined): void {
  const { sight } = resource;
  if (sight === undefined || row === undefined || resource.target.verb === 'create') return;
  if (sight.sees(key, row)) return;
  throw newNotFound(groupResource(resource), key.name);
}

/** Puts an object right that is about to be written, so that it is in sight for its writer. */
export function settleSight({ sight }: Resource, object: KubeObject): void {
  sight?.settle?.(object);
}

/** Throws 403 when what would be stored is out of its writer's sight, whatever made it so. */
export function assertStaysInSight(resource: Resource, key: ObjectKey, object: KubeObject): void {
  const { sight } = resource;
  if (sight === undefined || sight.sees(key, { labels: object.metadata.labels ?? {}, fields: {} })) return;
  throw newForbidden(groupResource(resource), key.name, 'object does not match required labels');
}
