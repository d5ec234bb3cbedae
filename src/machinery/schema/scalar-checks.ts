import { invalid, notSupported, tooLong, typeInvalid } from '../field-error.ts';
import { deepEqual, isObject, type JsonValue } from '../json-value.ts';
import { isKnownFormat, matchesFormat } from './formats.ts';
import { compilePattern, PatternError } from './pattern.ts';
import type { Schema } from './schema.ts';
import type { ValidationReport, ValidationScope } from './validation-report.ts';

/** A value at its place. */
export interface Checked {
  readonly value: JsonValue;
  /** Path below the validated value, with a leading dot for keys of a map at the root. */
  readonly path: string;
  readonly scope: ValidationScope;
  readonly report: ValidationReport;
}

/** Checks the type of a value of any kind. */
export function checkType(schema: Schema, checked: Checked): void {
  const types = typesOf(schema, checked.scope);
  if (types === undefined) return;
  checked.report.matches += 1;
  const { value } = checked;
  if (value === null) {
    if (schema.nullable !== true) addTypeError(checked, types, 'null');
    return;
  }
  const actual = jsonTypeOf(value);
  const isMatch = types.includes(actual) || (actual === 'integer' && types.includes('number'));
  if (isMatch) {
    checked.report.matches += 1;
    return;
  }
  const format = enforcedFormat(schema);
  // As upstream, a text with a format may as well be a list.
  if (format !== undefined && actual === 'array' && !isNumeric(schema)) {
    checked.report.matches += 1;
    return;
  }
  // Upstream names the formats instead of the types where it knows one, except for strings and lists.
  if (format !== undefined && actual !== 'string' && actual !== 'array') {
    addTypeError(checked, format, formatOfType(actual));
  } else {
    addTypeError(checked, types, actual);
  }
}

/** Checks length, pattern and format of a string. As upstream, only the first error of length and pattern counts. */
export function checkString(schema: Schema, value: string, checked: Checked): void {
  const { path, scope, report } = checked;
  report.matches += 1;
  if (schema.maxLength !== undefined && isLongerThan(value, schema.maxLength)) {
    report.add(tooLong(scope.field(path), schema.maxLength));
  } else if (schema.minLength !== undefined && !isLongerThan(value, schema.minLength - 1)) {
    const detail = `${path} in body should be at least ${schema.minLength} chars long`;
    report.add(invalid(scope.field(path), value, detail));
  } else if (schema.pattern !== undefined && schema.pattern !== '') {
    checkPattern(schema.pattern, value, checked);
  }
  const format = enforcedFormat(schema);
  if (format === undefined || isNumeric(schema)) return;
  report.matches += 1;
  if (!matchesFormat(format, value)) addTypeError(checked, format, value);
}

/** Checks the range of a number, exactly also beyond 2^53. */
export function checkNumber(schema: Schema, value: number | bigint, checked: Checked): void {
  const { path, scope, report } = checked;
  report.matches += 2;
  const format = isNumeric(schema) ? schema.format : undefined;
  if (format !== undefined && !fitsFormat(value, format)) {
    const detail = `Checked value must be of type ${schema.type} with format ${format} in ${path}`;
    report.add(invalid(scope.field(''), '', detail));
  }
  const complain = (what: string) =>
    report.add(invalid(scope.field(path), value, `${path} in body should be ${what}`));
  const { multipleOf, minimum, maximum } = schema;
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
    complain(`a multiple of ${printNumber(multipleOf)}`);
  }
  if (minimum !== undefined) {
    const isExclusive = schema.exclusiveMinimum === true;
    if (value < minimum || (isExclusive && value <= minimum)) {
      complain(`greater than ${isExclusive ? '' : 'or equal to '}${printNumber(minimum)}`);
    }
  }
  if (maximum !== undefined) {
    const isExclusive = schema.exclusiveMaximum === true;
    if (value > maximum || (isExclusive && value >= maximum)) {
      complain(`less than ${isExclusive ? '' : 'or equal to '}${printNumber(maximum)}`);
    }
  }
}

/** Checks that the value is one of the enum. A null passes only if the enum lists it. */
export function checkEnum(schema: Schema, { value, path, scope, report }: Checked): void {
  const values = schema.enum;
  if (values === undefined || values.length === 0) return;
  if (!scope.spend(values.length) || values.some((allowed) => deepEqual(allowed, value))) return;
  report.add(notSupported(scope.field(path), value, values.map(printEnumValue)));
}

