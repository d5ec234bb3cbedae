import type { Token } from './lexer.ts';
import type { Fault } from './source.ts';

/** What may stand at a place of the grammar. */
export type Expected =
  | { readonly kind: 'operand'; readonly alternatives?: readonly string[] }
  | { readonly kind: 'symbols'; readonly symbols: readonly string[] }
  | { readonly kind: 'field' }
  | { readonly kind: 'end' };

const operandSymbols = '[ ] { } ( ) . , - ! ? true false null'.split(' ');
const alwaysOperands: ReadonlySet<string> = new Set(['[', '{', '(', '.', '-', '!', 'true', 'false', 'null']);
const operandKinds = 'NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER';
const binaryOperators: ReadonlySet<string> = new Set('? && || == != < <= > >= in + - * / %'.split(' '));
/** What may follow a closing bracket, whatever is around it. */
const continuations: ReadonlySet<string> = new Set(['.', '[', ...binaryOperators]);

export interface Place {
  readonly tokens: readonly Token[];
  readonly index: number;
  /** What may end the expression that is around the innermost open bracket. */
  readonly endsOutside: readonly string[];
}

export function beginsOperand(token: Token): boolean {
  if (token.kind === 'symbol') return alwaysOperands.has(token.text);
  return token.kind !== 'end' && token.kind !== 'escaped';
}

export function isBinaryOperator(token: Token): boolean {
  return token.kind === 'symbol' && binaryOperators.has(token.text);
}

/**
 * The message of cel-go's parser for a token that does not fit. It calls a token extraneous when the next
 * one would fit, something missing when the token fits behind it, and else says what it expected.
 * `isExtraneous` means that parsing can go on behind the token.
 */
export function syntaxFault(
  { tokens, index, endsOutside }: Place,
  expected: Expected,
): { readonly fault: Fault; readonly isExtraneous: boolean } {
  const token = tokens[index]!;
  const wanted = listOf(expected);
  const isExtraneous = token.kind !== 'end' && fits(tokens[index + 1], expected);
  const message = (() => {
    if (expected.kind === 'field') {
      const before = tokens[index - 1]?.text ?? '';
      return `no viable alternative at input '${before}${token.kind === 'end' ? '' : token.text}'`;
    }
    if (isExtraneous) return `extraneous input '${token.text}' expecting ${wanted}`;
    if (isMissing(token, expected, endsOutside)) return `missing ${wanted} at '${token.text}'`;
    return `mismatched input '${token.text}' expecting ${wanted}`;
  })();
  return { fault: { offset: token.offset, message: `Syntax error: ${message}` }, isExtraneous };
}

function fits(token: Token | undefined, expected: Expected): boolean {
  if (token === undefined) return false;
  switch (expected.kind) {
    case 'operand':
      return beginsOperand(token) || isOneOf(token, expected.alternatives ?? []);
    case 'symbols':
      return isOneOf(token, expected.symbols);
    case 'end':
      return token.kind === 'end';
    case 'field':
      return false;
  }
}

function isOneOf(token: Token, symbols: readonly string[]): boolean {
  return token.kind === 'symbol' && symbols.includes(token.text);
}

/** One closing bracket is missing when what is there may follow it. */
function isMissing(token: Token, expected: Expected, endsOutside: readonly string[]): boolean {
  if (expected.kind !== 'symbols' || expected.symbols.length > 1) return false;
  if (expected.symbols[0] === ':') return beginsOperand(token);
  if (token.kind !== 'symbol' && token.kind !== 'end') return false;
  return endsOutside.includes(token.text) || continuations.has(token.text);
}

function listOf(expected: Expected): string {
  switch (expected.kind) {
    case 'operand': {
      const alternatives = expected.alternatives ?? [];
      const symbols = operandSymbols.filter(
        (symbol) => alwaysOperands.has(symbol) || alternatives.includes(symbol),
      );
      return `{${symbols.map((symbol) => `'${symbol}'`).join(', ')}, ${operandKinds}}`;
    }
    case 'symbols': {
      const texts = expected.symbols.map((symbol) => `'${symbol}'`);
      return texts.length === 1 ? texts[0]! : `{${texts.join(', ')}}`;
    }
    default:
      return '<EOF>';
  }
}
