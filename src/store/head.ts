import type { Revision } from '../base/mod.ts';
import type { WriteOperation } from './key-value.ts';
import { encodeNumber, HEAD_KEY, readRevision } from './tables.ts';

/** A place in a log: equal positions are equal histories, as far as SHA-256 goes. */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** Where the log ends: the state that the next frame builds on. */
export interface Head extends Position {
  readonly revision: Revision;
}

/** Three numbers and a SHA-256. */
export const HEAD_BYTES = 56;

/** Says where the log ends: the last operation of a batch of frames, once. */
export function headOperation(head: Head): WriteOperation {
  return { key: HEAD_KEY, value: encodeHead(head) };
}

export function encodeHead(head: Head): Buffer {
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

export function isSamePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence && Buffer.compare(a.hash, b.hash) === 0;
}
