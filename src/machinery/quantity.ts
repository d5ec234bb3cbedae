/**
 * resource.Quantity: a decimal number with a suffix. Values are exact (a bigint times a power of ten),
 * at most nine decimals fine, and remember which family of suffixes they were written with.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** The number `unscaled * 10^scale`; `scale` is at least -9. */
export interface Quantity {
  readonly unscaled: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  /** Upstream holds the number in an int64, which shows where it is asked for an integer: `1.0` in there is none. */
  readonly isInt64: boolean;
  /** The input itself, where upstream takes it for canonical and repeats it (`1.500` stays `1.500`). */
  readonly text?: string;
}

/** The text is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

/**
 * Bounds that upstream does not have: beyond them, arithmetic on a few short texts would need bigints
 * of unbounded size. The largest value in use, 2^63-1, has 19 digits.
 */
const DIGITS_MAX = 1_000;
const EXPONENT_MAX = 1_000;

const SCALE_MIN = -9;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const FORMAT_WRONG =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMERIC_WRONG = 'unable to parse numeric part of quantity';
const SUFFIX_WRONG = "unable to parse quantity's suffix";

const DECIMAL_SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY_SUFFIXES: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * Parses the text of a quantity. Finer values than 1n are rounded away from zero to 1n's multiple, and
 * binary ones are capped at 2^63-1, as upstream does.
 *
 * @throws {QuantityError} with upstream's text.
 */
export function parseQuantity(text: string): Quantity {
  if (text === '') throw new QuantityError(FORMAT_WRONG);
  const { isNegative, integer, fraction, suffix, hasDigits } = splitQuantity(text);
  if (integer.length + fraction.length > DIGITS_MAX) throw new QuantityError(NUMERIC_WRONG);
  const { base, exponent, format } = interpretSuffix(suffix);
  const digits = integer + fraction;
  const magnitude = BigInt(digits);

  if (format !== 'BinarySI') {
    const scale = exponent - fraction.length;
    const isInt64 = digits.length <= 18 && scale >= SCALE_MIN;
    const exact = { unscaled: magnitude, scale };
    if (!isInt64 && !hasDigits) throw new QuantityError(NUMERIC_WRONG);
    const amount = isInt64 ? exact : roundToNano(exact);
    const isCanonical = isInt64 && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0';
    return quantityOf({ amount, isNegative, format, isInt64, text: isCanonical ? text : undefined });
  }
  const unscaled = magnitude * base ** BigInt(exponent);
  const isTaken = fraction === '' && 15 - integer.length - Math.trunc((exponent * 3) / 10) - 1 >= 0;
  if (isTaken && unscaled <= INT64_MAX) {
    const amount = { unscaled, scale: 0 };
    const isCanonical = (magnitude & 7n) !== 0n;
    return quantityOf({ amount, isNegative, format, isInt64: true, text: isCanonical ? text : undefined });
  }
  if (!hasDigits) throw new QuantityError(NUMERIC_WRONG);
  const amount = roundToNano({ unscaled, scale: 0 - fraction.length });
  if (compareDecimals(amount, { unscaled: INT64_MAX, scale: 0 }) > 0) {
    return quantityOf({ amount: { unscaled: INT64_MAX, scale: 0 }, isNegative, format, isInt64: false });
  }
  const isFraction = amount.unscaled > 0n && compareDecimals(amount, { unscaled: 1n, scale: 0 }) < 0;
  return quantityOf({ amount, isNegative, format: isFraction ? 'DecimalSI' : format, isInt64: false });
}

/** The canonical text: no fraction, no lost precision, the largest suffix of the quantity's family. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.unscaled === 0n) return '0';
  if (quantity.format === 'BinarySI') {
    const integer = exactInteger(quantity);
    // Below 1Ki upstream prints a plain number, and a fraction cannot be printed with binary suffixes.
    if (integer !== undefined && (integer <= -1024n || integer >= 1024n)) return formatBinary(integer);
  }
  return formatDecimal(quantity);
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return compareDecimals(a, b);
}

/** A whole number of 64 bits as a quantity. */
export function quantityOfInteger(value: bigint, format: QuantityFormat): Quantity {
  return { unscaled: value, scale: 0, format, isInt64: true };
}

