import type { LogicalCluster } from '../base/mod.ts';
import type { KeyRange } from './key-value.ts';
import {
  type CollectionKey,
  collectionKeyText,
  type ObjectKey,
  objectKeyText,
  parseObjectKeyText,
  parseWildcardKeyText,
  wildcardKeyText,
} from './object-key.ts';

/**
 * The tables inside the one ordered key space, by the first byte of the key:
 *
 *     a  cluster, alias                                 → object key without the cluster
 *     c  commit id                                      → sequence
 *     d  cluster                                        → its defaults, and which of them are superseded
 *     e  cluster group resource, revision               → event: sequence, change index, namespace, name
 *     f  cluster, revision at which they ended          → defaults of a logical cluster that is gone
 *     g  cluster, owner uid, object key                 → (empty)
 *     k  name                                           → what this member alone knows: tail, ceiling, base …
 *     l  sequence                                       → frame
 *     m  name                                           → head, floor, compacted, format, settings
 *     n  epoch, sequence                                → frame that was undone
 *     o  cluster group resource namespace name          → row
 *     p  epoch                                          → where it began, and where the one before had ended
 *     r  reference, object key                          → (empty)
 *     s  hash of a default set                          → default set
 *     u  sequence                                       → what the frame's projection has replaced
 *     v  object key, revision that superseded it        → row before that revision
 *     w  controller, cluster, key                       → payload of owed work
 *     x  group resource cluster namespace name          → (empty)
 *     y  block of revisions                             → when this member has applied them
 */
const TABLE = {
  alias: 'a',
  applied: 'y',
  commit: 'c',
  defaults: 'd',
  epoch: 'p',
  event: 'e',
  former: 'f',
  owner: 'g',
  kept: 'k',
  log: 'l',
  meta: 'm',
  notAdopted: 'n',
  object: 'o',
  reference: 'r',
  defaultSet: 's',
  undo: 'u',
  version: 'v',
  work: 'w',
  wildcard: 'x',
};

export const HEAD_KEY = Buffer.from(`${TABLE.meta}head`);
export const FLOOR_KEY = Buffer.from(`${TABLE.meta}floor`);
export const COMPACTED_KEY = Buffer.from(`${TABLE.meta}compacted`);
/** What the log says about how it is replicated. */
export const SETTINGS_KEY = Buffer.from(`${TABLE.meta}settings`);
/** Marks a directory as ours, and says which layout of tables it has. */
export const FORMAT_KEY = Buffer.from(`${TABLE.meta}format`);
/** Since the fourth, what is written in any region is in a log of its own. */
export const FORMAT_VERSION: Uint8Array = Buffer.from('antipode/4');

/** Every table that is a projection of the log: dropped and rebuilt by a replay. */
export const PROJECTION_TABLES: readonly KeyRange[] = [
  TABLE.alias,
  TABLE.commit,
  TABLE.defaults,
  TABLE.epoch,
  TABLE.event,
  TABLE.former,
  TABLE.owner,
  TABLE.meta,
  TABLE.object,
  TABLE.reference,
  TABLE.defaultSet,
  TABLE.version,
  TABLE.work,
  TABLE.wildcard,
].map(tableRange);

export const LOG_RANGE: KeyRange = tableRange(TABLE.log);

/** Where the log ends on the disk, if commits there have not met their goal: the head is where they have. */
export const TAIL_KEY = Buffer.from(`${TABLE.kept}tail`);
/** What the log that is kept follows: the head of what was taken over or trimmed. */
export const BASE_KEY = Buffer.from(`${TABLE.kept}base`);
/** No revision above this was ever announced, or was that of a commit which the log has lost. */
export const CEILING_KEY = Buffer.from(`${TABLE.kept}ceiling`);
/** Why nothing is applied any more. */
export const QUARANTINE_KEY = Buffer.from(`${TABLE.kept}quarantine`);
/** A state is being taken over: what the tables hold is neither the one before nor the one to come. */
export const IMPORT_KEY = Buffer.from(`${TABLE.kept}import`);
/** The floors that were in force before the records that may yet be undone moved them. */
export const FORMER_FLOORS: KeyRange = prefixRange(Buffer.from(`${TABLE.kept}floor`));
export function formerFloorKey(sequence: number): Buffer {
  return withRevision(`${TABLE.kept}floor`, sequence);
}

