import { type JsonObject, type KubeObject, objectAt, textAt } from '../../machinery/mod.ts';
import { REFERENCES_FIELD } from '../../store/mod.ts';
import { isReferencePart } from './reference-part.ts';

/** What a Workspace refers to that no shard has taken so far: a shard that changes has them all looked at. */
export const UNSCHEDULED = 'unscheduled';

/** An object that a Workspace is a door to: in the same logical cluster, by the kind that is named. */
export interface MountedObject {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a mounted Workspace refers to. */
export function mountReference({ group, kind, namespace, name }: MountedObject): string {
  return `mount:${kind}.${group}:${namespace}/${name}`;
}

/** What the `spec.mount.ref` of a Workspace names; undefined of one that is no mount. */
export function mountedObject(workspace: JsonObject): MountedObject | undefined {
  const ref = objectAt(objectAt(objectAt(workspace, 'spec'), 'mount'), 'ref');
  if (ref === undefined) return undefined;
  const apiVersion = textAt(ref, 'apiVersion');
  const group = apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0));
  return { group, kind: textAt(ref, 'kind'), namespace: textAt(ref, 'namespace'), name: textAt(ref, 'name') };
}

/** The server's own fields of a Workspace. */
export function workspaceFields(workspace: KubeObject): Record<string, string> {
  const mounted = mountedObject(workspace);
  if (mounted !== undefined) {
    const isPossible = Object.values(mounted).every((text) => text === '' || isReferencePart(text));
    return isPossible ? { [REFERENCES_FIELD]: mountReference(mounted) } : {};
  }
  const waits =
    textAt(objectAt(workspace, 'status'), 'phase') === 'Scheduling' &&
    textAt(objectAt(workspace, 'spec'), 'cluster') === '' &&
    workspace.metadata.deletionTimestamp === undefined;
  return waits ? { [REFERENCES_FIELD]: UNSCHEDULED } : {};
}
