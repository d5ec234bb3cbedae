import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Random } from '../../base/mod.ts';
import { AgreementKey, KEY_BYTES } from './keys.ts';

const CIPHER = 'aes-256-gcm';
const TAG_BYTES = 16;
// Each key encrypts one message, so that no nonce is used twice with it.
const NONCE = Buffer.alloc(12);

/**
 * Encrypts something for the holder of an X25519 key alone: an ephemeral key, HKDF-SHA-256 and AES-256-GCM. `context` is
 * what it belongs to: whoever opens it has to name the same.
 *
 * Undefined for a key for which nothing can be sealed.
 */
export function seal(options: {
  readonly to: Uint8Array;
  readonly context: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly random: Random;
}): Uint8Array | undefined {
  const { to, context, plaintext, random } = options;
  const ephemeral = new AgreementKey(random);
  const secret = ephemeral.agree(to);
  if (secret === undefined) return undefined;
  const cipher = createCipheriv(
    CIPHER,
    keyOf({ secret, ephemeral: ephemeral.publicKey, to, context }),
    NONCE,
    {
      authTagLength: TAG_BYTES,
    },
  );
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([ephemeral.publicKey, ciphertext, cipher.getAuthTag()]);
}

/** What was sealed; undefined where it is for somebody else, belongs to something else, or was changed. */
export function open(options: {
  readonly key: AgreementKey;
  readonly context: Uint8Array;
  readonly sealed: Uint8Array;
}): Uint8Array | undefined {
  const { key, context, sealed } = options;
  if (sealed.length < KEY_BYTES + TAG_BYTES) return undefined;
  const ephemeral = sealed.subarray(0, KEY_BYTES);
  const secret = key.agree(ephemeral);
  if (secret === undefined) return undefined;
  const decipher = createDecipheriv(CIPHER, keyOf({ secret, ephemeral, to: key.publicKey, context }), NONCE, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(KEY_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function keyOf(parts: {
  readonly secret: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly to: Uint8Array;
  readonly context: Uint8Array;
}): Uint8Array {
  const salt = Buffer.concat([parts.ephemeral, parts.to]);
  const info = Buffer.concat([Buffer.from('antipode sealed box\0'), parts.context]);
  return new Uint8Array(hkdfSync('sha256', parts.secret, salt, info, 32));
}
