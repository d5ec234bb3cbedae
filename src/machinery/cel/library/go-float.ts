/**
 * Texts of doubles as `string.format` prints them: `%f` and `%e` go through Go's localising printer
 * (golang.org/x/text/message, en-US), with groups of three digits, `×10⁰³` and `∞`.
 */
import { doubleText } from '../number-text.ts';

/** `%.<precision>f`. Rounds the exact value, halves to even. Widths beyond what the printer holds wrap around as there. */
export function formatFixed(value: number, precision: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  if (precision > PRECISION_MAX) return '%!(NOVERB)';
  // The printer keeps the least number of digits in a byte and the largest one in an int16.
  const digitsMin = precision & 0xff;
  const digitsMax = (precision << 16) >> 16;
  const { digits, exponent } = exactDecimal(Math.abs(value));
  const rounded = digitsMax < 0 ? { digits, exponent } : roundTo({ digits, exponent }, -digitsMax);
  const places = Math.max(0, -rounded.exponent);
  const scaled = rounded.digits * 10n ** BigInt(Math.max(0, rounded.exponent));
  const text = scaled.toString().padStart(places + 1, '0');
  const integer = text.slice(0, text.length - places);
  const fraction = text
    .slice(text.length - places)
    .replace(/0+$/, '')
    .padEnd(digitsMin, '0');
  const grouped = integer.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${value < 0 ? '-' : ''}${grouped}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * `%<width>e`: upstream passes what the user gave as precision for the width, so that there are always six
 * digits, and short texts are filled up with spaces.
 */
export function formatScientific(value: number, width: number): string {
  if (width > PRECISION_MAX) return '%!(NOVERB)';
  const text = formatSpecial(value) ?? `${value < 0 ? '-' : ''}${formatMantissa(Math.abs(value))}`;
  return text.padStart(width & 0xffff, ' ');
}

/** Go's `%.<precision>f`, without any locale. */
export function formatPlainFixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return doubleText(value);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const rounded = roundTo(exactDecimal(Math.abs(value)), -precision);
  const digits = (rounded.digits * 10n ** BigInt(precision + rounded.exponent)).toString();
  const text = digits.padStart(precision + 1, '0');
  const integer = text.slice(0, text.length - precision);
  return `${sign}${integer}${precision === 0 ? '' : `.${text.slice(text.length - precision)}`}`;
}

/** Go's number parser for verbs gives up at the next digit beyond a million. */
const PRECISION_MAX = 10_000_009;

interface Decimal {
  readonly digits: bigint;
  /** The power of ten. */
  readonly exponent: number;
}

/** The exact value of a finite double that is not negative: below 1 it takes as many decimals as binary digits. */
function exactDecimal(value: number): Decimal {
  if (Number.isInteger(value)) return { digits: BigInt(value), exponent: 0 };
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const places = 1075 - Math.max(1, biased);
  return { digits: mantissa * 5n ** BigInt(places), exponent: -places };
}

/** Rounds to a multiple of a power of ten, halves to even. What is coarser already stays. */
function roundTo(decimal: Decimal, exponent: number): Decimal {
  if (decimal.exponent >= exponent) return decimal;
  const divisor = 10n ** BigInt(exponent - decimal.exponent);
  const quotient = decimal.digits / divisor;
  const twice = (decimal.digits % divisor) * 2n;
  const isUp = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return { digits: isUp ? quotient + 1n : quotient, exponent };
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  return undefined;
}

const MANTISSA_DIGITS = 7;

function formatMantissa(value: number): string {
  const exact = exactDecimal(value);
  let power = value === 0 ? 0 : exact.digits.toString().length - 1 + exact.exponent;
  let rounded = roundTo(exact, power - (MANTISSA_DIGITS - 1));
  // 9.9999996 becomes 10.00000.
  if (rounded.digits.toString().length + rounded.exponent - 1 > power && value !== 0) {
    power++;
    rounded = roundTo(exact, power - (MANTISSA_DIGITS - 1));
  }
  const digits = rounded.digits.toString().padEnd(MANTISSA_DIGITS, '0');
  return `${digits[0]}.${digits.slice(1, MANTISSA_DIGITS)}×10${superscript(power)}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function superscript(power: number): string {
  const digits = String(Math.abs(power)).padStart(2, '0');
  return (power < 0 ? '⁻' : '') + [...digits].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
}
