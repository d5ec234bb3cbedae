import {
  type ConditionVerdict,
  compareConditions,
  type JsonObject,
  objectAt,
  objectsAt,
  withConditions,
} from '../machinery/mod.ts';

/** A condition as kcp's kinds have it: with a severity while it is not true. */
export type Condition = ConditionVerdict;

/** The conditions of an object with one of them as given: see {@link withConditions}. */
export function withCondition(object: JsonObject, condition: Condition, now: string): JsonObject[] {
  return withConditions(objectsAt(objectAt(object, 'status'), 'conditions'), [condition], now);
}

/** Conditions in kcp's order. */
export function inOrder(conditions: readonly JsonObject[]): JsonObject[] {
  return [...conditions].sort(compareConditions);
}
