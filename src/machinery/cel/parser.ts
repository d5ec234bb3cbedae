import { limits } from '../../base/mod.ts';
import type { CelEnvironment } from './environment.ts';
import type { Expression, MapEntryExpression, StructFieldExpression } from './expression.ts';
import { factoryAt, Positions, TooManyParts } from './expression-factory.ts';
import type { Token } from './lexer.ts';
import { parseIntLiteral, parseUintLiteral, unquote } from './literals.ts';
import { balanceChain } from './logic-chain.ts';
import { MacroError } from './macro.ts';
import { codePointCount, type Fault } from './source.ts';
import { beginsOperand } from './syntax-fault.ts';
import { Stop, TokenStream } from './token-stream.ts';
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

const reserved: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
);

const relations: ReadonlySet<string> = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const products: ReadonlySet<string> = new Set(['*', '/', '%']);
const sums: ReadonlySet<string> = new Set(['+', '-']);

/** What is said of an expression that grows beyond all bounds. */
export const TOO_MANY_PARTS_FAULT = 'expression has too many parts after expanding its macros';

class Parser {
  readonly #environment: CelEnvironment;
  readonly #positions: Positions;
  readonly #tokens: TokenStream;
  /** Of the expression that was parsed last: operators, selections and calls on its longest branch. */
  #height = 0;

  constructor(environment: CelEnvironment, source: string, positions: Positions) {
    this.#environment = environment;
    this.#positions = positions;
    this.#tokens = new TokenStream(source);
  }

  get faults(): readonly Fault[] {
    return this.#tokens.faults;
  }

