import { type JsonObject, objectAt, objectOf, objectsAt, textAt } from '../machinery/mod.ts';

/** A condition as kcp's kinds have it: with a severity while it is not true. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly severity?: 'Error' | 'Warning' | 'Info';
  readonly reason?: string;
  readonly message?: string;
}

/**
 * The conditions of an object with one of them as given, in kcp's order: `Ready` first, the others by name. The time
 * of a transition is that of the last change of anything in it.
 */
export function withCondition(object: JsonObject, condition: Condition, now: string): JsonObject[] {
  const all = objectsAt(objectAt(object, 'status'), 'conditions');
  const known = all.find((entry) => textAt(entry, 'type') === condition.type);
  const others = all.filter((entry) => entry !== known);
  const isKnown =
    known !== undefined &&
    (['status', 'severity', 'reason', 'message'] as const).every(
      (field) => textAt(known, field) === (condition[field] ?? ''),
    );
  const entry = isKnown ? known : conditionObject(condition, now);
  return inOrder([...others, entry]);
}

/** Conditions in kcp's order. */
export function inOrder(conditions: readonly JsonObject[]): JsonObject[] {
  return [...conditions].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

function conditionObject(condition: Condition, now: string): JsonObject {
  // In the order in which Go writes them.
  const { type, status, severity, reason, message } = condition;
  return objectOf({
    lastTransitionTime: now,
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(severity === undefined ? {} : { severity }),
    status,
    type,
  });
}

function placeOf(condition: JsonObject): string {
  const type = textAt(condition, 'type');
  return type === 'Ready' ? '' : type;
}
