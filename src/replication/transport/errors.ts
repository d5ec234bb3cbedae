/**
 * - `unreachable`: no connection, or nobody there answers; it may work later.
 * - `unknown`: no answer in time; what was asked for may have been done.
 * - `denied`: the credentials do not allow it.
 * - `configuration`: the server is set up in a way that cannot work; the message says what to change.
 * - `unsupported`: the other side speaks a newer version.
 * - `too-large`: beyond what one message may hold.
 * - `failed`: the other side says that it could not.
 * - `closed`: this transport was closed.
 */
export type TransportErrorCode =
  | 'unreachable'
  | 'unknown'
  | 'denied'
  | 'configuration'
  | 'unsupported'
  | 'too-large'
  | 'failed'
  | 'closed';

/** What kept the transport from doing what it was asked to; the message says what happened, where, and what to do. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
