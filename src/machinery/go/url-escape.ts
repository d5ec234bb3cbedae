import { quoteByteText } from './byte-text.ts';

/** The part of a URL that is (un)escaped: each allows other characters. */
export type UrlPart = 'path' | 'host' | 'zone' | 'userPassword' | 'queryComponent' | 'fragment';

/** A URL that Go's net/url refuses; the message is its reason, without the URL. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
}

/** A byte text (byte-text.ts) with what its part may not hold as `%XX`. */
export function escapeUrl(text: string, part: UrlPart): string {
  return text.replace(ESCAPED[part], (byte) =>
    byte === ' ' && part === 'queryComponent' ? '+' : `%${hex(byte)}`,
  );
}

/**
 * The byte text that an escaped one stands for. A host may escape only what is not ASCII (and `%25`), a zone
 * only what it could hold anyway.
 *
 * @throws {UrlError}
 */
export function unescapeUrl(text: string, part: UrlPart): string {
  const isHostOrZone = part === 'host' || part === 'zone';
  return text.replace(isHostOrZone ? ESCAPE_OR_FOREIGN : ESCAPE_OR_PLUS, (found) => {
    if (found === '+') return part === 'queryComponent' ? ' ' : '+';
    if (!found.startsWith('%')) {
      throw new UrlError(`invalid character ${quoteByteText(found)} in host name`);
    }
    return unescapeSequence(found, part);
  });
}

/** Could net/url have written this: no byte that its part has to escape, but for those that it leaves alone. */
export function isValidEscaped(text: string, part: UrlPart): boolean {
  return !UNUSABLE[part].test(text);
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

const LETTERS = 'A-Za-z0-9';

/** What net/url takes unescaped although it would escape it. */
const TOLERATED = "!$&'()*+,;=:@[]%";

const ESCAPED = byPart((allowed) => new RegExp(`[^${LETTERS}${allowed}]`, 'gs'));
const UNUSABLE = byPart((allowed) => new RegExp(`[^${LETTERS}${allowed}${classText(TOLERATED)}]`, 's'));

const ESCAPE_OR_PLUS = /%.{0,2}|\+/gs;
/** Bytes beyond ASCII may stand in a host as they are. */
const ESCAPE_OR_FOREIGN = new RegExp(`%.{0,2}|[^${LETTERS}${classText(UNESCAPED.host)}\x80-\xff]`, 'gs');

function byPart(make: (allowed: string) => RegExp): Readonly<Record<UrlPart, RegExp>> {
  const parts = Object.entries(UNESCAPED).map(([part, bytes]) => [part, make(classText(bytes))]);
  return Object.fromEntries(parts) as Readonly<Record<UrlPart, RegExp>>;
}

/** Characters as they are written in a class of a regular expression. */
function classText(characters: string): string {
  return characters.replace(/[-\\\]^[]/g, '\\$&');
}

function unescapeSequence(sequence: string, part: UrlPart): string {
  if (!/^%[0-9A-Fa-f]{2}$/.test(sequence)) throw invalidEscape(sequence);
  const code = Number.parseInt(sequence.slice(1), 16);
  const value = String.fromCharCode(code);
  if (part === 'host' && sequence !== '%25' && code < 0x80) throw invalidEscape(sequence);
  if (part === 'zone' && sequence !== '%25' && value !== ' ' && escapeUrl(value, 'host') !== value) {
    throw invalidEscape(sequence);
  }
  return value;
}

function hex(byte: string): string {
  return byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
}

function invalidEscape(sequence: string): UrlError {
  return new UrlError(`invalid URL escape ${quoteByteText(sequence)}`);
}
