import { plainText } from './number-text.ts';
import { intMax, intMin, intOverflow, timestampOverflow } from './numbers.ts';
import { CelDuration, CelTimestamp } from './time-values.ts';
import type { CelError } from './values.ts';

const nanosPerSecond = 1_000_000_000n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the years that timestamps may have. */
export const unixSecondsMin = -62_135_596_800n;
export const unixSecondsMax = 253_402_300_799n;

/** Division that rounds down, so that fractions of seconds before 1970 are positive. */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

export function secondsOf(timestamp: CelTimestamp): bigint {
  return floorDivide(timestamp.epochNanos, nanosPerSecond);
}

/** A timestamp from nanoseconds since 1970, or the fault when its year is not between 1 and 9999. */
export function timestampAt(epochNanos: bigint): CelTimestamp | CelError {
  const seconds = floorDivide(epochNanos, nanosPerSecond);
  return seconds < unixSecondsMin || seconds > unixSecondsMax
    ? timestampOverflow
    : new CelTimestamp(epochNanos);
}

export function durationFrom(nanos: bigint): CelDuration | CelError {
  return nanos < intMin || nanos > intMax ? intOverflow : new CelDuration(nanos);
}

/** RFC 3339 with as many digits of the fraction as needed, in UTC. */
export function timestampText(timestamp: CelTimestamp): string {
  const seconds = secondsOf(timestamp);
  const nanos = timestamp.epochNanos - seconds * nanosPerSecond;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${text}${fractionText(nanos)}Z`;
}

/** As Go prints a time: `2009-02-13 23:31:30 +0000 UTC`. */
export function timestampGoText(timestamp: CelTimestamp): string {
  return `${timestampText(timestamp).replace('T', ' ').replace('Z', '')} +0000 UTC`;
}

function fractionText(nanos: bigint): string {
  return nanos === 0n ? '' : `.${nanos.toString().padStart(9, '0').replace(/0+$/, '')}`;
}

/** The seconds as a decimal number with `s`, as the conversion to string writes it. */
export function durationText(duration: CelDuration): string {
  return `${plainText(durationSeconds(duration))}s`;
}

/** Whole seconds and the rest are added as doubles, as Go's Duration.Seconds does. */
export function durationSeconds(duration: CelDuration): number {
  return Number(duration.nanos / nanosPerSecond) + Number(duration.nanos % nanosPerSecond) / 1e9;
}

/** As Go prints a duration: `1h2m3.5s`. */
export function durationGoText(duration: CelDuration): string {
  const isNegative = duration.nanos < 0n;
  const nanos = isNegative ? -duration.nanos : duration.nanos;
  const sign = isNegative ? '-' : '';
  if (nanos === 0n) return '0s';
  if (nanos < 1000n) return `${sign}${nanos}ns`;
  if (nanos < 1_000_000n) return `${sign}${decimal(nanos, 3)}µs`;
  if (nanos < nanosPerSecond) return `${sign}${decimal(nanos, 6)}ms`;
  const minutes = nanos / (60n * nanosPerSecond);
  const seconds = decimal(nanos % (60n * nanosPerSecond), 9);
  if (minutes === 0n) return `${sign}${seconds}s`;
  const hours = minutes / 60n;
  return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}s`;
}

function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return `${text.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`;
}

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: nanosPerSecond,
  m: 60n * nanosPerSecond,
  h: 3600n * nanosPerSecond,
};

/** Reads what Go's time.ParseDuration reads; undefined when it is not a duration or does not fit. */
export function parseGoDuration(text: string): CelDuration | undefined {
  const match = /^([+-]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return undefined;
  let nanos = 0n;
  for (const [, whole, fraction, unitName] of match[2]!.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    const unit = unitNanos[unitName!]!;
    nanos += BigInt(whole === '' ? 0 : whole!) * unit;
    // Digits behind the smallest unit are cut off, as Go does.
    if (fraction !== undefined && fraction !== '')
      nanos += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
  }
  const signed = match[1] === '-' ? -nanos : nanos;
  return signed < intMin || signed > intMax ? undefined : new CelDuration(signed);
}

/** Reads RFC 3339 as Go's time.Parse does; undefined when it is none, a fault when the year does not fit. */
export function parseTimestamp(text: string): CelTimestamp | CelError | undefined {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})T(\d{2}|\d(?=:)):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number) as number[];
  if (month! < 1 || month! > 12 || day! < 1 || day! > daysIn(year!, month!)) return undefined;
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  if (offsetHours > 24 || offsetMinutes > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  date.setUTCHours(hour!, minute!, second!);
  const sign = match[8] === '-' ? -1 : 1;
  const seconds = date.getTime() / 1000 - sign * (offsetHours * 3600 + offsetMinutes * 60);
  const fraction = (match[7] ?? '').slice(0, 9).padEnd(9, '0');
  return timestampAt(BigInt(seconds) * nanosPerSecond + BigInt(fraction));
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
