import type { Revision } from '../base/mod.ts';
import { type Frame, rowOf } from './frame.ts';
import type { WriteOperation } from './key-value.ts';
import { type ObjectKey, objectKeyText } from './object-key.ts';
import { encodeRow, type Row } from './row.ts';
import {
  commitKey,
  encodeNumber,
  eventKey,
  FLOOR_KEY,
  HEAD_KEY,
  logKey,
  objectRowKey,
  ownerKey,
  readRevision,
  versionKey,
  wildcardKey,
  workKey,
} from './tables.ts';

/** One change as watchers see it: what was there before, and what is there now. */
export interface StoreEvent {
  readonly revision: Revision;
  readonly key: ObjectKey;
  readonly oldRow: Row | undefined;
  readonly newRow: Row | undefined;
}

export interface StoredRow {
  readonly row: Row;
  readonly bytes: Uint8Array;
}

/** Where the log ends: the state that the next frame builds on. */
export interface Head {
  readonly sequence: number;
  readonly epoch: number;
  readonly revision: Revision;
  readonly hash: Uint8Array;
}

const NO_VALUE = Buffer.alloc(0);

/**
 * The rows that a frame makes of the rows before it. Pure: replaying the log through it gives the same
 * bytes as the sequencer wrote. `newest` must see the changes of all earlier frames; `onRow` is told of
 * each changed row so that it can.
 */
export function projectFrame(options: {
  readonly frame: Frame;
  readonly frameBytes: Uint8Array;
  newest(keyText: string): StoredRow | undefined;
  onRow(keyText: string, stored: StoredRow | undefined): void;
}): { readonly operations: WriteOperation[]; readonly events: StoreEvent[] } {
  const { frame, frameBytes } = options;
  const operations: WriteOperation[] = [
    { key: logKey(frame.sequence), value: frameBytes },
    { key: commitKey(frame.commitId), value: encodeNumber(frame.sequence) },
  ];
  const events: StoreEvent[] = [];
  frame.changes.forEach((change, index) => {
    const { key, revision } = change;
    const keyText = objectKeyText(key);
    const old = options.newest(keyText);
    const rowKey = objectRowKey(keyText);
    if (old !== undefined) operations.push({ key: versionKey(keyText, revision), value: old.bytes });
    if (change.verb === 'put') {
      const row = rowOf(change);
      const bytes = encodeRow(row, revision);
      operations.push({ key: rowKey, value: bytes });
      if (old === undefined) operations.push({ key: wildcardKey(key), value: NO_VALUE });
      projectOwners(operations, key, old?.row.owners ?? [], row.owners);
      options.onRow(keyText, { row, bytes });
      events.push({ revision, key, oldRow: old?.row, newRow: row });
    } else {
      operations.push({ key: rowKey }, { key: wildcardKey(key) });
      projectOwners(operations, key, old?.row.owners ?? [], []);
      options.onRow(keyText, undefined);
      events.push({ revision, key, oldRow: old?.row, newRow: undefined });
    }
    operations.push({ key: eventKey(key, revision), value: encodeEventPointer(frame.sequence, index, key) });
  });
  for (const work of frame.work) {
    const key = workKey(work);
    operations.push(work.payload === undefined ? { key } : { key, value: work.payload });
  }
  if (frame.compactionFloor > 0)
    operations.push({ key: FLOOR_KEY, value: encodeNumber(frame.compactionFloor) });
  return { operations, events };
}

/** Three numbers and a SHA-256. */
export const HEAD_BYTES = 56;

/** Says where the log ends: the last operation of a batch of frames, once. */
export function headOperation(head: Head): WriteOperation {
  return { key: HEAD_KEY, value: encodeHead(head) };
}

function encodeHead(head: Head): Buffer {
  return Buffer.concat([
    encodeNumber(head.sequence),
    encodeNumber(head.epoch),
    encodeNumber(head.revision),
    head.hash,
  ]);
}

export function decodeHead(bytes: Buffer): Head {
  return {
    sequence: readRevision(bytes, 0),
    epoch: readRevision(bytes, 8),
    revision: readRevision(bytes, 16) as Revision,
    hash: bytes.subarray(24),
  };
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

// An owner reference may name any text as uid. One with a separator would lie among the keys of another
// uid; no object has such a uid, so nobody looks for its dependents either.
function isIndexable(uid: string): boolean {
  return !uid.includes('\0');
}
