import { limits } from '../../base/mod.ts';
import type { CelEnvironment } from './environment.ts';
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
  StructExpression,
} from './expression.ts';
import type { Positions } from './expression-factory.ts';
import type { Overload } from './functions.ts';
import type { Fault } from './source.ts';
import {
  boolType,
  CelType,
  dynType,
  errorType,
  intType,
  isDyn,
  isOptional,
  isSameType,
  listType,
  mapType,
  optionalType,
  stringType,
} from './types.ts';
import { assign, assignAll, mostGeneral, Substitutions, substitute } from './unify.ts';
import { type CelValue, typeOf } from './values.ts';

/** What an identifier, a select or a call means. */
export type Reference =
  | { readonly kind: 'ident'; readonly name: string; readonly value: CelValue | undefined }
  | {
      readonly kind: 'call';
      readonly functionName: string;
      /** All that fit; more than one when types are only known at run time. */
      readonly overloads: readonly Overload[];
      /** `a.b(c)` is a call of the function `a.b`, not of `b` on `a`. */
      readonly isNamespaced: boolean;
    };

export interface CheckedExpression {
  readonly expression: Expression;
  /** By the id of the expression. */
  readonly types: ReadonlyMap<number, CelType>;
  readonly references: ReadonlyMap<number, Reference>;
}

export interface CheckResult extends CheckedExpression {
  readonly faults: readonly Fault[];
}

/** Finds the type of every part of an expression, in cel-go's way and with its messages. */
export function checkExpression(
  environment: CelEnvironment,
  expression: Expression,
  positions: Positions,
): CheckResult {
  const checker = new Checker(environment, positions);
  checker.check(expression);
  return { expression, types: checker.finalTypes(), references: checker.references, faults: checker.faults };
}

class Checker {
  readonly faults: Fault[] = [];
  readonly references = new Map<number, Reference>();
  readonly #environment: CelEnvironment;
  readonly #positions: Positions;
  readonly #types = new Map<number, CelType>();
  readonly #scopes: Map<string, CelType>[] = [];
  readonly #substitutions = new Substitutions();
  #variableCount = 0;

  constructor(environment: CelEnvironment, positions: Positions) {
    this.#environment = environment;
    this.#positions = positions;
  }

  finalTypes(): ReadonlyMap<number, CelType> {
    for (const [id, type] of this.#types) {
      this.#types.set(id, substitute(this.#substitutions, type, { freeBecomesDyn: true }));
    }
    return this.#types;
  }

  check(expression: Expression): CelType {
    const type = this.#bounded(expression, this.#typeOf(expression));
    this.#types.set(expression.id, type);
    return type;
  }