/** The exact sum, in the format of `a`, or of `b` if `a` is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const format = a.unscaled === 0n ? b.format : a.format;
  const fast = addInt64(a, b);
  if (fast !== undefined) return { ...fast, format, isInt64: true };
  const scale = Math.min(a.scale, b.scale);
  return { unscaled: unscaledAt(a, scale) + unscaledAt(b, scale), scale, format, isInt64: false };
}

/**
 * The difference, in the format of `a`, or of `b` if `a` is zero. Exact, but for the least of all int64: upstream
 * negates it within 64 bits, and adds it instead.
 */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  const format = a.unscaled === 0n ? b.format : a.format;
  const fast = addInt64(a, { ...b, unscaled: BigInt.asIntN(64, -b.unscaled) });
  if (fast !== undefined) return { ...fast, format, isInt64: true };
  const scale = Math.min(a.scale, b.scale);
  return { unscaled: unscaledAt(a, scale) - unscaledAt(b, scale), scale, format, isInt64: false };
}

/** The number as an int64, if upstream holds it in one and has no decimals; 1.0 has one. */
export function quantityAsInt64({ unscaled, scale, isInt64 }: Quantity): bigint | undefined {
  if (!isInt64 || scale < 0 || (scale > 0 && unscaled === INT64_MIN)) return undefined;
  const value = unscaledAt({ unscaled, scale }, 0);
  return isInt64Value(value) ? value : undefined;
}

/** The nearest double, or one beside it: as upstream, mantissa and power of ten are rounded one by one. */
export function quantityAsFloat({ unscaled, scale }: Quantity): number {
  return scale === 0 ? Number(unscaled) : Number(unscaled) * powerOfTen(scale);
}

interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** The sum as long as all steps of it stay within 64 bits. */
function addInt64(a: Quantity, b: Quantity): Decimal | undefined {
  if (!a.isInt64 || !b.isInt64) return undefined;
  if (b.unscaled === 0n) return { unscaled: a.unscaled, scale: a.scale };
  if (a.unscaled === 0n) return { unscaled: b.unscaled, scale: b.scale };
  const scale = Math.min(a.scale, b.scale);
  const [left, right] = [unscaledAt(a, scale), unscaledAt(b, scale)];
  const sum = left + right;
  return isInt64Value(left) && isInt64Value(right) && isInt64Value(sum)
    ? { unscaled: sum, scale }
    : undefined;
}

function isInt64Value(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** Go's math.Pow10, which multiplies (or divides) two correctly rounded powers. */
function powerOfTen(exponent: number): number {
  if (exponent < -323) return 0;
  if (exponent > 308) return Number.POSITIVE_INFINITY;
  const size = Math.abs(exponent);
  const [coarse, fine] = [size - (size % 32), size % 32];
  return exponent < 0
    ? Number(`1e-${coarse}`) / Number(`1e${fine}`)
    : Number(`1e${coarse}`) * Number(`1e${fine}`);
}

/**
 * Upstream's scanner: it takes the sign, strips leading zeros and takes a number without any digit for
 * zero, so that `.` and `-` are quantities (but not with a suffix that makes zero large: `.Pi`).
 */
function splitQuantity(text: string): {
  isNegative: boolean;
  integer: string;
  fraction: string;
  suffix: string;
  hasDigits: boolean;
} {
  const sign = text[0];
  let position = sign === '-' || sign === '+' ? 1 : 0;
  const numberStart = position;
  while (text[position] === '0') position++;
  const integerStart = position;
  position = skipDigits(text, position);
  const integer = text.slice(integerStart, position) || '0';
  let fraction = '';
  if (text[position] === '.') {
    const fractionStart = position + 1;
    position = skipDigits(text, fractionStart);
    fraction = text.slice(fractionStart, position);
  }
  const suffixStart = position;
  while (position < text.length && 'eEinumkKMGTP'.includes(text[position]!)) position++;
  if (text[position] === '-' || text[position] === '+') position++;
  position = skipDigits(text, position);
  if (position < text.length) throw new QuantityError(FORMAT_WRONG);
  const hasDigits = suffixStart - numberStart > (text.slice(numberStart, suffixStart).includes('.') ? 1 : 0);
  return { isNegative: sign === '-', integer, fraction, suffix: text.slice(suffixStart), hasDigits };
}

function skipDigits(text: string, from: number): number {
  let position = from;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code < 48 || code > 57) break;
    position++;
  }
  return position;
}

