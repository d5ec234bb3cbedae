import type { CheckedExpression } from './checker.ts';
import {
  addEstimates,
  type CostEstimate,
  type CostNode,
  costMax,
  fixed,
  multiplyEstimates,
  type SizeEstimate,
  type SizeHints,
  uniteEstimates,
  unknownSize,
} from './cost-estimates.ts';
import type { CelEnvironment } from './environment.ts';
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
} from './expression.ts';
import type { CallEstimate, CallSite, Overload } from './functions.ts';
import { accumulatorName } from './macro.ts';
import { sizeOf } from './standard/text-functions.ts';
import { costs } from './standard-costs.ts';
import { estimateStandardCall } from './standard-estimates.ts';
import { type CelType, dynType, isOptional } from './types.ts';

/**
 * What an evaluation will cost at least and at most, given what the hints say about the sizes of variables:
 * cel-go's estimate, by which Kubernetes refuses rules that could cost too much.
 */
export function estimateExpression(
  environment: CelEnvironment,
  checked: CheckedExpression,
  hints: SizeHints = noHints,
): CostEstimate {
  return new Estimator(environment, checked, hints).cost(checked.expression);
}

const noHints: SizeHints = { estimateSize: () => undefined };

type Path = readonly string[];

/** Sizes of the keys (or indices) and values of a list or map that an expression makes. */
interface EntrySizes {
  readonly container: 'list' | 'map';
  readonly key: SizeEstimate;
  readonly value: SizeEstimate;
}

interface LocalVariable {
  readonly path: Path | undefined;
  readonly size: SizeEstimate | undefined;
  readonly entries: EntrySizes | undefined;
}

const unseen: SizeEstimate = { min: costMax, max: 0 };
const nothing: CostEstimate = fixed(0);

class Estimator {
  readonly #environment: CelEnvironment;
  readonly #checked: CheckedExpression;
  readonly #hints: SizeHints;
  readonly #paths = new Map<number, Path>();
  readonly #sizes = new Map<number, SizeEstimate>();
  readonly #entrySizes = new Map<number, EntrySizes>();
  readonly #locals = new Map<string, LocalVariable[]>();

  constructor(environment: CelEnvironment, checked: CheckedExpression, hints: SizeHints) {
    this.#environment = environment;
    this.#checked = checked;
    this.#hints = hints;
  }

  cost(expression: Expression): CostEstimate {
    switch (expression.kind) {
      case 'literal':
        return nothing;
      case 'ident':
        this.#setPath(expression, this.#local(expression.name)?.path ?? [expression.name]);
        return fixed(costs.select);
      case 'select':
        return this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return this.#list(expression);
      case 'map':
        return this.#map(expression);
      case 'struct':
        return addEstimates(sum(expression.fields.map(({ value }) => this.cost(value))), fixed(costs.struct));
      case 'comprehension':
        return isBinding(expression) ? this.#binding(expression) : this.#comprehension(expression);
    }
  }

