import protobuf from 'protobufjs/minimal.js';
import { assert } from '../../base/assert.ts';
import { type JsonObject, objectOf } from '../json-value.ts';
import { newBadRequest } from '../status-error.ts';
import { decodeMessage } from './decoder.ts';
import { messageOfKind } from './descriptor.ts';
import { encodeMessage } from './encoder.ts';
import { openEnvelope, writeEnvelope } from './envelope.ts';

export interface DecodedProtobuf {
  readonly apiVersion: string;
  readonly kind: string;
  /** The JSON form, with apiVersion and kind in it. */
  readonly object: JsonObject;
}

/**
 * Reads an object: the envelope and the message in it. The result is what Go's JSON encoder would
 * print for the same object, so that empty fields are absent, zero or null as JSON has them: a role
 * without rules has `rules: null`, an event that never happened `eventTime: null`. Unknown fields
 * are skipped, whatever fieldValidation says, as upstream does. `defaults` stands in for an
 * envelope's missing kind or version.
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
  const typeMeta = `runtime.TypeMeta{APIVersion:${JSON.stringify(apiVersion)}, Kind:${JSON.stringify(kind)}}`;
  if (kind === '') throw newBadRequest(`Object 'Kind' is missing in '${typeMeta}'`);
  if (apiVersion === '') throw newBadRequest(`Object 'apiVersion' is missing in '${typeMeta}'`);
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) {
    throw newBadRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  }
  const object = objectOf({ kind, apiVersion });
  try {
    decodeMessage(envelope.raw, message, object);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    throw newBadRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
  }
  return { apiVersion, kind, object };
}
