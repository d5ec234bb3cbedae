import { type CheckedExpression, checkExpression } from './checker.ts';
import type { CostEstimate, SizeHints } from './cost-estimates.ts';
import type { CelEnvironment } from './environment.ts';
import { costLimitError, type Frame, type Step } from './frame.ts';
import { parseExpression } from './parser.ts';
import { planExpression } from './planner.ts';
import { compileError } from './source.ts';
import { estimateExpression } from './static-cost.ts';
import type { CelType } from './types.ts';
import { validateLiterals } from './validators.ts';
import type { CelResult, CelValue } from './values.ts';
import { CostLimitReached, withWorkLimit } from './work.ts';

/** The values of variables by name; a getter makes one lazy. */
export type Variables = Readonly<Record<string, CelValue>>;

export interface EvaluationOptions {
  /** The evaluation is broken off when it costs more; without it nothing is. */
  readonly costLimit?: number;
  /** The same for what it does beyond its costs: see work.ts. */
  readonly workLimit?: number;
}

export interface Evaluation {
  readonly value: CelResult;
  /** What it cost; after a break-off a little more than the limit. */
  readonly cost: number;
  /** What it did beyond that. */
  readonly work: number;
  /** `value` says `operation cancelled: actual cost limit exceeded`. */
  readonly isOverBudget: boolean;
}

/** An expression that can be evaluated any number of times, on any values of its variables. */
export interface CompiledExpression {
  readonly source: string;
  readonly resultType: CelType;
  /** How many parts it has after its macros were expanded: what it takes to compile it. */
  readonly partCount: number;
  /** All identifiers that it uses, variables of its macros included. */
  readonly referencedNames: ReadonlySet<string>;
  readonly evaluate: (variables: Variables, options?: EvaluationOptions) => Evaluation;
  readonly estimateCost: (hints?: SizeHints) => CostEstimate;
}

/**
 * Parses, checks and plans an expression.
 * @throws CelCompileError when it does not parse, check or plan, in cel-go's words.
 */
export function compileCel(environment: CelEnvironment, source: string): CompiledExpression {
  const parsed = parseExpression(environment, source);
  if (parsed.expression === undefined) throw compileError(source, parsed.faults);
  const checked = checkExpression(environment, parsed.expression, parsed.positions);
  if (checked.faults.length > 0) throw compileError(source, checked.faults);
  if (environment.options.validatesLiterals) {
    const faults = validateLiterals(environment, checked, parsed.positions);
    if (faults.length > 0) throw compileError(source, faults);
  }
  const { step, slotCount } = planExpression(environment, checked);
  return {
    source,
    partCount: parsed.positions.count,
    resultType: checked.types.get(parsed.expression.id)!,
    referencedNames: identNamesOf(checked),
    evaluate: (variables, options) =>
      run(step, options?.workLimit ?? Number.POSITIVE_INFINITY, {
        variables,
        cost: 0,
        costLimit: options?.costLimit ?? Number.POSITIVE_INFINITY,
        slots: slotCount === 0 ? noSlots : new Array(slotCount),
      }),
    estimateCost: (hints) => estimateExpression(environment, checked, hints),
  };
}

function identNamesOf({ references }: CheckedExpression): ReadonlySet<string> {
  const names = new Set<string>();
  for (const reference of references.values()) if (reference.kind === 'ident') names.add(reference.name);
  return names;
}

const noSlots: never[] = [];

function run(step: Step, workLimit: number, frame: Frame): Evaluation {
  const { result, work } = withWorkLimit(workLimit, () => tryStep(step, frame));
  return { value: result, cost: frame.cost, work, isOverBudget: result === costLimitError };
}

function tryStep(step: Step, frame: Frame): CelResult {
  try {
    return step(frame);
  } catch (error) {
    if (!(error instanceof CostLimitReached)) throw error;
    return costLimitError;
  }
}
