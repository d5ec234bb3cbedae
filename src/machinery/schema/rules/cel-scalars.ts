import {
  CelDuration,
  CelError,
  CelOpaque,
  type CelResult,
  CelTimestamp,
  CelType,
  type CelValue,
} from '../../cel/mod.ts';
import { goQuote } from '../../field-error.ts';
import { deepEqual, type JsonValue } from '../../json-value.ts';
import { parseFormatDuration } from '../duration-format.ts';
import { base64Error } from '../formats.ts';

/** A string of a schema with its format. What is wrong with it was refused, unless it was there before. */
export function celStringOf(text: string, format: string | undefined): CelResult {
  switch (format) {
    case 'duration': {
      const nanos = parseFormatDuration(text);
      if (nanos !== undefined) return new CelDuration(nanos);
      return new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`);
    }
    case 'date':
      return instantOf(text, { time: `${text}T00:00:00Z`, kind: 'date', layout: '2006-01-02' });
    case 'date-time':
      // Upstream takes no time at all for the beginning of time.
      if (text === '') return new CelTimestamp(0n);
      return instantOf(text, { time: text, kind: 'date-time', layout: '2006-01-02T15:04:05' });
    case 'byte':
      return bytesOf(text);
    default:
      return text;
  }
}

/** A number of a schema: integers are ints, unless they say that they are numbers. */
export function celNumberOf(value: JsonValue, type: 'integer' | 'number'): CelResult {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    const wanted = type === 'integer' ? 'int' : 'float';
    return new CelError(`invalid data, expected ${wanted}, got ${goTypeOf(value)}`);
  }
  if (type === 'number') return Number(value);
  if (typeof value === 'bigint') return value;
  return Number.isInteger(value) ? BigInt(value) : new CelError('invalid data, expected int, got float64');
}

/** How Go prints the type of decoded JSON. */
export function goTypeOf(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    default:
      if (value === null) return '<nil>';
      return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  }
}

/** What a schema keeps without knowing it. No expression can get at it, but objects that hold it are compared. */
export class UnknownValue extends CelOpaque {
  readonly #value: JsonValue;

  constructor(value: JsonValue) {
    super();
    this.#value = value;
  }

  get type(): CelType {
    return unknownType;
  }

  equals(other: CelValue): boolean {
    return other instanceof UnknownValue && deepEqual(this.#value, other.#value);
  }
}

const unknownType = new CelType({ kind: 'opaque', name: 'unknown' });

/** As upstream: validation takes the standard alphabet, and rules the one for URLs, which has two other digits. */
function bytesOf(text: string): CelResult {
  const swapped = text.replace(/[-_+/]/g, (digit) => URL_DIGITS.get(digit) ?? '?');
  const problem = base64Error(swapped);
  if (problem !== undefined) return new CelError(`Invalid byte formatted string ${text}: ${problem}`);
  return new Uint8Array(Buffer.from(swapped, 'base64'));
}

const URL_DIGITS: ReadonlyMap<string, string> = new Map([
  ['-', '+'],
  ['_', '/'],
]);

interface Instant {
  readonly time: string;
  readonly kind: string;
  readonly layout: string;
}

/** Validation takes small letters between date and time, which this does not. */
function instantOf(text: string, { time, kind, layout }: Instant): CelResult {
  const [, seconds = '', fraction = '', zone = 'Z'] = INSTANT.exec(time) ?? [];
  const millis = Date.parse(`${seconds}${zone}`);
  if (seconds === '' || Number.isNaN(millis)) {
    const problem = timeProblem(text, layout);
    return new CelError(`Invalid ${kind} formatted string ${text}: ${problem}`);
  }
  return new CelTimestamp(BigInt(millis) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0')));
}

/** What Go's parser says: of what is no date, of more than a date, or of a small t behind one. */
function timeProblem(text: string, layout: string): string {
  const start = `parsing time ${goQuote(text)}`;
  const rest = goQuote(text.slice(10));
  if (!/^\d{4}-\d{2}-\d{2}/.test(text))
    return `${start} as "${layout}": cannot parse ${goQuote(text)} as "2006"`;
  return layout.includes('T')
    ? `${start} as "${layout}": cannot parse ${rest} as "T"`
    : `${start}: extra text: ${rest}`;
}

const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
