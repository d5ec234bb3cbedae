import { crc32c } from './crc32c.ts';

/** What a file in LevelDB's log format holds: its write-ahead logs and its manifest have that format. */
export interface LevelLogFile {
  /** Whole records, in order, up to the first fault; each in its fragments, which are not copies. */
  readonly records: readonly (readonly Buffer[])[];
  /** Where the first fault is: a torn end, or damage. */
  readonly faultOffset: number | undefined;
  /** Whether another record begins after the fault. Then the fault is not the end of an unfinished write. */
  readonly hasMore: boolean;
}

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

interface Fragment {
  readonly type: number;
  readonly data: Buffer;
  readonly end: number;
}

/** Reads a file in LevelDB's log format: blocks of 32 KiB with fragments of records, each with a checksum. */
export function readLevelLog(bytes: Buffer): LevelLogFile {
  const records: Buffer[][] = [];
  let parts: Buffer[] = [];
  let recordStart = 0;
  for (let at = 0; at < bytes.length; ) {
    const blockEnd = blockEndOf(at);
    if (blockEnd - at < HEADER_BYTES) {
      at = blockEnd;
      continue;
    }
    const fragment = fragmentAt(bytes, at);
    const isStart = fragment?.type === FULL || fragment?.type === FIRST;
    if (fragment === undefined || isStart !== (parts.length === 0)) {
      const faultOffset = parts.length === 0 ? at : recordStart;
      return { records, faultOffset, hasMore: hasRecordAfter(bytes, at) };
    }
    if (isStart) recordStart = at;
    parts.push(fragment.data);
    if (fragment.type === FULL || fragment.type === LAST) {
      records.push(parts);
      parts = [];
    }
    at = fragment.end;
  }
  return { records, faultOffset: parts.length === 0 ? undefined : recordStart, hasMore: false };
}

/** The fragment at an offset, if there is a sound one. */
function fragmentAt(bytes: Buffer, at: number): Fragment | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  const length = bytes.readUInt16LE(at + 4);
  const type = bytes[at + 6]!;
  const end = at + HEADER_BYTES + length;
  if (type < FULL || type > LAST || end > Math.min(blockEndOf(at), bytes.length)) return undefined;
  if (bytes.readUInt32LE(at) !== masked(crc32c(bytes.subarray(at + 6, end)))) return undefined;
  return { type, data: bytes.subarray(at + HEADER_BYTES, end), end };
}

/** Looks at every offset, since a fault in a length hides where the next fragment is. */
function hasRecordAfter(bytes: Buffer, fault: number): boolean {
  for (let at = fault + 1; at + HEADER_BYTES <= bytes.length; at++) {
    const type = bytes[at + 6]!;
    if (type !== FULL && type !== FIRST) continue;
    const fragment = fragmentAt(bytes, at);
    // Empty fragments are padding; four bytes of zeros would be enough to take for one.
    if (fragment !== undefined && fragment.data.length > 0) return true;
  }
  return false;
}

function blockEndOf(at: number): number {
  return at - (at % BLOCK_BYTES) + BLOCK_BYTES;
}

/** LevelDB stores checksums masked, so that data with checksums in it can be checked as well. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
