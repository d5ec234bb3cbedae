import { compilePattern, PatternError } from '../schema/pattern.ts';
import { type Attribute, isKey, resolveStep, type Selector, select } from './attribute.ts';
import {
  andStep,
  callStep,
  costOf,
  implementationOf,
  notStrictlyFalseStep,
  orElseStep,
  orStep,
} from './calls.ts';
import type { CheckedExpression } from './checker.ts';
import { CelCompileError } from './compile-error.ts';
import { accumulatorStep, foldStep } from './comprehension.ts';
import type { CelEnvironment } from './environment.ts';
import { equalsOrFault } from './equality.ts';
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
} from './expression.ts';
import { charge, type Frame, type Step } from './frame.ts';
import type { Overload } from './functions.ts';
import { membershipTest } from './membership.ts';
import { CelEntries } from './standard/growing-values.ts';
import { costs } from './standard-costs.ts';
import { celText, goTypeName } from './value-text.ts';
import { CelArray, CelError, CelList, CelOptional, type CelResult, type CelValue } from './values.ts';

export interface Plan {
  readonly step: Step;
  /** How many variables of comprehensions there are. */
  readonly slotCount: number;
}

/**
 * Makes one function of a checked expression, out of a function for each of its parts. What is constant is
 * computed here, where cel-go does it: that shows in costs.
 * @throws CelCompileError when a constant cannot be computed
 */
export function planExpression(environment: CelEnvironment, checked: CheckedExpression): Plan {
  const planner = new Planner(environment, checked);
  const { step } = planner.plan(checked.expression);
  return { step, slotCount: planner.slotCount };
}

interface Node {
  readonly step: Step;
  /** Set when the value is known now. */
  readonly constant?: CelValue | CelError;
  /** Set when selections from this node continue its chain. */
  readonly attribute?: Attribute;
}

/** The function calls that cel-go computes while planning when their argument is constant. */
const conversionNames: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
);

class Planner {
  slotCount = 0;
  readonly #environment: CelEnvironment;
  readonly #checked: CheckedExpression;
  /** Variables of the comprehensions around, the innermost last. */
  readonly #scopes: Map<string, Step>[] = [];

  constructor(environment: CelEnvironment, checked: CheckedExpression) {
    this.#environment = environment;
    this.#checked = checked;
  }

  plan(expression: Expression): Node {
    switch (expression.kind) {
      case 'literal':
        return constantNode(expression.value);
      case 'ident':
        return (
          this.#ident(expression.id) ??
          constantNode(new CelError(`undeclared reference to '${expression.name}'`))
        );
      case 'select':
        return this.#ident(expression.id) ?? this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return this.#list(expression);
      case 'map':
        return this.#map(expression);
      case 'struct':
        return constantNode(new CelError(`unknown type: ${expression.typeName}`));
      case 'comprehension':
        return this.#comprehension(expression);
    }
  }

