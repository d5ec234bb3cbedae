import { assert, type LogicalCluster, type Revision } from '../base/mod.ts';
import { type ClusterDefaults, encodeDefaults, encodeEnded, supersede } from './cluster-defaults.ts';
import { DefaultSet } from './default-set.ts';
import { creationsOf, deletionsOf } from './derived-objects.ts';
import { encodeEpoch } from './epochs.ts';
import { type Frame, rowOf } from './frame.ts';
import type { WriteOperation } from './key-value.ts';
import { type ObjectKey, objectKeyText, relativeKeyText } from './object-key.ts';
import { ALIASES_FIELD, encodeRow, REFERENCES_FIELD, type Row, textsOfField } from './row.ts';
import {
  aliasKey,
  commitKey,
  defaultSetKey,
  defaultsKey,
  encodeNumber,
  epochKey,
  eventKey,
  FLOOR_KEY,
  formerKey,
  logKey,
  objectRowKey,
  ownerKey,
  readRevision,
  referenceKey,
  SETTINGS_KEY,
  versionKey,
  wildcardKey,
  workKey,
} from './tables.ts';

/** One change as watchers see it: what was there before, and what is there now. */
export interface StoreEvent {
  readonly revision: Revision;
  /** When this member has applied it, in its own order: of events that are delivered in that order. */
  readonly applied?: Revision | undefined;
  readonly key: ObjectKey;
  readonly oldRow: Row | undefined;
  readonly newRow: Row | undefined;
}

export interface StoredRow {
  readonly row: Row;
  readonly bytes: Uint8Array;
  /** Where the object is in its logical cluster's default set, as long as it is derived from there. */
  readonly defaultIndex?: number;
}

/** What a frame is projected onto. It must see the changes of all earlier frames, and is told of those of this one. */
export interface ProjectedState {
  newest(keyText: string): StoredRow | undefined;
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined;
  defaultSet(hash: string): DefaultSet;
  onRow(keyText: string, stored: StoredRow | undefined): void;
  onDefaults(cluster: LogicalCluster, defaults: ClusterDefaults | undefined): void;
  onDefaultSet(set: DefaultSet): void;
}

const NO_VALUE = Buffer.alloc(0);

/**
 * The rows that a frame makes of the rows before it. Pure: replaying the log through it gives the same
 * bytes as the sequencer wrote. The first operation puts the frame itself into the log.
 */
export function projectFrame(
  { frame, frameBytes }: { readonly frame: Frame; readonly frameBytes: Uint8Array },
  state: ProjectedState,
): { readonly operations: WriteOperation[]; readonly events: StoreEvent[] } {
  const operations: WriteOperation[] = [
    { key: logKey(frame.sequence), value: frameBytes },
    { key: commitKey(frame.commitId), value: encodeNumber(frame.sequence) },
  ];
  const events: StoreEvent[] = [];
  const superseded = new Map<LogicalCluster, ClusterDefaults>();
  frame.changes.forEach((change, index) => {
    const { key, revision } = change;
    const keyText = objectKeyText(key);
    const old = state.newest(keyText);
    const rowKey = objectRowKey(keyText);
    if (old !== undefined) operations.push({ key: versionKey(keyText, revision), value: old.bytes });
    const isDerived = old?.defaultIndex !== undefined;
    // What is derived stands in no index.
    const indexed = isDerived ? undefined : old?.row;
    if (isDerived) {
      const defaults = superseded.get(key.cluster) ?? state.defaultsOf(key.cluster);
      assert(defaults !== undefined, 'what is derived comes from defaults');
      superseded.set(key.cluster, supersede(defaults, old.defaultIndex));
    }
    if (change.verb === 'put') {
      const row = rowOf(change);
      const bytes = encodeRow(row, revision);
      operations.push({ key: rowKey, value: bytes });
      if (old === undefined || isDerived) operations.push({ key: wildcardKey(key), value: NO_VALUE });
      projectOwners(operations, key, old?.row.owners ?? [], row.owners);
      projectNames(operations, key, indexed, row);
      state.onRow(keyText, { row, bytes });
      events.push({ revision, key, oldRow: old?.row, newRow: row });
    } else {
      operations.push({ key: rowKey }, { key: wildcardKey(key) });
      projectOwners(operations, key, old?.row.owners ?? [], []);
      projectNames(operations, key, indexed, undefined);
      state.onRow(keyText, undefined);
      events.push({ revision, key, oldRow: old?.row, newRow: undefined });
    }
    operations.push({ key: eventKey(key, revision), value: encodeEventPointer(frame.sequence, index, key) });
  });
  const projected = [...superseded.values()];
  if (frame.ended !== undefined) {
    const { defaults, firstRevision } = frame.ended;
    const deletions = deletionsOf(state.defaultSet(defaults.setHash), frame.ended);
    operations.push({ key: defaultsKey(defaults.cluster) });
    // Nobody asks for the past of what went before.
    if (deletions.length > 0) {
      operations.push({ key: formerKey(defaults.cluster, firstRevision), value: encodeEnded(frame.ended) });
    }
    for (const event of deletions) events.push(event);
    state.onDefaults(defaults.cluster, undefined);
  }
  if (frame.defaultSet !== undefined) {
    const set = new DefaultSet(frame.defaultSet);
    operations.push({ key: defaultSetKey(set.hash), value: set.bytes });
    state.onDefaultSet(set);
  }
  if (frame.defaults !== undefined) {
    projected.push(frame.defaults);
    for (const event of creationsOf(state.defaultSet(frame.defaults.setHash), frame.defaults))
      events.push(event);
  }
  for (const defaults of projected) {
    operations.push({ key: defaultsKey(defaults.cluster), value: encodeDefaults(defaults) });
    state.onDefaults(defaults.cluster, defaults);
  }
  for (const work of frame.work) {
    const key = workKey(work);
    operations.push(work.payload === undefined ? { key } : { key, value: work.payload });
  }
  if (frame.compactionFloor > 0)
    operations.push({ key: FLOOR_KEY, value: encodeNumber(frame.compactionFloor) });
  if (frame.opening !== undefined)
    operations.push({ key: epochKey(frame.epoch), value: encodeEpoch(frame.opening) });
  if (frame.settings !== undefined) operations.push({ key: SETTINGS_KEY, value: frame.settings });
  return { operations, events };
}

