import { isObject, type JsonValue } from './json-value.ts';

/** `reason` of a cause in a Status, and at the same time the kind of a field error (apimachinery field.ErrorType). */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError';

/** One thing that is wrong with one field of an object. `field` is a path such as `spec.a[0].b`. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** Absent where upstream omits the value (Required, Forbidden, TooLong). */
  readonly value?: JsonValue;
  readonly detail: string;
}

const TYPE_TEXTS: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
};

export function required(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, detail };
}
export function invalid(field: string, value: JsonValue, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, value, detail };
}
export function typeInvalid(field: string, value: JsonValue, detail: string): FieldError {
  return { type: 'FieldValueTypeInvalid', field, value, detail };
}
export function forbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, detail };
}
export function duplicate(field: string, value: JsonValue): FieldError {
  return { type: 'FieldValueDuplicate', field, value, detail: '' };
}
export function notFound(field: string, value: JsonValue): FieldError {
  return { type: 'FieldValueNotFound', field, value, detail: '' };
}
export function notSupported(field: string, value: JsonValue, supported: readonly string[]): FieldError {
  const list = supported.map((text) => goQuote(text)).join(', ');
  const detail = supported.length > 0 ? `supported values: ${list}` : '';
  return { type: 'FieldValueNotSupported', field, value, detail };
}
export function tooLong(field: string, bytesMax: number): FieldError {
  const unit = bytesMax === 1 ? 'byte' : 'bytes';
  return { type: 'FieldValueTooLong', field, detail: `may not be more than ${bytesMax} ${unit}` };
}
export function tooMany(field: string, actual: number, max: number): FieldError {
  const unit = max === 1 ? 'item' : 'items';
  return { type: 'FieldValueTooMany', field, value: actual, detail: `must have at most ${max} ${unit}` };
}

/** The message of a cause: the error without its field path. */
export function fieldErrorBody(error: FieldError): string {
  let text = TYPE_TEXTS[error.type];
  if (error.value !== undefined && shouldShowValue(error.type)) text += `: ${renderValue(error.value)}`;
  if (error.detail !== '') text += `: ${error.detail}`;
  return text;
}

/** `<field>: <body>`, as upstream prints one error. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

/** All errors in one text, each once, as upstream prints an aggregate. */
export function aggregateErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(fieldErrorText))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

/** `path.key`, or just the key at the root. */
export function child(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
/** `path[3]` or `path[key]`. */
export function at(path: string, index: number | string): string {
  return `${path}[${index}]`;
}

/** A Go string literal (strconv.Quote) as `%q` prints it. */
export function goQuote(text: string): string {
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === '"' || character === '\\') out += `\\${character}`;
    else if (character === '\n') out += '\\n';
    else if (character === '\t') out += '\\t';
    else if (character === '\r') out += '\\r';
    else if (character === '\x07') out += '\\a';
    else if (character === '\b') out += '\\b';
    else if (character === '\f') out += '\\f';
    else if (character === '\v') out += '\\v';
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) out += character;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${out}"`;
}

function shouldShowValue(type: FieldErrorType): boolean {
  return (
    type !== 'FieldValueRequired' &&
    type !== 'FieldValueForbidden' &&
    type !== 'FieldValueTooLong' &&
    type !== 'InternalError'
  );
}

function hex4(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, '0');
}

function renderValue(value: JsonValue): string {
  if (typeof value === 'string') return goQuote(value);
  if (isObject(value) || Array.isArray(value)) {
    const text = JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? Number(item) : item));
    // Go's encoder makes JSON that may stand in a web page.
    return text.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${hex4(character)}`);
  }
  return String(value);
}
