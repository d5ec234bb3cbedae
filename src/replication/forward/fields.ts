import protobuf from 'protobufjs/minimal.js';
import { readFields as readEach, type TakeField } from '../transport/mod.ts';

const { Writer } = protobuf;

/** What was received is no message of this kind. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

export type FieldReader = protobuf.Reader;
export type FieldWriter = protobuf.Writer;

export const NO_BYTES: Uint8Array = new Uint8Array(0);

export function newWriter(): FieldWriter {
  return Writer.create();
}

/** Reads fields as `take` wants them; those that it does not take are passed over. Throws {@link MalformedMessage}. */
export function readFields(bytes: Uint8Array, what: string, take: TakeField): void {
  try {
    readEach(bytes, take);
  } catch (error) {
    throw new MalformedMessage(
      `${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const WIRE_BYTES = 2;

/** Repeated integers of 64 bits, one by one or packed: writers may do either. */
export function readNumbers(reader: FieldReader, wire: number, into: number[]): void {
  if (wire !== WIRE_BYTES) into.push(numberOf(reader.uint64()));
  else
    for (const end = reader.uint32() + reader.pos; reader.pos < end; ) into.push(numberOf(reader.uint64()));
}

/** An integer of 64 bits that has to be a safe one. */
export function numberOf(value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError('a number is out of range');
  return number;
}
