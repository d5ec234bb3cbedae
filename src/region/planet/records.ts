import type { LogicalCluster, Revision } from '../../base/mod.ts';
import type { NewRow, ObjectKey, Row, StoreSnapshot } from '../../store/mod.ts';

/** What of the store the records of a planet need. */
export interface RecordStore {
  get(key: ObjectKey): Row | undefined;
  snapshot(): StoreSnapshot;
  commit(proposal: {
    readonly mutations: readonly {
      readonly key: ObjectKey;
      readonly expected?: number;
      readonly row?: NewRow;
    }[];
    readonly actor: string;
    readonly originRegion: string;
  }): Promise<unknown>;
}

/** What was stored, and the revision to expect when it is changed. */
export interface Found<Content> {
  readonly content: Content;
  readonly revision: Revision;
}

/**
 * Records of the planet in the log of the root shard, so that all members have them, in order, and none can be changed
 * but at the shard's home. No logical cluster has that name, and no kind these resources (a resource's name has no
 * dot), so that no URL leads to them, whoever asks: the program alone writes them.
 */
const CLUSTER = 'system:planet' as LogicalCluster;
const GROUP = 'planet.antipode.dev';
export type RecordKind = 'planet' | 'member' | 'join-token' | 'shard';

export function recordKey(kind: RecordKind, name: string): ObjectKey {
  return { cluster: CLUSTER, group: GROUP, resource: `.${kind}`, identity: '', namespace: '', name };
}

/** A record as a row. Its JSON has the form of an object, so that whatever looks at rows finds what it expects. */
export function recordRow(name: string, content: object): NewRow {
  const text = `{"metadata":{"name":${JSON.stringify(name)}},"content":${JSON.stringify(content)}}`;
  return {
    uid: '',
    definitionHash: '',
    json: Buffer.from(text),
    metadataOffset: '{"metadata":{'.length,
    isAnnotated: false,
    labels: {},
    fields: {},
    owners: [],
  };
}

export function readRecord<Content>(
  store: Pick<RecordStore, 'get'>,
  kind: RecordKind,
  name: string,
): Found<Content> | undefined {
  const row = store.get(recordKey(kind, name));
  return row === undefined ? undefined : contentOf<Content>(row);
}

/** All records of a kind, which are few. */
export async function listRecords<Content>(
  store: Pick<RecordStore, 'snapshot'>,
  kind: RecordKind,
): Promise<readonly Found<Content>[]> {
  const snapshot = store.snapshot();
  try {
    const { cluster, group, resource, identity } = recordKey(kind, '');
    const found: Found<Content>[] = [];
    for await (const rows of snapshot.listRows({ collection: { cluster, group, resource, identity } })) {
      for (const row of rows) found.push(contentOf<Content>(row));
    }
    return found;
  } finally {
    snapshot.close();
  }
}

/** What a row of a record says. */
export function contentOf<Content>(row: Row): Found<Content> {
  const { content } = JSON.parse(row.json.toString()) as { readonly content: Content };
  return { content, revision: row.revision };
}