  parse(): Expression | undefined {
    try {
      const expression = this.#expression();
      if (this.#tokens.current.kind !== 'end') this.#tokens.syntaxError({ kind: 'end' });
      return this.faults.length === 0 ? expression : undefined;
    } catch (error) {
      if (error instanceof TooManyParts) {
        this.#tokens.fault(0, TOO_MANY_PARTS_FAULT);
      } else if (!(error instanceof Stop)) {
        throw error;
      }
      return undefined;
    }
  }

  #expression(): Expression {
    return this.#tokens.within('expression', () => {
      const condition = this.#logical('||');
      const operator = this.#tokens.accept('?');
      if (operator === undefined) return condition;
      const id = this.#positions.next(operator.offset);
      const height = this.#height;
      const whenTrue = this.#tokens.inside([':'], () => this.#logical('||'));
      const trueHeight = this.#height;
      this.#tokens.expect(':');
      const whenFalse = this.#expression();
      this.#grow(height, trueHeight);
      return this.#call(id, '_?_:_', [condition, whenTrue, whenFalse]);
    });
  }

  /** Chains are balanced, as in cel-go: the shape is visible in estimates of costs. */
  #logical(operator: '||' | '&&'): Expression {
    const operand = () => (operator === '||' ? this.#logical('&&') : this.#relation());
    const terms = [operand()];
    const ids: number[] = [];
    let height = this.#height;
    for (
      let token = this.#tokens.accept(operator);
      token !== undefined;
      token = this.#tokens.accept(operator)
    ) {
      terms.push(operand());
      ids.push(this.#positions.next(token.offset));
      height = Math.max(height, this.#height);
    }
    this.#height = height;
    if (terms.length === 1) return terms[0]!;
    return balanceChain({ functionName: `_${operator}_`, terms, ids }, 0, ids.length - 1);
  }

  #relation(): Expression {
    return this.#tokens.within('relation', () => {
      let left = this.#calculation(0);
      while (this.#tokens.current.kind === 'symbol' && relations.has(this.#tokens.current.text)) {
        const operator = this.#tokens.next();
        const id = this.#positions.next(operator.offset);
        const height = this.#height;
        const right = this.#tokens.within('relation', () => this.#calculation(0));
        this.#grow(height);
        left = this.#call(id, operator.text === 'in' ? '@in' : `_${operator.text}_`, [left, right]);
      }
      return left;
    });
  }

  /** Level 0 takes sums of products, level 1 products only. */
  #calculation(level: 0 | 1): Expression {
    return this.#tokens.within('calculation', () => {
      let left = this.#unary();
      for (;;) {
        const { kind, text } = this.#tokens.current;
        if (kind !== 'symbol') return left;
        const isProduct = products.has(text);
        if (!isProduct && !(level === 0 && sums.has(text))) return left;
        const operator = this.#tokens.next();
        const id = this.#positions.next(operator.offset);
        const height = this.#height;
        const right = isProduct
          ? this.#tokens.within('calculation', () => this.#unary())
          : this.#calculation(1);
        this.#grow(height);
        left = this.#call(id, `_${operator.text}_`, [left, right]);
      }
    });
  }

  #unary(): Expression {
    if (!beginsOperand(this.#tokens.current)) this.#tokens.skipUnexpected({ kind: 'operand' });
    const first = this.#tokens.current;
    if (this.#tokens.is('!')) {
      let count = 0;
      while (this.#tokens.accept('!') !== undefined) count++;
      return this.#negated(first, { count, functionName: '!_' });
    }
    const isNumber = ['int', 'double'].includes(this.#tokens.peek(1)?.kind ?? 'end');
    if (!this.#tokens.is('-') || isNumber) return this.#member();
    let count = 0;
    while (this.#tokens.accept('-') !== undefined) count++;
    return this.#negated(first, { count, functionName: '-_' });
  }

  #negated(first: Token, operator: { readonly count: number; readonly functionName: string }): Expression {
    if (operator.count % 2 === 0) return this.#member();
    const id = this.#positions.next(first.offset);
    return this.#call(id, operator.functionName, [this.#member()]);
  }

  #member(): Expression {
    return this.#tokens.within('member', () => {
      let operand = this.#primary();
      for (;;) {
        const operator = this.#tokens.accept('.') ?? this.#tokens.accept('[');
        if (operator === undefined) return operand;
        const height = this.#height;
        this.#height = 0;
        operand =
          operator.text === '.' ? this.#selection(operand, operator) : this.#indexing(operand, operator);
        this.#grow(height);
      }
    });
  }

  #selection(operand: Expression, dot: Token): Expression {
    const isOptional = this.#tokens.accept('?') !== undefined;
    const name = this.#tokens.current;
    if (name.kind === 'escaped') {
      this.#tokens.fault(name.offset, "unsupported syntax: '`'");
      throw new Stop();
    }
    if (name.kind !== 'identifier') this.#notAField(name, { isOptional });
    this.#tokens.next();
    if (isOptional) {
      const id = this.#positions.next(dot.offset);
      const field = this.#literal(name, name.text);
      return { kind: 'call', id, functionName: '_?._', target: undefined, args: [operand, field] };
    }
    const open = this.#tokens.accept('(');
    if (open === undefined) {
      const id = this.#positions.next(dot.offset);
      return { kind: 'select', id, operand, field: name.text, isTest: false };
    }
    const id = this.#positions.next(open.offset);
    return this.#memberCall(id, { name: name.text, target: operand, args: this.#arguments() });
  }

  #notAField(token: Token, { isOptional }: { readonly isOptional: boolean }): never {
    if (!isOptional) this.#tokens.syntaxError({ kind: 'field' });
    const message = `mismatched input '${token.text}' expecting {IDENTIFIER, ESC_IDENTIFIER}`;
    this.#tokens.fault(token.offset, `Syntax error: ${message}`);
    this.#tokens.fault(token.offset, 'unsupported ident kind');
    throw new Stop();
  }

  #indexing(operand: Expression, bracket: Token): Expression {
    const id = this.#positions.next(bracket.offset);
    const isOptional = this.#tokens.accept('?') !== undefined;
    if (!isOptional && !beginsOperand(this.#tokens.current))
      this.#tokens.skipUnexpected({ kind: 'operand', alternatives: ['?'] });
    const index = this.#tokens.inside([']'], () => this.#closed(this.#expression(), ']'));
    return this.#call(id, isOptional ? '_[?_]' : '_[_]', [operand, index]);
  }

  /** What is within brackets, when the bracket follows. */
  #closed<T>(content: T, bracket: string): T {
    this.#tokens.expect(bracket);
    return content;
  }

  #arguments(): readonly Expression[] {
    return this.#tokens.inside([')', ','], () => {
      if (!this.#tokens.is(')') && !beginsOperand(this.#tokens.current)) {
        this.#tokens.skipUnexpected({ kind: 'operand', alternatives: [')'] });
      }
      if (this.#tokens.accept(')') !== undefined) return [];
      const args: Expression[] = [];
      let height = 0;
      do {
        args.push(this.#expression());
        height = Math.max(height, this.#height);
      } while (this.#tokens.accept(',') !== undefined);
      this.#height = height;
      return this.#closed(args, ')');
    });
  }

  /** One more than the highest of the parts: cel-go refuses what is too high. */
  #grow(...parts: readonly number[]): void {
    this.#height = Math.max(this.#height, ...parts) + 1;
    if (this.#height > limits.celRecursionMax) this.#tokens.stop('max recursion depth exceeded');
  }

  #primary(): Expression {
    this.#height = 0;
    const token = this.#tokens.current;
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
        return this.#tokens.syntaxError({ kind: 'operand' });
    }
  }

  #bracketed(token: Token): Expression {
    switch (token.text) {
      case 'true':
      case 'false':
        this.#tokens.next();
        return this.#literal(token, token.text === 'true');
      case 'null':
        this.#tokens.next();
        return this.#literal(token, null);
      case '-':
        // Behind `!` a minus is only part of a number.
        this.#tokens.next();
        if (!['int', 'double'].includes(this.#tokens.current.kind))
          this.#tokens.syntaxError({ kind: 'field' });
        return this.#constant(token, { isNegative: true });
      case '(': {
        this.#tokens.next();
        return this.#tokens.inside([')'], () => this.#closed(this.#expression(), ')'));
      }
      case '[':
        return this.#tokens.inside([']', ','], () => this.#list());
      case '{':
        return this.#tokens.inside(['}', ',', ':'], () => this.#map());
      case '.':
        this.#tokens.next();
        if (this.#tokens.current.kind !== 'identifier') this.#tokens.syntaxError({ kind: 'field' });
        return this.#named(token);
      default:
        return this.#tokens.syntaxError({ kind: 'operand' });
    }
  }

  #constant(first: Token, { isNegative }: { readonly isNegative: boolean }): Expression {
    const token = this.#tokens.next();
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
          this.#tokens.fault(token.offset, result.fault);
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
    if (literal.value === undefined) this.#tokens.fault(token.offset, `invalid ${literal.kind} literal`);
    return this.#literal(token, literal.value ?? 0n);
  }

  /** An identifier, a call, or the name of a type with `{`. */
  #named(leadingDot: Token | undefined): Expression {
    const name = this.#tokens.current;
    const struct = this.#structAhead();
    if (struct !== undefined) return this.#struct((leadingDot === undefined ? '' : '.') + struct);
    this.#tokens.next();
    if (reserved.has(name.text)) {
      this.#tokens.fault((leadingDot ?? name).offset, `reserved identifier: ${name.text}`);
    }
    const fullName = leadingDot === undefined ? name.text : `.${name.text}`;
    const open = this.#tokens.accept('(');
    if (open === undefined) {
      return { kind: 'ident', id: this.#positions.next(name.offset), name: fullName };
    }
    const id = this.#positions.next(open.offset);
    return this.#call(id, fullName, this.#arguments());
  }

  /** `a.b.C` when a `{` follows, with the position moved behind it. */
  #structAhead(): string | undefined {
    let count = 1;
    let name = this.#tokens.current.text;
    while (this.#tokens.peek(count)?.text === '.' && this.#tokens.peek(count + 1)?.kind === 'identifier') {
      name += `.${this.#tokens.peek(count + 1)!.text}`;
      count += 2;
    }
    const next = this.#tokens.peek(count);
    if (next?.kind !== 'symbol' || next.text !== '{') return undefined;
    this.#tokens.skip(count);
    return name;
  }

  #struct(typeName: string): Expression {
    const id = this.#positions.next(this.#tokens.expect('{').offset);
    const fields: StructFieldExpression[] = [];
    let height = 0;
    while (!this.#tokens.is('}')) {
      const isOptional = this.#tokens.accept('?') !== undefined;
      const name = this.#tokens.current;
      if (name.kind !== 'identifier') this.#tokens.syntaxError({ kind: 'field' });
      this.#tokens.next();
      const fieldId = this.#positions.next(this.#tokens.expect(':').offset);
      fields.push({ id: fieldId, name: name.text, value: this.#expression(), isOptional });
      height = Math.max(height, this.#height);
      this.#height = height;
      if (this.#tokens.accept(',') === undefined) break;
    }
    this.#tokens.expect('}');
    return { kind: 'struct', id, typeName, fields };
  }

  #beginContents(bracket: string): void {
    const alternatives = [bracket, ',', '?'];
    if (beginsOperand(this.#tokens.current) || alternatives.some((symbol) => this.#tokens.is(symbol))) return;
    this.#tokens.skipUnexpected({ kind: 'operand', alternatives });
  }

  #list(): Expression {
    const id = this.#positions.next(this.#tokens.expect('[').offset);
    const elements: Expression[] = [];
    const optionalIndices = new Set<number>();
    let height = 0;
    this.#beginContents(']');
    while (!this.#tokens.is(']')) {
      if (elements.length === 0 && this.#tokens.accept(',') !== undefined) break;
      if (this.#tokens.accept('?') !== undefined) optionalIndices.add(elements.length);
      elements.push(this.#expression());
      height = Math.max(height, this.#height);
      this.#height = height;
      if (this.#tokens.accept(',') === undefined) {
        this.#tokens.expect(']', [',']);
        return { kind: 'list', id, elements, optionalIndices };
      }
      if (this.#tokens.is(',')) break;
    }
    this.#tokens.expect(']');
    return { kind: 'list', id, elements, optionalIndices };
  }

  #map(): Expression {
    const id = this.#positions.next(this.#tokens.expect('{').offset);
    const entries: MapEntryExpression[] = [];
    let height = 0;
    this.#beginContents('}');
    while (!this.#tokens.is('}')) {
      if (entries.length === 0 && this.#tokens.accept(',') !== undefined) break;
      const isOptional = this.#tokens.accept('?') !== undefined;
      const key = this.#expression();
      const entryId = this.#positions.next(this.#tokens.expect(':').offset);
      height = Math.max(height, this.#height);
      entries.push({ id: entryId, key, value: this.#expression(), isOptional });
      height = Math.max(height, this.#height);
      this.#height = height;
      if (this.#tokens.accept(',') === undefined) {
        this.#tokens.expect('}', [',']);
        return { kind: 'map', id, entries };
      }
      if (this.#tokens.is(',')) break;
    }
    this.#tokens.expect('}');
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
    this.#tokens.fault(this.#positions.offsetOf(expanded.expressionId), expanded.message);
    return make.literal(null);
  }
}
