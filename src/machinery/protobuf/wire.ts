import { JsonSyntaxError } from '../json.ts';

/** The bytes are well-formed protobuf, but not what the message allows. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** protobufjs reads text out of a Buffer the way Go does: invalid UTF-8 becomes U+FFFD. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * What to tell the caller about bytes that could not be read. The protobufjs reader throws RangeError
 * past the end and plain errors for malformed data; any other error is not the caller's fault and is
 * thrown again.
 */
export function wireErrorText(error: unknown): string {
  if (error instanceof WireError || error instanceof JsonSyntaxError) return error.message;
  if (error instanceof RangeError) return 'unexpected EOF';
  if (error instanceof Error && error.constructor === Error) return `proto: ${error.message}`;
  throw error;
}
