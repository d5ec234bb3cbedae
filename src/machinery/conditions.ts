import { textAt } from './json-access.ts';
import { type JsonObject, objectOf } from './json-value.ts';

/** What a condition says; when it began to say so is for {@link withConditions} to find out. */
export interface ConditionVerdict {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** Of one that is False. */
  readonly severity?: 'Error' | 'Warning' | 'Info';
  readonly reason?: string;
  readonly message?: string;
}

/** The condition that sums up all others. */
export const READY = 'Ready';

/**
 * A list of conditions with some of them settled, in kcp's order: `Ready` first, the others by type. One that says what
 * it said before keeps its time.
 */
export function withConditions(
  conditions: readonly JsonObject[],
  verdicts: readonly ConditionVerdict[],
  now: string,
): JsonObject[] {
  const all = new Map(conditions.map((condition) => [textAt(condition, 'type'), condition]));
  for (const verdict of verdicts) {
    if (!saysSo(all.get(verdict.type), verdict)) all.set(verdict.type, conditionOf(verdict, now));
  }
  return [...all.values()].sort(compareConditions);
}

/** Whether a condition says what it should. */
export function saysSo(condition: JsonObject | undefined, verdict: ConditionVerdict): boolean {
  const { status, severity = '', reason = '', message = '' } = verdict;
  return (
    textAt(condition, 'status') === status &&
    textAt(condition, 'severity') === severity &&
    textAt(condition, 'reason') === reason &&
    textAt(condition, 'message') === message
  );
}

function conditionOf({ type, status, severity, reason, message }: ConditionVerdict, now: string): JsonObject {
  return objectOf({
    lastTransitionTime: now,
    ...(message === undefined || message === '' ? {} : { message }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(severity === undefined ? {} : { severity }),
    status,
    type,
  });
}

/** kcp's order of conditions: `Ready` first, the others by type. */
export function compareConditions(a: JsonObject, b: JsonObject): number {
  const [left, right] = [textAt(a, 'type'), textAt(b, 'type')];
  if (left === right) return 0;
  if (left === READY || right === READY) return left === READY ? -1 : 1;
  return left < right ? -1 : 1;
}
