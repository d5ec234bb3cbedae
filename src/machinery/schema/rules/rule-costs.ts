import { type FieldError, forbidden } from '../../field-error.ts';

/** What the estimated cost of one rule, of one message and of all of a CRD's version may be, as upstream. */
export const RULE_COST_MAX = 10_000_000;
export const SCHEMA_COST_MAX = 100_000_000;

/** How many of the most expensive rules are named when all of them together cost too much. */
const CULPRITS_MAX = 4;

/** Upstream's unsigned integers end here. */
const COST_LIMIT = 2 ** 64;

/** A cost as often as it can arise. */
export function multiplyCost(cost: number, times: number): number {
  return Math.min(cost * times, COST_LIMIT);
}

export function costErrorText(what: string, cost: number, costMax: number): string {
  const factor = cost / costMax;
  let shown = `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  if (factor > 100) shown = 'more than 100x';
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${shown} (${advice})`;
}

/** Adds up what all rules of a schema cost. */
export class TotalCost {
  #total = 0;
  #culprits: readonly { readonly path: string; readonly cost: number }[] = [];

  add(path: string, cost: number): void {
    this.#total = Math.min(this.#total + cost, COST_LIMIT);
    if (cost < SCHEMA_COST_MAX / 100) return;
    this.#culprits = [...this.#culprits, { path, cost }]
      .sort((a, b) => b.cost - a.cost)
      .slice(0, CULPRITS_MAX);
  }

  /** The errors if the total is too high. */
  errors(path: string): FieldError[] {
    if (this.#total <= SCHEMA_COST_MAX) return [];
    const detail =
      'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...this.#culprits.map((culprit) => forbidden(culprit.path, detail)),
      forbidden(path, costErrorText(what, this.#total, SCHEMA_COST_MAX)),
    ];
  }
}