/** Since when the order of this member's logs says anything of this one. */
export const APPLY_START_KEY = Buffer.from(`${TABLE.kept}applied`);
export const APPLIED_RANGE: KeyRange = tableRange(TABLE.applied);
export function appliedKey(block: number): Buffer {
  return withRevision(TABLE.applied, block);
}

export const UNDO_RANGE: KeyRange = tableRange(TABLE.undo);
export function undoKey(sequence: number): Buffer {
  return withRevision(TABLE.undo, sequence);
}

export const NOT_ADOPTED_RANGE: KeyRange = tableRange(TABLE.notAdopted);
export function notAdoptedKey(epoch: number, sequence: number): Buffer {
  return Buffer.concat([withRevision(TABLE.notAdopted, epoch), encodeNumber(sequence)]);
}

export const EPOCHS_RANGE: KeyRange = tableRange(TABLE.epoch);
export function epochKey(epoch: number): Buffer {
  return withRevision(TABLE.epoch, epoch);
}

/** Whether a key has a fresh name in its table, so that nothing can have been there before. */
export function isFreshKey(key: Uint8Array): boolean {
  return FRESH_TABLES.has(key[0]!);
}
const FRESH_TABLES: ReadonlySet<number> = new Set(
  [TABLE.commit, TABLE.event, TABLE.former, TABLE.version].map((table) => table.charCodeAt(0)),
);

export function objectRowKey(keyText: string): Buffer {
  return Buffer.from(TABLE.object + keyText);
}
export function parseObjectRowKey(key: Buffer): ObjectKey {
  return parseObjectKeyText(key.toString('utf8', 1));
}
/** The objects of a collection, of one namespace of it, after a given object (exclusive) if named. */
export function objectRange(
  collection: CollectionKey,
  options: { readonly namespace?: string | undefined; readonly after?: string | undefined } = {},
): KeyRange {
  return scopedRange(TABLE.object, collection, options);
}
/** The objects of all kinds in a logical cluster, after a given one if named. */
export function clusterRange(cluster: LogicalCluster, after?: ObjectKey): KeyRange {
  const range = prefixRange(Buffer.from(`${TABLE.object}${cluster}\0`));
  if (after === undefined) return range;
  return { start: Buffer.concat([objectRowKey(objectKeyText(after)), ZERO]), end: range.end };
}
export function versionRange(
  collection: CollectionKey,
  options: { readonly namespace?: string | undefined; readonly after?: string | undefined } = {},
): KeyRange {
  return scopedRange(TABLE.version, collection, options);
}
export function versionKey(keyText: string, supersededBy: number): Buffer {
  return withRevision(`${TABLE.version}${keyText}\0`, supersededBy);
}
/** The versions of a logical cluster's objects, and of all that come after it. */
export function versionsFrom(cluster: string): KeyRange {
  return { start: Buffer.from(`${TABLE.version}${cluster}`), end: tableRange(TABLE.version).end };
}
export function versionsOfObject(keyText: string, after: number): KeyRange {
  return {
    start: withRevision(`${TABLE.version}${keyText}\0`, after + 1),
    end: prefixEnd(Buffer.from(`${TABLE.version}${keyText}\0`)),
  };
}
/** The object key's text, and the revision that superseded the value. */
export function parseVersionKey(key: Buffer): { keyText: string; supersededBy: number } {
  return {
    keyText: key.toString('utf8', 1, key.length - 9),
    supersededBy: readRevision(key, key.length - 8),
  };
}

