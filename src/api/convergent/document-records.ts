import { createHash } from 'node:crypto';
import type { LogicalCluster } from '../../base/mod.ts';
import {
  type CollectionKey,
  type NewRow,
  type ObjectKey,
  objectKeyText,
  REFERENCES_FIELD,
  type Row,
} from '../../store/mod.ts';

/**
 * What a region's convergent log has beside the objects: documents that are not served under a name, and how far other
 * regions' logs were merged. No logical cluster has that name, and no kind such a resource (names of resources have no
 * dot), so that no URL leads there.
 */
const CLUSTER = 'system:convergence' as LogicalCluster;
const GROUP = 'convergence.antipode.dev';
const DOCUMENTS = '.documents';
const POSITIONS = '.positions';
const WRITERS = '.writers';

/** Whether a collection is one of these: the convergent log has them, too. */
export function isDocumentRecord({ group }: Pick<CollectionKey, 'group'>): boolean {
  return group === GROUP;
}

/** Where the document of a uid lies that is not served. */
export function documentKey(uid: string): ObjectKey {
  return recordKey(DOCUMENTS, uid);
}

/** Where it is written how far a region's log was merged. */
export function positionKey(region: string): ObjectKey {
  return recordKey(POSITIONS, region);
}

/** Where it is written when this region's last writer began. */
export function writerKey(region: string): ObjectKey {
  return recordKey(WRITERS, region);
}

function recordKey(resource: string, name: string): ObjectKey {
  return { cluster: CLUSTER, group: GROUP, resource, identity: '', namespace: '', name };
}

/** Why a document is kept that nobody is served. */
export type DocumentState =
  /** The object is deleted, and some region may not know yet. */
  | 'tombstone'
  /** Another object of the same name was created before it. */
  | 'loser'
  /** Nobody knows its kind here yet. */
  | 'waiting';

/** What all rows refer to that have a document, so that they are found. */
export const ANY_DOCUMENT = 'convergence:document';
/** What documents refer to that wait for their kind. */
export const WAITING_DOCUMENT = 'convergence:waiting';
/** What the documents refer to that would have a name if another did not. */
export function nameReference(key: ObjectKey): string {
  return `convergence:name:${createHash('sha256').update(objectKeyText(key)).digest('hex')}`;
}

/** The digest of what the document says, in base 64. */
export const DIGEST_FIELD = '.digest';
/** When a part of the document begins to count, in milliseconds since 1970: the row is made anew then. */
export const PARKED_FIELD = '.parked';
/** The uids of objects that have lost the name to this one. */
export const LOSERS_FIELD = '.losers';
const STATE_FIELD = '.state';
const KEY_FIELD = '.key';

/** The row of a document that is not served. */
export function documentRow(record: {
  readonly state: DocumentState;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly document: Uint8Array;
  readonly digest: string;
}): NewRow {
  const { state, key, uid, document, digest } = record;
  const references = [ANY_DOCUMENT];
  if (state === 'loser') references.push(nameReference(key));
  if (state === 'waiting') references.push(WAITING_DOCUMENT);
  return {
    ...recordRow(uid, {
      [STATE_FIELD]: state,
      [KEY_FIELD]: JSON.stringify(key),
      [DIGEST_FIELD]: digest,
      [REFERENCES_FIELD]: references.join('\n'),
    }),
    uid,
    document,
  };
}

/** What such a row says; undefined for any other. */
export function readDocumentRow(
  row: Pick<Row, 'fields'>,
): { readonly state: DocumentState; readonly key: ObjectKey } | undefined {
  const state = row.fields[STATE_FIELD] as DocumentState | undefined;
  const key = row.fields[KEY_FIELD];
  return state === undefined || key === undefined ? undefined : { state, key: JSON.parse(key) as ObjectKey };
}

/** A record as a row: its JSON has the form of an object, for whatever looks at rows. */
export function recordRow(name: string, fields: Readonly<Record<string, string>>): NewRow {
  return {
    uid: '',
    definitionHash: '',
    json: Buffer.from(`{"metadata":{"name":${JSON.stringify(name)}}}`),
    metadataOffset: '{"metadata":{'.length,
    isAnnotated: false,
    labels: {},
    fields,
    owners: [],
  };
}