function interpretSuffix(suffix: string): { base: bigint; exponent: number; format: QuantityFormat } {
  const decimal = DECIMAL_SUFFIXES.get(suffix);
  if (decimal !== undefined) return { base: 10n, exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  if (binary > 0) return { base: 2n, exponent: binary * 10, format: 'BinarySI' };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new QuantityError(SUFFIX_WRONG);
  const exponent = Number(suffix.slice(1));
  if (Math.abs(exponent) > EXPONENT_MAX) throw new QuantityError(SUFFIX_WRONG);
  // Number('-0') would be a negative zero, which nobody else expects.
  return { base: 10n, exponent: exponent === 0 ? 0 : exponent, format: 'DecimalExponent' };
}

function quantityOf(parts: {
  readonly amount: Decimal;
  readonly isNegative: boolean;
  readonly format: QuantityFormat;
  readonly isInt64: boolean;
  readonly text?: string | undefined;
}): Quantity {
  const { amount, isNegative, format, isInt64, text } = parts;
  const unscaled = isNegative ? -amount.unscaled : amount.unscaled;
  return { unscaled, scale: amount.scale, format, isInt64, ...(text === undefined ? {} : { text }) };
}

/** A magnitude in whole nanos, rounded up: whoever asks for a little of a resource gets some of it. */
function roundToNano(amount: Decimal): Decimal {
  if (amount.scale >= SCALE_MIN) return { unscaled: unscaledAt(amount, SCALE_MIN), scale: SCALE_MIN };
  const divisor = 10n ** BigInt(SCALE_MIN - amount.scale);
  return { unscaled: (amount.unscaled + divisor - 1n) / divisor, scale: SCALE_MIN };
}

function unscaledAt(amount: Decimal, scale: number): bigint {
  return amount.scale === scale ? amount.unscaled : amount.unscaled * 10n ** BigInt(amount.scale - scale);
}

function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.min(a.scale, b.scale);
  const [left, right] = [unscaledAt(a, scale), unscaledAt(b, scale)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function exactInteger({ unscaled, scale }: Decimal): bigint | undefined {
  if (scale >= 0) return unscaledAt({ unscaled, scale }, 0);
  const divisor = 10n ** BigInt(-scale);
  return unscaled % divisor === 0n ? unscaled / divisor : undefined;
}

function formatBinary(integer: bigint): string {
  let mantissa = integer;
  let power = 0;
  while (power < BINARY_SUFFIXES.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${BINARY_SUFFIXES[power]}`;
}

function formatDecimal(quantity: Quantity): string {
  let mantissa = quantity.unscaled;
  let exponent = quantity.scale;
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    exponent++;
  }
  // The largest multiple of three at or below the exponent; the decimal suffixes end at E.
  let target = Math.floor(exponent / 3) * 3;
  if (quantity.format !== 'DecimalExponent') target = Math.min(target, 18);
  mantissa *= 10n ** BigInt(exponent - target);
  if (quantity.format === 'DecimalExponent') return target === 0 ? `${mantissa}` : `${mantissa}e${target}`;
  for (const [suffix, power] of DECIMAL_SUFFIXES) if (power === target) return `${mantissa}${suffix}`;
  return `${mantissa}`;
}
