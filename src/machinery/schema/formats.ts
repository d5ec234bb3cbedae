import { isIPv4, isIPv6 } from 'node:net';
import { isRequestUri } from '../go/mod.ts';
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import { isCreditCard, isIsbn10, isIsbn13 } from './check-digits.ts';
import { parseFormatDuration } from './duration-format.ts';
import { isEmail } from './internet-formats.ts';

/**
 * Is this a format that strings are checked for. Dashes do not count: `date-time` is `datetime`.
 * Unknown formats are allowed in schemas, and mean nothing.
 */
export function isKnownFormat(format: string): boolean {
  return FORMATS.has(normalize(format));
}

/** Has the text this format. True for unknown formats. */
export function matchesFormat(format: string, text: string): boolean {
  return FORMATS.get(normalize(format))?.(text) ?? true;
}

/** What Go's base64 decoder says of a text that it refuses, or undefined if it decodes. Line breaks are skipped. */
export function base64Error(text: string): string | undefined {
  const position = base64ErrorPosition(text);
  return position === undefined ? undefined : `illegal base64 data at input byte ${position}`;
}

function normalize(format: string): string {
  return format.replaceAll('-', '');
}

/** The formats of apiextensions' CRD schemas, by name without dashes. */
const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['bsonobjectid', matcher(/^[0-9a-fA-F]{24}$/)],
  ['uri', isRequestUri],
  ['email', isEmail],
  ['hostname', isHostname],
  ['ipv4', (text: string) => isIp(text) && text.includes('.')],
  ['ipv6', (text: string) => isIp(text) && text.includes(':')],
  ['cidr', isCidr],
  ['mac', isMac],
  ['uuid', matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ['uuid3', matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ['uuid4', matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ['uuid5', matcher(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ['isbn', (text: string) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCreditCard],
  ['ssn', matcher(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ['hexcolor', matcher(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['rgbcolor', isRgbColor],
  ['byte', (text: string) => text !== '' && !/[\r\n]/.test(text) && base64ErrorPosition(text) === undefined],
  ['password', () => true],
  ['date', isDate],
  ['duration', (text: string) => parseFormatDuration(text) !== undefined],
  ['datetime', isDateTime],
  ['quantity', isQuantity],
  ['k8sshortname', (text: string) => dns1123LabelErrors(text).length === 0],
  ['k8slongname', (text: string) => dns1123SubdomainErrors(text).length === 0],
]);

function matcher(expression: RegExp): (text: string) => boolean {
  return (text) => expression.test(text);
}

/** RFC 1034 with the liberties that upstream takes: digits first, symbols and letters of any script. */
function isHostname(text: string): boolean {
  if (Buffer.byteLength(text) > 255) return false;
  const labels = text.split('.');
  if (labels.some((label) => label === '' || Buffer.byteLength(label) > 63)) return false;
  if (labels.length > 1 && [...(labels.at(-1) ?? '')].length < 2) return false;
  return labels.every((label) => HOSTNAME_LABEL.test(label));
}

const HOSTNAME_LABEL = /^[a-zA-Z0-9\p{S}\p{L}](?:[-a-zA-Z0-9\p{S}\p{L}]*[a-zA-Z0-9\p{S}\p{L}])?$/u;

/** Like Go's net.ParseIP: no zone, no leading zeros. */
function isIp(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes('%'));
}

function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return false;
  const address = text.slice(0, slash);
  const length = text.slice(slash + 1);
  if (!isIp(address) || !/^[0-9]{1,3}$/.test(length)) return false;
  return Number(length) <= (isIPv4(address) ? 32 : 128);
}

/** Like Go's net.ParseMAC: 6, 8 or 20 octets, in pairs or groups of four. */
function isMac(text: string): boolean {
  if (text.length > 60) return false;
  for (const separator of [':', '-']) {
    const octets = text.split(separator);
    if (octets.length > 1) {
      return MAC_OCTETS.has(octets.length) && octets.every((octet) => /^[0-9a-fA-F]{2}$/.test(octet));
    }
  }
  const groups = text.split('.');
  return MAC_OCTETS.has(groups.length * 2) && groups.every((group) => /^[0-9a-fA-F]{4}$/.test(group));
}

const MAC_OCTETS: ReadonlySet<number> = new Set([6, 8, 20]);

function isRgbColor(text: string): boolean {
  const match = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text.slice(0, 100));
  const parts = match?.slice(1) ?? [];
  return parts.length === 3 && parts.every((part) => Number(part) <= 255 && !/^0\d/.test(part));
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeap ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
  return day <= days;
}

const DAYS_OF_MONTH: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDateTime(text: string): boolean {
  const [date, time, ...more] = text.toLowerCase().split('t', 3);
  if (date === undefined || time === undefined || more.length > 0 || !isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  if (match === null) return false;
  const [hours, minutes, seconds] = match.slice(1).map(Number) as [number, number, number];
  return hours <= 23 && minutes <= 59 && seconds <= 59;
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

const BASE64_DIGITS: ReadonlySet<string> = new Set(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
);

/** The offset that Go's CorruptInputError names. */
function base64ErrorPosition(text: string): number | undefined {
  // A regular expression over a long text would need stack in proportion; the fast path is one pass as well.
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  let digits = 0;
  for (let position = 0; position < text.length; position++) {
    const character = text[position]!;
    if (character === '\n' || character === '\r') continue;
    if (BASE64_DIGITS.has(character)) {
      digits = (digits + 1) % 4;
      continue;
    }
    if (character !== '=' || digits < 2) return byteOffset(text, position);
    return paddingErrorPosition(text, position + 1, digits);
  }
  return digits === 0 ? undefined : byteOffset(text, text.length) - digits;
}

/** Checks what follows the first `=`: a second one after two digits, and then nothing but line breaks. */
function paddingErrorPosition(text: string, start: number, digits: number): number | undefined {
  let position = skipLineBreaks(text, start);
  if (digits === 2) {
    if (position === text.length) return byteOffset(text, position);
    if (text[position] !== '=') return byteOffset(text, position) - 1;
    position = skipLineBreaks(text, position + 1);
  }
  return position < text.length ? byteOffset(text, position) : undefined;
}

function skipLineBreaks(text: string, start: number): number {
  let position = start;
  while (text[position] === '\n' || text[position] === '\r') position++;
  return position;
}

function byteOffset(text: string, position: number): number {
  return Buffer.byteLength(text.slice(0, position));
}
