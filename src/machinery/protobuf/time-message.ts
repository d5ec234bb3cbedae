import { assert } from '../../base/mod.ts';
import { formatTime, normalizeMicroTime, parseTime } from '../timestamps.ts';
import { WireError } from './wire.ts';

/** The fields of the messages Time and MicroTime. */
export interface Timestamp {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number | bigint;
  readonly nanos: number;
}

/** Go's zero time, 1 January of the year 1: it means "never" and is null in JSON. */
const ZERO_SECONDS = -62_135_596_800;
/** RFC 3339 has four digits for the year. */
const YEAR_0_SECONDS = -62_167_219_200;
const YEAR_10000_SECONDS = 253_402_300_800;

/** The JSON form of metav1.Time, which ignores nanoseconds; null for Go's zero time. */
export function timeText({ seconds }: Timestamp): string | null {
  const whole = boundedSeconds(seconds);
  return whole === ZERO_SECONDS ? null : formatTime(whole * 1000);
}

/** The JSON form of metav1.MicroTime, with nanoseconds cut to microseconds; null for Go's zero time. */
export function microTimeText({ seconds, nanos }: Timestamp): string | null {
  // Go carries nanoseconds outside of one second over into the seconds.
  const micros = Math.trunc(nanos / 1000);
  const carry = Math.floor(micros / 1_000_000);
  const whole = boundedSeconds(seconds) + carry;
  const rest = micros - carry * 1_000_000;
  if (whole === ZERO_SECONDS && rest === 0) return null;
  return `${formatTime(boundedSeconds(whole) * 1000).slice(0, -1)}.${String(rest).padStart(6, '0')}Z`;
}

/** The message of a metav1.Time; undefined for Go's zero time, whose message is empty. */
export function timeMessage(text: string): Timestamp | undefined {
  const ms = parseTime(text);
  assert(ms !== undefined, `a stored time is no RFC 3339 text: ${text}`);
  const seconds = Math.floor(ms / 1000);
  return seconds === ZERO_SECONDS ? undefined : { seconds, nanos: 0 };
}

/** The message of a metav1.MicroTime; undefined for Go's zero time, whose message is empty. */
export function microTimeMessage(text: string): Timestamp | undefined {
  const normal = normalizeMicroTime(text);
  assert(normal !== undefined, `a stored time is no RFC 3339 text: ${text}`);
  const seconds = Math.floor(parseTime(normal)! / 1000);
  const nanos = Number(normal.slice(-7, -1)) * 1000;
  return seconds === ZERO_SECONDS && nanos === 0 ? undefined : { seconds, nanos };
}

function boundedSeconds(seconds: number | bigint): number {
  if (seconds < YEAR_0_SECONDS || seconds >= YEAR_10000_SECONDS) {
    throw new WireError('Time.MarshalJSON: year outside of range [0,9999]');
  }
  return Number(seconds);
}
