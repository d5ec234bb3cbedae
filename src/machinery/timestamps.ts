/**
 * Kubernetes' two kinds of time on the wire: metav1.Time (RFC 3339, whole seconds, UTC) and
 * metav1.MicroTime (the same with six fractional digits).
 */

const MICROS_PER_SECOND = 1_000_000n;

/** The metav1.Time text of an instant given in milliseconds since 1970; fractions of a second are dropped. */
export function formatTime(ms: number): string {
  // A write says the time several times, and thousands of them say the same.
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastText = `${new Date(ms).toISOString().slice(0, -5)}Z`;
    lastSecond = second;
  }
  return lastText;
}

let lastSecond = Number.NaN;
let lastText = '';

/** The metav1.MicroTime text of (possibly fractional) milliseconds since 1970, to the nearest microsecond. */
export function formatMicroTime(ms: number): string {
  // Splitting first keeps the product small enough to be exact to a microsecond.
  const whole = Math.floor(ms);
  return formatMicros(BigInt(whole) * 1000n + BigInt(Math.round((ms - whole) * 1000)));
}

/** Milliseconds since 1970 of an RFC 3339 text, or undefined if it is none; finer fractions are dropped. */
export function parseTime(text: string): number | undefined {
  const scanned = scanTime(text);
  return typeof scanned === 'string' ? undefined : scanned.seconds * 1000 + Math.floor(scanned.micros / 1000);
}

/** The metav1.Time text of any RFC 3339 text: UTC, fractions of a second dropped. Undefined if it is none. */
export function normalizeTime(text: string): string | undefined {
  const scanned = scanTime(text);
  if (typeof scanned === 'string') return undefined;
  return formatTime(scanned.seconds * 1000);
}

/** The metav1.MicroTime text, in UTC, of an RFC 3339 text with six fractional digits. Undefined if it is none. */
export function normalizeMicroTime(text: string): string | undefined {
  const scanned = scanTime(text, RFC3339_MICRO);
  if (typeof scanned === 'string') return undefined;
  return formatMicros(BigInt(scanned.seconds) * MICROS_PER_SECOND + BigInt(scanned.micros));
}

/** What Go's time.Parse says of a text that is no RFC 3339 time; undefined if it is one. */
export function timeParseError(text: string): string | undefined {
  const scanned = scanTime(text);
  return typeof scanned === 'string' ? scanned : undefined;
}

/** The same for metav1.MicroTime, whose layout asks for exactly six fractional digits. */
export function microTimeParseError(text: string): string | undefined {
  const scanned = scanTime(text, RFC3339_MICRO);
  return typeof scanned === 'string' ? scanned : undefined;
}

const RFC3339 = '2006-01-02T15:04:05Z07:00';
const RFC3339_MICRO = '2006-01-02T15:04:05.000000Z07:00';

interface Instant {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999. */
  readonly micros: number;
}

function formatMicros(total: bigint): string {
  const micros = ((total % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
  const seconds = (total - micros) / MICROS_PER_SECOND;
  return `${formatTime(Number(seconds) * 1000).slice(0, -1)}.${String(micros).padStart(6, '0')}Z`;
}

/** Scans as time.Parse(layout, text) does, whose generic path takes a one-digit hour and a decimal comma. */
function scanTime(text: string, layout = RFC3339): Instant | string {
  let position = 0;
  const mismatch = (element: string): string =>
    `parsing time "${text}" as "${layout}": cannot parse "${text.slice(position)}" as "${element}"`;
  const outOfRange = (what: string): string => `parsing time "${text}": ${what} out of range`;
  const digits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const digit = text.charCodeAt(position + i) - 48;
      if (!(digit >= 0 && digit <= 9)) return -1;
      value = value * 10 + digit;
    }
    position += count;
    return value;
  };
  const literal = (character: string): boolean => {
    if (text[position] !== character) return false;
    position++;
    return true;
  };

  const year = digits(4);
  if (year < 0) return mismatch('2006');
  if (!literal('-')) return mismatch('-');
  const month = digits(2);
  if (month < 0) return mismatch('01');
  if (month < 1 || month > 12) return outOfRange('month');
  if (!literal('-')) return mismatch('-');
  const day = digits(2);
  if (day < 0) return mismatch('02');
  if (!literal('T')) return mismatch('T');
  let hour = digits(2);
  if (hour < 0) hour = digits(1);
  if (hour < 0) return mismatch('15');
  if (hour > 23) return outOfRange('hour');
  if (!literal(':')) return mismatch(':');
  const minute = digits(2);
  if (minute < 0) return mismatch('04');
  if (minute > 59) return outOfRange('minute');
  if (!literal(':')) return mismatch(':');
  const second = digits(2);
  if (second < 0) return mismatch('05');
  if (second > 59) return outOfRange('second');

  let micros = 0;
  const separator = text[position];
  if (layout === RFC3339_MICRO) {
    if (!/^[.,]\d{6}/.test(text.slice(position, position + 7))) return mismatch('.000000');
    position++;
    micros = digits(6);
  } else if ((separator === '.' || separator === ',') && isDigit(text.charCodeAt(position + 1))) {
    position++;
    let place = 100_000;
    for (; isDigit(text.charCodeAt(position)); position++) {
      micros += place * (text.charCodeAt(position) - 48);
      place = Math.floor(place / 10);
    }
  }

  let offsetSeconds = 0;
  if (!literal('Z')) {
    const sign = text[position];
    const zone = /^[+-](\d\d):(\d\d)/.exec(text.slice(position, position + 6));
    if (zone === null) return mismatch('Z07:00');
    const [hours, minutes] = [Number(zone[1]), Number(zone[2])];
    if (hours > 24) return outOfRange('time zone offset hour');
    if (minutes >= 60) return outOfRange('time zone offset minute');
    offsetSeconds = (hours * 60 + minutes) * 60 * (sign === '-' ? -1 : 1);
    position += 6;
  }
  if (position < text.length) return `parsing time "${text}": extra text: "${text.slice(position)}"`;
  if (day < 1 || day > daysIn(year, month)) return outOfRange('day');

  // Date.UTC would move the years 0–99 into the twentieth century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offsetSeconds;
  // An offset may push the first and last day of the calendar out of the four digits of a year.
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) return outOfRange('year');
  return { seconds, micros };
}

const SECONDS_MIN = Date.parse('0000-01-01T00:00:00Z') / 1000;
const SECONDS_MAX = Date.parse('9999-12-31T23:59:59Z') / 1000;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
