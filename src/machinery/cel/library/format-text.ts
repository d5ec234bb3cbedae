import { goQuote } from '../../field-error.ts';
import { doubleText } from '../number-text.ts';
import { durationText, timestampText } from '../time-text.ts';
import { CelDuration, CelTimestamp } from '../time-values.ts';
import { CelType } from '../types.ts';
import {
  CelError,
  type CelList,
  type CelMap,
  type CelResult,
  CelUint,
  type CelValue,
  itemsOf,
  typeOf,
} from '../values.ts';
import { type FormatClause, FormatStringError, parseFormat, verbError } from './format-string.ts';
import { formatFixed, formatPlainFixed, formatScientific } from './go-float.ts';

/** `format.format(args)`: cel-go's strings extension up to version 3, which formats doubles for en-US. */
export function formatText(format: string, args: CelList): CelResult {
  let out = '';
  try {
    for (const part of parseFormat(format, args.size)) {
      const text = typeof part === 'string' ? part : formatClause(part, args.get(part.argument));
      if (text instanceof CelError) return text;
      out += text;
    }
  } catch (error) {
    if (error instanceof FormatStringError) return new CelError(error.message);
    throw error;
  }
  return out;
}

type Text = string | CelError;

const PRECISION_DEFAULT = 6;

function formatClause({ verb, precision = PRECISION_DEFAULT }: FormatClause, value: CelValue): Text {
  const text = ((): Text | undefined => {
    switch (verb) {
      case 's':
        return stringText(value);
      case 'd':
        return integerOf(value)?.toString();
      case 'f':
      case 'e': {
        const double = doubleOf(value);
        if (double === undefined) return undefined;
        return verb === 'f' ? formatFixed(double, precision) : formatScientific(double, precision);
      }
      case 'b':
        return typeof value === 'boolean' ? String(Number(value)) : integerOf(value)?.toString(2);
      case 'o':
        return integerOf(value)?.toString(8);
      case 'x':
        return hexText(value);
      case 'X':
        return hexText(value)?.toUpperCase();
    }
  })();
  return text ?? new CelError(verbError(verb, typeOf(value).name));
}

/** `%s`; undefined for types that it does not show. */
function stringText(value: CelValue): Text | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return doubleText(value);
  if (typeof value === 'boolean' || typeof value === 'bigint' || value === null) return String(value);
  if (value instanceof CelUint) return value.value.toString();
  if (value instanceof Uint8Array) return bytesText(value);
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelDuration) return durationText(value);
  if (value instanceof CelType) return value.name;
  const { kind } = typeOf(value);
  if (kind === 'list') return listText(value as CelList);
  return kind === 'map' ? mapText(value as CelMap) : undefined;
}

/** A value inside a list or a map: texts are quoted, so that all of it could be read as an expression. */
function literalText(value: CelResult): Text {
  if (value instanceof CelError)
    return new CelError('error during formatting: no formatting function for error');
  if (typeof value === 'number') {
    const text = formatPlainFixed(value, PRECISION_DEFAULT);
    return Number.isFinite(value) ? text : goQuote(text);
  }
  const text = stringText(value);
  if (text === undefined) {
    return new CelError(`error during formatting: no formatting function for ${typeOf(value).name}`);
  }
  if (text instanceof CelError) return text;
  if (typeof value === 'string') return goQuote(text);
  if (value instanceof Uint8Array) return `b${goQuote(text)}`;
  if (value instanceof CelTimestamp) return `timestamp(${goQuote(text)})`;
  return value instanceof CelDuration ? `duration(${goQuote(text)})` : text;
}

function listText(list: CelList): Text {
  const texts: string[] = [];
  for (const item of itemsOf(list)) {
    const text = literalText(item);
    if (text instanceof CelError) return text;
    texts.push(text);
  }
  return `[${texts.join(', ')}]`;
}

/** In the order of the keys' texts. */
function mapText(map: CelMap): Text {
  const entries: { readonly key: string; readonly value: string }[] = [];
  for (const key of map.keys()) {
    const isShown = typeof key === 'string' || typeof key === 'boolean' || integerOf(key) !== undefined;
    if (!isShown) {
      const problem = `no formatting function for map key of type ${typeOf(key).name}`;
      return new CelError(`error during formatting: ${problem}`);
    }
    const value = map.get(key);
    if (value instanceof CelError) return value;
    const texts = [literalText(key), literalText(value ?? null)] as const;
    for (const text of texts) if (text instanceof CelError) return text;
    entries.push({ key: texts[0] as string, value: texts[1] as string });
  }
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  return `{${entries.map(({ key, value }) => `${key}:${value}`).join(', ')}}`;
}

function integerOf(value: CelValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return value instanceof CelUint ? value.value : undefined;
}

function doubleOf(value: CelValue): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

function hexText(value: CelValue): string | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return integerOf(value)?.toString(16);
}

function bytesText(bytes: Uint8Array): Text {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const reason = goQuote('invalid UTF-8 in bytes, cannot convert to string');
    return new CelError(`error during formatting: could not convert argument ${reason} to string`);
  }
}
