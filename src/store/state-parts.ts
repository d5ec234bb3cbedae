import { createHash, type Hash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';
import { decodeHead, encodeHead, HEAD_BYTES, type Head } from './head.ts';
import { toNumber } from './row.ts';

const { Reader, Writer } = protobuf;

export const STATE_VERSION = 1;

/** `StatePart` in proto/antipode/replication/v1/state.proto. */
export type StatePart =
  | { readonly kind: 'header'; readonly header: StateHeader }
  | { readonly kind: 'entries'; readonly entries: readonly StateEntry[] }
  | { readonly kind: 'end'; readonly count: number; readonly hash: Uint8Array };

export interface StateHeader {
  readonly version: number;
  readonly shard: string;
  /** The commit that the state is of. */
  readonly head: Head;
  /** The commit before the first frame that comes along. */
  readonly base: Head;
}

export interface StateEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A part is none of a state that this version reads. */
export class StateRefused extends Error {
  override readonly name = 'StateRefused';
}

export function encodeStatePart(part: StatePart): Buffer {
  const writer = Writer.create();
  switch (part.kind) {
    case 'header': {
      const { version, shard, head, base } = part.header;
      writer.uint32(10).fork().uint32(8).uint32(version).uint32(18).string(shard);
      writer.uint32(26).bytes(encodeHead(head)).uint32(34).bytes(encodeHead(base)).ldelim();
      break;
    }
    case 'entries':
      writer.uint32(18).fork();
      for (const { key, value } of part.entries)
        writer.uint32(10).fork().uint32(10).bytes(key).uint32(18).bytes(value).ldelim();
      writer.ldelim();
      break;
    case 'end':
      writer.uint32(26).fork().uint32(8).uint64(part.count).uint32(18).bytes(part.hash).ldelim();
      break;
  }
  return writer.finish() as Buffer;
}

/** Throws {@link StateRefused}. */
export function decodeStatePart(bytes: Uint8Array): StatePart {
  try {
    const reader = Reader.create(bytes);
    const tag = reader.uint32();
    const length = reader.uint32();
    if (tag === 10) return { kind: 'header', header: readHeader(reader, length) };
    if (tag === 18) return { kind: 'entries', entries: readEntries(reader, length) };
    if (tag === 26) return readEnd(reader, length);
  } catch (cause) {
    if (cause instanceof StateRefused) throw cause;
    throw new StateRefused('a part of the state cannot be read', { cause });
  }
  throw new StateRefused('a part of the state is of no kind that is known');
}

function readHeader(reader: protobuf.Reader, length: number): StateHeader {
  const end = reader.pos + length;
  const header = { version: 0, shard: '', head: Buffer.alloc(0), base: Buffer.alloc(0) };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) header.version = reader.uint32();
    else if (tag >>> 3 === 2) header.shard = reader.string();
    else if (tag >>> 3 === 3) header.head = Buffer.from(reader.bytes());
    else if (tag >>> 3 === 4) header.base = Buffer.from(reader.bytes());
    else reader.skipType(tag & 7);
  }
  const { version, shard, head, base } = header;
  if (version !== STATE_VERSION)
    throw new StateRefused(`the state has version ${version}, this member reads ${STATE_VERSION}`);
  if (head.length !== HEAD_BYTES || base.length !== HEAD_BYTES)
    throw new StateRefused('the state does not say what it is of');
  return { version, shard, head: decodeHead(head), base: decodeHead(base) };
}

function readEntries(reader: protobuf.Reader, length: number): StateEntry[] {
  const end = reader.pos + length;
  const entries: StateEntry[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) entries.push(readEntry(reader, reader.uint32()));
    else reader.skipType(tag & 7);
  }
  return entries;
}

function readEntry(reader: protobuf.Reader, length: number): StateEntry {
  const end = reader.pos + length;
  let key = Buffer.alloc(0);
  let value = Buffer.alloc(0);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = Buffer.from(reader.bytes());
    else if (tag >>> 3 === 2) value = Buffer.from(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return { key, value };
}

function readEnd(reader: protobuf.Reader, length: number): StatePart {
  const end = reader.pos + length;
  let count = 0;
  let hash: Uint8Array = Buffer.alloc(0);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) count = toNumber(reader.uint64());
    else if (tag >>> 3 === 2) hash = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return { kind: 'end', count, hash };
}

/** The hash of rows: what both ends of a transfer compute. */
export class StateHash {
  readonly #hash: Hash = createHash('sha256');
  count = 0;

  add(key: Uint8Array, value: Uint8Array): void {
    const lengths = Buffer.allocUnsafe(8);
    lengths.writeUInt32BE(key.length, 0);
    lengths.writeUInt32BE(value.length, 4);
    this.#hash.update(lengths).update(key).update(value);
    this.count += 1;
  }

  digest(): Buffer {
    return this.#hash.digest();
  }
}
