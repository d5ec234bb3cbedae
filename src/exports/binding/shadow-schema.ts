import { type Api, type Companion, companionPut, decodeStored, type Reads } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import {
  BOUND_CRDS_CLUSTER,
  builtinDefinition,
  CRD_GROUP,
  CRD_RESOURCE,
  collectionOf,
  crdFromSchema,
} from '../../definitions/mod.ts';
import { deepCopy, formatTime, type KubeObject, objectAt, textsAt } from '../../machinery/mod.ts';
import type { ObjectKey, Row } from '../../store/mod.ts';
import { API_CONVERSIONS, readApisObject, type StoredObject } from '../kcp-objects.ts';

/**
 * The mark of a schema that nobody seemed to have bound: it goes unless somebody binds it, who takes the mark off.
 * So whoever binds and whoever collects meet at the row of the schema, whichever of them is first.
 */
export const UNBOUND_ANNOTATION = 'internal.apis.kcp.io/unbound';

const CRDS = builtinDefinition(CRD_GROUP, CRD_RESOURCE)!;

/** Where a schema is kept for those who have bound it. */
export function shadowKey(schemaUid: string): ObjectKey {
  return { ...collectionOf(BOUND_CRDS_CLUSTER, CRDS), namespace: '', name: schemaUid };
}

/** What there is of a schema in the place where bound schemas are kept. */
export interface Shadow {
  /** What has to be stored by the commit that binds it: nothing, when it is there already. */
  readonly companion: Companion | undefined;
  /** The versions in which objects have been stored under it. */
  readonly storedVersions: readonly string[];
}

/** Keeps a schema for whoever binds it now. The commit relies on what is there. */
export function shadowOf(
  api: Api,
  reads: Pick<Reads, 'read'>,
  { schema, cluster }: { readonly schema: StoredObject; readonly cluster: LogicalCluster },
): Shadow {
  const key = shadowKey(schema.row.uid);
  const row = reads.read(key);
  const known = row && kept.get(row);
  if (known !== undefined) return known;
  const old = row === undefined ? undefined : decodeStored(CRDS, 'v1', row);
  const now = formatTime(api.store.nowMs());
  const crd =
    old ?? crdFromSchema(schema.object, { cluster, now, conversion: conversionOf(reads, schema, cluster) });
  const storedVersions = textsAt(objectAt(crd, 'status'), 'storedVersions');
  if (row !== undefined && crd.metadata.annotations?.[UNBOUND_ANNOTATION] === undefined) {
    const shadow = { companion: undefined, storedVersions };
    kept.set(row, shadow);
    return shadow;
  }
  return { companion: shadowPut(api, { key, row, crd: withoutMark(crd) }), storedVersions };
}

// What is known of rows that need no change; rows live in a bounded cache, and this as long as they.
const kept = new WeakMap<Row, Shadow>();

/** The rules by which objects get from one version to another: the APIConversion beside the schema, of its name. */
function conversionOf(
  reads: Pick<Reads, 'read'>,
  schema: StoredObject,
  cluster: LogicalCluster,
): KubeObject | undefined {
  const name = schema.object.metadata.name ?? '';
  return readApisObject(reads, { cluster, resource: API_CONVERSIONS, name })?.object;
}

/** A change of a kept schema. It is established as it stands: no controller owes anything to it. */
export function shadowPut(
  api: Api,
  { key, row, crd }: { readonly key: ObjectKey; readonly row: Row | undefined; readonly crd: KubeObject },
): Companion {
  return { ...companionPut(api, { definition: CRDS, key, object: deepCopy(crd), oldRow: row }), work: [] };
}

function withoutMark(crd: KubeObject): KubeObject {
  const clean = deepCopy(crd);
  delete clean.metadata.annotations?.[UNBOUND_ANNOTATION];
  return clean;
}