  #ident(id: number): Node | undefined {
    const reference = this.#checked.references.get(id);
    if (reference?.kind !== 'ident') return undefined;
    if (reference.value !== undefined) return constantNode(reference.value);
    const { name } = reference;
    const local = this.#scopes.findLast((scope) => scope.has(name))?.get(name);
    return attributeNode({ kind: 'chain', base: local ?? variableStep(name), selectors: [] });
  }

  #select(expression: SelectExpression): Node {
    const operand = this.plan(expression.operand);
    const selector: Selector = { key: expression.field, isOptional: false, isTest: expression.isTest };
    const attribute = select(attributeOf(operand), selector);
    return expression.isTest ? this.#presence(attribute) : attributeNode(attribute);
  }

  #presence(attribute: Attribute): Node {
    const resolve = resolveStep(attribute);
    const cost = this.#environment.options.presenceTestHasCost ? costs.select : 0;
    const step: Step = (frame) => {
      const value = resolve(frame);
      charge(frame, cost);
      return value instanceof CelOptional ? value.value !== undefined : value;
    };
    return { step, attribute };
  }

  #call(expression: CallExpression): Node {
    const reference = this.#checked.references.get(expression.id);
    if (reference?.kind !== 'call') return constantNode(new CelError('no such overload'));
    const { functionName, overloads, isNamespaced } = reference;
    const hasReceiver = expression.target !== undefined && !isNamespaced;
    const args = [...(hasReceiver ? [expression.target!] : []), ...expression.args].map((arg) =>
      this.plan(arg),
    );
    const [first, second, third] = args as [Node, Node, Node];
    switch (functionName) {
      case '_&&_':
        return { step: andStep(first.step, second.step) };
      case '_||_':
        return { step: orStep(first.step, second.step) };
      case '_?_:_':
        return this.#conditional(first, second, third);
      case '_[_]':
        return this.#index(first, second, { isOptional: false });
      case '_[?_]':
      case '_?._':
        return this.#index(first, second, { isOptional: true });
      case '_==_':
      case '_!=_':
        return this.#equality(functionName, [first, second]);
      case '@not_strictly_false':
        return { step: notStrictlyFalseStep(first.step) };
      default:
    }
    const overload = overloads.length === 1 ? overloads[0] : undefined;
    const orElse = optionalOrElse(functionName, overload?.id ?? '');
    if (orElse !== undefined && args.length === 2) {
      return { step: orElseStep(first.step, second.step, orElse) };
    }
    return this.#plainCall({ functionName, overloads, overload, args, hasReceiver });
  }

  #plainCall(call: {
    readonly functionName: string;
    readonly overloads: readonly Overload[];
    readonly overload: Overload | undefined;
    readonly args: readonly Node[];
    readonly hasReceiver: boolean;
  }): Node {
    const { functionName, overload, args } = call;
    const candidates = overload === undefined ? this.#allOverloads(call) : [overload];
    const implementation = implementationOf(functionName, candidates);
    const [first, second] = args;
    if (overload?.id === 'in_list' && second?.constant instanceof CelList) {
      const member = membershipTest(first!.step, second.constant);
      if (member !== undefined)
        return typeof member === 'function' ? { step: member } : constantNode(member.constant);
    }
    if (conversionNames.has(functionName) && args.length === 1 && first?.constant !== undefined) {
      const value = first.constant instanceof CelError ? first.constant : implementation(first.constant);
      if (value instanceof CelError) throw programError(value.message);
      return constantNode(value);
    }
    const hasPattern = functionName === 'matches' && typeof second?.constant === 'string';
    if (hasPattern) checkPattern(second.constant as string);
    const isChecked = checkLiterals(candidates, args);
    const isDispatched = candidates.length > 1 && candidates[0]?.isUnguarded !== true;
    return {
      step: callStep({
        functionName,
        overloadId: overload?.id ?? '',
        args: args.map(({ step }) => step),
        implementation,
        cost: costOf({ functionName, overload }, this.#environment.costOverrides),
        stopsAtFault: hasPattern || isChecked || isDispatched,
      }),
    };
  }

  /** With types only known at run time cel-go tries all overloads, not only those that the checker found. */
  #allOverloads(call: {
    readonly functionName: string;
    readonly args: readonly Node[];
  }): readonly Overload[] {
    return this.#environment.overloads(call.functionName) ?? [];
  }

  #conditional(condition: Node, whenTrue: Node, whenFalse: Node): Node {
    const attribute: Attribute = {
      kind: 'choice',
      condition: condition.step,
      whenTrue: branchOf(whenTrue),
      whenFalse: branchOf(whenFalse),
    };
    return { step: resolveStep(attribute), attribute };
  }

  #index(operand: Node, index: Node, { isOptional }: { readonly isOptional: boolean }): Node {
    const key = keyOf(index);
    return attributeNode(select(attributeOf(operand), { key, isOptional, isTest: false }));
  }

  #equality(functionName: '_==_' | '_!=_', args: readonly [Node, Node]): Node {
    const overloadId = functionName === '_==_' ? 'equals' : 'not_equals';
    const implementation = (a: CelResult, b: CelResult) => {
      const equal = equalsOrFault(a as CelValue, b as CelValue);
      return functionName === '_==_' ? equal : equal !== true;
    };
    const overload = this.#environment.overloads(functionName)?.find(({ id }) => id === overloadId);
    const cost = costOf({ functionName, overload }, this.#environment.costOverrides);
    return {
      step: callStep({ functionName, overloadId, args: args.map(({ step }) => step), implementation, cost }),
    };
  }

  #list(expression: ListExpression): Node {
    const elements = expression.elements.map((element) => this.plan(element));
    const steps = elements.map(({ step }) => step);
    const { optionalIndices } = expression;
    const create: Step = (frame) => createList(frame, steps, optionalIndices);
    if (elements.every(({ constant }) => constant !== undefined)) return constantNode(create(emptyFrame()));
    return { step: chargedStep(create, costs.list) };
  }

  #map(expression: MapExpression): Node {
    const entries = expression.entries.map(({ key, value, isOptional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      isOptional,
    }));
    const steps = entries.map(({ key, value, isOptional }) => ({
      key: key.step,
      value: value.step,
      isOptional,
    }));
    const create: Step = (frame) => createMap(frame, steps);
    if (entries.every(({ key, value }) => key.constant !== undefined && value.constant !== undefined)) {
      return constantNode(create(emptyFrame()));
    }
    return { step: chargedStep(create, costs.map) };
  }

  #comprehension(expression: ComprehensionExpression): Node {
    const range = this.plan(expression.range);
    const initial = this.plan(expression.initial);
    const slots = {
      accumulator: this.slotCount++,
      variable: this.slotCount++,
      secondVariable: expression.secondVariable === undefined ? undefined : this.slotCount++,
    };
    this.#scopes.push(
      new Map([[expression.accumulator, accumulatorStep(slots.accumulator, () => initial.step)]]),
    );
    const variables = new Map([[expression.variable, slotStep(slots.variable)]]);
    if (expression.secondVariable !== undefined) {
      variables.set(expression.secondVariable, slotStep(slots.secondVariable!));
    }
    this.#scopes.push(variables);
    const condition = this.plan(expression.condition);
    const step = this.plan(expression.step);
    this.#scopes.pop();
    const result = this.plan(expression.result);
    this.#scopes.pop();
    return {
      step: foldStep(slots, {
        range: range.step,
        condition: condition.step,
        step: step.step,
        result: result.step,
      }),
    };
  }
}

