import { quoteByteText } from './byte-text.ts';

/** The part of a URL that is (un)escaped: each allows other characters. */
export type UrlPart = 'path' | 'host' | 'zone' | 'userPassword' | 'queryComponent' | 'fragment';

/** A URL that Go's net/url refuses; the message is its reason, without the URL. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
}

/** Does net/url write this byte as `%XX` in this part of a URL. */
export function mustEscape(byte: string, part: UrlPart): boolean {
  return !/[A-Za-z0-9]/.test(byte) && !UNESCAPED[part].includes(byte);
}

/** A byte text (byte-text.ts) with what its part may not hold as `%XX`. */
export function escapeUrl(text: string, part: UrlPart): string {
  let out = '';
  for (const byte of text) {
    if (!mustEscape(byte, part)) out += byte;
    else out += byte === ' ' && part === 'queryComponent' ? '+' : `%${hex(byte)}`;
  }
  return out;
}

/**
 * The byte text that an escaped one stands for. A host may escape only what is not ASCII (and `%25`), a zone
 * only what it could hold anyway.
 *
 * @throws {UrlError}
 */
export function unescapeUrl(text: string, part: UrlPart): string {
  const isHostOrZone = part === 'host' || part === 'zone';
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === '%') {
      const sequence = text.slice(at, at + 3);
      if (!/^%[0-9A-Fa-f]{2}$/.test(sequence)) throw invalidEscape(sequence);
      const code = Number.parseInt(sequence.slice(1), 16);
      const value = String.fromCharCode(code);
      if (sequence !== '%25') {
        if (part === 'host' && code < 0x80) throw invalidEscape(sequence);
        if (part === 'zone' && value !== ' ' && mustEscape(value, 'host')) throw invalidEscape(sequence);
      }
      out += value;
      at += 2;
    } else if (isHostOrZone && byte < '\x80' && mustEscape(byte, part)) {
      throw new UrlError(`invalid character ${quoteByteText(byte)} in host name`);
    } else {
      out += byte === '+' && part === 'queryComponent' ? ' ' : byte;
    }
  }
  return out;
}

/** RFC 3986's unreserved marks, and per part the reserved characters that net/url leaves alone. */
const UNESCAPED: Readonly<Record<UrlPart, string>> = {
  path: '-_.~$&+,/:;=@',
  host: '-_.~!$&\'()*+,;=:[]<>"',
  zone: '-_.~!$&\'()*+,;=:[]<>"',
  userPassword: '-_.~$&+,;=',
  queryComponent: '-_.~',
  fragment: '-_.~$&+,/:;=?@!()*',
};

function hex(byte: string): string {
  return byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}

function invalidEscape(sequence: string): UrlError {
  return new UrlError(`invalid URL escape ${quoteByteText(sequence)}`);
}