  #select(expression: SelectExpression): CostEstimate {
    const reference = this.#checked.references.get(expression.id);
    if (reference?.kind === 'ident') {
      this.#setPath(expression, [reference.name]);
      return fixed(costs.select);
    }
    if (expression.isTest) {
      const own = this.#environment.options.presenceTestHasCost ? costs.select : 0;
      return addEstimates(fixed(own), this.cost(expression.operand));
    }
    const operandCost = this.cost(expression.operand);
    const { kind } = this.#typeOf(expression.operand);
    this.#setPath(expression, [...(this.#pathOf(expression.operand) ?? []), expression.field]);
    return ['map', 'object', 'typeParam'].includes(kind)
      ? addEstimates(operandCost, fixed(costs.select))
      : operandCost;
  }

  #call(expression: CallExpression): CostEstimate {
    const reference = this.#checked.references.get(expression.id);
    if (reference?.kind !== 'call') return nothing;
    if (reference.functionName === 'dyn') return this.#dyn(expression);
    const argCosts = expression.args.map((arg) => this.cost(arg));
    const nodes = expression.args.map((arg) => this.#node(arg));
    const target = reference.isNamespaced ? undefined : expression.target;
    const targetCost = target === undefined ? nothing : this.cost(target);
    const targetNode = target === undefined ? undefined : this.#node(target);
    let callCost: CostEstimate = unseen;
    let resultSize: SizeEstimate | undefined;
    for (const overload of reference.overloads) {
      const site: CallSite = {
        functionName: reference.functionName,
        overloadId: overload.id,
        target: targetNode,
        arguments: nodes,
        sizeOf: (node) => node.computedSize ?? unknownSize,
        hintedSizeOf: (node) =>
          this.#hints.estimateSize({ computedSize: undefined, literal: undefined, ...node }),
      };
      const estimate = this.#callEstimate({ expression, site, overload, argCosts });
      callCost = uniteEstimates(callCost, estimate.cost);
      resultSize = uniteSizes(resultSize, estimate.resultSize);
      resultSize = this.#indexed(expression, overload.id, resultSize) ?? this.#sizeOf(expression);
    }
    if (resultSize !== undefined) this.#sizes.set(expression.id, resultSize);
    return addEstimates(targetCost, callCost);
  }

  /** `dyn(x)` costs one more than x and is as large as x. */
  #dyn(expression: CallExpression): CostEstimate {
    const arg = expression.args[0]!;
    const cost = this.cost(arg);
    this.#copySizes(expression, arg);
    return addEstimates(fixed(costs.call), cost);
  }

  /** An element of what is indexed has the size that elements of it have. */
  #indexed(
    expression: CallExpression,
    overloadId: string,
    resultSize: SizeEstimate | undefined,
  ): SizeEstimate | undefined {
    const [operand] = expression.args;
    const step = overloadId === 'index_list' ? '@items' : overloadId === 'index_map' ? '@values' : undefined;
    if (step === undefined || operand === undefined) return resultSize;
    this.#setPath(expression, [...(this.#pathOf(operand) ?? []), step]);
    return this.#entriesOf(operand)?.value;
  }

  #callEstimate(call: {
    readonly expression: CallExpression;
    readonly site: CallSite;
    readonly overload: Overload;
    readonly argCosts: readonly CostEstimate[];
  }): CallEstimate {
    const { site, overload, argCosts, expression } = call;
    const given = this.#givenEstimate(site, overload);
    const args = sum(argCosts);
    if (given !== undefined) return { ...given, cost: addEstimates(given.cost, args) };
    switch (overload.id) {
      case 'logical_or':
      case 'logical_and': {
        // The right side may never be looked at.
        const [left, right] = argCosts as [CostEstimate, CostEstimate];
        return { cost: { min: left.min, max: addEstimates(left, right).max } };
      }
      case 'conditional':
        return this.#conditional(expression, site, argCosts);
      case 'add_string':
      case 'add_bytes':
      case 'add_list':
        this.#joinEntries(expression);
        break;
      default:
    }
    const standard = estimateStandardCall(site) ?? { cost: fixed(costs.call) };
    return { ...standard, cost: addEstimates(standard.cost, args) };
  }

  #givenEstimate(site: CallSite, overload: Overload): CallEstimate | undefined {
    for (const { estimateCall } of this.#environment.costOverrides) {
      const estimate = estimateCall?.(site);
      if (estimate !== undefined) return estimate;
    }
    return overload.estimateCost?.(site);
  }

  #conditional(
    expression: CallExpression,
    site: CallSite,
    [condition, whenTrue, whenFalse]: readonly CostEstimate[],
  ): CallEstimate {
    const [, trueNode, falseNode] = site.arguments;
    const [, trueExpression, falseExpression] = expression.args;
    const entries = uniteEntries(this.#entriesOf(trueExpression!), this.#entriesOf(falseExpression!));
    if (entries !== undefined) this.#entrySizes.set(expression.id, entries);
    return {
      cost: addEstimates(condition!, uniteEstimates(whenTrue!, whenFalse!)),
      resultSize: uniteEstimates(site.sizeOf(trueNode!), site.sizeOf(falseNode!)),
    };
  }

  #joinEntries(expression: CallExpression): void {
    const [left, right] = expression.args;
    const entries = uniteEntries(this.#entriesOf(left!), this.#entriesOf(right!));
    if (entries !== undefined) this.#entrySizes.set(expression.id, entries);
  }

  #list(expression: ListExpression): CostEstimate {
    let total = nothing;
    let value: SizeEstimate = expression.elements.length === 0 ? fixed(0) : unseen;
    for (const element of expression.elements) {
      total = addEstimates(total, this.cost(element));
      value = uniteEstimates(value, this.#sizeOrUnknown(element));
    }
    this.#entrySizes.set(expression.id, { container: 'list', key: fixed(1), value });
    return addEstimates(total, fixed(costs.list));
  }

  #map(expression: MapExpression): CostEstimate {
    let total = nothing;
    let keys: SizeEstimate = expression.entries.length === 0 ? fixed(0) : unseen;
    let values = keys;
    for (const { key, value } of expression.entries) {
      total = addEstimates(addEstimates(total, this.cost(key)), this.cost(value));
      keys = uniteEstimates(keys, this.#sizeOrUnknown(key));
      values = uniteEstimates(values, this.#sizeOrUnknown(value));
    }
    this.#entrySizes.set(expression.id, { container: 'map', key: keys, value: values });
    return addEstimates(total, fixed(costs.map));
  }

  #comprehension(expression: ComprehensionExpression): CostEstimate {
    const { range, initial, condition, step, result } = expression;
    let total = addEstimates(this.cost(range), this.cost(initial));
    this.#pushAccumulator(expression);
    this.#pushVariables(expression);
    const conditionCost = this.cost(condition);
    const stepCost = this.cost(step);
    this.#pop(expression.variable);
    if (expression.secondVariable !== undefined) this.#pop(expression.secondVariable);
    total = addEstimates(total, this.cost(result));
    this.#pop(expression.accumulator);
    const count = this.#sizeOrUnknown(range);
    total = addEstimates(total, multiplyEstimates(count, addEstimates(stepCost, conditionCost)));
    if (initial.kind === 'literal') {
      const size = this.#sizeOf(initial);
      if (size !== undefined) this.#sizes.set(expression.id, size);
    } else if (initial.kind === 'list' || initial.kind === 'map') {
      this.#sizes.set(expression.id, count);
      const entries = this.#entriesOf(step);
      if (entries !== undefined) this.#entrySizes.set(expression.id, entries);
    }
    return total;
  }

  /** A comprehension over nothing that gives a name to a value: of optMap. */
  #binding(expression: ComprehensionExpression): CostEstimate {
    const before = addEstimates(this.cost(expression.range), this.cost(expression.initial));
    this.#pushAccumulator(expression);
    const total = addEstimates(before, this.cost(expression.result));
    this.#pop(expression.accumulator);
    this.#copySizes(expression, expression.result);
    return total;
  }

  #pushAccumulator({ accumulator, initial }: ComprehensionExpression): void {
    this.#push(accumulator, {
      path: this.#pathOf(initial),
      size: this.#sizeOf(initial),
      entries: this.#entriesOf(initial),
    });
  }

  #pushVariables({ range, variable, secondVariable }: ComprehensionExpression): void {
    const entries = this.#entriesOf(range);
    const path = this.#pathOf(range) ?? [];
    const isList = (entries?.container ?? this.#typeOf(range).kind) === 'list';
    const key: LocalVariable = {
      path: [...path, isList ? '@indices' : '@keys'],
      size: entries?.key,
      entries: undefined,
    };
    const value: LocalVariable = {
      path: [...path, isList ? '@items' : '@values'],
      size: entries?.value,
      entries: undefined,
    };
    if (secondVariable === undefined) {
      this.#push(variable, isList ? value : key);
    } else {
      this.#push(variable, key);
      this.#push(secondVariable, value);
    }
  }

  #node(expression: Expression): CostNode {
    const path = this.#pathOf(expression);
    return {
      path: path?.[0] === accumulatorName ? undefined : path,
      type: this.#typeOf(expression),
      computedSize: this.#sizeOf(expression),
      literal: expression.kind === 'literal' ? expression.value : undefined,
    };
  }

  #sizeOrUnknown(expression: Expression): SizeEstimate {
    return this.#sizeOf(expression) ?? unknownSize;
  }

  #sizeOf(expression: Expression): SizeEstimate | undefined {
    const known = this.#sizes.get(expression.id) ?? writtenSize(expression);
    if (known !== undefined) return known;
    const type = this.#typeOf(expression);
    const path = this.#pathOf(expression);
    const hinted = this.#hints.estimateSize({ path, type, computedSize: undefined, literal: undefined });
    if (hinted !== undefined) {
      this.#sizes.set(expression.id, hinted);
      return hinted;
    }
    if (isScalar(type)) return fixed(1);
    return expression.kind === 'ident' ? this.#local(expression.name)?.size : undefined;
  }

  #entriesOf(expression: Expression): EntrySizes | undefined {
    const known = this.#entrySizes.get(expression.id);
    if (known !== undefined) return known;
    return expression.kind === 'ident' ? this.#local(expression.name)?.entries : undefined;
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#sizeOf(from);
    if (size !== undefined) this.#sizes.set(to.id, size);
    const entries = this.#entriesOf(from);
    if (entries !== undefined) this.#entrySizes.set(to.id, entries);
  }

  #typeOf(expression: Expression): CelType {
    return this.#checked.types.get(expression.id) ?? dynType;
  }

  #pathOf(expression: Expression): Path | undefined {
    const local = expression.kind === 'ident' ? this.#local(expression.name) : undefined;
    return local === undefined ? this.#paths.get(expression.id) : local.path;
  }

  #setPath(expression: Expression, path: Path): void {
    this.#paths.set(expression.id, path);
  }

  #local(name: string): LocalVariable | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, variable: LocalVariable): void {
    const stack = this.#locals.get(name);
    if (stack === undefined) this.#locals.set(name, [variable]);
    else stack.push(variable);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }
}

