import { type KubeObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import { REFERENCES_FIELD } from '../../store/mod.ts';
import { TYPE_ANNOTATION } from '../annotations.ts';
import { isReferencePart } from './reference-part.ts';

/** What the LogicalCluster of a workspace of a type refers to, by `path:name` of the type. */
export function typeReference(type: string): string {
  return `workspacetype:${type}`;
}

/** What a WorkspaceType refers to that extends another one, by `path:name` of that. */
export function heirReference(type: string): string {
  return `workspacetype-heir:${type}`;
}

/** Labels by which it is noted for whom a logical cluster waits: the views of these find it by them. */
const LIFECYCLE_LABELS = ['initializer.internal.kcp.io/', 'terminator.internal.kcp.io/'];

/** The server's own fields of a LogicalCluster: whoever authorizes has to know with every request how far it is. */
export function logicalClusterFields(object: KubeObject): Record<string, string> {
  const { labels = {}, annotations = {} } = object.metadata;
  const waited = Object.keys(labels).filter((label) =>
    LIFECYCLE_LABELS.some((prefix) => label.startsWith(prefix)),
  );
  const type = annotations[TYPE_ANNOTATION] ?? '';
  const references = isReferencePart(type) ? [typeReference(type), ...waited] : waited;
  return {
    'status.phase': textAt(objectAt(object, 'status'), 'phase'),
    ...(references.length === 0 ? {} : { [REFERENCES_FIELD]: references.join('\n') }),
  };
}

/** The server's own fields of a WorkspaceType. */
export function workspaceTypeFields(object: KubeObject): Record<string, string> {
  const extended = objectsAt(objectAt(objectAt(object, 'spec'), 'extend'), 'with')
    .map((entry) => `${textAt(entry, 'path')}:${textAt(entry, 'name')}`)
    .filter(isReferencePart);
  if (extended.length === 0) return {};
  return { [REFERENCES_FIELD]: [...new Set(extended)].map(heirReference).join('\n') };
}
