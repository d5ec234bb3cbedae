import { type FieldError, forbidden, newBadRequest, newInvalid, notSupported } from '../machinery/mod.ts';
import type { Query } from './query.ts';
import { type NamedRevision, parseResourceVersion } from './revision.ts';
import type { RevisionForm } from './revision-form.ts';

/** metav1.ListOptions of a list, checked. */
export interface ListOptions {
  /** Zero: no limit. */
  readonly limit: number;
  readonly continueToken: string;
  /** Undefined: the newest state. */
  readonly since: NamedRevision | undefined;
  /** The list has to be of exactly this revision. */
  readonly isExact: boolean;
}

/** metav1.ListOptions of a watch, checked. */
export interface WatchOptions {
  /** Undefined or 0: begin with what is there. */
  readonly since: NamedRevision | undefined;
  readonly sendsInitialEvents: boolean;
  /** Ends the initial events with an annotated bookmark. */
  readonly marksInitialEnd: boolean;
  readonly allowsBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

const EXACT = 'Exact';
const NOT_OLDER_THAN = 'NotOlderThan';
const KIND = { group: 'meta.k8s.io', kind: 'ListOptions' };

/** Throws 400 and 422 where upstream's ValidateListOptions does. */
export function parseListOptions(query: Query, form: RevisionForm): ListOptions {
  const match = query.text('resourceVersionMatch');
  const version = query.text('resourceVersion');
  const continueToken = query.text('continue');
  const limit = Math.max(0, query.integer('limit') ?? 0);
  // A list has no use for it, but a text that is no number is refused like everywhere.
  query.integer('timeoutSeconds');
  const errors: FieldError[] = [];
  if (query.text('sendInitialEvents') !== '') {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (match !== '') errors.push(...matchErrors({ match, version, continueToken }));
  refuse(errors);
  if (continueToken !== '' && version !== '' && version !== '0') {
    throw newBadRequest('specifying resource version is not allowed when using continue');
  }
  const since = parseResourceVersion(form, version, 'invalid resource version: ');
  // Before resourceVersionMatch existed, a revision with a limit meant exactly that revision.
  const isLegacyExact = match === '' && limit > 0 && since !== undefined && since.revision !== 0;
  return { limit, continueToken, since, isExact: match === EXACT || isLegacyExact };
}

/** Throws 400 and 422 where upstream does for watches. */
export function parseWatchOptions(query: Query, form: RevisionForm): WatchOptions {
  const match = query.text('resourceVersionMatch');
  const version = query.text('resourceVersion');
  const isAsked = query.text('sendInitialEvents') !== '';
  const allowsBookmarks = query.flag('allowWatchBookmarks');
  const errors: FieldError[] = [];
  if (match !== '') {
    if (!isAsked) {
      errors.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      );
    } else if (match !== NOT_OLDER_THAN) {
      errors.push(notSupported('resourceVersionMatch', match, [NOT_OLDER_THAN]));
    }
    if (query.text('continue') !== '') {
      errors.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
  } else if (isAsked) {
    errors.push(
      forbidden(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  }
  refuse(errors);
  const since = parseResourceVersion(form, version);
  const fromStart = since === undefined || since.revision === 0;
  const sendsInitialEvents = isAsked ? query.flag('sendInitialEvents') : fromStart;
  const timeoutSeconds = query.integer('timeoutSeconds');
  return {
    since,
    sendsInitialEvents,
    marksInitialEnd: sendsInitialEvents && allowsBookmarks,
    allowsBookmarks,
    timeoutSeconds: timeoutSeconds !== undefined && timeoutSeconds > 0 ? timeoutSeconds : undefined,
  };
}

function matchErrors(options: {
  readonly match: string;
  readonly version: string;
  readonly continueToken: string;
}): FieldError[] {
  const field = 'resourceVersionMatch';
  const errors: FieldError[] = [];
  if (options.version === '') {
    errors.push(forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  }
  if (options.continueToken !== '') {
    errors.push(forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'));
  }
  if (options.match !== EXACT && options.match !== NOT_OLDER_THAN) {
    errors.push(notSupported(field, options.match, [EXACT, NOT_OLDER_THAN, '']));
  }
  if (options.match === EXACT && options.version === '0') {
    errors.push(forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  return errors;
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw newInvalid(KIND, '', errors);
}
