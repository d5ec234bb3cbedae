import { charge, type Step } from './frame.ts';
import type { CallCost, CostOverrides, Overload } from './functions.ts';
import { noSuchOverload } from './numbers.ts';
import { readingWork } from './reading-work.ts';
import { costs, standardCallCost } from './standard-costs.ts';
import { CelError, CelOptional, type CelResult, type CelValue, isInstance, typeOf } from './values.ts';
import { work } from './work.ts';

type Implementation = (...values: CelResult[]) => CelResult;

export interface CallPlan {
  readonly functionName: string;
  /** Empty when it is only known at run time. */
  readonly overloadId: string;
  readonly args: readonly Step[];
  readonly implementation: Implementation;
  /** Undefined is 1. */
  readonly cost: CallCost | undefined;
  /** Arguments behind a fault are not evaluated, and the call then costs nothing: cel-go's way with some calls. */
  readonly stopsAtFault?: boolean;
}

/** Evaluates the arguments, calls, and charges for it. A fault as an argument is the result. */
export function callStep(plan: CallPlan): Step {
  if (plan.stopsAtFault === true) return variadicStep(plan);
  switch (plan.args.length) {
    case 1:
      return unaryStep(plan);
    case 2:
      return binaryStep(plan);
    default:
      return variadicStep(plan);
  }
}

function unaryStep({ args, implementation, cost }: CallPlan): Step {
  const [arg] = args as [Step];
  return (frame) => {
    const value = arg(frame);
    work(readingWork(value));
    const result = value instanceof CelError ? value : implementation(value);
    work(readingWork(result));
    charge(frame, cost === undefined ? costs.call : (cost([value], result) ?? costs.call));
    return result;
  };
}

function binaryStep({ args, implementation, cost }: CallPlan): Step {
  const [first, second] = args as [Step, Step];
  return (frame) => {
    const a = first(frame);
    const b = second(frame);
    work(readingWork(a) + readingWork(b));
    const result = a instanceof CelError ? a : b instanceof CelError ? b : implementation(a, b);
    work(readingWork(result));
    charge(frame, cost === undefined ? costs.call : (cost([a, b], result) ?? costs.call));
    return result;
  };
}

function variadicStep({ args, implementation, cost }: CallPlan): Step {
  return (frame) => {
    const values: CelResult[] = [];
    for (const [index, arg] of args.entries()) {
      const value = arg(frame);
      // cel-go stops here, and counts a call only when it has seen all arguments.
      if (value instanceof CelError && index < args.length - 1) return value;
      values.push(value);
    }
    for (const value of values) work(readingWork(value));
    const last = values.at(-1);
    const result = last instanceof CelError ? last : implementation(...values);
    work(readingWork(result));
    charge(frame, cost === undefined ? costs.call : (cost(values, result) ?? costs.call));
    return result;
  };
}

/** `!= false` also of faults: the condition of `all` and `exists`. */
export function notStrictlyFalseStep(arg: Step): Step {
  return (frame) => {
    const value = arg(frame);
    charge(frame, costs.call);
    return value !== false;
  };
}

export function andStep(left: Step, right: Step): Step {
  return (frame) => {
    const a = left(frame);
    if (a === false) return false;
    const b = right(frame);
    if (b === false) return false;
    if (a === true && b === true) return true;
    return faultOf(a === true ? b : a);
  };
}

export function orStep(left: Step, right: Step): Step {
  return (frame) => {
    const a = left(frame);
    if (a === true) return true;
    const b = right(frame);
    if (b === true) return true;
    if (a === false && b === false) return false;
    return faultOf(a === false ? b : a);
  };
}

function faultOf(value: CelResult): CelError {
  return value instanceof CelError ? value : noSuchOverload;
}

/** `a.or(b)` and `a.orValue(b)`: b is looked at when a has nothing; they cost nothing themselves. */
export function orElseStep(left: Step, right: Step, { unwraps }: { readonly unwraps: boolean }): Step {
  return (frame) => {
    const value = left(frame);
    if (!(value instanceof CelOptional)) return value;
    if (value.value === undefined) return right(frame);
    return unwraps ? value.value : value;
  };
}

/** The code for a call whose overload may only be known from the values. */
export function implementationOf(functionName: string, overloads: readonly Overload[]): Implementation {
  const [first] = overloads;
  if (first !== undefined && (overloads.length === 1 || first.isUnguarded === true)) {
    return first.isUnguarded === true ? codeOf(first) : guarded(functionName, [first]);
  }
  return guarded(functionName, overloads);
}

function guarded(functionName: string, overloads: readonly Overload[]): Implementation {
  return (...values) => {
    const found = overloads.find((overload) => accepts(overload, values as CelValue[]));
    return found === undefined ? mismatch(functionName, values as CelValue[]) : codeOf(found)(...values);
  };
}

function accepts(overload: Overload, values: readonly CelValue[]): boolean {
  return (
    overload.parameters.length === values.length &&
    overload.parameters.every((type, index) => isInstance(values[index]!, type))
  );
}

function mismatch(functionName: string, values: readonly CelValue[]): CelError {
  const types = values.map((value) => typeOf(value).name).join(', ');
  return new CelError(`no such overload: ${functionName}(${types})`);
}

function codeOf(overload: Overload): Implementation {
  return overload.evaluate as unknown as Implementation;
}

/** What calls cost: the environment's overrides first, then the overload's own cost, then the language's. */
export function costOf(
  call: { readonly functionName: string; readonly overload: Overload | undefined },
  overrides: readonly CostOverrides[],
): CallCost | undefined {
  const overloadId = call.overload?.id ?? '';
  const own = call.overload?.cost ?? standardCallCost(overloadId);
  const asked = overrides.flatMap(({ callCost }) => (callCost === undefined ? [] : [callCost]));
  if (asked.length === 0) return own;
  const key = { functionName: call.functionName, overloadId };
  return (values, result) => {
    for (const callCost of asked) {
      const cost = callCost(key, values, result);
      if (cost !== undefined) return cost;
    }
    return own?.(values, result);
  };
}
