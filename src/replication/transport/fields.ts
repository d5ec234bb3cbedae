import protobuf from 'protobufjs/minimal.js';
import { assert } from '../../base/mod.ts';
import { TransportError } from './errors.ts';

/** Takes a field of a message, or says that it does not know it: what newer programs write beside is passed over. */
export type TakeField = (reader: protobuf.Reader, field: number, wire: number) => boolean;

/** Reads a message field by field. Throws for what is none. */
export function readFields(bytes: Uint8Array, take: TakeField): void {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (!take(reader, tag >>> 3, tag & 7)) reader.skipType(tag & 7);
  }
}

/**
 * Reads a message whose first field is a version.
 *
 * @throws {TransportError} `unsupported` for a newer version than is known, `failed` for what is no such message.
 */
export function readVersioned(
  bytes: Uint8Array,
  { what, newest }: { readonly what: string; readonly newest: number },
  take: TakeField,
): void {
  let version = 0;
  try {
    readFields(bytes, (reader, field, wire) => {
      if (field !== 1) return take(reader, field, wire);
      version = reader.uint32();
      // What follows may mean something else by now.
      if (version > newest) throw newerVersion(what, { version, newest });
      return true;
    });
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('failed', `these ${bytes.length} bytes are not ${what}`, { cause: error });
  }
  if (version === 0) throw new TransportError('failed', `these ${bytes.length} bytes are not ${what}`);
}

function newerVersion(
  what: string,
  { version, newest }: { readonly version: number; readonly newest: number },
): TransportError {
  const known = `this member knows versions up to ${newest}: update this member`;
  return new TransportError('unsupported', `${what} has version ${version}, and ${known}`);
}

/** A field of 64 bits as a number. */
export function numberOf(value: unknown): number {
  const long = value as { low?: number; high?: number };
  const number = typeof value === 'number' ? value : (long.high! >>> 0) * 2 ** 32 + (long.low! >>> 0);
  assert(Number.isSafeInteger(number), 'a number in a message has 53 bits');
  return number;
}
