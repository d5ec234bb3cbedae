import type { LogicalCluster } from '../../base/mod.ts';
import { type JsonObject, type KubeObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import { ALIASES_FIELD, REFERENCES_FIELD, REMEMBERED_FIELD, type Row } from '../../store/mod.ts';
import { acceptedClaims, claimReference } from '../claims/mod.ts';

export const BINDING_GROUP = 'apis.kcp.io';
export const BINDING_RESOURCE = 'apibindings';

/** Where the schemas are kept that somebody has bound: each as a CRD that is named by the schema's uid. */
export const BOUND_CRDS_CLUSTER = 'system:bound-crds' as LogicalCluster;

/** One kind that an APIBinding brings into its logical cluster. */
export interface BoundResource {
  readonly group: string;
  /** The plural name. */
  readonly resource: string;
  /** The identity hash of the export: a part of the keys of all objects of the kind. */
  readonly identity: string;
  /** The uid of the APIResourceSchema, and the name of the CRD in {@link BOUND_CRDS_CLUSTER}. */
  readonly schemaUid: string;
}

/** What a binding brings. */
export interface BoundResources {
  readonly resources: readonly BoundResource[];
  /** The binding is being deleted: its kinds take no creations any more. */
  readonly isLeaving: boolean;
}

// The server's own field of an APIBinding's row: what it brings, a line for each kind.
const BOUND_FIELD = '.bound';
const LEAVING = 'leaving';
const SEPARATOR = '\t';

/** The name that an APIBinding takes in its logical cluster for a kind that it brings. */
export function boundAlias(group: string, resource: string): string {
  return `bound:${resource}.${group}`;
}

/** What an APIBinding refers to once its export is known. */
export function exportReference(cluster: string, name: string): string {
  return `apiexport:${cluster}:${name}`;
}

/** What an APIBinding refers to as long as the path of its export leads nowhere. */
export function exportPathReference(path: string, name: string): string {
  return `apiexport-path:${path}:${name}`;
}

/** What an APIBinding refers to that has bound a schema. */
export function schemaReference(uid: string): string {
  return `boundschema:${uid}`;
}

/** What an APIBinding refers to that brings a kind under an identity. */
export function kindReference(kind: Pick<BoundResource, 'group' | 'resource' | 'identity'>): string {
  return `boundkind:${kind.resource}.${kind.group}:${kind.identity}`;
}

/** The server's own fields of an APIBinding: nothing but its status and whether it goes has a say in them. */
export function bindingFields(binding: KubeObject): Record<string, string> {
  const status = objectAt(binding, 'status');
  const bound = boundResourcesOf(binding);
  const isLeaving = binding.metadata.deletionTimestamp !== undefined;
  const lines = bound.map(({ group, resource, identity, schemaUid }) =>
    [group, resource, identity, schemaUid].join(SEPARATOR),
  );
  const exportCluster = textAt(status, 'apiExportClusterName');
  const references = new Set(bound.flatMap((one) => [schemaReference(one.schemaUid), kindReference(one)]));
  for (const { label } of acceptedClaims(binding)) references.add(claimReference(label));
  const reference = referenceOf(binding);
  references.add(
    exportCluster === ''
      ? exportPathReference(textAt(reference, 'path'), textAt(reference, 'name'))
      : exportReference(exportCluster, textAt(reference, 'name')),
  );
  return {
    [BOUND_FIELD]: (isLeaving ? [LEAVING, ...lines] : lines).join('\n'),
    [ALIASES_FIELD]: bound.map(({ group, resource }) => boundAlias(group, resource)).join('\n'),
    [REFERENCES_FIELD]: [...references].join('\n'),
  };
}

/** The kinds that the status of an APIBinding names. */
export function boundResourcesOf(binding: KubeObject): BoundResource[] {
  const resources = objectsAt(objectAt(binding, 'status'), 'boundResources').map((bound): BoundResource => {
    const schema = objectAt(bound, 'schema');
    return {
      group: textAt(bound, 'group'),
      resource: textAt(bound, 'resource'),
      identity: textAt(schema, 'identityHash'),
      schemaUid: textAt(schema, 'UID'),
    };
  });
  return resources.filter((bound) => Object.values(bound).every((text) => COMPONENT.test(text)));
}

// What names, hashes and uids are made of: nothing that could end a line or move a border within it.
const COMPONENT = /^[A-Za-z0-9._-]*$/;

function referenceOf(binding: KubeObject): JsonObject | undefined {
  return objectAt(objectAt(objectAt(binding, 'spec'), 'reference'), 'export');
}

// Rows live in a bounded cache: what is read of one lives as long as it does.
const parsed = new WeakMap<Row, BoundResources>();

/** What the row of an APIBinding says that it brings. */
export function readBoundResources(row: Row): BoundResources {
  const known = parsed.get(row);
  if (known !== undefined) return known;
  const lines = (row.fields[BOUND_FIELD] ?? '').split('\n').filter((line) => line !== '');
  const isLeaving = lines[0] === LEAVING;
  const resources = (isLeaving ? lines.slice(1) : lines).map((line): BoundResource => {
    const [group = '', resource = '', identity = '', schemaUid = ''] = line.split(SEPARATOR);
    return { group, resource, identity, schemaUid };
  });
  const bound = { resources, isLeaving };
  parsed.set(row, bound);
  return bound;
}

/** The identity of the export that a binding was made with, by its row; undefined as long as there was none. */
export function identityOfBinding(row: Row): string | undefined {
  return readBoundResources(row).resources[0]?.identity ?? row.fields[REMEMBERED_FIELD];
}

/** Whether this is the kind whose objects bring other kinds. */
export function isBindingKind(kind: { readonly group: string; readonly resource: string }): boolean {
  return kind.group === BINDING_GROUP && kind.resource === BINDING_RESOURCE;
}
