import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { type JsonObject, objectOf } from '../../machinery/mod.ts';

/** A key that tokens of service accounts are verified with. */
export interface VerificationKey {
  /** The key's name in tokens: the hash of the key itself, so that it is the same wherever the key is. */
  readonly id: string;
  /** The one algorithm that it is used with: a token does not choose. */
  readonly algorithm: string;
  readonly key: KeyObject;
}

/** The key that tokens are signed with. */
export interface SigningKey {
  readonly id: string;
  readonly algorithm: string;
  readonly key: KeyObject;
}

/** Reads a private key, RSA or EC. Throws an `Error` that says what is wrong with it. */
export function parseSigningKey(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  const { id, algorithm } = verificationKeyOf(createPublicKey(key));
  return { id, algorithm, key };
}

/** The keys in a PEM text, public keys, private keys or certificates. Throws an `Error` if there is none. */
export function parseVerificationKeys(pem: string): VerificationKey[] {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g) ?? [];
  // Files of EC keys begin with their parameters.
  const keys = blocks.filter((block) => !block.startsWith('-----BEGIN EC PARAMETERS-----'));
  if (keys.length === 0) throw new Error('it holds no PEM with a key');
  return keys.map((block) => verificationKeyOf(createPublicKey(block)));
}

/** The public half of a signing key. */
export function verificationKey({ key }: SigningKey): VerificationKey {
  return verificationKeyOf(createPublicKey(key));
}

/** The key as JWKS has it, in upstream's order. */
export function jwkOf({ id, algorithm, key }: VerificationKey): JsonObject {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  return objectOf({ use: 'sig', kty, kid: id, crv, alg: algorithm, x, y, n, e });
}

function verificationKeyOf(key: KeyObject): VerificationKey {
  const der = key.export({ type: 'spki', format: 'der' });
  return { id: hash('sha256', der, 'base64url'), algorithm: algorithmOf(key), key };
}

const CURVES: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);
const RSA_BITS_MIN = 2048;

function algorithmOf(key: KeyObject): string {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength >= RSA_BITS_MIN) return 'RS256';
    throw new Error(`an RSA key of ${modulusLength} bits is too weak, it needs ${RSA_BITS_MIN}`);
  }
  const algorithm = key.asymmetricKeyType === 'ec' ? CURVES.get(namedCurve) : undefined;
  if (algorithm !== undefined) return algorithm;
  throw new Error('it must be an RSA key, or an EC key on the curve P-256, P-384 or P-521');
}
