import type { LogicalCluster } from '../../base/mod.ts';
import { exportReference } from '../../definitions/mod.ts';
import {
  type ObjectKey,
  type ObjectSnapshot,
  type ObjectStore,
  REFERENCES_FIELD,
  type Row,
} from '../../store/mod.ts';
import type { ExportPlace } from './export-offer.ts';

/** Whether an APIBinding is one to an export: the server's own field says so, which nobody else writes. */
export function refersTo(row: Pick<Row, 'fields'>, { cluster, name }: ExportPlace): boolean {
  return (row.fields[REFERENCES_FIELD] ?? '').split('\n').includes(exportReference(cluster, name));
}

/** The logical clusters with a binding to an export, in order, behind a name if one is given. */
export function consumersOf(
  snapshot: ObjectSnapshot,
  { cluster, name }: ExportPlace,
  after: string | undefined,
): AsyncGenerator<LogicalCluster> {
  return clustersReferring(snapshot, exportReference(cluster, name), after);
}

/** The logical clusters of the objects that refer to something, in order, behind a name if one is given. */
export async function* clustersReferring(
  snapshot: ObjectSnapshot,
  reference: string,
  after: string | undefined,
): AsyncGenerator<LogicalCluster> {
  let last = after;
  for await (const batch of snapshot.referring(reference, behind(after))) {
    for (const { key } of batch) {
      if (key.cluster === last) continue;
      last = key.cluster;
      yield key.cluster;
    }
  }
}

/** Whether a logical cluster has a binding to an export: one look at an index. */
export async function isConsumer(
  store: ObjectStore,
  cluster: LogicalCluster,
  place: ExportPlace,
): Promise<boolean> {
  const snapshot = store.snapshot();
  try {
    const before = { cluster, group: '', resource: '', identity: '', namespace: '', name: '' };
    for await (const batch of snapshot.referring(exportReference(place.cluster, place.name), before)) {
      const first = batch[0];
      if (first !== undefined) return first.key.cluster === cluster;
    }
    return false;
  } finally {
    snapshot.close();
  }
}

// No group begins with this character: it sorts behind all objects of a logical cluster.
function behind(after: string | undefined): ObjectKey | undefined {
  if (after === undefined) return undefined;
  const cluster = after as LogicalCluster;
  return { cluster, group: '\u{10ffff}', resource: '', identity: '', namespace: '', name: '' };
}
