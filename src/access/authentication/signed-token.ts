import { CompactSign, compactVerify, decodeProtectedHeader, errors } from 'jose';
import { encodeJson, isObject, type JsonObject, JsonSyntaxError, parseJson } from '../../machinery/mod.ts';
import { InvalidCredential } from './credentials.ts';
import type { SigningKey, VerificationKey } from './service-account-keys.ts';

/** A JWT whose signature nobody has looked at yet. */
export interface UnverifiedToken {
  readonly keyId: string | undefined;
  readonly algorithm: string;
  /** Good for choosing who may verify the token, and for nothing else. */
  readonly claims: JsonObject;
}

/** What a JWT says of itself; undefined for whatever is none. */
export function readToken(token: string): UnverifiedToken | undefined {
  const parts = token.split('.', 4);
  if (parts.length !== 3) return undefined;
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    const claims = parseJson(Buffer.from(parts[1]!, 'base64url')).value;
    if (!isObject(claims) || typeof alg !== 'string') return undefined;
    return { keyId: typeof kid === 'string' ? kid : undefined, algorithm: alg, claims };
  } catch (error) {
    // jose tells of malformed headers with a TypeError.
    if (error instanceof TypeError || error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/**
 * The claims of a token that one of the keys has signed. A key is used with its own algorithm only: what the
 * token says of algorithms chooses nothing (no `none`, no HMAC with a public key).
 */
export async function verifySignature(
  token: string,
  keys: readonly VerificationKey[],
): Promise<JsonObject | InvalidCredential> {
  for (const { algorithm, key } of keys) {
    try {
      const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
      const { value } = parseJson(payload);
      return isObject(value) ? value : WRONG_SIGNATURE;
    } catch (error) {
      if (!(error instanceof errors.JOSEError || error instanceof JsonSyntaxError)) throw error;
    }
  }
  return keys.length === 0 ? NO_KEY : WRONG_SIGNATURE;
}

/** Signs claims as a JWT. */
export function signToken(claims: JsonObject, { id, algorithm, key }: SigningKey): Promise<string> {
  return new CompactSign(Buffer.from(encodeJson(claims)))
    .setProtectedHeader({ alg: algorithm, kid: id })
    .sign(key);
}

const WRONG_SIGNATURE = new InvalidCredential('the signature does not fit the token');
const NO_KEY = new InvalidCredential('invalid signature, no keys found');
