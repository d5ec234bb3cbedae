import { limits } from '../base/mod.ts';

/** How long a client may take, milliseconds. */
export interface Timeouts {
  /** For the first request of a connection, and for the headers of each. */
  readonly headersMs: number;
  /** For the body of a request over HTTP/1.1. */
  readonly requestMs: number;
  /** For a whole request, until its answer has been taken. */
  readonly responseMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** How late the limits of HTTP/1.1 may be. */
  readonly checkMs: number;
}

/** Those of the server. */
export const TIMEOUTS: Timeouts = {
  headersMs: limits.headersTimeoutMs,
  requestMs: limits.requestTimeoutMs,
  responseMs: limits.responseTimeoutMs,
  idleMs: limits.idleConnectionMs,
  checkMs: limits.connectionsCheckMs,
};
