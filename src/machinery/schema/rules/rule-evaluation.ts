import { limits } from '../../../base/mod.ts';
import {
  CelError,
  CelOptional,
  type CelResult,
  type CelValue,
  type CompiledExpression,
  type Evaluation,
} from '../../cel/mod.ts';
import {
  child,
  duplicate,
  type FieldError,
  forbidden,
  goQuote,
  invalid,
  required,
} from '../../field-error.ts';
import type { JsonValue } from '../../json-value.ts';
import type { Schema, ValidationRule } from '../schema.ts';
import { nativeValueOf } from './cel-natives.ts';
import { celValueOf } from './cel-values.ts';
import type { CompiledRule } from './rule-compiler.ts';

/** What one evaluation, and all evaluations of one object, may cost: as upstream, about 0.1 and 1 second. */
const EVALUATION_COST_MAX = 1_000_000;
const OBJECT_COST_MAX = 10_000_000;

/**
 * What the rules of one object may do in all, costs and the work that has no cost together: some tenths of a
 * second in which the server does nothing else. Objects of real kinds stay below a hundredth of it.
 */
const OBJECT_WORK_MAX = limits.celObjectWorkMax;

/** A message that an expression makes is no longer, as upstream. */
const MESSAGE_BYTES_MAX = 5 * 1024;

/** The cost that the rules of one object may still cause. */
export class RuleBudget {
  #left = OBJECT_COST_MAX;
  #workLeft: number = OBJECT_WORK_MAX;
  #isOver = false;

  /** No further rule is evaluated. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isUsedUp(): boolean {
    return this.#left <= 0 || this.#workLeft <= 0;
  }

  get workLeft(): number {
    return this.#workLeft;
  }

  /** Takes from what is left; false, and over, if that is not enough. */
  spend({ cost, work }: Pick<Evaluation, 'cost' | 'work'>): boolean {
    this.#workLeft -= cost + work;
    if (cost > this.#left || this.#workLeft < 0) this.stop();
    else this.#left -= cost;
    return !this.#isOver;
  }

  stop(): void {
    this.#isOver = true;
  }
}

export interface EvaluationPlace {
  readonly path: string;
  readonly schema: Schema;
  readonly value: JsonValue;
  /** The old value, if there is one to compare with. */
  readonly old: JsonValue | undefined;
  readonly isUnchanged: () => boolean;
  readonly errors: FieldError[];
  readonly budget: RuleBudget;
  readonly warn: (error: FieldError) => void;
}

/** Evaluates the rules of one node on one value that is not null. */
export function evaluateRules(rules: readonly CompiledRule[], place: EvaluationPlace): void {
  const { path, schema, errors, budget, old } = place;
  const complain = (detail: string): void => {
    errors.push(invalid(fieldOf(path), schema.type ?? '', detail));
  };
  if (budget.isUsedUp) {
    budget.stop();
    complain('validation failed due to running out of cost budget, no further validation rules will be run');
    return;
  }
  const variables = new RuleVariables(place, { canLookBack: rules.some(({ usesOldSelf }) => usesOldSelf) });
  for (const compiled of rules) {
    const { rule, program } = compiled;
    if (compiled.error !== undefined) complain(`rule compile error: ${compiled.error}`);
    if (program === undefined) continue;
    const isOptional = rule.optionalOldSelf === true;
    if (compiled.usesOldSelf && old === undefined && !isOptional) continue;
    const activation = isOptional ? variables.optional : variables.plain;
    const result = evaluate(program, activation, budget);
    if (!budget.spend(result)) {
      complain(
        'validation failed due to running out of cost budget, no further validation rules will be run',
      );
      return;
    }
    if (result.value instanceof CelError) {
      complain(evaluationFault(result.value, rule));
      if (result.isOverBudget) {
        budget.stop();
        return;
      }
    } else if (result.value !== true) {
      report(compiled, place, messageOf(compiled, place, variables));
      if (budget.isOver) return;
    }
  }
}

type Activation = Readonly<Record<string, CelValue>>;

/** `self` and `oldSelf`, made when they are first needed. */
class RuleVariables {
  readonly #place: EvaluationPlace;
  /** As upstream, a message finds the old value only where one of the rules beside it asks for it. */
  readonly #canLookBack: boolean;
  #self: CelResult | undefined;
  #oldSelf: CelResult | undefined;
  readonly plain: Activation;
  readonly optional: Activation;

