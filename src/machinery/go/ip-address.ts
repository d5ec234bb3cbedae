import { goQuote } from '../field-error.ts';

/** An IP address: 32 bits of family 4, or 128 of family 6. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** The text is no IP address, or no network; the message is Go's (net/netip). */
export class IpError extends Error {
  override readonly name = 'IpError';
}

/**
 * Reads an address as CEL's `ip()` does: netip.ParseAddr, and neither zones nor IPv4-mapped IPv6.
 *
 * @throws {IpError} with upstream's message.
 */
export function parseIp(text: string): IpAddress {
  let parsed: ReturnType<typeof parseIpWithZone>;
  try {
    parsed = parseIpWithZone(text);
  } catch (error) {
    if (!(error instanceof IpError)) throw error;
    throw new IpError(
      `IP Address ${goQuote(text)} parse error during conversion from string: ${error.message}`,
    );
  }
  const { family, bits, zone } = parsed;
  if (zone !== '') throw new IpError(`IP address ${goQuote(text)} with zone value is not allowed`);
  if (isIpv4Mapped(parsed)) throw new IpError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  return { family, bits };
}

/**
 * netip.ParseAddr: the zone stays, and is empty without one.
 *
 * @throws {IpError} with Go's message.
 */
export function parseIpWithZone(text: string): IpAddress & { readonly zone: string } {
  const first = /[.:%]/.exec(text)?.[0];
  if (first === '.') return { family: 4, bits: parseIpv4(text, { input: text }), zone: '' };
  if (first === ':') return parseIpv6(text);
  throw parseError(text, first === '%' ? 'missing IPv6 address' : 'unable to parse IP');
}

