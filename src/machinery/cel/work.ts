/** Thrown through all steps when the evaluation has cost too much. One object: it carries nothing. */
export class CostLimitReached {}

export const costLimitReached = new CostLimitReached();

/**
 * What evaluations do beyond what they are charged for. The costs of cel-go are part of the protocol, but they
 * call the concatenation of two lists one unit however long they are, and the length of a text as well. Go
 * interrupts such an evaluation by its deadline. Here it would hold the only thread, so that what runs over
 * elements and characters counts them: a unit of work takes about as long as a unit of cost.
 */
let left = Number.POSITIVE_INFINITY;

/** Counts work of the evaluation that is running, and breaks it off when that is too much. */
export function work(units: number): void {
  left -= units;
  if (left < 0) throw costLimitReached;
}

/** Runs an evaluation that may do so much work, and says how much it did. */
export function withWorkLimit<Result>(
  unitsMax: number,
  run: () => Result,
): { readonly result: Result; readonly work: number } {
  const outer = left;
  left = unitsMax;
  try {
    const result = run();
    return { result, work: Number.isFinite(unitsMax) ? unitsMax - left : 0 };
  } finally {
    left = outer;
  }
}
