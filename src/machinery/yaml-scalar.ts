import type { JsonValue } from './json-value.ts';

/** `.inf` and `.nan`, which YAML has and JSON has not. */
export const NOT_JSON = Symbol('not a JSON number');

/**
 * The value that a plain (unquoted) scalar stands for in go-yaml v2, which sigs.k8s.io/yaml uses: YAML
 * 1.1 with yes/no/on/off/y/n, octal `0777`, `0x`, `0o`, `0b` and digits grouped by `_`, but without
 * base 60, and with timestamps left as strings.
 */
export function resolvePlainScalar(text: string): JsonValue | typeof NOT_JSON {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  const isDigit = first >= 0x30 && first <= 0x39;
  if (!isDigit && first !== 0x2b && first !== 0x2d && first !== 0x2e) return text;
  if (first === 0x2e) return FLOAT.test(text) ? floatOf(text) : text;
  const plain = text.replaceAll('_', '');
  const integer = integerOf(plain);
  if (integer !== undefined) return integer;
  return FLOAT.test(plain) ? floatOf(plain) : text;
}

const WORDS: ReadonlyMap<string, null | boolean | typeof NOT_JSON> = new Map<
  string,
  null | boolean | typeof NOT_JSON
>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN', '.inf', '.Inf', '.INF'].map((word) => [word, NOT_JSON] as const),
  ...['+.inf', '+.Inf', '+.INF', '-.inf', '-.Inf', '-.INF'].map((word) => [word, NOT_JSON] as const),
]);

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;

/** No integer of interest has more digits than a uint64 in binary; longer ones are floats. */
const DIGITS_MAX = 70;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** strconv.ParseInt(text, 0, 64), then ParseUint; the latter's larger results become float64 in JSON. */
function integerOf(text: string): number | bigint | undefined {
  if (text.length > DIGITS_MAX) return undefined;
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, hexadecimal, binary, octal, decimal] = match;
  let magnitude: bigint;
  if (hexadecimal !== undefined) magnitude = BigInt(`0x${hexadecimal}`);
  else if (binary !== undefined) magnitude = BigInt(`0b${binary}`);
  else if (octal !== undefined) magnitude = BigInt(`0o${octal}`);
  else magnitude = BigInt(decimal!);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value < INT64_MIN || value > UINT64_MAX) return undefined;
  const approximate = Number(value);
  return Number.isSafeInteger(approximate) || value > INT64_MAX ? approximate : value;
}

function floatOf(text: string): number | typeof NOT_JSON {
  const value = Number(text);
  if (!Number.isFinite(value)) return NOT_JSON;
  return value === 0 ? 0 : value;
}
