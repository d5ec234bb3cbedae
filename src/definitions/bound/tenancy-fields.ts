import { type JsonObject, type KubeObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import { REFERENCES_FIELD } from '../../store/mod.ts';

/** What the LogicalCluster of a workspace of a type refers to, by `path:name` of the type. */
export function typeReference(type: string): string {
  return `workspacetype:${type}`;
}

/** What a WorkspaceType refers to that extends another one, by `path:name` of that. */
export function heirReference(type: string): string {
  return `workspacetype-heir:${type}`;
}

/** The annotation of a LogicalCluster that says of which type it is. */
const TYPE = 'internal.tenancy.kcp.io/type';
/** Labels by which it is noted for whom a logical cluster waits: the views of these find it by them. */
const LIFECYCLE_LABELS = ['initializer.internal.kcp.io/', 'terminator.internal.kcp.io/'];

/** The server's own fields of a LogicalCluster: whoever authorizes has to know with every request how far it is. */
export function logicalClusterFields(object: KubeObject): Record<string, string> {
  const { labels = {}, annotations = {} } = object.metadata;
  const waited = Object.keys(labels).filter((label) =>
    LIFECYCLE_LABELS.some((prefix) => label.startsWith(prefix)),
  );
  const type = annotations[TYPE] ?? '';
  const references = TYPE_TEXT.test(type) ? [typeReference(type), ...waited] : waited;
  return {
    'status.phase': textAt(objectAt(object, 'status'), 'phase'),
    ...(references.length === 0 ? {} : { [REFERENCES_FIELD]: references.join('\n') }),
  };
}

/** The server's own fields of a WorkspaceType. */
export function workspaceTypeFields(object: KubeObject): Record<string, string> {
  const extended = objectsAt(objectAt(objectAt(object, 'spec'), 'extend'), 'with')
    .map((entry) => `${textAt(entry, 'path')}:${textAt(entry, 'name')}`)
    .filter((text) => TYPE_TEXT.test(text));
  if (extended.length === 0) return {};
  return { [REFERENCES_FIELD]: [...new Set(extended)].map(heirReference).join('\n') };
}

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
  if (mounted === undefined || !Object.values(mounted).every((text) => COMPONENT.test(text))) return {};
  return { [REFERENCES_FIELD]: mountReference(mounted) };
}

const COMPONENT = /^[A-Za-z0-9.:_-]*$/;
// What paths and names are made of: nothing that could end a line.
const TYPE_TEXT = /^[A-Za-z0-9.:_-]+$/;
