/**
 * The nanoseconds of a text of format `duration`: Go's notation (`1h30m`, `1.5s`) or Scala's (`3 days`).
 * Undefined for any other text.
 */
export function parseFormatDuration(text: string): bigint | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  return parseGoDuration(text) ?? parseScalaDuration(text);
}

/** Real ones have a dozen characters. */
const TEXT_LENGTH_MAX = 1_000;

const INT64_MAX = 2n ** 63n - 1n;

function parseGoDuration(text: string): bigint | undefined {
  const match = /^([-+]?)(0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(GO_PART)) {
    const scale = GO_UNITS.get(unit) ?? 0n;
    total += BigInt(whole === '' ? '0' : whole) * scale + fractionOf(fraction, scale);
  }
  const isNegative = match[1] === '-';
  // The smallest int64 has no positive counterpart.
  if (total > INT64_MAX + (isNegative ? 1n : 0n)) return undefined;
  return isNegative ? -total : total;
}

const GO_PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g;

/** What is finer than a nanosecond is dropped. */
function fractionOf(digits: string, scale: bigint): bigint {
  if (digits === '') return 0n;
  const kept = digits.slice(0, 18);
  return (BigInt(kept) * scale) / 10n ** BigInt(kept.length);
}

const GO_UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Takes what it knows from anywhere in the text, as upstream, and skips the rest. */
function parseScalaDuration(text: string): bigint | undefined {
  let total: bigint | undefined;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const scale = scalaUnit(unit.toLowerCase());
    if (BigInt(count) > INT64_MAX) return undefined;
    if (scale === undefined) continue;
    total = (total ?? 0n) + BigInt(count) * scale;
  }
  return total === undefined ? undefined : BigInt.asIntN(64, total);
}

/** The last name of each unit counts as a prefix: `seconds` and `sec` are one. */
function scalaUnit(unit: string): bigint | undefined {
  for (const [names, prefix, scale] of SCALA_UNITS) {
    if (names.includes(unit) || unit.startsWith(prefix)) return scale;
  }
  return undefined;
}

const SCALA_UNITS: readonly (readonly [readonly string[], string, bigint])[] = [
  [['ns'], 'nano', 1n],
  [['us', 'µs'], 'micro', 1_000n],
  [['ms'], 'milli', 1_000_000n],
  [['s'], 'sec', 1_000_000_000n],
  [['m'], 'min', 60_000_000_000n],
  [['h', 'hr'], 'hour', 3_600_000_000_000n],
  [['d'], 'day', 86_400_000_000_000n],
  [['w', 'wk'], 'week', 604_800_000_000_000n],
];
