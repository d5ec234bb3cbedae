import type { Token } from './lexer.ts';
import type { Fault } from './source.ts';

const operandStarts =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const operators =
  "{<EOF>, '==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', '.', '-', '?', '+', '*', '/', '%'}";

/**
 * The message of cel-go's parser for a token that does not fit. `expected` is a symbol, or `operand`,
 * `field` or `end`. Its parser generator explains some faults differently, depending on how far it
 * looked ahead; the first message here says the same thing.
 */
export function syntaxFault(tokens: readonly Token[], index: number, expected: string): Fault {
  const token = tokens[index]!;
  const text = token.text;
  const message = (() => {
    switch (expected) {
      case 'operand':
        return `mismatched input '${text}' expecting ${operandStarts}`;
      case 'field':
        return `no viable alternative at input '${tokens[index - 1]?.text ?? ''}${token.kind === 'end' ? '' : text}'`;
      case 'end':
        return tokens[index + 1]?.kind === 'end'
          ? `extraneous input '${text}' expecting <EOF>`
          : `mismatched input '${text}' expecting ${operators}`;
      default:
        return `missing '${expected}' at '${text}'`;
    }
  })();
  return { offset: token.offset, message: `Syntax error: ${message}` };
}