  /** `[v].map(w, {w: w}).map(x, {x: x})` and so on would double the type with each step. */
  #bounded(expression: Expression, type: CelType): CelType {
    if (type.weight <= limits.celTypeWeightMax) return type;
    this.#fault(expression, 'type of the expression is too large');
    return errorType;
  }

  #typeOf(expression: Expression): CelType {
    switch (expression.kind) {
      case 'literal':
        return typeOf(expression.value);
      case 'ident':
        return this.#ident(expression.id, expression.name) ?? this.#undeclared(expression, expression.name);
      case 'select':
        return this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return this.#list(expression);
      case 'map':
        return this.#map(expression);
      case 'struct':
        return this.#struct(expression);
      case 'comprehension':
        return this.#comprehension(expression);
    }
  }

  #ident(id: number, written: string): CelType | undefined {
    const name = written.startsWith('.') ? written.slice(1) : written;
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const type = this.#scopes[index]!.get(name);
      if (type === undefined) continue;
      this.references.set(id, { kind: 'ident', name, value: undefined });
      return type;
    }
    const declaration = this.#environment.ident(name);
    if (declaration === undefined) return undefined;
    this.references.set(id, { kind: 'ident', name, value: declaration.value });
    return declaration.type;
  }

  #select(expression: SelectExpression): CelType {
    const name = qualifiedName(expression);
    const declared = name === undefined ? undefined : this.#ident(expression.id, name);
    if (declared !== undefined) return declared;
    const type = this.#field(expression, { ...expression, isOptional: false });
    return expression.isTest ? boolType : this.#resolve(type);
  }

  #optionalSelect(expression: CallExpression): CelType {
    const [operand, field] = expression.args;
    if (operand === undefined || field === undefined || expression.args.length !== 2) {
      const count = expression.args.length;
      this.#fault(
        expression,
        `unsupported optional field selection: incorrect signature. argument count: ${count}`,
      );
      return errorType;
    }
    if (field.kind !== 'literal' || typeof field.value !== 'string') {
      this.#fault(field, 'unsupported optional field selection: not a name');
      return errorType;
    }
    const type = this.#field(expression, { operand, field: field.value, isOptional: true });
    this.#types.set(field.id, stringType);
    this.references.set(expression.id, {
      kind: 'call',
      functionName: '_?._',
      overloads: this.#environment.overloads('_?._') ?? [],
      isNamespaced: false,
    });
    return this.#resolve(type);
  }

  #field(
    expression: Expression,
    selection: { readonly operand: Expression; readonly field: string; readonly isOptional: boolean },
  ): CelType {
    const operandType = this.#resolve(this.check(selection.operand));
    const wasOptional = isOptional(operandType);
    const target = wasOptional ? operandType.parameters[0]! : operandType;
    const type = this.#fieldOf(expression, target, selection.field);
    return wasOptional || selection.isOptional ? optionalType(type) : type;
  }

  #fieldOf(expression: Expression, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.parameters[1]!;
      case 'object': {
        const type = target.fields?.(field);
        if (type === undefined) {
          const hasFields = target.fields !== undefined;
          const unresolved = `unexpected failed resolution of '${target.name}'`;
          this.#fault(expression, hasFields ? `undefined field '${field}'` : unresolved);
        }
        return type ?? errorType;
      }
      case 'typeParam':
        this.#isAssignable(dynType, target);
        return dynType;
      default:
        if (!isDyn(target) && target.kind !== 'error') {
          this.#fault(expression, `type '${target.text}' does not support field selection`);
        }
        return dynType;
    }
  }

  #call(expression: CallExpression): CelType {
    const { functionName, target, args } = expression;
    if (functionName === '_?._') return this.#optionalSelect(expression);
    for (const arg of args) this.check(arg);
    if (target === undefined) {
      const name = functionName.startsWith('.') ? functionName.slice(1) : functionName;
      return this.#resolveCall(expression, { name, receiver: undefined, isNamespaced: false });
    }
    const prefix = qualifiedName(target);
    const namespaced = prefix === undefined ? undefined : `${prefix.replace(/^\./, '')}.${functionName}`;
    if (namespaced !== undefined && this.#environment.overloads(namespaced) !== undefined) {
      return this.#resolveCall(expression, { name: namespaced, receiver: undefined, isNamespaced: true });
    }
    this.check(target);
    return this.#resolveCall(expression, { name: functionName, receiver: target, isNamespaced: false });
  }

  #resolveCall(
    expression: CallExpression,
    call: {
      readonly name: string;
      readonly receiver: Expression | undefined;
      readonly isNamespaced: boolean;
    },
  ): CelType {
    const declared = this.#environment.overloads(call.name);
    if (declared === undefined) return this.#undeclared(expression, expression.functionName);
    const args = call.receiver === undefined ? expression.args : [call.receiver, ...expression.args];
    const argTypes = args.map((arg) => this.#types.get(arg.id) ?? errorType);
    const refer = (overloads: readonly Overload[]) => {
      const { name: functionName, isNamespaced } = call;
      this.references.set(expression.id, { kind: 'call', functionName, overloads, isNamespaced });
    };
    if (call.name === '_&&_' || call.name === '_||_') {
      refer(declared);
      return this.#logical(args, argTypes);
    }
    const fitting: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of declared) {
      if ((overload.isMember === true) !== (call.receiver !== undefined)) continue;
      const type = this.#fit(overload, argTypes);
      if (type === undefined) continue;
      fitting.push(overload);
      if (result === undefined) result = type;
      else if (!isDyn(result) && !isSameType(result, type)) result = dynType;
    }
    if (result === undefined) {
      this.#noMatch(expression, call, argTypes);
      return errorType;
    }
    refer(fitting);
    return result;
  }

  #logical(args: readonly Expression[], argTypes: readonly CelType[]): CelType {
    let result = boolType;
    for (const [index, type] of argTypes.entries()) {
      if (this.#isAssignable(type, boolType)) continue;
      this.#mismatch(args[index]!, boolType, type);
      result = errorType;
    }
    return result;
  }

  /** The type of the result when the arguments fit; what they say about type variables is then kept. */
  #fit(overload: Overload, argTypes: readonly CelType[]): CelType | undefined {
    if (overload.parameters.length !== argTypes.length) return undefined;
    const fresh = new Map<string, CelType>();
    for (const type of [...overload.parameters, overload.result]) this.#freshen(type, fresh);
    const instantiate = (type: CelType) =>
      fresh.size === 0 ? type : substitute(fresh, type, { freeBecomesDyn: false });
    if (!assignAll(this.#substitutions, argTypes, overload.parameters.map(instantiate))) return undefined;
    return this.#resolve(instantiate(overload.result));
  }

  #freshen(type: CelType, fresh: Map<string, CelType>): void {
    if (type.kind === 'typeParam' && !fresh.has(type.name)) fresh.set(type.name, this.#newVariable());
    for (const parameter of type.parameters) this.#freshen(parameter, fresh);
  }

  #noMatch(
    expression: CallExpression,
    call: { readonly name: string; readonly receiver: Expression | undefined },
    argTypes: readonly CelType[],
  ): void {
    const texts = argTypes.map(
      (type) => substitute(this.#substitutions, type, { freeBecomesDyn: true }).text,
    );
    const receiver = call.receiver === undefined ? '' : `${texts.shift()}.`;
    const signature = `${receiver}(${texts.join(', ')})`;
    this.#fault(expression, `found no matching overload for '${call.name}' applied to '${signature}'`);
  }

  #list(expression: ListExpression): CelType {
    let joined: CelType | undefined;
    for (const [index, element] of expression.elements.entries()) {
      const type = this.check(element);
      const isMarked = expression.optionalIndices.has(index);
      joined = this.#join(joined, isMarked ? this.#unwrap(element, type) : type);
    }
    return listType(joined ?? this.#newVariable());
  }

  #map(expression: MapExpression): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, isOptional: isMarked } of expression.entries) {
      keys = this.#join(keys, this.check(key));
      const type = this.check(value);
      values = this.#join(values, isMarked ? this.#unwrap(value, type) : type);
    }
    return mapType(keys ?? this.#newVariable(), values ?? this.#newVariable());
  }

  #struct(expression: StructExpression): CelType {
    const name = expression.typeName.replace(/^\./, '');
    const declaration = this.#environment.ident(name);
    if (declaration === undefined) return this.#undeclared(expression, expression.typeName);
    const type = declaration.value;
    for (const field of expression.fields) this.check(field.value);
    if (!(type instanceof CelType)) {
      this.#fault(expression, `'${declaration.type.text}' is not a type`);
      return errorType;
    }
    this.#fault(expression, `'${type.text}' is not a message type`);
    for (const { id } of expression.fields) {
      const message = `unexpected failed resolution of '${name}'`;
      this.faults.push({ offset: this.#positions.offsetOf(id), message });
    }
    return errorType;
  }

  #comprehension(expression: ComprehensionExpression): CelType {
    this.check(expression.range);
    const accumulatorType = this.check(expression.initial);
    const rangeType = this.#resolve(this.#types.get(expression.range.id)!);
    this.#scopes.push(new Map([[expression.accumulator, accumulatorType]]));
    const [first, second] = this.#variableTypes(expression, rangeType);
    const variables = new Map([[expression.variable, first]]);
    if (expression.secondVariable !== undefined) variables.set(expression.secondVariable, second);
    this.#scopes.push(variables);
    this.check(expression.condition);
    this.#require(expression.condition, boolType);
    this.check(expression.step);
    this.#require(expression.step, accumulatorType);
    this.#scopes.pop();
    const result = this.check(expression.result);
    this.#scopes.pop();
    return this.#resolve(result);
  }

  #variableTypes(expression: ComprehensionExpression, range: CelType): readonly [CelType, CelType] {
    switch (range.kind) {
      case 'list': {
        const element = range.parameters[0]!;
        return expression.secondVariable === undefined ? [element, element] : [intType, element];
      }
      case 'map':
        return [range.parameters[0]!, range.parameters[1]!];
      case 'dyn':
      case 'any':
      case 'error':
      case 'typeParam':
        this.#isAssignable(dynType, range);
        return [dynType, dynType];
      default:
        this.#fault(
          expression.range,
          `expression of type '${range.text}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [errorType, errorType];
    }
  }

  /** What is inside of an optional that is written with `?`. */
  #unwrap(expression: Expression, type: CelType): CelType {
    if (isOptional(type)) return type.parameters[0]!;
    if (!isDyn(type)) this.#mismatch(expression, optionalType(type), type);
    return type;
  }

  /** Mixed types give dyn here; the validation of literals refuses them afterwards. */
  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.#isAssignable(previous, current) ? mostGeneral(previous, current) : dynType;
  }

  #require(expression: Expression, type: CelType): void {
    const actual = this.#types.get(expression.id)!;
    if (!this.#isAssignable(type, actual)) this.#mismatch(expression, type, actual);
  }

  #isAssignable(from: CelType, to: CelType): boolean {
    return assign(this.#substitutions, from, to);
  }

  #resolve(type: CelType): CelType {
    return substitute(this.#substitutions, type, { freeBecomesDyn: false });
  }

  #newVariable(): CelType {
    return new CelType({ kind: 'typeParam', name: `_var${this.#variableCount++}` });
  }

  #undeclared(expression: Expression, name: string): CelType {
    this.#fault(expression, `undeclared reference to '${name}' (in container '')`);
    return errorType;
  }

  #mismatch(expression: Expression, expected: CelType, actual: CelType): void {
    this.#fault(expression, `expected type '${expected.text}' but found '${actual.text}'`);
  }

  #fault(expression: Expression, message: string): void {
    this.faults.push({ offset: this.#positions.offsetOf(expression.id), message });
  }
}

/** `a.b.c` as one name, when the expression is nothing else. */
function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === 'ident') return expression.name;
  if (expression.kind !== 'select' || expression.isTest) return undefined;
  const prefix = qualifiedName(expression.operand);
  return prefix === undefined ? undefined : `${prefix}.${expression.field}`;
}
