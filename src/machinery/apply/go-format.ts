import { goQuote } from '../field-error.ts';
import { sortedKeys } from '../json-encoder.ts';
import type { JsonValue } from '../json-value.ts';

/** A value as Go's `%#v` prints what the wire delivers: `map[string]interface {}{"a":1}`. */
export function goSyntax(value: JsonValue): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value === 'object') {
    const members = sortedKeys(value).filter((key) => value[key] !== undefined);
    return `map[string]interface {}{${members.map((key) => `${goQuote(key)}:${goSyntax(value[key] ?? null)}`).join(', ')}}`;
  }
  return goScalar(value);
}

/** A value as Go's `%v` prints it: `map[a:1 b:x]`. */
export function goPlain(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(goPlain).join(' ')}]`;
  if (typeof value === 'object') {
    const members = sortedKeys(value).filter((key) => value[key] !== undefined);
    return `map[${members.map((key) => `${key}:${goPlain(value[key] ?? null)}`).join(' ')}]`;
  }
  return goScalar(value);
}

/** The Go type (`%T`) of a decoded value. */
export function goType(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float64';
}

/** Booleans and numbers as `%v` prints them: Go goes over to exponents below 1e-4 and from 1e6 on. */
export function goScalar(value: boolean | number | bigint): string {
  // A whole number arrives as an int64, which never has an exponent.
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return String(value);
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
