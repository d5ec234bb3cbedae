import protobuf from 'protobufjs/minimal.js';
import { assert } from '../../base/mod.ts';
import { goQuote } from '../field-error.ts';
import { type JsonObject, objectOf } from '../json-value.ts';
import { newBadRequest } from '../status-error.ts';
import { decodeMessage } from './decoder.ts';
import { messageOfKind } from './descriptor.ts';
import { encodeFields } from './encoder.ts';
import { openEnvelope, writeEnvelope } from './envelope.ts';
import { wireErrorText } from './wire.ts';

export interface DecodedProtobuf {
  readonly apiVersion: string;
  readonly kind: string;
  /** The JSON form, with apiVersion and kind in it. */
  readonly object: JsonObject;
}

/**
 * Reads an object: the envelope and the message in it. The result is what Go's JSON encoder would
 * print for the same object, so that empty fields are absent, zero or null as JSON has them: a role
 * without rules has `rules: null`, an event without series time `eventTime: null`. Unknown fields are
 * skipped, whatever fieldValidation says, as upstream does. `defaults` stands in for an envelope's
 * missing kind or version.
 *
 * @throws {StatusError} 400 for anything malformed, for a kind without protobuf form, and for more
 *   levels or values than JSON may have; 413 for more bytes than a request may have.
 */
export function decodeProtobuf(
  bytes: Uint8Array,
  defaults: { readonly apiVersion?: string; readonly kind?: string } = {},
): DecodedProtobuf {
  const envelope = openEnvelope(bytes);
  const apiVersion = envelope.apiVersion || defaults.apiVersion || '';
  const kind = envelope.kind || defaults.kind || '';
  if (kind === '') throw newBadRequest(`Object 'Kind' is missing in '${goTypeMeta(apiVersion, kind)}'`);
  if (apiVersion === '') {
    throw newBadRequest(`Object 'apiVersion' is missing in '${goTypeMeta(apiVersion, kind)}'`);
  }
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) {
    throw newBadRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  }
  const object = objectOf({ kind, apiVersion });
  try {
    decodeMessage(envelope.raw, message, object);
  } catch (error) {
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    throw newBadRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${wireErrorText(error)}`,
    );
  }
  return { apiVersion, kind, object };
}

/** Whether a kind has a protobuf form. Custom resources and Table have none. */
export function canEncodeProtobuf(apiVersion: string, kind: string): boolean {
  return messageOfKind(apiVersion, kind) !== undefined;
}

/**
 * Writes an object by its apiVersion and kind, in its envelope. The bytes are those that Go writes:
 * fields by number, map keys sorted, zeros included where Go includes them. Members that the message
 * does not have are left out. The object must be valid and {@link canEncodeProtobuf} must hold for it.
 */
export function encodeProtobuf(object: JsonObject): Uint8Array {
  const { apiVersion, kind } = object;
  assert(typeof apiVersion === 'string' && typeof kind === 'string', 'an object without apiVersion or kind');
  const message = messageOfKind(apiVersion, kind);
  assert(message !== undefined, `${kind} in ${apiVersion} has no protobuf form`);
  return writeEnvelope(apiVersion, kind, (writer) => encodeFields(writer, message, object));
}

/**
 * One frame of a protobuf watch: four bytes of length, most significant first, then a bare WatchEvent.
 * `objectEnvelope` is what {@link encodeProtobuf} returned for the object, or the Status of an ERROR.
 */
export function encodeWatchFrame(type: string, objectEnvelope: Uint8Array): Uint8Array {
  const event = protobuf.Writer.create().uint32(10).string(type);
  event.uint32(18).fork().uint32(10).bytes(objectEnvelope).ldelim();
  const bytes = event.finish();
  const frame = Buffer.allocUnsafe(4 + bytes.length);
  frame.writeUInt32BE(bytes.length, 0);
  frame.set(bytes, 4);
  return frame;
}

/** runtime.TypeMeta as Go's `%#v` prints it. */
function goTypeMeta(apiVersion: string, kind: string): string {
  return `runtime.TypeMeta{APIVersion:${goQuote(apiVersion)}, Kind:${goQuote(kind)}}`;
}
