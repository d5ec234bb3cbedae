import {
  type ConditionVerdict,
  goQuote,
  type JsonObject,
  READY,
  textAt,
  withConditions,
} from '../../machinery/mod.ts';
import type { NameHolder } from './name-conflicts.ts';

/** How far a binding has come. `where` is path and name of the export. */
export type BindingProgress =
  | { readonly at: 'noExport' | 'noIdentity' | 'otherIdentity'; readonly where: string }
  | { readonly at: 'noSchema'; readonly schema: string }
  | { readonly at: 'nameConflict'; readonly message: string }
  /** All bindings of the logical cluster together would bring more kinds than it may have. */
  | { readonly at: 'tooManyKinds'; readonly max: number }
  /** Some of its names are held by others, by `resource.group`; the rest is bound. */
  | { readonly at: 'taken'; readonly skipped: ReadonlyMap<string, NameHolder> }
  /** What the export has now would make other objects of some of its kinds, by `resource.group`; the rest is bound. */
  | { readonly at: 'kept'; readonly kept: ReadonlyMap<string, string> }
  | { readonly at: 'bound' };

const EXPORT_VALID = 'APIExportValid';
const UP_TO_DATE = 'BindingUpToDate';
const COMPLETED = 'InitialBindingCompleted';

/**
 * The conditions of a binding, with kcp's reasons and texts. That it was bound once is never taken back: what becomes of
 * its export later says nothing about what is there.
 */
export function bindingConditions(
  conditions: readonly JsonObject[],
  progress: BindingProgress,
  now: string,
): JsonObject[] {
  const completed = conditions.find((condition) => textAt(condition, 'type') === COMPLETED);
  const isCompleted = textAt(completed, 'status') === 'True';
  const verdicts = verdictsOf(progress);
  const first: ConditionVerdict =
    verdicts.find(({ type }) => type === COMPLETED) ?? (completed === undefined ? WAITING : KEEP);
  const settled = verdicts.filter(({ type }) => type !== COMPLETED);
  const after = withConditions(
    conditions,
    [...settled, ...(isCompleted || first === KEEP ? [] : [first])],
    now,
  );
  return withConditions(after, [readyOf(after)], now);
}

const WAITING: ConditionVerdict = {
  type: COMPLETED,
  status: 'False',
  severity: 'Info',
  reason: 'WaitingForEstablished',
  message: 'Waiting for API(s) to be established',
};
const KEEP: ConditionVerdict = { type: COMPLETED, status: 'Unknown' };

function verdictsOf(progress: BindingProgress): readonly ConditionVerdict[] {
  switch (progress.at) {
    case 'noExport':
      return [invalid('Error', 'APIExportNotFound', `APIExport ${progress.where} not found`)];
    case 'noIdentity':
      return [
        invalid(
          'Warning',
          'MissingIdentityHash',
          `APIExport ${progress.where} is missing status.identityHash`,
        ),
      ];
    case 'otherIdentity': {
      const message = `APIExport ${progress.where} has another identity than the one that is bound`;
      return [invalid('Error', 'InternalError', message)];
    }
    case 'noSchema': {
      const missing = `APIResourceSchema ${goQuote(progress.schema)} not found`;
      const advice = 'Invalid APIExport. Please contact the APIExport owner to resolve';
      return [invalid('Error', 'InternalError', `${advice}: ${missing}`)];
    }
    case 'nameConflict':
      return conflicts(`Unable to bind APIs: ${progress.message}`);
    case 'tooManyKinds':
      return conflicts(
        `Unable to bind APIs: bindings bring at most ${progress.max} kinds into a logical cluster`,
        'TooManyKinds',
      );
    case 'taken':
      return [
        { type: EXPORT_VALID, status: 'True' },
        ...conflicts(
          `Unable to bind APIs because they are bound by other APIBindings or CRDs: ${holdersText(progress.skipped)}`,
        ),
      ];
    case 'kept': {
      const texts = [...progress.kept].map(([name, reason]) => `${name}: ${reason}`).sort();
      return [
        { type: EXPORT_VALID, status: 'True' },
        { type: COMPLETED, status: 'True' },
        {
          type: UP_TO_DATE,
          status: 'False',
          severity: 'Error',
          reason: 'ConsistencyChanged',
          message: `Unable to follow the APIExport: ${texts.join('; ')}`,
        },
      ];
    }
    case 'bound':
      return [EXPORT_VALID, COMPLETED, UP_TO_DATE].map((type) => ({ type, status: 'True' }));
  }
}

function invalid(severity: 'Error' | 'Warning', reason: string, message: string): ConditionVerdict {
  return { type: EXPORT_VALID, status: 'False', severity, reason, message };
}

function conflicts(message: string, reason = 'NamingConflicts'): ConditionVerdict[] {
  return [UP_TO_DATE, COMPLETED].map((type) => ({
    type,
    status: 'False',
    severity: 'Error',
    reason,
    message,
  }));
}

/** As Go prints a map of locks. */
function holdersText(skipped: ReadonlyMap<string, NameHolder>): string {
  const holders = [...skipped].sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${holders.map(([name, { binding, isCrd }]) => `${name}:{${binding} ${isCrd}}`).join(' ')}]`;
}

/** Only whether it was bound counts. */
function readyOf(conditions: readonly JsonObject[]): ConditionVerdict {
  const completed = conditions.find((condition) => textAt(condition, 'type') === COMPLETED);
  if (textAt(completed, 'status') === 'True') return { type: READY, status: 'True' };
  return {
    type: READY,
    status: 'False',
    severity: textAt(completed, 'severity') === 'Info' ? 'Info' : 'Error',
    reason: textAt(completed, 'reason'),
    message: textAt(completed, 'message'),
  };
}
