import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from 'node:crypto';
import type { Random } from '../../base/mod.ts';

/** What private keys are made of, and what public keys have, in bytes. */
export const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

// PKCS #8 and SubjectPublicKeyInfo of RFC 8410 up to the 32 bytes of the key.
const PRIVATE_PREFIX = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
};
const PUBLIC_PREFIX = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
};

/** A key that signs (Ed25519), kept as the seed that it is made of. */
export class SigningKey {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  /** For whatever signs by itself. */
  readonly keyObject: KeyObject;

  constructor(seed: Uint8Array) {
    this.seed = seed;
    this.keyObject = privateKey('ed25519', seed);
    this.publicKey = publicBytes(this.keyObject);
  }

  static create(random: Random): SigningKey {
    return new SigningKey(random.bytes(KEY_BYTES));
  }

  /** `purpose` keeps a signature of one kind of statement from being taken for another's. */
  sign(purpose: string, statement: Uint8Array): Uint8Array {
    return sign(null, purposed(purpose, statement), this.keyObject);
  }
}

/** Whether somebody with the private key has signed exactly this, for this purpose. Never throws. */
export function isSigned(options: {
  readonly publicKey: Uint8Array;
  readonly purpose: string;
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  const { publicKey, purpose, statement, signature } = options;
  const key = signature.length === SIGNATURE_BYTES ? verificationKey(publicKey) : undefined;
  return key !== undefined && verify(null, purposed(purpose, statement), key, signature);
}

/** The Ed25519 key of 32 bytes; undefined for what is none. */
export function verificationKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    return publicKey.length === KEY_BYTES ? publicKeyOf('ed25519', publicKey) : undefined;
  } catch {
    // Not every 32 bytes are a key.
    return undefined;
  }
}

/** The same for whoever is asked for the keys of the same holders again and again: making one costs as much as a signature. */
export class VerificationKeys {
  readonly #keys = new WeakMap<object, KeyObject>();

  of(holder: { readonly publicKey: Uint8Array }): KeyObject | undefined {
    const known = this.#keys.get(holder);
    if (known !== undefined) return known;
    const key = verificationKey(holder.publicKey);
    if (key !== undefined) this.#keys.set(holder, key);
    return key;
  }
}

/** A key by which two sides come to the same secret (X25519). */
export class AgreementKey {
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  constructor(random: Random) {
    this.#key = privateKey('x25519', random.bytes(KEY_BYTES));
    this.publicKey = publicBytes(this.#key);
  }

  /** The secret shared with the holder of another key; undefined for one with which there is none. */
  agree(publicKey: Uint8Array): Uint8Array | undefined {
    if (publicKey.length !== KEY_BYTES) return undefined;
    try {
      return diffieHellman({ privateKey: this.#key, publicKey: publicKeyOf('x25519', publicKey) });
    } catch {
      // Points of small order, with which every secret is zero.
      return undefined;
    }
  }
}

function privateKey(type: keyof typeof PRIVATE_PREFIX, seed: Uint8Array): KeyObject {
  const key = Buffer.concat([PRIVATE_PREFIX[type], seed]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function publicKeyOf(type: keyof typeof PUBLIC_PREFIX, bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX[type], bytes]), format: 'der', type: 'spki' });
}

function publicBytes(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
}

function purposed(purpose: string, statement: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`antipode ${purpose}\0`), statement]);
}
