import { newBadRequest, type StatusError } from './status-error.ts';

/** One term of a field selector; `==` is read as `=`. */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A conjunction of terms. Which fields a resource supports is for the caller to check. */
export interface FieldSelector {
  readonly terms: readonly FieldTerm[];
  /** Asks for the value of each field; an absent field has the empty value. */
  matches(fields: (field: string) => string): boolean;
  /** The value that the first `=` term for the field demands, if there is one. */
  exact(field: string): string | undefined;
  /** The canonical form: sorted terms, values escaped; empty if the selector takes everything. */
  readonly text: string;
}

/** The bound of label selectors, and for the same reason. */
const TERMS_MAX = 200;

/** Takes every object. */
export const everythingFieldSelector: FieldSelector = selectorOf([]);

/**
 * Reads the `fieldSelector` parameter: terms `field=value`, `field==value` and `field!=value`, joined by
 * commas. In a value, a backslash escapes a backslash, a comma and an equals sign.
 *
 * @throws StatusError 400 with upstream's text; also beyond 200 terms.
 */
export function parseFieldSelector(text: string): FieldSelector {
  const parts = splitTerms(text).sort();
  if (parts.length > TERMS_MAX) {
    throw newBadRequest(`field selector is too large: at most ${TERMS_MAX} terms are allowed`);
  }
  const terms = parts.map((part) => parseTerm(part, text));
  return terms.length === 0 ? everythingFieldSelector : selectorOf(terms);
}

/** The value in the form in which a selector can hold it. */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}

function selectorOf(terms: readonly FieldTerm[]): FieldSelector {
  return {
    terms,
    text: terms.map(({ field, operator, value }) => field + operator + escapeFieldValue(value)).join(','),
    matches: (fields) =>
      terms.every(({ field, operator, value }) => (fields(field) === value) === (operator === '=')),
    exact: (wanted) => terms.find(({ field, operator }) => field === wanted && operator === '=')?.value,
  };
}

/** Splits at the commas that no backslash escapes, keeps the escapes, and drops empty terms. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  let isEscaped = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isEscaped) {
      isEscaped = false;
    } else if (character === '\\') {
      isEscaped = true;
    } else if (character === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.filter((term) => term !== '');
}

/** A field name has no escapes, so that the first operator splits the term. */
function parseTerm(term: string, selector: string): FieldTerm {
  const split = /!=|==|=/.exec(term);
  if (split === null) throw newBadRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  return {
    field: term.slice(0, split.index),
    operator: split[0] === '!=' ? '!=' : '=',
    value: unescapeFieldValue(term.slice(split.index + split[0].length)),
  };
}

function unescapeFieldValue(text: string): string {
  let value = '';
  let isEscaped = false;
  for (const character of text) {
    if (isEscaped) {
      if (character !== '\\' && character !== ',' && character !== '=') throw invalidEscape(`\\${character}`);
      value += character;
      isEscaped = false;
    } else if (character === '\\') {
      isEscaped = true;
    } else if (character === '=') {
      // Upstream prints the number of the character rather than the character.
      throw newBadRequest(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`);
    } else {
      value += character;
    }
  }
  if (isEscaped) throw invalidEscape('\\');
  return value;
}

function invalidEscape(sequence: string): StatusError {
  return newBadRequest(`invalid field selector: invalid escape sequence: ${sequence}`);
}