function sum(estimates: readonly CostEstimate[]): CostEstimate {
  return estimates.reduce(addEstimates, nothing);
}

function isBinding(expression: ComprehensionExpression): boolean {
  const { range, condition, accumulator } = expression;
  return (
    range.kind === 'list' &&
    range.elements.length === 0 &&
    condition.kind === 'literal' &&
    condition.value === false &&
    accumulator !== accumulatorName
  );
}

/** The size that the source itself tells. */
function writtenSize(expression: Expression): SizeEstimate | undefined {
  switch (expression.kind) {
    case 'literal':
      return fixed(sizeOf(expression.value) ?? 1);
    case 'list':
      return fixed(expression.elements.length);
    case 'map':
      return fixed(expression.entries.length);
    default:
      return undefined;
  }
}

function isScalar(type: CelType): boolean {
  if (isOptional(type)) return isScalar(type.parameters[0]!);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}

function uniteSizes(a: SizeEstimate | undefined, b: SizeEstimate | undefined): SizeEstimate | undefined {
  return a === undefined || b === undefined ? (a ?? b) : uniteEstimates(a, b);
}

function uniteEntries(a: EntrySizes | undefined, b: EntrySizes | undefined): EntrySizes | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    container: a.container,
    key: uniteEstimates(a.key, b.key),
    value: uniteEstimates(a.value, b.value),
  };
}
