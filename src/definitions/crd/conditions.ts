import { isObject, type JsonObject, objectOf } from '../../machinery/mod.ts';

/** What a controller says of one aspect of a CRD. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** Does the condition say the same as the one that is there, whenever it began to. */
export function isSameCondition(condition: Condition, existing: JsonObject | undefined): boolean {
  return (
    existing !== undefined &&
    existing['status'] === condition.status &&
    existing['reason'] === condition.reason &&
    existing['message'] === condition.message
  );
}

/** The conditions with one set. Its transition time changes only with its status. */
export function withCondition(
  conditions: readonly JsonObject[],
  condition: Condition,
  now: string,
): JsonObject[] {
  const existing = conditions.find((other) => other['type'] === condition.type);
  const time = existing?.['lastTransitionTime'];
  const isUnchanged = existing?.['status'] === condition.status && typeof time === 'string';
  const next = objectOf({ ...condition, lastTransitionTime: isUnchanged ? time : now });
  if (existing === undefined) return [...conditions, next];
  return conditions.map((other) => (other === existing ? next : other));
}

/** A status with other conditions; the rest is shared. */
export function statusWith(
  status: JsonObject | undefined,
  changes: Readonly<Record<string, JsonObject[string]>>,
): JsonObject {
  return objectOf({ ...(isObject(status) ? status : {}), ...changes });
}