/** The canonical text, after RFC 5952. */
export function formatIp({ family, bits }: IpAddress): string {
  if (family === 4) return formatIpv4(bits);
  if (isIpv4Mapped({ family, bits })) return `::ffff:${formatIpv4(bits & 0xffffffffn)}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((bits >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  const zeros = longestZeroRun(groups);
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return zeros === undefined ? hex(0, 8) : `${hex(0, zeros.start)}::${hex(zeros.end, 8)}`;
}

/** `::ffff:a.b.c.d`. */
export function isIpv4Mapped({ family, bits }: IpAddress): boolean {
  return family === 6 && bits >> 32n === 0xffffn;
}

export function isUnspecified({ bits }: IpAddress): boolean {
  return bits === 0n;
}

export function isLoopback({ family, bits }: IpAddress): boolean {
  return family === 4 ? bits >> 24n === 127n : bits === 1n;
}

export function isMulticast({ family, bits }: IpAddress): boolean {
  return family === 4 ? bits >> 28n === 0xen : bits >> 120n === 0xffn;
}

/** 224.0.0.0/24 and ff02::/16, where the four flag bits of the latter do not count. */
export function isLinkLocalMulticast({ family, bits }: IpAddress): boolean {
  return family === 4 ? bits >> 8n === 0xe00000n : ((bits >> 112n) & 0xff0fn) === 0xff02n;
}

export function isLinkLocalUnicast({ family, bits }: IpAddress): boolean {
  return family === 4 ? bits >> 16n === 0xa9fen : bits >> 118n === 0xfe80n >> 6n;
}

/** Any unicast address that is neither loopback nor link-local; private ones are. */
export function isGlobalUnicast(address: IpAddress): boolean {
  if (address.family === 4 && address.bits === 0xffffffffn) return false;
  return (
    !isUnspecified(address) && !isLoopback(address) && !isMulticast(address) && !isLinkLocalUnicast(address)
  );
}

function parseError(input: string, message: string, at = ''): IpError {
  return new IpError(`ParseAddr(${goQuote(input)}): ${message}${at === '' ? '' : ` (at ${goQuote(at)})`}`);
}

/** Reads four octets; `input` is the whole text, which messages quote. */
function parseIpv4(text: string, { input }: { readonly input: string }): bigint {
  let bits = 0n;
  let value = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character >= '0' && character <= '9') {
      if (digits === 1 && value === 0) throw parseError(input, 'IPv4 field has octet with leading zero');
      value = value * 10 + Number(character);
      digits++;
      if (value > 255) throw parseError(input, 'IPv4 field has value >255');
    } else if (character === '.') {
      if (at === 0 || at === text.length - 1 || text[at - 1] === '.') {
        throw parseError(input, 'IPv4 field must have at least one digit', text.slice(at));
      }
      if (dots === 3) throw parseError(input, 'IPv4 address too long');
      bits = (bits << 8n) | BigInt(value);
      dots++;
      value = 0;
      digits = 0;
    } else {
      throw parseError(input, 'unexpected character', text.slice(at));
    }
  }
  if (dots < 3) throw parseError(input, 'IPv4 address too short');
  return (bits << 8n) | BigInt(value);
}

function parseIpv6(input: string): IpAddress & { readonly zone: string } {
  const percent = input.indexOf('%');
  const zone = percent < 0 ? '' : input.slice(percent + 1);
  if (percent >= 0 && zone === '') throw parseError(input, 'zone must be a non-empty string');
  const groups = parseGroups(input, percent < 0 ? input : input.slice(0, percent));
  const bits = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  return { family: 6, bits, zone };
}

/** The eight groups of 16 bits, with `::` filled in. */
function parseGroups(input: string, address: string): number[] {
  const groups: number[] = [];
  let ellipsis = -1;
  let rest = address;
  if (rest.startsWith('::')) {
    ellipsis = 0;
    rest = rest.slice(2);
    if (rest === '') return new Array<number>(8).fill(0);
  }
  while (groups.length < 8) {
    const digits = /^[0-9a-fA-F]*/.exec(rest)![0];
    if (digits.length > 4) throw parseError(input, 'each group must have 4 or less digits', rest);
    if (digits === '') {
      throw parseError(input, 'each colon-separated field must have at least one digit', rest);
    }
    if (rest[digits.length] === '.') {
      appendIpv4(groups, { input, rest, hasEllipsis: ellipsis >= 0 });
      rest = '';
      break;
    }
    groups.push(Number.parseInt(digits, 16));
    rest = rest.slice(digits.length);
    if (rest === '') break;
    if (rest[0] !== ':') throw parseError(input, 'unexpected character, want colon', rest);
    if (rest.length === 1) throw parseError(input, 'colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (rest[0] === ':') {
      if (ellipsis >= 0) throw parseError(input, 'multiple :: in address', rest);
      ellipsis = groups.length;
      rest = rest.slice(1);
      if (rest === '') break;
    }
  }
  if (rest !== '') throw parseError(input, 'trailing garbage after address', rest);
  if (groups.length === 8) {
    if (ellipsis < 0) return groups;
    throw parseError(input, 'the :: must expand to at least one field of zeros');
  }
  if (ellipsis < 0) throw parseError(input, 'address string too short');
  const zeros = new Array<number>(8 - groups.length).fill(0);
  return [...groups.slice(0, ellipsis), ...zeros, ...groups.slice(ellipsis)];
}

function appendIpv4(
  groups: number[],
  options: { readonly input: string; readonly rest: string; readonly hasEllipsis: boolean },
): void {
  const { input, rest, hasEllipsis } = options;
  if (!hasEllipsis && groups.length !== 6) {
    const message = 'embedded IPv4 address must replace the final 2 fields of the address';
    throw parseError(input, message, rest);
  }
  if (groups.length > 6) {
    const message = 'too many hex fields to fit an embedded IPv4 at the end of the address';
    throw parseError(input, message, rest);
  }
  const bits = Number(parseIpv4(rest, { input }));
  groups.push(Math.floor(bits / 65_536), bits % 65_536);
}

function formatIpv4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');
}

/** The first of the longest runs of at least two zero groups. */
function longestZeroRun(
  groups: readonly number[],
): { readonly start: number; readonly end: number } | undefined {
  let longest: { readonly start: number; readonly end: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start >= 2 && (longest === undefined || end - start > longest.end - longest.start)) {
      longest = { start, end };
    }
  }
  return longest;
}
