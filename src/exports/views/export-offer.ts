import { APIS_GROUP } from '../../access/mod.ts';
import { decodeStored } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import { collectionOf, type Definition, systemDefinition } from '../../definitions/mod.ts';
import { type KubeObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import type { ObjectKey, ObjectStore, Row } from '../../store/mod.ts';

/** An APIExport by where it lies. */
export interface ExportPlace {
  readonly cluster: LogicalCluster;
  readonly name: string;
}

/** What an export offers, by its durable row. */
export interface ExportOffer {
  readonly place: ExportPlace;
  readonly key: ObjectKey;
  readonly row: Row;
  /** Empty as long as the export has none. */
  readonly identity: string;
  /** Its kinds, each with the name of its APIResourceSchema beside it. */
  readonly resources: readonly { readonly group: string; readonly name: string; readonly schema: string }[];
  /** The export itself, in the version that it is stored in; not to be changed. */
  readonly object: KubeObject;
}

// As long as the store remembers a row, and no longer.
const read = new WeakMap<Row, Omit<ExportOffer, 'place' | 'key'>>();

/** What an export offers now; undefined when there is none. */
export function readOffer(store: ObjectStore, place: ExportPlace): ExportOffer | undefined {
  const key = apisKey(place.cluster, 'apiexports', place.name);
  const row = store.get(key);
  if (row === undefined) return undefined;
  let content = read.get(row);
  if (content === undefined) {
    content = contentOf(row);
    read.set(row, content);
  }
  return { place, key, ...content };
}

/** The row of an APIResourceSchema that an export names. */
export function readSchema(store: ObjectStore, { place }: ExportOffer, schema: string): Row | undefined {
  return store.get(apisKey(place.cluster, 'apiresourceschemas', schema));
}

function contentOf(row: Row): Omit<ExportOffer, 'place' | 'key'> {
  const definition = apisDefinition('apiexports');
  const object = decodeStored(definition, definition.storageVersion, row);
  const resources = objectsAt(objectAt(object, 'spec'), 'resources').map((one) => ({
    group: textAt(one, 'group'),
    name: textAt(one, 'name'),
    schema: textAt(one, 'schema'),
  }));
  return { row, object, resources, identity: textAt(objectAt(object, 'status'), 'identityHash') };
}

function apisKey(cluster: LogicalCluster, resource: string, name: string): ObjectKey {
  return { ...collectionOf(cluster, apisDefinition(resource)), namespace: '', name };
}

// The kinds of this group are in every logical cluster.
function apisDefinition(resource: string): Definition {
  return systemDefinition(APIS_GROUP, resource)!;
}
