import { goQuote } from '../../field-error.ts';

/** A semantic version. Identifiers of a pre-release are numbers where they look like one. */
export interface SemanticVersion {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly preRelease: readonly (bigint | string)[];
  /** Means nothing to the order. */
  readonly build: readonly string[];
}

/** The text is no semantic version; the message is upstream's (blang/semver). */
export class SemverError extends Error {
  override readonly name = 'SemverError';
}

/**
 * Parses a semantic version strictly.
 *
 * @throws {SemverError} with upstream's message.
 */
export function parseSemver(text: string): SemanticVersion {
  if (text === '') throw new SemverError('Version string empty');
  const parts = splitVersion(text);
  if (parts.length !== 3) throw new SemverError('No Major.Minor.Patch elements found');
  const major = parseNumber(parts[0]!, { name: 'major', title: 'Major' });
  const minor = parseNumber(parts[1]!, { name: 'minor', title: 'Minor' });
  const [beforeBuild, build] = cut(parts[2]!, '+');
  const [patchText, preRelease] = cut(beforeBuild, '-');
  const patch = parseNumber(patchText, { name: 'patch', title: 'Patch' });
  return {
    major,
    minor,
    patch,
    preRelease: preRelease?.split('.').map(parsePreRelease) ?? [],
    build: build?.split('.').map(checkBuild) ?? [],
  };
}

/**
 * Parses a version after making it one, as CEL's `semver(text, true)` does: a leading `v` goes, leading zeros go,
 * and missing minor and patch numbers are 0.
 *
 * @throws {SemverError} with upstream's message.
 */
export function parseNormalizedSemver(text: string): SemanticVersion {
  const parts = splitVersion(text.startsWith('v') ? text.slice(1) : text).map(withoutLeadingZeros);
  if (parts.length < 3 && /[-+]/.test(parts.at(-1)!)) {
    throw new SemverError('short version cannot contain PreRelease/Build meta data');
  }
  while (parts.length < 3) parts.push('0');
  return parseSemver(parts.join('.'));
}

/** -1, 0 or 1 as `a` comes before, with or after `b` in the order of semantic versions. */
export function compareSemver(a: SemanticVersion, b: SemanticVersion): number {
  const byNumbers = compare(a.major, b.major) || compare(a.minor, b.minor) || compare(a.patch, b.patch);
  if (byNumbers !== 0) return byNumbers;
  // A release comes after its pre-releases.
  if (a.preRelease.length === 0 || b.preRelease.length === 0) {
    return compare(b.preRelease.length, a.preRelease.length) && (a.preRelease.length === 0 ? 1 : -1);
  }
  const common = Math.min(a.preRelease.length, b.preRelease.length);
  for (let index = 0; index < common; index++) {
    const order = compareIdentifiers(a.preRelease[index]!, b.preRelease[index]!);
    if (order !== 0) return order;
  }
  return compare(a.preRelease.length, b.preRelease.length);
}

export function formatSemver({ major, minor, patch, preRelease, build }: SemanticVersion): string {
  const suffix = preRelease.length === 0 ? '' : `-${preRelease.join('.')}`;
  return `${major}.${minor}.${patch}${suffix}${build.length === 0 ? '' : `+${build.join('.')}`}`;
}

/** Major, minor, and the rest with all its dots. */
function splitVersion(text: string): string[] {
  const [first, afterFirst] = cut(text, '.');
  if (afterFirst === undefined) return [first];
  const [second, afterSecond] = cut(afterFirst, '.');
  return afterSecond === undefined ? [first, second] : [first, second, afterSecond];
}

function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function withoutLeadingZeros(part: string): string {
  // Upstream counts bytes, so that a lone letter beyond ASCII gets its zero as well.
  if (Buffer.byteLength(part) <= 1) return part;
  const stripped = part.replace(/^0+/, '');
  return /^[0-9]/.test(stripped) ? stripped : `0${stripped}`;
}

function parseNumber(
  text: string,
  { name, title }: { readonly name: string; readonly title: string },
): bigint {
  if (!/^[0-9]*$/.test(text)) {
    throw new SemverError(`Invalid character(s) found in ${name} number ${goQuote(text)}`);
  }
  if (/^0./.test(text)) {
    throw new SemverError(`${title} number must not contain leading zeroes ${goQuote(text)}`);
  }
  return parseUint64(text);
}

function parsePreRelease(text: string): bigint | string {
  if (text === '') throw new SemverError('Prerelease is empty');
  if (/^[0-9]+$/.test(text)) {
    if (/^0./.test(text)) {
      throw new SemverError(`Numeric PreRelease version must not contain leading zeroes ${goQuote(text)}`);
    }
    return parseUint64(text);
  }
  if (!/^[-0-9A-Za-z]+$/.test(text)) {
    throw new SemverError(`Invalid character(s) found in prerelease ${goQuote(text)}`);
  }
  return text;
}

function checkBuild(text: string): string {
  if (text === '') throw new SemverError('Build meta data is empty');
  if (!/^[-0-9A-Za-z]+$/.test(text)) {
    throw new SemverError(`Invalid character(s) found in build meta data ${goQuote(text)}`);
  }
  return text;
}

/** Go's strconv.ParseUint of digits only. */
function parseUint64(digits: string): bigint {
  const fail = (reason: string) =>
    new SemverError(`strconv.ParseUint: parsing ${goQuote(digits)}: ${reason}`);
  if (digits === '') throw fail('invalid syntax');
  // No number here begins with a zero, so a longer one is larger; its value need not be computed.
  if (digits.length > 20 || BigInt(digits) > 2n ** 64n - 1n) throw fail('value out of range');
  return BigInt(digits);
}

function compareIdentifiers(a: bigint | string, b: bigint | string): number {
  // Numbers come before texts; texts are ASCII, so their order by UTF-16 is the one by bytes.
  if (typeof a !== typeof b) return typeof a === 'bigint' ? -1 : 1;
  return compare(a, b);
}

function compare<T extends bigint | number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
