import { CelError, type CelResult } from './values.ts';
import { costLimitReached } from './work.ts';

/** The state of one evaluation. */
export interface Frame {
  readonly variables: Readonly<Record<string, CelResult | undefined>>;
  cost: number;
  readonly costLimit: number;
  /** Variables of comprehensions, each at the place that planning gave it; undefined before its first use. */
  readonly slots: (CelResult | undefined)[];
}

/** Evaluates one part of an expression. Faults are results. */
export type Step = (frame: Frame) => CelResult;

export const costLimitError = new CelError('operation cancelled: actual cost limit exceeded');

export function charge(frame: Frame, cost: number): void {
  frame.cost += cost;
  if (frame.cost > frame.costLimit) throw costLimitReached;
}
