import { goQuote } from '../../field-error.ts';
import { toByteText } from '../../go/mod.ts';

/** One `%…` of a format. */
export interface FormatClause {
  readonly verb: FormatVerb;
  /** `.3` before the verb. */
  readonly precision: number | undefined;
  /** Which of the arguments it shows, from 0. */
  readonly argument: number;
}

export type FormatVerb = 's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o';

/** A format that is no format; the message is cel-go's. */
export class FormatStringError extends Error {
  override readonly name = 'FormatStringError';
}

/**
 * Splits the format of `string.format` into texts and clauses, lazily: cel-go formats while it parses, so that
 * of two faults the first one shows.
 *
 * @throws {FormatStringError} while iterating.
 */
export function* parseFormat(format: string, argumentCount: number): Generator<string | FormatClause> {
  let argument = 0;
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf('%', at);
    if (percent < 0) {
      yield format.slice(at);
      return;
    }
    if (percent > at) yield format.slice(at, percent);
    if (format[percent + 1] === '%') {
      yield '%';
      at = percent + 2;
      continue;
    }
    if (argument >= argumentCount) throw new FormatStringError(`index ${argument} out of range`);
    if (percent + 1 >= format.length) throw new FormatStringError('unexpected end of string');
    const { end, ...clause } = parseClause(format, percent + 1);
    yield { ...clause, argument };
    at = end;
    argument++;
  }
}

const INT64_MAX = 2n ** 63n - 1n;
const PRECISION_WRONG = 'could not parse formatting clause: error while parsing precision: ';

function parseClause(
  format: string,
  start: number,
): { readonly verb: FormatVerb; readonly precision: number | undefined; readonly end: number } {
  let at = start;
  let precision: number | undefined;
  if (format[at] === '.') {
    const digits = /^[0-9]*/.exec(format.slice(at + 1))![0];
    at += 1 + digits.length;
    if (at >= format.length) {
      throw new FormatStringError(`${PRECISION_WRONG}could not find end of precision specifier`);
    }
    precision = parsePrecision(digits);
  }
  const verb = format[at]!;
  if (!isVerb(verb)) {
    // Upstream reads bytes: of other than ASCII characters it shows the first byte as one of Latin-1.
    const byte = toByteText(String.fromCodePoint(format.codePointAt(at)!))[0];
    throw new FormatStringError(
      `could not parse formatting clause: unrecognized formatting clause "${byte}"`,
    );
  }
  return { verb, precision, end: at + 1 };
}

function parsePrecision(digits: string): number {
  const significant = digits.replace(/^0+(?=.)/, '');
  if (digits !== '' && significant.length <= 19 && BigInt(significant) <= INT64_MAX) return Number(digits);
  const reason = digits === '' ? 'invalid syntax' : 'value out of range';
  throw new FormatStringError(
    `${PRECISION_WRONG}error while converting precision to integer: strconv.Atoi: parsing ${goQuote(digits)}: ${reason}`,
  );
}

function isVerb(character: string): character is FormatVerb {
  return 'sdfebxXo'.includes(character);
}

/** What cel-go says of an argument that a verb cannot show. */
export function verbError(verb: FormatVerb, typeName: string): string {
  return `error during formatting: ${WANTED[verb]}, was given ${typeName}`;
}

const HEX_WANTED = 'only integers, byte buffers, and strings can be formatted as hex';

const WANTED: Readonly<Record<FormatVerb, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: HEX_WANTED,
  X: HEX_WANTED,
  o: 'octal clause can only be used on integers',
};
