import { limits } from '../../base/mod.ts';
import { type Token, tokenize } from './lexer.ts';
import type { Fault } from './source.ts';
import { type Expected, isBinaryOperator, syntaxFault } from './syntax-fault.ts';

/** Ends the parsing: what comes behind a fault that cannot be mended is guesswork. */
export class Stop {}

/** The rules of the grammar whose nesting cel-go counts, each by itself. */
export type Rule = 'expression' | 'relation' | 'calculation' | 'member';

/** The tokens of a source, and what was found wrong on the way through them. */
export class TokenStream {
  readonly faults: Fault[] = [];
  readonly #tokens: readonly Token[];
  readonly #depths: Record<Rule, number> = { expression: 0, relation: 0, calculation: 0, member: 0 };
  /** What may end an expression: at the end of the source, and within each bracket that is open. */
  readonly #ends: (readonly string[])[] = [['<EOF>']];
  #index = 0;

  constructor(source: string) {
    const { tokens, faults } = tokenize(source);
    this.#tokens = tokens;
    for (const { offset, text } of faults) {
      this.fault(offset, `Syntax error: token recognition error at: '${visible(text)}'`);
    }
  }

  get current(): Token {
    return this.#tokens[this.#index]!;
  }

  peek(distance: number): Token | undefined {
    return this.#tokens[this.#index + distance];
  }

  next(): Token {
    return this.#tokens[this.#index++]!;
  }

  skip(count: number): void {
    this.#index += count;
  }

  is(symbol: string): boolean {
    return this.current.kind === 'symbol' && this.current.text === symbol;
  }

  accept(symbol: string): Token | undefined {
    return this.is(symbol) ? this.next() : undefined;
  }

  /** Takes the symbol; the alternatives are what cel-go also names when it is not there. */
  expect(symbol: string, alternatives: readonly string[] = []): Token {
    const token = this.accept(symbol);
    if (token !== undefined) return token;
    this.skipUnexpected({ kind: 'symbols', symbols: [symbol, ...alternatives] });
    return this.expect(symbol, alternatives);
  }

  /** Parses what is in brackets, where an expression may end with one of the symbols. */
  inside<T>(ends: readonly string[], parse: () => T): T {
    this.#ends.push(ends);
    const result = parse();
    this.#ends.pop();
    return result;
  }

  /** Runs a rule of the grammar that is counted; too many within each other are refused. */
  within<T>(rule: Rule, parse: () => T): T {
    this.#depths[rule] += 1;
    if (this.#depths[rule] > limits.celRecursionMax) {
      this.stop(`expression recursion limit exceeded: ${limits.celRecursionMax}`);
    }
    const result = parse();
    this.#depths[rule] -= 1;
    return result;
  }

  /** Ends the parsing for a reason that has no place in the source. */
  stop(message: string): never {
    this.faults.push({ offset: undefined, message });
    throw new Stop();
  }

  fault(offset: number, message: string): void {
    this.faults.push({ offset, message });
  }

  /** Goes on behind a token that should not be there, when that makes the rest fit. */
  skipUnexpected(expected: Expected): void {
    const { fault, isExtraneous } = this.#explain(expected);
    this.faults.push(fault);
    if (!isExtraneous) {
      // An operator at the end: cel-go goes on behind it and then misses its operand as well.
      const isLast = this.peek(1)?.kind === 'end' && isBinaryOperator(this.current);
      this.#index++;
      if (isLast && expected.kind === 'operand') this.syntaxError({ kind: 'operand' });
      throw new Stop();
    }
    this.#index++;
  }

  syntaxError(expected: Expected): never {
    this.faults.push(this.#explain(expected).fault);
    throw new Stop();
  }

  #explain(expected: Expected): { readonly fault: Fault; readonly isExtraneous: boolean } {
    const endsOutside = this.#ends.at(-2) ?? [];
    return syntaxFault({ tokens: this.#tokens, index: this.#index, endsOutside }, expected);
  }
}

function visible(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}
