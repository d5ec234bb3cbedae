import type { FunctionDeclaration, Overload } from '../functions.ts';
import { doubleText } from '../number-text.ts';
import { checkedInt, checkedUint, intMax, intMin, intOverflow, uintMax, uintOverflow } from '../numbers.ts';
import {
  durationText,
  parseGoDuration,
  parseTimestamp,
  secondsOf,
  timestampAt,
  timestampText,
} from '../time-text.ts';
import type { CelDuration, CelTimestamp } from '../time-values.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  stringType,
  timestampType,
  typeTypeOf,
  uintType,
} from '../types.ts';
import { CelError, type CelResult, CelUint, type CelValue, typeOf } from '../values.ts';
import { plain, typeA, unguarded } from './declare.ts';

const identity = (value: CelValue): CelResult => value;

/** `int(x)` and its like, `type(x)` and `dyn(x)`. */
export const conversionFunctions: readonly FunctionDeclaration[] = [
  unguarded('type', [['type', [typeA], typeTypeOf(typeA)]], ((value: CelValue) =>
    typeOf(value)) as () => CelResult),
  unguarded('dyn', [['to_dyn', [typeA], dynType]], identity as () => CelResult),
  conversions('bool', boolType, [
    ['bool_to_bool', boolType, identity],
    ['string_to_bool', stringType, parseBool],
  ]),
  conversions('bytes', bytesType, [
    ['bytes_to_bytes', bytesType, identity],
    ['string_to_bytes', stringType, (text: string) => new Uint8Array(Buffer.from(text, 'utf8'))],
  ]),
  conversions('double', doubleType, [
    ['double_to_double', doubleType, identity],
    ['int64_to_double', intType, (value: bigint) => Number(value)],
    ['string_to_double', stringType, parseDouble],
    ['uint64_to_double', uintType, (value: CelUint) => Number(value.value)],
  ]),
  conversions('duration', durationType, [
    ['duration_to_duration', durationType, identity],
    // Declared, but cel-go has no code for it.
    ['int64_to_duration', intType, () => unconvertible(intType, durationType)],
    [
      'string_to_duration',
      stringType,
      (text: string) => parseGoDuration(text) ?? unconvertible(stringType, durationType),
    ],
  ]),
  conversions('int', intType, [
    ['int64_to_int64', intType, identity],
    ['double_to_int64', doubleType, doubleToInt],
    ['duration_to_int64', durationType, (value: CelDuration) => value.nanos],
    ['string_to_int64', stringType, (text: string) => parseInteger(text, intType)],
    ['timestamp_to_int64', timestampType, (value: CelTimestamp) => secondsOf(value)],
    ['uint64_to_int64', uintType, (value: CelUint) => checkedInt(value.value)],
  ]),
  conversions('string', stringType, [
    ['string_to_string', stringType, identity],
    ['bool_to_string', boolType, (value: boolean) => String(value)],
    ['bytes_to_string', bytesType, bytesToText],
    ['double_to_string', doubleType, (value: number) => doubleText(value)],
    ['duration_to_string', durationType, (value: CelDuration) => durationText(value)],
    ['int64_to_string', intType, (value: bigint) => value.toString()],
    ['timestamp_to_string', timestampType, (value: CelTimestamp) => timestampText(value)],
    ['uint64_to_string', uintType, (value: CelUint) => value.value.toString()],
  ]),
  conversions('timestamp', timestampType, [
    ['timestamp_to_timestamp', timestampType, identity],
    ['int64_to_timestamp', intType, (seconds: bigint) => timestampAt(seconds * 1_000_000_000n)],
    [
      'string_to_timestamp',
      stringType,
      (text: string) => parseTimestamp(text) ?? unconvertible(stringType, timestampType),
    ],
  ]),
  conversions('uint', uintType, [
    ['uint64_to_uint64', uintType, identity],
    ['double_to_uint64', doubleType, doubleToUint],
    ['int64_to_uint64', intType, (value: bigint) => checkedUint(value)],
    ['string_to_uint64', stringType, (text: string) => parseInteger(text, uintType)],
  ]),
];

function conversions(
  name: string,
  result: CelType,
  overloads: readonly (readonly [string, CelType, (value: never) => CelResult])[],
): FunctionDeclaration {
  return {
    name,
    overloads: overloads.map(([id, from, evaluate]): Overload => plain([id, [from], result], evaluate)),
  };
}

function unconvertible(from: CelType, to: CelType): CelError {
  return new CelError(`type conversion error from '${from.name}' to '${to.name}'`);
}

/** What Go's strconv.ParseBool takes. */
function parseBool(text: string): CelResult {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return unconvertible(stringType, boolType);
}

/** What Go's strconv.ParseFloat takes, hexadecimal floats excepted. */
function parseDouble(text: string): CelResult {
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2]!.toLowerCase() === 'nan') {
      return special[1] === '' ? Number.NaN : unconvertible(stringType, doubleType);
    }
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return unconvertible(stringType, doubleType);
  const value = Number(text);
  return Number.isFinite(value) ? value : unconvertible(stringType, doubleType);
}

function parseInteger(text: string, to: CelType): CelResult {
  const pattern = to === intType ? /^[+-]?\d+$/ : /^\d+$/;
  // No integer of 64 bits has more digits, zeros before it apart; without a bound this would be quadratic.
  if (!pattern.test(text) || text.replace(/^[+-]?0*/, '').length > 20) return unconvertible(stringType, to);
  const value = BigInt(text.replace('+', ''));
  if (to === intType) return value < intMin || value > intMax ? unconvertible(stringType, to) : value;
  return value > uintMax ? unconvertible(stringType, to) : new CelUint(value);
}

/** The bounds themselves are refused: as doubles they are already beyond the range. */
function doubleToInt(value: number): CelResult {
  return value > -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : intOverflow;
}

function doubleToUint(value: number): CelResult {
  return value >= 0 && value < 2 ** 64 ? new CelUint(BigInt(Math.trunc(value))) : uintOverflow;
}

function bytesToText(bytes: Uint8Array): CelResult {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}
