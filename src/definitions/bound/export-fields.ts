import type { LogicalCluster } from '../../base/mod.ts';
import { type KubeObject, objectAt, textAt } from '../../machinery/mod.ts';
import { REFERENCES_FIELD, type Row, textsOfField } from '../../store/mod.ts';

// The server's own field of an APIExport's row: what bounds the rights of those who bind it.
const POLICY_FIELD = '.policy';
const LOCAL = 'local';

/** What an APIExport refers to once it has an identity: others may have the same. */
export function identityReference(hash: string): string {
  return `apiidentity:${hash}`;
}

/** What an APIExport refers to in its own logical cluster: the Secret of its identity, there or not. */
export function secretReference({
  namespace,
  name,
}: {
  readonly namespace: string;
  readonly name: string;
}): string {
  return `identitysecret:${namespace}/${name}`;
}

/** The server's own fields of an APIExport. */
export function exportFields(apiExport: KubeObject): Record<string, string> {
  const policy = objectAt(objectAt(apiExport, 'spec'), 'maximalPermissionPolicy');
  const identity = textAt(objectAt(apiExport, 'status'), 'identityHash');
  const secret = objectAt(objectAt(objectAt(apiExport, 'spec'), 'identity'), 'secretRef');
  const place = { namespace: textAt(secret, 'namespace'), name: textAt(secret, 'name') };
  const references = [
    ...(IDENTITY.test(identity) ? [identityReference(identity)] : []),
    ...(OBJECT_NAME.test(place.namespace) && OBJECT_NAME.test(place.name) ? [secretReference(place)] : []),
  ];
  return {
    ...(objectAt(policy, 'local') === undefined ? {} : { [POLICY_FIELD]: LOCAL }),
    ...(references.length === 0 ? {} : { [REFERENCES_FIELD]: references.join('\n') }),
  };
}

/** Nothing has a name that is none. */
const OBJECT_NAME = /^[a-z0-9.-]{1,253}$/;

const IDENTITY = /^[0-9a-f]{1,128}$/;

/** Whether the roles beside an APIExport, by its row, bound what may be done with its API. */
export function hasLocalPolicy({ fields }: Pick<Row, 'fields'>): boolean {
  return fields[POLICY_FIELD] === LOCAL;
}

const EXPORT = 'apiexport:';

/** The export of an APIBinding, by its row; undefined as long as it is not known. */
export function exportOfBinding(
  row: Pick<Row, 'fields'>,
): { readonly cluster: LogicalCluster; readonly name: string } | undefined {
  const reference = textsOfField(row, REFERENCES_FIELD).find((text) => text.startsWith(EXPORT));
  if (reference === undefined) return undefined;
  // Names of logical clusters may have colons, those of objects have none.
  const at = reference.lastIndexOf(':');
  return { cluster: reference.slice(EXPORT.length, at) as LogicalCluster, name: reference.slice(at + 1) };
}
