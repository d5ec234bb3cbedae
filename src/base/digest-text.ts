import { createHash } from 'node:crypto';

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * A big-endian number in a base up to 62, with Go's digits (`big.Int.Text`): 0-9, a-z, A-Z, no leading zeros. kcp
 * makes names and labels of hashes so.
 */
export function numberText(bytes: Uint8Array, base: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  if (value === 0n) return '0';
  const divisor = BigInt(base);
  let text = '';
  for (; value > 0n; value /= divisor) text = DIGITS[Number(value % divisor)]! + text;
  return text;
}

/** Base 62 of the SHA-224 of a text: what kcp makes of something that has to fit into a label. */
export function base62Sha224(text: string): string {
  return numberText(createHash('sha224').update(text).digest(), 62);
}