  constructor(place: EvaluationPlace, { canLookBack }: { readonly canLookBack: boolean }) {
    this.#place = place;
    this.#canLookBack = canLookBack;
    const self = (): CelValue => this.#selfValue();
    const oldSelf = (): CelValue => this.#oldValue();
    const optionalOldSelf = (): CelValue =>
      place.old === undefined ? CelOptional.none : CelOptional.of(this.#nativeOldValue(place.old));
    this.plain = {
      get self() {
        return self();
      },
      get oldSelf() {
        return oldSelf();
      },
    };
    this.optional = {
      get self() {
        return self();
      },
      get oldSelf() {
        return optionalOldSelf();
      },
    };
  }

  #selfValue(): CelValue {
    this.#self ??= celValueOf(this.#place.value, this.#place.schema);
    return this.#self as CelValue;
  }

  /** What an optional holds is seen without its schema, unless it is a scalar. */
  #nativeOldValue(old: JsonValue): CelValue {
    const value: CelResult = this.#oldValue();
    if (value instanceof CelError) {
      const message = `unsupported conversion to ref.Val: (*errors.errorString)${value.message}`;
      return new CelError(message) as unknown as CelValue;
    }
    return typeof old === 'object' && old !== null ? nativeValueOf(old) : value;
  }

  #oldValue(): CelValue {
    const { old, schema } = this.#place;
    if (old === undefined || !this.#canLookBack)
      return new CelError('no such attribute(s): oldSelf') as unknown as CelValue;
    this.#oldSelf ??= celValueOf(old, schema);
    return this.#oldSelf as CelValue;
  }
}

/** As upstream, an expression that makes the evaluator itself fail is a broken rule, not a broken server. */
function evaluate(program: CompiledExpression, activation: Activation, budget: RuleBudget): Evaluation {
  try {
    return program.evaluate(activation, { costLimit: EVALUATION_COST_MAX, workLimit: budget.workLeft });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      value: new CelError(`internal error: ${reason}`),
      cost: EVALUATION_COST_MAX,
      work: 0,
      isOverBudget: false,
    };
  }
}

function evaluationFault({ message }: CelError, rule: ValidationRule): string {
  const name = ruleName(rule);
  if (message.startsWith('no such overload')) {
    return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`;
  }
  if (message.startsWith('operation cancelled: actual cost limit exceeded')) {
    return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`;
  }
  return `${message} evaluating rule: ${name}`;
}

/** A broken rule: an error, or a warning where nothing changed and the rule does not look back. */
function report(compiled: CompiledRule, place: EvaluationPlace, message: string | FieldError): void {
  const { path, schema, errors, warn } = place;
  const field = compiled.fieldPath === '' ? fieldOf(path) : child(path, compiled.fieldPath);
  const error =
    typeof message === 'string'
      ? errorForReason(compiled.rule.reason, { field, value: schema.type ?? '', detail: message })
      : { ...message, field };
  if (!compiled.usesOldSelf && place.isUnchanged()) warn(error);
  else errors.push(error);
}

function errorForReason(
  reason: string | undefined,
  { field, value, detail }: { readonly field: string; readonly value: string; readonly detail: string },
): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return duplicate(field, value);
    default:
      return invalid(field, value, detail);
  }
}

/** What a broken rule says; an error of its own if saying it costs too much. */
function messageOf(
  { rule, message }: CompiledRule,
  { schema, budget }: EvaluationPlace,
  variables: RuleVariables,
): string | FieldError {
  const fallback = rule.message ? rule.message.trim() : `failed rule: ${ruleName(rule)}`;
  if (message === undefined) return fallback;
  const result = evaluate(message, variables.plain, budget);
  const tooExpensive = (detail: string): FieldError => {
    budget.stop();
    return invalid('', schema.type ?? '', detail);
  };
  if (!budget.spend(result)) {
    return tooExpensive(
      'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
    );
  }
  if (result.isOverBudget) {
    const source = goQuote(rule.messageExpression ?? '');
    return tooExpensive(
      `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${source}`,
    );
  }
  if (typeof result.value !== 'string') return fallback;
  const text = result.value.trim();
  const isUsable = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MESSAGE_BYTES_MAX;
  return isUsable ? text : fallback;
}

/** How texts call a rule: by its message, or else by its expression. */
function ruleName({ rule, message }: ValidationRule): string {
  return (message ? message : rule).trim();
}

function fieldOf(path: string): string {
  return path === '' ? '<nil>' : path;
}