function constantNode(value: CelResult): Node {
  return { step: () => value, constant: value };
}

/** A chain that is evaluated for itself costs one more than its selections. */
function attributeNode(attribute: Attribute): Node {
  const resolve = resolveStep(attribute);
  if (attribute.kind === 'choice') return { step: resolve, attribute };
  return { step: chargedStep(resolve, costs.select), attribute };
}

function chargedStep(step: Step, cost: number): Step {
  return (frame) => {
    const value = step(frame);
    charge(frame, cost);
    return value;
  };
}

function attributeOf(node: Node): Attribute {
  return node.attribute ?? { kind: 'chain', base: node.step, selectors: [] };
}

/** A branch that is a chain costs only its selections, as in cel-go. */
function branchOf(node: Node): Attribute {
  return attributeOf(node);
}

/** A constant index, or the step for one; an index that is a chain costs only its selections. */
function keyOf(node: Node): CelValue | Step {
  if (node.constant !== undefined) {
    const { constant } = node;
    if (constant instanceof CelError) return () => constant;
    if (!isKey(constant)) throw programError(`invalid qualifier type: ${goTypeName(constant)}`);
    return constant;
  }
  return node.attribute === undefined ? node.step : resolveStep(node.attribute);
}

function variableStep(name: string): Step {
  return (frame) => frame.variables[name] ?? missingVariable(frame, name);
}

function missingVariable(frame: Frame, name: string): CelResult {
  // `null` is a value, and only `undefined` is the lack of one.
  return frame.variables[name] === null ? null : new CelError(`no such attribute(s): ${name}`);
}

function slotStep(slot: number): Step {
  return (frame) => frame.slots[slot]!;
}

function optionalOrElse(functionName: string, overloadId: string): { readonly unwraps: boolean } | undefined {
  if (functionName === 'or' && ['', 'optional_or_optional'].includes(overloadId)) return { unwraps: false };
  return functionName === 'orValue' && ['', 'optional_orValue_value'].includes(overloadId)
    ? { unwraps: true }
    : undefined;
}

function createList(frame: Frame, steps: readonly Step[], optionalIndices: ReadonlySet<number>): CelResult {
  const items: CelValue[] = [];
  for (const [index, step] of steps.entries()) {
    const value = step(frame);
    if (value instanceof CelError) return value;
    if (!optionalIndices.has(index)) {
      items.push(value);
    } else if (!(value instanceof CelOptional)) {
      return new CelError(
        `cannot initialize optional list element from non-optional value ${celText(value)}`,
      );
    } else if (value.value !== undefined) {
      items.push(value.value);
    }
  }
  return new CelArray(items);
}

interface EntrySteps {
  readonly key: Step;
  readonly value: Step;
  readonly isOptional: boolean;
}

function createMap(frame: Frame, entries: readonly EntrySteps[]): CelResult {
  const map = new CelEntries();
  for (const entry of entries) {
    const key = entry.key(frame);
    if (key instanceof CelError) return key;
    const value = entry.value(frame);
    if (value instanceof CelError) return value;
    if (!entry.isOptional) {
      map.set(key, value);
    } else if (!(value instanceof CelOptional)) {
      const shown = celText(key);
      return new CelError(
        `cannot initialize optional entry '${shown}' from non-optional value ${celText(value)}`,
      );
    } else if (value.value === undefined) {
      map.delete(key);
    } else {
      map.set(key, value.value);
    }
  }
  return map;
}

function emptyFrame(): Frame {
  return { variables: {}, cost: 0, costLimit: Number.POSITIVE_INFINITY, slots: [] };
}

function checkPattern(pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    if (error instanceof PatternError) throw programError(error.message);
    throw error;
  }
}

/** Asks overloads about arguments that are known before anything is evaluated. Were there any. */
function checkLiterals(overloads: readonly Overload[], args: readonly Node[]): boolean {
  let isChecked = false;
  for (const { literalCheck, parameters } of overloads) {
    const value = literalCheck === undefined ? undefined : args[literalCheck.argument]?.constant;
    if (value === undefined || value instanceof CelError || parameters.length !== args.length) continue;
    isChecked = true;
    const message = literalCheck?.check(value);
    if (message !== undefined) throw programError(message);
  }
  return isChecked;
}

function programError(message: string): CelCompileError {
  return new CelCompileError(message, [{ message, line: undefined, column: undefined }], 'program');
}
