import { goQuote } from '../machinery/mod.ts';

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
// Go counts nanoseconds in 64 bits.
const DURATION_MS_MAX = 2 ** 63 / 1e6;

/** A text that is no duration; the message is Go's. */
export class InvalidDuration extends Error {
  override readonly name = 'InvalidDuration';
}

/** Milliseconds of a duration as Go's time.ParseDuration reads it: `1m30s`, `-.5h`. Throws {@link InvalidDuration}. */
export function parseDurationMs(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const unsigned = /^[-+]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0;
  let totalMs = 0;
  let rest = unsigned;
  do {
    const [part, whole = '', fraction = '', unit = ''] = /^(\d*)(\.\d*)?([^\d.]*)/.exec(rest) ?? [''];
    if (whole === '' && fraction.length < 2) throw invalid(text);
    if (unit === '') throw new InvalidDuration(`time: missing unit in duration ${goQuote(text)}`);
    const unitMs = UNITS_MS.get(unit);
    if (unitMs === undefined) {
      throw new InvalidDuration(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    }
    totalMs += Number(`${whole || '0'}${fraction.length < 2 ? '' : fraction}`) * unitMs;
    rest = rest.slice(part.length);
  } while (rest !== '');
  if (totalMs >= DURATION_MS_MAX) throw invalid(text);
  return sign * totalMs;
}

function invalid(text: string): Error {
  return new InvalidDuration(`time: invalid duration ${goQuote(text)}`);
}
