import { charge, type Frame, type Step } from './frame.ts';
import { isNumeric, noSuchOverload } from './numbers.ts';
import { costs } from './standard-costs.ts';
import { celText, goTypeName } from './value-text.ts';
import {
  CelError,
  CelList,
  CelMap,
  CelOptional,
  type CelResult,
  CelUint,
  type CelValue,
  typeOf,
} from './values.ts';

/**
 * Something with fields and elements selected from it: `self.a[0].b`. A chain is one step, as in cel-go,
 * whose costs depend on it: the chain counts once, and each selection once.
 */
export type Attribute =
  | { readonly kind: 'chain'; readonly base: Step; readonly selectors: readonly Selector[] }
  | {
      readonly kind: 'choice';
      readonly condition: Step;
      readonly whenTrue: Attribute;
      readonly whenFalse: Attribute;
    };

export interface Selector {
  /** The key or index: a constant, or what a step gives. */
  readonly key: CelValue | Step;
  /** `a.?b`, `a[?b]`: absence gives none. */
  readonly isOptional: boolean;
  /** `has(a.b)`: gives whether it is there. */
  readonly isTest: boolean;
}

export function select(attribute: Attribute, selector: Selector): Attribute {
  if (attribute.kind === 'chain') {
    return { ...attribute, selectors: [...attribute.selectors, selector] };
  }
  return {
    ...attribute,
    whenTrue: select(attribute.whenTrue, selector),
    whenFalse: select(attribute.whenFalse, selector),
  };
}

/** The step that resolves an attribute, without the cost of the attribute itself. */
export function resolveStep(attribute: Attribute): Step {
  if (attribute.kind === 'choice') return choiceStep(attribute);
  const { base, selectors } = attribute;
  if (selectors.length === 0) return flattened(base);
  if (selectors.every(isPlain)) return plainChain(base, selectors);
  return (frame) => {
    const value = base(frame);
    return value instanceof CelError ? value : applySelectors(frame, value, selectors);
  };
}

/** cel-go takes what is in an optional out and puts it back: of an optional in an optional one is left. */
function flattened(base: Step): Step {
  return (frame) => {
    const value = base(frame);
    if (!(value instanceof CelOptional) || !(value.value instanceof CelOptional)) return value;
    return CelOptional.of(contentsOf(value.value));
  };
}

function contentsOf(optional: CelOptional): CelValue {
  const { value } = optional;
  if (value === undefined) return null;
  return value instanceof CelOptional ? contentsOf(value) : value;
}

function choiceStep(attribute: Attribute & { readonly kind: 'choice' }): Step {
  const { condition } = attribute;
  const whenTrue = resolveStep(attribute.whenTrue);
  const whenFalse = resolveStep(attribute.whenFalse);
  return (frame) => {
    const value = condition(frame);
    if (value === true) return whenTrue(frame);
    if (value === false) return whenFalse(frame);
    return value instanceof CelError ? value : noSuchOverload;
  };
}

type PlainSelector = Selector & { readonly key: string };

function isPlain(selector: Selector): selector is PlainSelector {
  return typeof selector.key === 'string' && !selector.isOptional && !selector.isTest;
}

/** The usual case, fields by name: a loop without decisions. */
function plainChain(base: Step, selectors: readonly PlainSelector[]): Step {
  const keys = selectors.map(({ key }) => key);
  return (frame) => {
    const start = base(frame);
    if (start instanceof CelError) return start;
    if (start instanceof CelOptional) return applySelectors(frame, start, selectors);
    let value: CelValue = start;
    for (const key of keys) {
      charge(frame, costs.select);
      const next: CelResult | undefined = value instanceof CelMap ? value.get(key) : lookUp(value, key);
      if (next === undefined) return missing(value, key);
      if (next instanceof CelError) return next;
      value = next;
    }
    return value;
  };
}

function applySelectors(frame: Frame, start: CelValue, selectors: readonly Selector[]): CelResult {
  let value = start;
  let isOptional = false;
  if (start instanceof CelOptional) {
    if (start.value === undefined) return start;
    value = contentsOf(start);
    isOptional = true;
  }
  for (const selector of selectors) {
    isOptional ||= selector.isOptional;
    const key = typeof selector.key === 'function' ? keyOf(selector.key(frame)) : selector.key;
    const found: CelResult | undefined = key instanceof CelError ? key : lookUp(value, key);
    const isBadTarget = found === undefined && !(value instanceof CelList || value instanceof CelMap);
    if (isOptional) {
      if (found instanceof CelError) return found;
      if (found === undefined) return CelOptional.none;
      charge(frame, costs.select);
      value = selector.isTest ? true : found;
      continue;
    }
    charge(frame, costs.select);
    if (found instanceof CelError) return found;
    if (selector.isTest) {
      value = found !== undefined && !isBadTarget;
    } else if (found === undefined) {
      return missing(value, key as CelValue);
    } else {
      value = found;
    }
  }
  return isOptional ? CelOptional.of(value) : value;
}

/** Only what can be a key or an index may stand in brackets. */
function keyOf(key: CelResult): CelResult {
  if (key instanceof CelError) return key;
  return isKey(key) ? key : new CelError(`invalid qualifier type: ${goTypeName(key)}`);
}

export function isKey(value: CelValue): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || isNumeric(value);
}

/** The value at a key; undefined when there is none, or nothing can be there. */
export function lookUp(target: CelValue, key: CelValue): CelResult | undefined {
  if (target instanceof CelMap) return target.get(key);
  if (!(target instanceof CelList)) return undefined;
  const index = indexOf(key);
  if (index instanceof CelError) return index;
  return index >= 0 && index < target.size ? target.get(index) : undefined;
}

function missing(target: CelValue, key: CelValue): CelError {
  const what = target instanceof CelList ? 'index out of bounds' : 'no such key';
  return new CelError(`${what}: ${celText(key)}`);
}

function indexOf(key: CelValue): number | CelError {
  if (typeof key === 'bigint') return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  if (typeof key !== 'number') return new CelError(`unsupported index type '${typeOf(key).name}' in list`);
  return Number.isInteger(key) ? key : new CelError(`unsupported index value ${celText(key)} in list`);
}
