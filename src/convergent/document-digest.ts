import { createHash } from 'node:crypto';
import { encodeKey } from './document-key.ts';
import { encodeContent, type Register } from './register.ts';

/** Bytes of a digest: enough that nobody meets two documents with the same one by chance. */
export const DIGEST_BYTES = 16;

/**
 * A digest of what a document says: of its registers, and not of the bytes that Yjs makes of them, which may differ between
 * regions that have heard of the same writes.
 */
export function documentDigest(registers: Iterable<Register>): Uint8Array {
  const byKey = new Map<string, Register>();
  for (const register of registers) byKey.set(encodeKey(register), register);
  const hash = createHash('sha256');
  for (const key of [...byKey.keys()].sort()) {
    hash
      .update(key)
      .update('\n')
      .update(encodeContent(byKey.get(key)!))
      .update('\n');
  }
  return hash.digest().subarray(0, DIGEST_BYTES);
}
