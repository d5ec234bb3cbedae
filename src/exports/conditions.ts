import { type JsonObject, objectOf, textAt } from '../machinery/mod.ts';

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
  return [...all.values()].sort(byPlace);
}

/** The same, and `Ready` as the summary of what is in the list then. */
export function withSummary(
  conditions: readonly JsonObject[],
  verdicts: readonly ConditionVerdict[],
  now: string,
): JsonObject[] {
  const all = withConditions(conditions, verdicts, now);
  const others = all.filter((condition) => textAt(condition, 'type') !== READY);
  return others.length === 0 ? all : withConditions(all, [summaryOf(others)], now);
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

/** The worst there is decides, and of several the first that has something to say. */
function summaryOf(conditions: readonly JsonObject[]): ConditionVerdict {
  const ranked = conditions.map((condition) => ({ condition, rank: rankOf(condition) }));
  const worst = Math.min(...ranked.map(({ rank }) => rank));
  const group = ranked.filter(({ rank }) => rank === worst).map(({ condition }) => condition);
  const status = textAt(group[0], 'status');
  if (status === 'True') return { type: READY, status };
  const first = (field: string): string =>
    group.map((condition) => textAt(condition, field)).find((text) => text !== '') ?? '';
  const told = { reason: first('reason'), message: first('message') };
  if (status === 'Unknown') return { type: READY, status, ...told };
  const severity = textAt(group[0], 'severity') as 'Error' | 'Warning' | 'Info';
  return { type: READY, status: 'False', severity, ...told };
}

const SEVERITIES = ['Error', 'Warning', 'Info'];

function rankOf(condition: JsonObject): number {
  const status = textAt(condition, 'status');
  if (status === 'False') return Math.max(0, SEVERITIES.indexOf(textAt(condition, 'severity')));
  return status === 'True' ? SEVERITIES.length : SEVERITIES.length + 1;
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

function byPlace(a: JsonObject, b: JsonObject): number {
  const [left, right] = [textAt(a, 'type'), textAt(b, 'type')];
  if (left === right) return 0;
  if (left === READY || right === READY) return left === READY ? -1 : 1;
  return left < right ? -1 : 1;
}