/** Where an event's new row stands in the log, and whose it is. */
export interface EventPointer {
  readonly sequence: number;
  readonly index: number;
  readonly namespace: string;
  readonly name: string;
}

export function decodeEventPointer(bytes: Buffer): EventPointer {
  const text = bytes.toString('utf8', 12);
  const separator = text.indexOf('\0');
  return {
    sequence: readRevision(bytes, 0),
    index: bytes.readUInt32BE(8),
    namespace: text.slice(0, separator),
    name: text.slice(separator + 1),
  };
}

function encodeEventPointer(sequence: number, index: number, key: ObjectKey): Buffer {
  const text = `${key.namespace}\0${key.name}`;
  const bytes = Buffer.allocUnsafe(12 + Buffer.byteLength(text));
  encodeNumber(sequence).copy(bytes, 0);
  bytes.writeUInt32BE(index, 8);
  bytes.write(text, 12);
  return bytes;
}

function projectOwners(
  operations: WriteOperation[],
  key: ObjectKey,
  before: readonly string[],
  after: readonly string[],
): void {
  for (const uid of before)
    if (!after.includes(uid) && isIndexable(uid)) operations.push({ key: ownerKey(uid, key) });
  for (const uid of after) {
    if (!before.includes(uid) && isIndexable(uid))
      operations.push({ key: ownerKey(uid, key), value: NO_VALUE });
  }
}

/** The names that an object takes and the things that it refers to, in their indexes; nearly none has any. */
function projectNames(
  operations: WriteOperation[],
  key: ObjectKey,
  before: Row | undefined,
  after: Row | undefined,
): void {
  for (const [field, indexKey] of NAME_INDEXES) {
    if (before?.fields[field] === after?.fields[field]) continue;
    for (const text of before === undefined ? [] : textsOfField(before, field))
      operations.push({ key: indexKey(text, key) });
    if (after === undefined) continue;
    const value = field === ALIASES_FIELD ? Buffer.from(relativeKeyText(key)) : NO_VALUE;
    for (const text of textsOfField(after, field)) operations.push({ key: indexKey(text, key), value });
  }
}

const NAME_INDEXES = [
  [ALIASES_FIELD, (alias: string, key: ObjectKey) => aliasKey(key.cluster, alias)],
  [REFERENCES_FIELD, referenceKey],
] as const;

// An owner reference may name any text as uid. One with a separator would lie among the keys of another
// uid; no object has such a uid, so nobody looks for its dependents either.
function isIndexable(uid: string): boolean {
  return !uid.includes('\0');
}
