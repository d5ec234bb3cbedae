import protobuf from 'protobufjs/minimal.js';
import { newRequestEntityTooLarge, StatusError } from '../status-error.ts';
import { asBuffer, wireErrorText } from './wire.ts';

/** Every object on the wire begins with `k8s` and a zero byte. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00] as const;

/** The magic bytes as a little-endian number, for the writer. */
const MAGIC_FIXED32 = 0x0073386b;

/** The largest body of a request, as upstream has it. */
const ENVELOPE_BYTES_MAX = 3 * 1024 * 1024;

/** Nobody wraps on purpose; a few layers are unwrapped because upstream's own storage once had two. */
const LAYERS_MAX = 4;

/** runtime.Unknown: what the bytes claim to be, and the bytes. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

/** Bytes that are no object at all: 400, in the words of upstream's serializer. */
export class EnvelopeError extends StatusError {
  constructor(message: string) {
    super({ code: 400, reason: 'BadRequest', message });
  }
}

/** True if the bytes begin like an object in protobuf. */
export function hasProtobufMagic(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);
}

/**
 * Takes the envelope off an object, and further ones that it contains. An inner envelope's kind and
 * version count, where it has them.
 *
 * @throws {EnvelopeError} for what is none; {StatusError} 413 beyond 3 MiB.
 */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > ENVELOPE_BYTES_MAX) throw newRequestEntityTooLarge(`limit is ${ENVELOPE_BYTES_MAX}`);
  let envelope: Envelope = { apiVersion: '', kind: '', raw: bytes };
  for (let layer = 0; layer === 0 || hasProtobufMagic(envelope.raw); layer++) {
    if (layer === LAYERS_MAX) throw new EnvelopeError('too many nested protobuf envelopes');
    const inner = readLayer(envelope.raw);
    envelope = {
      apiVersion: inner.apiVersion || envelope.apiVersion,
      kind: inner.kind || envelope.kind,
      raw: inner.raw,
    };
  }
  return envelope;
}

/** Puts the envelope around the message that `writeMessage` writes. */
export function writeEnvelope(
  apiVersion: string,
  kind: string,
  writeMessage: (writer: protobuf.Writer) => void,
): Uint8Array {
  const writer = protobuf.Writer.create().fixed32(MAGIC_FIXED32);
  writer.uint32(10).fork().uint32(10).string(apiVersion).uint32(18).string(kind).ldelim();
  writer.uint32(18).fork();
  writeMessage(writer);
  writer.ldelim();
  // Upstream writes contentEncoding and contentType even though they are empty.
  return writer.uint32(26).string('').uint32(34).string('').finish();
}

/** The same for a message of known length that is written elsewhere: what stands before and behind it. */
export function envelopeAround(
  apiVersion: string,
  kind: string,
  messageBytes: number,
): { readonly head: Uint8Array; readonly tail: Uint8Array } {
  const head = protobuf.Writer.create().fixed32(MAGIC_FIXED32);
  head.uint32(10).fork().uint32(10).string(apiVersion).uint32(18).string(kind).ldelim();
  head.uint32(18).uint32(messageBytes);
  const tail = protobuf.Writer.create().uint32(26).string('').uint32(34).string('');
  return { head: head.finish(), tail: tail.finish() };
}

function readLayer(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new EnvelopeError('empty data');
  if (!hasProtobufMagic(bytes)) {
    throw new EnvelopeError(
      `provided data does not appear to be a protobuf message, expected prefix [${MAGIC.join(' ')}]`,
    );
  }
  if (bytes.length === MAGIC.length) throw new EnvelopeError('empty body');
  try {
    return readUnknown(bytes.subarray(MAGIC.length));
  } catch (error) {
    throw new EnvelopeError(wireErrorText(error));
  }
}

function readUnknown(bytes: Uint8Array): Envelope {
  const reader = protobuf.Reader.create(asBuffer(bytes));
  let typeMeta = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array(0);
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) typeMeta = readTypeMeta(reader.bytes());
    else if (tag === 18) raw = reader.bytes();
    else reader.skipType(tag & 7, 0, tag >>> 3);
  }
  return { ...typeMeta, raw };
}

function readTypeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const reader = protobuf.Reader.create(asBuffer(bytes));
  const typeMeta = { apiVersion: '', kind: '' };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) typeMeta.apiVersion = reader.string();
    else if (tag === 18) typeMeta.kind = reader.string();
    else reader.skipType(tag & 7, 0, tag >>> 3);
  }
  return typeMeta;
}