/** The JSON type as upstream names it; an integral number is an integer, however it was written. */
export function jsonTypeOf(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'number';
    default:
      return value === null ? 'null' : isObject(value) ? 'object' : 'array';
  }
}

/** The format that values of this schema are checked for: only formats of its type count. */
export function enforcedFormat(schema: Schema): string | undefined {
  const format = schema.format;
  if (format === undefined || format === '') return undefined;
  switch (schema.type) {
    case undefined:
    case '':
    case 'string':
      return isKnownFormat(format) ? format : undefined;
    case 'integer':
      return format === 'int32' || format === 'int64' ? format : undefined;
    case 'number':
      return format === 'float' || format === 'double' ? format : undefined;
    default:
      return undefined;
  }
}

function typesOf(schema: Schema, { isDefault }: ValidationScope): readonly string[] | undefined {
  if (schema['x-kubernetes-int-or-string'] === true && !isDefault) return INT_OR_STRING;
  return TYPE_LISTS.get(schema.type ?? '') ?? (schema.type ? [schema.type] : undefined);
}

const INT_OR_STRING: readonly string[] = ['integer', 'string'];

/** Made once, because every node of every object asks for one. */
const TYPE_LISTS: ReadonlyMap<string, readonly string[]> = new Map(
  ['object', 'array', 'string', 'integer', 'number', 'boolean'].map((type) => [type, [type]]),
);

function isNumeric(schema: Schema): boolean {
  return schema.type === 'integer' || schema.type === 'number';
}

function addTypeError(checked: Checked, expected: string | readonly string[], actual: string): void {
  const { path, scope, report } = checked;
  const types = typeof expected === 'string' ? expected : expected.join(',');
  const detail = `${path} in body must be of type ${types}: ${JSON.stringify(actual)}`;
  report.add(typeInvalid(scope.field(path), actual, detail));
}

function formatOfType(type: string): string {
  return type === 'integer' ? 'int64' : type === 'number' ? 'float64' : '';
}

function checkPattern(pattern: string, value: string, { path, scope, report }: Checked): void {
  let detail = `${path} in body should match '${pattern}'`;
  try {
    const compiled = compilePattern(pattern);
    // A match takes time in proportion to both lengths, at worst.
    if (!scope.spend(Math.ceil((value.length * compiled.size) / PATTERN_STEPS_PER_WORK))) return;
    if (compiled.test(value)) return;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    detail = `${path} in body should match '${pattern}, but pattern is invalid: ${error.message}'`;
  }
  report.add(invalid(scope.field(path), value, detail));
}

/** About as many characters times pattern characters as are matched in the time in which one node is checked. */
const PATTERN_STEPS_PER_WORK = 64;

/** Compares the number of code points, not of UTF-16 units. */
function isLongerThan(text: string, length: number): boolean {
  if (text.length <= length) return false;
  if (text.length > 2 * length) return true;
  let count = 0;
  for (const _ of text) if (++count > length) return true;
  return false;
}

function fitsFormat(value: number | bigint, format: string): boolean {
  switch (format) {
    case 'int32':
      return value >= -(2 ** 31) && value < 2 ** 31;
    case 'int64':
      return value >= -(2n ** 63n) && value < 2n ** 63n;
    case 'float':
      return Math.abs(Number(value)) <= FLOAT32_MAX;
    default:
      return true;
  }
}

const FLOAT32_MAX = 3.4028234663852886e38;

function isMultiple(value: number | bigint, factor: number): boolean {
  if (!(factor > 0)) return false;
  if (Number.isInteger(factor) && (typeof value === 'bigint' || Number.isInteger(value))) {
    return BigInt(value) % BigInt(factor) === 0n;
  }
  const quotient = factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor;
  const whole = Math.trunc(quotient);
  if (quotient === whole) return true;
  // Upstream forgives the error of one division.
  return Math.abs(quotient - whole) / (Math.abs(quotient) + Math.abs(whole)) < 1e-9;
}

/** Go's %v of a float64: the exponent has at least two digits. */
function printNumber(value: number | bigint): string {
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function printEnumValue(value: JsonValue): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? Number(item) : item));
}
