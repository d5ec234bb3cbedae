import { APIS_GROUP } from '../access/mod.ts';
import { decodeStored, type Reads } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { collectionOf, type Definition, systemDefinition } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';

export const API_BINDINGS = 'apibindings';
export const API_CONVERSIONS = 'apiconversions';
export const API_EXPORTS = 'apiexports';
export const API_RESOURCE_SCHEMAS = 'apiresourceschemas';

/** The finalizer of bindings: what they bring is deleted before they go. */
export const BINDING_FINALIZER = 'apis.kcp.io/apibinding-finalizer';

/** The kinds of this group are in every logical cluster. */
export function apisDefinition(resource: string): Definition {
  return systemDefinition(APIS_GROUP, resource)!;
}

/** Where an object of the group apis.kcp.io lies. */
export function apisKey(cluster: LogicalCluster, resource: string, name: string): ObjectKey {
  return { ...collectionOf(cluster, apisDefinition(resource)), namespace: '', name };
}

/** An object as it is stored, and its row. */
export interface StoredObject {
  readonly key: ObjectKey;
  readonly row: Row;
  readonly object: KubeObject;
}

// Rows live in a bounded cache: what is read of one lives as long as it does.
const decoded = new WeakMap<Row, KubeObject>();

/**
 * Reads an object of the group apis.kcp.io, in the version in which it is stored: the commit relies on it. It is shared
 * with others who read it, and must not be changed.
 */
export function readApisObject(
  reads: Pick<Reads, 'read'>,
  place: { readonly cluster: LogicalCluster; readonly resource: string; readonly name: string },
): StoredObject | undefined {
  const definition = apisDefinition(place.resource);
  const key = apisKey(place.cluster, place.resource, place.name);
  const row = reads.read(key);
  if (row === undefined) return undefined;
  let object = decoded.get(row);
  if (object === undefined) {
    object = decodeStored(definition, definition.storageVersion, row);
    decoded.set(row, object);
  }
  return { key, row, object };
}
