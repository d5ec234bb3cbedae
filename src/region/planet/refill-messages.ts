import protobuf from 'protobufjs/minimal.js';
import { readFields } from '../../replication/mod.ts';

const { Writer } = protobuf;

export interface RefillRequest {
  readonly log: string;
  readonly from: number;
  readonly bytesMax: number;
}

export type RefillAnswer =
  /** Not kept any more: what is kept begins at `first`, which the version before did not say. */
  | { readonly kind: 'below'; readonly first?: number }
  | {
      readonly kind: 'frames';
      readonly frames: readonly Uint8Array[];
      readonly epoch: number;
      readonly mark: number;
    };

export function encodeRefillRequest({ log, from, bytesMax }: RefillRequest): Uint8Array {
  return Writer.create().uint32(10).string(log).uint32(16).uint64(from).uint32(24).uint64(bytesMax).finish();
}

/** Throws for what is no such message, as does the other one. */
export function decodeRefillRequest(bytes: Uint8Array): RefillRequest {
  const request = { log: '', from: 0, bytesMax: 0 };
  readFields(bytes, (reader, field) => {
    if (field === 1) request.log = reader.string();
    else if (field === 2) request.from = numberOf(reader);
    else if (field === 3) request.bytesMax = numberOf(reader);
    else return false;
    return true;
  });
  return request;
}

export function encodeRefillAnswer(answer: RefillAnswer): Uint8Array {
  const writer = Writer.create();
  if (answer.kind === 'below') {
    writer.uint32(8).bool(true);
    return (answer.first === undefined ? writer : writer.uint32(40).uint64(answer.first)).finish();
  }
  for (const frame of answer.frames) writer.uint32(18).bytes(frame);
  return writer.uint32(24).uint64(answer.epoch).uint32(32).uint64(answer.mark).finish();
}

export function decodeRefillAnswer(bytes: Uint8Array): RefillAnswer {
  const frames: Uint8Array[] = [];
  let isBelow = false;
  let epoch = 0;
  let mark = 0;
  let first: number | undefined;
  readFields(bytes, (reader, field) => {
    if (field === 1) isBelow = reader.bool();
    else if (field === 2) frames.push(reader.bytes());
    else if (field === 3) epoch = numberOf(reader);
    else if (field === 4) mark = numberOf(reader);
    else if (field === 5) first = numberOf(reader);
    else return false;
    return true;
  });
  if (isBelow) return { kind: 'below', ...(first !== undefined && { first }) };
  return { kind: 'frames', frames, epoch, mark };
}

function numberOf(reader: protobuf.Reader): number {
  const value = Number(reader.uint64().toString());
  return Number.isSafeInteger(value) ? value : Number.MAX_SAFE_INTEGER;
}
