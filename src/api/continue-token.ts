import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, JsonSyntaxError, newBadRequest, parseJson } from '../machinery/mod.ts';

/** Where a paged list goes on. */
export interface ContinuePosition {
  /** The resourceVersion of the list; or {@link NEWEST}: go on from this key with the newest state. */
  readonly version: string;
  /** `namespace\0name` of the last object that was seen. */
  readonly after: string;
  /** How many objects were left behind this page, if they were counted. */
  readonly remaining: number | undefined;
}

export const NEWEST = '-1';

/**
 * Makes and reads continue tokens. They are signed over the collection that they belong to, so that a
 * forged one, or one of another workspace or kind, is refused.
 */
export class ContinueTokens {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  encode(scope: string, position: ContinuePosition): string {
    const start = JSON.stringify(`${position.after}\0`);
    const left = position.remaining === undefined ? '' : `,"left":${position.remaining}`;
    // A number as upstream's, of more digits than JSON.stringify could write.
    const payload = `{"v":"meta.k8s.io/v1","rv":${position.version},"start":${start}${left}}`;
    const signature = this.#sign(scope, payload).toString('base64url');
    return Buffer.from(`${signature}.${payload}`).toString('base64url');
  }

  /** Throws 400 in upstream's words for anything that {@link encode} did not make for this scope. */
  decode(scope: string, token: string): ContinuePosition {
    const text = /^[A-Za-z0-9_-]*$/.test(token) ? Buffer.from(token, 'base64url').toString('utf8') : '';
    const dot = text.indexOf('.');
    const payload = text.slice(dot + 1);
    const given = Buffer.from(text.slice(0, Math.max(dot, 0)), 'base64url');
    const wanted = this.#sign(scope, payload);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      throw invalidToken('illegal token');
    return parsePayload(payload);
  }

  #sign(scope: string, payload: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(scope)
      .update('\0')
      .update(payload)
      .digest()
      .subarray(0, 16);
  }
}

function parsePayload(payload: string): ContinuePosition {
  try {
    const { value } = parseJson(payload);
    if (!isObject(value)) throw invalidToken('not an object');
    const { rv, start, left } = value;
    if ((typeof rv !== 'number' && typeof rv !== 'bigint') || typeof start !== 'string')
      throw invalidToken('incomplete');
    const remaining = typeof left === 'number' ? left : undefined;
    return { version: String(rv), after: start.slice(0, -1), remaining };
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalidToken(error.message);
    throw error;
  }
}

function invalidToken(detail: string): Error {
  return newBadRequest(`invalid continue token: continue key is not valid: ${detail}`);
}