export function eventKey(collection: CollectionKey, revision: number): Buffer {
  return withRevision(`${TABLE.event}${collectionKeyText(collection)}\0`, revision);
}
/** Events after one revision up to another (inclusive). */
export function eventRange(collection: CollectionKey, after: number, upTo: number): KeyRange {
  const prefix = `${TABLE.event}${collectionKeyText(collection)}\0`;
  return { start: withRevision(prefix, after + 1), end: withRevision(prefix, upTo + 1) };
}
export function parseEventKey(key: Buffer): number {
  return readRevision(key, key.length - 8);
}

export function wildcardKey(key: ObjectKey): Buffer {
  return Buffer.from(TABLE.wildcard + wildcardKeyText(key));
}
export function wildcardRange(group: string, resource: string, after?: string): KeyRange {
  const range = prefixRange(Buffer.from(`${TABLE.wildcard}${group}\0${resource}\0`));
  if (after === undefined) return range;
  return { start: Buffer.from(`${TABLE.wildcard}${group}\0${resource}\0${after}\0`), end: range.end };
}
export function parseWildcardKey(key: Buffer): ObjectKey {
  return parseWildcardKeyText(key.toString('utf8', 1));
}

export function ownerKey(ownerUid: string, key: ObjectKey): Buffer {
  return Buffer.from(`${TABLE.owner}${key.cluster}\0${ownerUid}\0${objectKeyText(key)}`);
}
export function ownerRange(cluster: LogicalCluster, ownerUid: string): KeyRange {
  return prefixRange(Buffer.from(`${TABLE.owner}${cluster}\0${ownerUid}\0`));
}
export function parseOwnerKey(key: Buffer, cluster: LogicalCluster, ownerUid: string): ObjectKey {
  return parseObjectKeyText(key.toString('utf8', 1 + cluster.length + 1 + Buffer.byteLength(ownerUid) + 1));
}

/** Where the object of a logical cluster stands that has taken a name there. */
export function aliasKey(cluster: LogicalCluster, alias: string): Buffer {
  return Buffer.from(`${TABLE.alias}${cluster}\0${alias}`);
}

export function isAliasKey(key: Uint8Array): boolean {
  return key[0] === ALIAS_BYTE;
}
const ALIAS_BYTE = Buffer.from(TABLE.alias)[0];

export function referenceKey(reference: string, key: ObjectKey): Buffer {
  return Buffer.from(`${TABLE.reference}${reference}\0${objectKeyText(key)}`);
}
/** Those that refer to something, after a given one if named: in the order of logical clusters and keys. */
export function referenceRange(reference: string, after?: ObjectKey): KeyRange {
  const range = prefixRange(Buffer.from(`${TABLE.reference}${reference}\0`));
  if (after === undefined) return range;
  return { start: Buffer.concat([referenceKey(reference, after), ZERO]), end: range.end };
}
/** Those of one logical cluster, after a given one if named. */
export function referenceRangeIn(cluster: LogicalCluster, reference: string, after?: ObjectKey): KeyRange {
  const range = prefixRange(Buffer.from(`${TABLE.reference}${reference}\0${cluster}\0`));
  return after === undefined ? range : { ...range, start: referenceRange(reference, after).start };
}
export function parseReferenceKey(key: Buffer, reference: string): ObjectKey {
  return parseObjectKeyText(key.toString('utf8', 1 + Buffer.byteLength(reference) + 1));
}

/** The defaults of all logical clusters, from that of a given `cluster\0namespace\0name` on if named. */
export function defaultsRange(from = ''): KeyRange {
  const [cluster = ''] = from.split('\0');
  return { start: defaultsKey(cluster as LogicalCluster), end: tableRange(TABLE.defaults).end };
}
export function defaultsKey(cluster: LogicalCluster): Buffer {
  return Buffer.from(TABLE.defaults + cluster);
}

