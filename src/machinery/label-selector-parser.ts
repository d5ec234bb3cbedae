import { fieldErrorText, invalid } from './field-error.ts';
import {
  type LabelOperator,
  type LabelRequirement,
  requirementProblem,
} from './label-selector-requirement.ts';
import { qualifiedNameErrors } from './names.ts';
import { newBadRequest, type StatusError } from './status-error.ts';

/**
 * Upper bounds of one selector. Real ones have a handful of terms; what a 64 KiB URL could hold would cost
 * every object of a list tens of thousands of comparisons.
 */
export const LABEL_REQUIREMENTS_MAX = 200;
export const LABEL_VALUES_MAX = 1000;

/** The error for a selector beyond the bounds. */
export function selectorTooLarge(): StatusError {
  return newBadRequest(
    `label selector is too large: at most ${LABEL_REQUIREMENTS_MAX} requirements and ${LABEL_VALUES_MAX} values are allowed`,
  );
}

/**
 * Reads a selector as upstream's recursive descent parser does, with its error texts; the requirements
 * are in the order of the text.
 *
 * @throws StatusError 400
 */
export function parseRequirements(text: string): LabelRequirement[] {
  const tokens = new Tokens(text);
  const requirements: LabelRequirement[] = [];
  let valueCount = 0;
  if (tokens.peek().kind === 'end') return requirements;
  const first = tokens.peek();
  if (first.kind !== 'word' && first.kind !== '!') {
    throw newBadRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`);
  }
  for (;;) {
    const requirement = parseRequirement(tokens);
    requirements.push(requirement);
    valueCount += requirement.values.length;
    if (requirements.length > LABEL_REQUIREMENTS_MAX || valueCount > LABEL_VALUES_MAX) {
      throw selectorTooLarge();
    }
    const separator = tokens.next();
    if (separator.kind === 'end') return requirements;
    if (separator.kind !== ',') {
      throw newBadRequest(`found '${separator.text}', expected: ',' or 'end of string'`);
    }
    const following = tokens.peek();
    if (following.kind !== 'word' && following.kind !== '!') {
      throw newBadRequest(`found '${following.text}', expected: identifier after ','`);
    }
  }
}

function parseRequirement(tokens: Tokens): LabelRequirement {
  const negated = tokens.peek().kind === '!';
  if (negated) tokens.next();
  const key = tokens.next();
  if (key.kind !== 'word') throw unparsable(`found '${key.text}', expected: identifier`);
  const keyErrors = qualifiedNameErrors(key.text);
  // Upstream gives this check no path, which it prints as `<nil>`.
  if (keyErrors.length > 0) {
    throw unparsable(fieldErrorText(invalid('<nil>', key.text, keyErrors.join('; '))));
  }
  if (negated) return { key: key.text, operator: '!', values: [] };
  const following = tokens.peek().kind;
  if (following === 'end' || following === ',') return { key: key.text, operator: 'exists', values: [] };
  const operator = parseOperator(tokens);
  const values = operator === 'in' || operator === 'notin' ? parseValues(tokens) : [parseExactValue(tokens)];
  const requirement: LabelRequirement = { key: key.text, operator, values: [...new Set(values)].sort() };
  const problem = requirementProblem(requirement);
  if (problem !== undefined) throw unparsable(problem);
  return requirement;
}

const BINARY_OPERATORS: ReadonlyMap<string, LabelOperator> = new Map<string, LabelOperator>([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

function parseOperator(tokens: Tokens): LabelOperator {
  const token = tokens.next();
  const operator = BINARY_OPERATORS.get(token.text);
  if (operator === undefined) {
    throw unparsable(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  return operator;
}

function parseExactValue(tokens: Tokens): string {
  const following = tokens.peek().kind;
  if (following === 'end' || following === ',') return '';
  const value = tokens.next();
  if (value.kind !== 'word') throw unparsable(`found '${value.text}', expected: identifier`);
  return value.text;
}

/** `(a,b)`; each of `()`, `(,)`, `(a,)` and `(a,,b)` holds the empty value. */
function parseValues(tokens: Tokens): string[] {
  const open = tokens.next();
  if (open.kind !== '(') throw unparsable(`found '${open.text}' expected: '('`);
  const first = tokens.peek();
  if (first.kind !== 'word' && first.kind !== ',' && first.kind !== ')') {
    throw unparsable(`found '${first.text}', expected: ',', ')' or identifier`);
  }
  const values: string[] = [];
  let isValueExpected = true;
  for (;;) {
    const token = tokens.next();
    if (token.kind === 'word' && isValueExpected) {
      values.push(token.text);
      isValueExpected = false;
    } else if (token.kind === ',' || token.kind === ')') {
      if (isValueExpected) values.push('');
      if (token.kind === ')') return values;
      isValueExpected = true;
    } else if (isValueExpected) {
      throw unparsable(`found '${token.text}', expected: ',', or identifier`);
    } else {
      throw unparsable(`found '${token.text}', expected: ',' or ')'`);
    }
  }
}

function unparsable(detail: string): StatusError {
  return newBadRequest(`unable to parse requirement: ${detail}`);
}

type TokenKind = 'end' | 'word' | '(' | ')' | ',' | '!' | 'operator';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };

/** The tokens of a selector, with one token of look-ahead. `in` and `notin` are words: the place decides. */
class Tokens {
  readonly #text: string;
  #position = 0;
  #ahead: Token | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  peek(): Token {
    this.#ahead ??= this.#scan();
    return this.#ahead;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    return token;
  }

  #scan(): Token {
    const text = this.#text;
    while (this.#position < text.length && isSpace(text[this.#position]!)) this.#position += 1;
    const start = this.#position;
    if (start >= text.length) return END;
    const character = text[start]!;
    if (isSymbol(character)) {
      const isPair = (character === '=' || character === '!') && text[start + 1] === '=';
      this.#position += isPair ? 2 : 1;
      const symbol = text.slice(start, this.#position);
      return { kind: symbolKind(symbol), text: symbol };
    }
    while (
      this.#position < text.length &&
      !isSymbol(text[this.#position]!) &&
      !isSpace(text[this.#position]!)
    ) {
      this.#position += 1;
    }
    return { kind: 'word', text: text.slice(start, this.#position) };
  }
}

function symbolKind(symbol: string): TokenKind {
  return symbol === '(' || symbol === ')' || symbol === ',' || symbol === '!' ? symbol : 'operator';
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n';
}

function isSymbol(character: string): boolean {
  return '=!(),><'.includes(character);
}
