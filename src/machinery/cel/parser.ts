import { limits } from '../../base/mod.ts';
import type { CelEnvironment } from './environment.ts';
import type { Expression, MapEntryExpression, StructFieldExpression } from './expression.ts';
import { factoryAt, Positions } from './expression-factory.ts';
import { type Token, tokenize } from './lexer.ts';
import { parseIntLiteral, parseUintLiteral, unquote } from './literals.ts';
import { MacroError } from './macro.ts';
import { codePointCount, type Fault } from './source.ts';
import { beginsOperand, type Expected, syntaxFault } from './syntax-fault.ts';
import { CelUint, type CelValue } from './values.ts';

export interface ParsedExpression {
  readonly expression: Expression | undefined;
  readonly positions: Positions;
  readonly faults: readonly Fault[];
}

/** Parses the grammar of cel-go and expands the macros of the environment. */
export function parseExpression(environment: CelEnvironment, source: string): ParsedExpression {
  const size = codePointCount(source);
  const positions = new Positions();
  if (size > limits.celExpressionCodePointsMax) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${limits.celExpressionCodePointsMax}`;
    return { expression: undefined, positions, faults: [{ offset: undefined, message }] };
  }
  const parser = new Parser(environment, source, positions);
  const expression = parser.parse();
  return { expression, positions, faults: parser.faults };
}

/** Ends the parsing: a second syntax error after the first is guesswork. */
class Stop {}

const reserved: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
);

const relations: ReadonlySet<string> = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const products: ReadonlySet<string> = new Set(['*', '/', '%']);
const sums: ReadonlySet<string> = new Set(['+', '-']);

/** The rules of the grammar whose nesting cel-go counts, each by itself. */
type Rule = 'expression' | 'relation' | 'calculation' | 'member';

class Parser {
  readonly faults: Fault[] = [];
  readonly #environment: CelEnvironment;
  readonly #positions: Positions;
  readonly #tokens: readonly Token[];
  readonly #depths: Record<Rule, number> = { expression: 0, relation: 0, calculation: 0, member: 0 };
  #index = 0;

  constructor(environment: CelEnvironment, source: string, positions: Positions) {
    this.#environment = environment;
    this.#positions = positions;
    const { tokens, faults } = tokenize(source);
    this.#tokens = tokens;
    for (const { offset, text } of faults) {
      this.faults.push({
        offset,
        message: `Syntax error: token recognition error at: '${quoteToken(text)}'`,
      });
    }
  }

  parse(): Expression | undefined {
    try {
      const expression = this.#expression();
      if (this.#token.kind !== 'end') this.#syntaxError({ kind: 'end' });
      return this.faults.length === 0 ? expression : undefined;
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      return undefined;
    }
  }

  get #token(): Token {
    return this.#tokens[this.#index]!;
  }

  #is(symbol: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === symbol;
  }

  #accept(symbol: string): Token | undefined {
    return this.#is(symbol) ? this.#tokens[this.#index++] : undefined;
  }

  /** Takes the first of the symbols; the others are what cel-go also names when it is not there. */
  #expect(symbol: string, alternatives: readonly string[] = []): Token {
    const token = this.#accept(symbol);
    if (token !== undefined) return token;
    this.#skipUnexpected({ kind: 'symbols', symbols: [symbol, ...alternatives] });
    return this.#expect(symbol, alternatives);
  }

  #enter(rule: Rule): void {
    this.#depths[rule] += 1;
    if (this.#depths[rule] <= limits.celRecursionMax) return;
    const message = `expression recursion limit exceeded: ${limits.celRecursionMax}`;
    this.faults.push({ offset: undefined, message });
    throw new Stop();
  }

  /** Runs a rule of its own; what it has entered is left again at its end. */
  #within(rule: Rule, parse: () => Expression): Expression {
    const depth = this.#depths[rule];
    this.#enter(rule);
    const expression = parse();
    this.#depths[rule] = depth;
    return expression;
  }

  #expression(): Expression {
    return this.#within('expression', () => {
      const condition = this.#logical('||');
      const operator = this.#accept('?');
      if (operator === undefined) return condition;
      const id = this.#positions.next(operator.offset);
      const whenTrue = this.#logical('||');
      this.#expect(':');
      const whenFalse = this.#expression();
      return this.#call(id, '_?_:_', [condition, whenTrue, whenFalse]);
    });
  }

  /** Chains are balanced, as in cel-go: the shape is visible in estimates of costs. */
  #logical(operator: '||' | '&&'): Expression {
    const operand = () => (operator === '||' ? this.#logical('&&') : this.#relation());
    const terms = [operand()];
    const ids: number[] = [];
    for (let token = this.#accept(operator); token !== undefined; token = this.#accept(operator)) {
      terms.push(operand());
      ids.push(this.#positions.next(token.offset));
    }
    if (terms.length === 1) return terms[0]!;
    return balance({ functionName: `_${operator}_`, terms, ids }, 0, ids.length - 1);
  }

  #relation(): Expression {
    return this.#within('relation', () => {
      let left = this.#calculation(0);
      while (this.#token.kind === 'symbol' && relations.has(this.#token.text)) {
        this.#enter('relation');
        const operator = this.#tokens[this.#index++]!;
        const id = this.#positions.next(operator.offset);
        const right = this.#within('relation', () => this.#calculation(0));
        left = this.#call(id, operator.text === 'in' ? '@in' : `_${operator.text}_`, [left, right]);
      }
      return left;
    });
  }

  /** Level 0 takes sums of products, level 1 products only. */
  #calculation(level: 0 | 1): Expression {
    return this.#within('calculation', () => {
      let left = this.#unary();
      for (;;) {
        const { kind, text } = this.#token;
        if (kind !== 'symbol') return left;
        const isProduct = products.has(text);
        if (!isProduct && !(level === 0 && sums.has(text))) return left;
        this.#enter('calculation');
        const operator = this.#tokens[this.#index++]!;
        const id = this.#positions.next(operator.offset);
        const right = isProduct ? this.#within('calculation', () => this.#unary()) : this.#calculation(1);
        left = this.#call(id, `_${operator.text}_`, [left, right]);
      }
    });
  }

  #unary(): Expression {
    const first = this.#token;
    if (this.#is('!')) {
      let count = 0;
      while (this.#accept('!') !== undefined) count++;
      return this.#negated(first, { count, functionName: '!_' });
    }
    const isNumber = ['int', 'double'].includes(this.#tokens[this.#index + 1]?.kind ?? 'end');
    if (!this.#is('-') || isNumber) return this.#member();
    let count = 0;
    while (this.#accept('-') !== undefined) count++;
    return this.#negated(first, { count, functionName: '-_' });
  }

  #negated(first: Token, operator: { readonly count: number; readonly functionName: string }): Expression {
    if (operator.count % 2 === 0) return this.#member();
    const id = this.#positions.next(first.offset);
    return this.#call(id, operator.functionName, [this.#member()]);
  }

  #member(): Expression {
    return this.#within('member', () => {
      let operand = this.#primary();
      for (;;) {
        const operator = this.#accept('.') ?? this.#accept('[');
        if (operator === undefined) return operand;
        this.#enter('member');
        operand =
          operator.text === '.' ? this.#selection(operand, operator) : this.#indexing(operand, operator);
      }
    });
  }

  #selection(operand: Expression, dot: Token): Expression {
    const isOptional = this.#accept('?') !== undefined;
    const name = this.#token;
    if (name.kind === 'escaped') {
      this.#fault(name.offset, "unsupported syntax: '`'");
      throw new Stop();
    }
    if (name.kind !== 'identifier') this.#syntaxError({ kind: 'field' });
    this.#index++;
    if (isOptional) {
      const id = this.#positions.next(dot.offset);
      const field = this.#literal(name, name.text);
      return { kind: 'call', id, functionName: '_?._', target: undefined, args: [operand, field] };
    }
    const open = this.#accept('(');
    if (open === undefined) {
      const id = this.#positions.next(dot.offset);
      return { kind: 'select', id, operand, field: name.text, isTest: false };
    }
    const id = this.#positions.next(open.offset);
    return this.#memberCall(id, { name: name.text, target: operand, args: this.#arguments() });
  }

  #indexing(operand: Expression, bracket: Token): Expression {
    const id = this.#positions.next(bracket.offset);
    const isOptional = this.#accept('?') !== undefined;
    if (!isOptional && !beginsOperand(this.#token))
      this.#skipUnexpected({ kind: 'operand', alternatives: ['?'] });
    const index = this.#expression();
    this.#expect(']');
    return this.#call(id, isOptional ? '_[?_]' : '_[_]', [operand, index]);
  }

  #arguments(): readonly Expression[] {
    if (this.#accept(')') !== undefined) return [];
    if (!beginsOperand(this.#token)) this.#skipUnexpected({ kind: 'operand', alternatives: [')'] });
    const args = [this.#expression()];
    while (this.#accept(',') !== undefined) args.push(this.#expression());
    this.#expect(')');
    return args;
  }

  #primary(): Expression {
    if (!beginsOperand(this.#token)) this.#skipUnexpected({ kind: 'operand' });
    const token = this.#token;
    switch (token.kind) {
      case 'int':
      case 'uint':
      case 'double':
      case 'string':
      case 'bytes':
        return this.#constant(token, { isNegative: false });
      case 'identifier':
        return this.#named(undefined);
      case 'symbol':
        return this.#bracketed(token);
      default:
        return this.#syntaxError({ kind: 'operand' });
    }
  }

  #bracketed(token: Token): Expression {
    switch (token.text) {
      case 'true':
      case 'false':
        this.#index++;
        return this.#literal(token, token.text === 'true');
      case 'null':
        this.#index++;
        return this.#literal(token, null);
      case '-':
        this.#index++;
        return this.#constant(token, { isNegative: true });
      case '(': {
        this.#index++;
        const inner = this.#expression();
        this.#expect(')');
        return inner;
      }
      case '[':
        return this.#list();
      case '{':
        return this.#map();
      case '.':
        this.#index++;
        if (this.#token.kind !== 'identifier') this.#syntaxError({ kind: 'operand' });
        return this.#named(token);
      default:
        return this.#syntaxError({ kind: 'operand' });
    }
  }

  #constant(first: Token, { isNegative }: { readonly isNegative: boolean }): Expression {
    const token = this.#tokens[this.#index++]!;
    switch (token.kind) {
      case 'int':
        return this.#number(first, { value: parseIntLiteral(token.text, isNegative), kind: 'int' });
      case 'uint': {
        const value = parseUintLiteral(token.text);
        return this.#number(first, { value: value === undefined ? value : new CelUint(value), kind: 'uint' });
      }
      case 'double': {
        const value = Number(token.text) * (isNegative ? -1 : 1);
        return this.#number(first, { value: Number.isFinite(value) ? value : undefined, kind: 'double' });
      }
      default: {
        const isBytes = token.kind === 'bytes';
        const result = unquote(isBytes ? token.text.slice(1) : token.text, isBytes);
        if ('fault' in result) {
          this.#fault(token.offset, result.fault);
          return this.#literal(token, '');
        }
        return this.#literal(
          token,
          isBytes ? new Uint8Array(Buffer.from(result.value, 'latin1')) : result.value,
        );
      }
    }
  }

  #number(
    token: Token,
    literal: { readonly value: CelValue | undefined; readonly kind: string },
  ): Expression {
    if (literal.value === undefined) this.#fault(token.offset, `invalid ${literal.kind} literal`);
    return this.#literal(token, literal.value ?? 0n);
  }

  /** An identifier, a call, or the name of a type with `{`. */
  #named(leadingDot: Token | undefined): Expression {
    const name = this.#tokens[this.#index]!;
    const struct = this.#structAhead();
    if (struct !== undefined) return this.#struct((leadingDot === undefined ? '' : '.') + struct);
    this.#index++;
    if (reserved.has(name.text)) {
      this.#fault((leadingDot ?? name).offset, `reserved identifier: ${name.text}`);
    }
    const fullName = leadingDot === undefined ? name.text : `.${name.text}`;
    const open = this.#accept('(');
    if (open === undefined) {
      return { kind: 'ident', id: this.#positions.next(name.offset), name: fullName };
    }
    const id = this.#positions.next(open.offset);
    return this.#call(id, fullName, this.#arguments());
  }

  /** `a.b.C` when a `{` follows, with the position moved behind it. */
  #structAhead(): string | undefined {
    let index = this.#index;
    let name = this.#tokens[index++]!.text;
    while (this.#tokens[index]?.text === '.' && this.#tokens[index + 1]?.kind === 'identifier') {
      name += `.${this.#tokens[index + 1]!.text}`;
      index += 2;
    }
    const next = this.#tokens[index];
    if (next?.kind !== 'symbol' || next.text !== '{') return undefined;
    this.#index = index;
    return name;
  }

  #struct(typeName: string): Expression {
    const id = this.#positions.next(this.#expect('{').offset);
    const fields: StructFieldExpression[] = [];
    while (!this.#is('}')) {
      const isOptional = this.#accept('?') !== undefined;
      const name = this.#token;
      if (name.kind !== 'identifier') this.#syntaxError({ kind: 'field' });
      this.#index++;
      const fieldId = this.#positions.next(this.#expect(':').offset);
      fields.push({ id: fieldId, name: name.text, value: this.#expression(), isOptional });
      if (this.#accept(',') === undefined) break;
    }
    this.#expect('}');
    return { kind: 'struct', id, typeName, fields };
  }

  #list(): Expression {
    const id = this.#positions.next(this.#expect('[').offset);
    const elements: Expression[] = [];
    const optionalIndices = new Set<number>();
    while (!this.#is(']')) {
      if (elements.length === 0 && this.#accept(',') !== undefined) break;
      if (this.#accept('?') !== undefined) optionalIndices.add(elements.length);
      elements.push(this.#expression());
      if (this.#accept(',') === undefined) {
        this.#expect(']', [',']);
        return { kind: 'list', id, elements, optionalIndices };
      }
      if (this.#is(',')) break;
    }
    this.#expect(']');
    return { kind: 'list', id, elements, optionalIndices };
  }

  #map(): Expression {
    const id = this.#positions.next(this.#expect('{').offset);
    const entries: MapEntryExpression[] = [];
    while (!this.#is('}')) {
      if (entries.length === 0 && this.#accept(',') !== undefined) break;
      const isOptional = this.#accept('?') !== undefined;
      const key = this.#expression();
      const entryId = this.#positions.next(this.#expect(':').offset);
      entries.push({ id: entryId, key, value: this.#expression(), isOptional });
      if (this.#accept(',') === undefined) {
        this.#expect('}', [',']);
        return { kind: 'map', id, entries };
      }
      if (this.#is(',')) break;
    }
    this.#expect('}');
    return { kind: 'map', id, entries };
  }

  #literal(token: Token, value: CelValue): Expression {
    return { kind: 'literal', id: this.#positions.next(token.offset), value };
  }

  #call(id: number, functionName: string, args: readonly Expression[]): Expression {
    return (
      this.#expanded(id, { name: functionName, target: undefined, args }) ?? {
        kind: 'call',
        id,
        functionName,
        target: undefined,
        args,
      }
    );
  }

  #memberCall(
    id: number,
    call: { readonly name: string; readonly target: Expression; readonly args: readonly Expression[] },
  ): Expression {
    return (
      this.#expanded(id, call) ?? {
        kind: 'call',
        id,
        functionName: call.name,
        target: call.target,
        args: call.args,
      }
    );
  }

  #expanded(
    id: number,
    call: {
      readonly name: string;
      readonly target: Expression | undefined;
      readonly args: readonly Expression[];
    },
  ): Expression | undefined {
    const macro = this.#environment.macro({
      name: call.name,
      isMember: call.target !== undefined,
      argumentCount: call.args.length,
    });
    if (macro === undefined) return undefined;
    const make = factoryAt(this.#positions, this.#positions.offsetOf(id));
    const expanded = macro.expand({ target: call.target, args: call.args, make });
    if (!(expanded instanceof MacroError)) return expanded;
    this.#fault(this.#positions.offsetOf(expanded.expressionId), expanded.message);
    return make.literal(null);
  }

  #fault(offset: number, message: string): void {
    this.faults.push({ offset, message });
  }

  /** Goes on behind a token that should not be there, when that makes the rest fit. */
  #skipUnexpected(expected: Expected): void {
    const { fault, isExtraneous } = syntaxFault(this.#tokens, this.#index, expected);
    this.faults.push(fault);
    if (!isExtraneous) throw new Stop();
    this.#index++;
  }

  #syntaxError(expected: Expected): never {
    this.faults.push(syntaxFault(this.#tokens, this.#index, expected).fault);
    throw new Stop();
  }
}

function balance(
  chain: {
    readonly functionName: string;
    readonly terms: readonly Expression[];
    readonly ids: readonly number[];
  },
  low: number,
  high: number,
): Expression {
  const middle = Math.floor((low + high + 1) / 2);
  const left = middle === low ? chain.terms[middle]! : balance(chain, low, middle - 1);
  const right = middle === high ? chain.terms[middle + 1]! : balance(chain, middle + 1, high);
  const { functionName } = chain;
  return { kind: 'call', id: chain.ids[middle]!, functionName, target: undefined, args: [left, right] };
}

function quoteToken(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}