/** The former defaults of a logical cluster, and of all that come after it. */
export function formerFrom(cluster: string): KeyRange {
  return { start: Buffer.from(`${TABLE.former}${cluster}`), end: tableRange(TABLE.former).end };
}
/** The logical cluster that a key of a table begins with. */
export function clusterOfKey(key: Buffer): LogicalCluster {
  return key.toString('utf8', 1, key.indexOf(0)) as LogicalCluster;
}
/** The former defaults of a logical cluster, oldest first. */
export function formerRange(cluster: LogicalCluster): KeyRange {
  return prefixRange(Buffer.from(`${TABLE.former}${cluster}\0`));
}
export function formerKey(cluster: LogicalCluster, endRevision: number): Buffer {
  return withRevision(`${TABLE.former}${cluster}\0`, endRevision);
}

export const DEFAULT_SETS_RANGE: KeyRange = tableRange(TABLE.defaultSet);
export function defaultSetKey(hash: string): Buffer {
  return Buffer.from(TABLE.defaultSet + hash);
}
export function parseDefaultSetKey(key: Buffer): string {
  return key.toString('utf8', 1);
}

/** What makes the next key of one. */
const ZERO = Buffer.of(0);

export interface WorkKey {
  /** Which of a member's logs has it, where there are several; not part of the key. */
  readonly log?: string;
  readonly controller: string;
  readonly cluster: LogicalCluster;
  readonly key: string;
}
export function workKey(work: WorkKey): Buffer {
  return Buffer.from(`${TABLE.work}${work.controller}\0${work.cluster}\0${work.key}`);
}
export function workRange(controller: string): KeyRange {
  return prefixRange(Buffer.from(`${TABLE.work}${controller}\0`));
}
/** Debts of all controllers whose names begin like this, after a given one if named. */
export function workPrefixRange(prefix: string, after?: WorkKey): KeyRange {
  const range = prefixRange(Buffer.from(TABLE.work + prefix));
  return after === undefined ? range : { start: Buffer.concat([workKey(after), ZERO]), end: range.end };
}
export function parseWorkKey(key: Buffer): WorkKey {
  const [controller = '', cluster = '', ...rest] = key.toString('utf8', 1).split('\0');
  return { controller, cluster: cluster as LogicalCluster, key: rest.join('\0') };
}

export function logKey(sequence: number): Buffer {
  return withRevision(TABLE.log, sequence);
}
export function logRange(from: number): KeyRange {
  return { start: logKey(from), end: LOG_RANGE.end };
}
export function commitKey(commitId: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(TABLE.commit), commitId]);
}

/** Eight bytes, big-endian, so that numbers sort as keys. */
export function encodeNumber(value: number): Buffer {
  return withRevision('', value);
}
export function readRevision(bytes: Buffer, offset: number): number {
  return bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
}

function prefixRange(prefix: Buffer): KeyRange {
  return { start: prefix, end: prefixEnd(prefix) };
}

function scopedRange(
  table: string,
  collection: CollectionKey,
  options: { readonly namespace?: string | undefined; readonly after?: string | undefined },
): KeyRange {
  const base = `${table}${collectionKeyText(collection)}\0`;
  const prefix = Buffer.from(options.namespace === undefined ? base : `${base}${options.namespace}\0`);
  const end = prefixEnd(prefix);
  if (options.after === undefined) return { start: prefix, end };
  // One byte above the separator: neither the object itself nor (in the version table, where the
  // separator and a revision follow) its versions.
  const start = Buffer.from(`${base}${options.after}\x01`);
  return { start: Buffer.compare(start, prefix) > 0 ? start : prefix, end };
}

function tableRange(table: string): KeyRange {
  return prefixRange(Buffer.from(table));
}

function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = end[end.length - 1]! + 1;
  return end;
}

function withRevision(prefix: string, revision: number): Buffer {
  const length = Buffer.byteLength(prefix);
  const bytes = Buffer.allocUnsafe(length + 8);
  bytes.write(prefix, 0);
  bytes.writeUInt32BE(Math.floor(revision / 0x1_0000_0000), length);
  bytes.writeUInt32BE(revision % 0x1_0000_0000, length + 4);
  return bytes;
}
