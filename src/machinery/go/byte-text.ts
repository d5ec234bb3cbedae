/**
 * Texts as Go has them: sequences of bytes, which need not be UTF-8. A *byte text* is a string in which every
 * character is one byte (0 to 255), so that the ordinary string functions count and cut bytes.
 */
import { goQuote } from '../field-error.ts';

/** The UTF-8 bytes of a text. */
export function toByteText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of UTF-8 bytes; what is no UTF-8 becomes U+FFFD, since no JSON text could hold it. */
export function fromByteText(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Go's strconv.Quote: bytes that are no UTF-8 are written as `\xNN`. */
export function quoteByteText(bytes: string): string {
  if (PLAIN.test(bytes)) return `"${bytes}"`;
  const text = fromByteText(bytes);
  if (toByteText(text) === bytes) return goQuote(text);
  let out = '"';
  for (let at = 0; at < bytes.length; ) {
    UTF8_CHARACTER.lastIndex = at;
    const character = UTF8_CHARACTER.exec(bytes)?.[0];
    if (character === undefined) out += `\\x${bytes.charCodeAt(at).toString(16)}`;
    else out += goQuote(fromByteText(character)).slice(1, -1);
    at += character?.length ?? 1;
  }
  return `${out}"`;
}

/** Printable ASCII that needs no escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: ASCII begins with them.
const ASCII = /^[\x00-\x7f]*$/;

/** One character in valid UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
const UTF8_CHARACTER =
  /[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/y;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: see above.

function isAscii(text: string): boolean {
  return ASCII.test(text);
}
