import { ANY_DOCUMENT, DIGEST_FIELD, readDocumentRow } from '../../api/mod.ts';
import { type DigestEntry, digestPlace } from '../../convergent/mod.ts';
import type { ListedObject, ObjectKey, ObjectStore } from '../../store/mod.ts';

/** All documents of this region: objects that are served, and records of those that are not. */
export async function* documentsOf(store: ObjectStore): AsyncGenerator<ListedObject> {
  const snapshot = store.snapshot();
  try {
    for await (const batch of snapshot.referring(ANY_DOCUMENT)) yield* batch;
  } finally {
    snapshot.close();
  }
}

/** A document in the eyes of those who compare, and where it is. */
export interface PlacedDigest extends DigestEntry {
  readonly key: ObjectKey;
}

export function digestEntry({ key, row }: ListedObject): PlacedDigest {
  const of = readDocumentRow(row)?.key ?? key;
  const { cluster: logicalCluster, group, resource } = of;
  return {
    key,
    uid: row.uid,
    place: digestPlace({ logicalCluster, group, resource, uid: row.uid }),
    digest: Buffer.from(row.fields[DIGEST_FIELD] ?? '', 'base64'),
  };
}
