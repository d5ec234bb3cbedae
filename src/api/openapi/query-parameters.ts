import type { Action } from './operation.ts';

/** A parameter in the query of a request. */
export interface QueryParameter {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'integer';
  readonly description: string;
}

/** The query parameters that requests of one action understand (metav1's …Options types), in order of name. */
export function queryParametersOf(action: Action): readonly QueryParameter[] {
  return PARAMETERS_OF_ACTION[action];
}

/** Every parameter that some action understands, each once. */
export function allQueryParameters(): readonly QueryParameter[] {
  return Object.values(PARAMETERS);
}

const PARAMETERS = {
  allowWatchBookmarks: {
    name: 'allowWatchBookmarks',
    type: 'boolean',
    description: 'The client of this watch understands BOOKMARK events. The server may send them, or not.',
  },
  continue: {
    name: 'continue',
    type: 'string',
    description:
      'The `metadata.continue` of the previous page: asks for the next page of the same list. Tokens expire (410 Expired).',
  },
  dryRun: {
    name: 'dryRun',
    type: 'string',
    description: 'With `All` the request passes every check and is answered, but nothing is stored.',
  },
  fieldManager: {
    name: 'fieldManager',
    type: 'string',
    description:
      'Who makes this change: at most 128 printable characters. Required for apply patches; else taken from the user agent.',
  },
  fieldSelector: {
    name: 'fieldSelector',
    type: 'string',
    description: 'Limits the answer to objects with these field values, for example `metadata.name=a`.',
  },
  fieldValidation: {
    name: 'fieldValidation',
    type: 'string',
    description:
      'What becomes of unknown and duplicate fields: `Ignore` drops them, `Warn` (the default) also answers with warnings, `Strict` refuses the request.',
  },
  force: {
    name: 'force',
    type: 'boolean',
    description:
      'Takes over the fields of an apply patch that other managers own. Refused for other patches.',
  },
  gracePeriodSeconds: {
    name: 'gracePeriodSeconds',
    type: 'integer',
    description: 'Seconds until the deletion; zero means at once. Kinds without grace ignore it.',
  },
  labelSelector: {
    name: 'labelSelector',
    type: 'string',
    description: 'Limits the answer to objects with these labels, for example `app=web,tier!=test`.',
  },
  limit: {
    name: 'limit',
    type: 'integer',
    description: 'The largest number of objects in one answer. More are fetched with `continue`.',
  },
  orphanDependents: {
    name: 'orphanDependents',
    type: 'boolean',
    description: 'Deprecated: use `propagationPolicy`. Whether dependent objects stay.',
  },
  pretty: {
    name: 'pretty',
    type: 'string',
    description: 'With `true` the answer is indented for people.',
  },
  propagationPolicy: {
    name: 'propagationPolicy',
    type: 'string',
    description:
      'What becomes of dependent objects: `Orphan` leaves them, `Background` deletes them afterwards, `Foreground` deletes them first.',
  },
  resourceVersion: {
    name: 'resourceVersion',
    type: 'string',
    description:
      'The state that the answer may not be older than; for a watch, the state after which it begins.',
  },
  resourceVersionMatch: {
    name: 'resourceVersionMatch',
    type: 'string',
    description: 'How `resourceVersion` is meant in a list: `Exact` or `NotOlderThan`.',
  },
  sendInitialEvents: {
    name: 'sendInitialEvents',
    type: 'boolean',
    description:
      'Begins a watch with the present objects as ADDED events and then a bookmark. Needs `resourceVersionMatch=NotOlderThan`.',
  },
  timeoutSeconds: {
    name: 'timeoutSeconds',
    type: 'integer',
    description: 'Ends a list or watch after this time.',
  },
  watch: {
    name: 'watch',
    type: 'boolean',
    description: 'Answers with the stream of changes instead of the list.',
  },
} as const satisfies Readonly<Record<string, QueryParameter>>;

const LIST = [
  PARAMETERS.allowWatchBookmarks,
  PARAMETERS.continue,
  PARAMETERS.fieldSelector,
  PARAMETERS.labelSelector,
  PARAMETERS.limit,
  PARAMETERS.pretty,
  PARAMETERS.resourceVersion,
  PARAMETERS.resourceVersionMatch,
  PARAMETERS.sendInitialEvents,
  PARAMETERS.timeoutSeconds,
  PARAMETERS.watch,
];
const WRITE = [PARAMETERS.dryRun, PARAMETERS.fieldManager, PARAMETERS.fieldValidation, PARAMETERS.pretty];
const DELETE = [
  PARAMETERS.dryRun,
  PARAMETERS.gracePeriodSeconds,
  PARAMETERS.orphanDependents,
  PARAMETERS.pretty,
  PARAMETERS.propagationPolicy,
];

const PARAMETERS_OF_ACTION: Readonly<Record<Action, readonly QueryParameter[]>> = {
  get: [PARAMETERS.pretty, PARAMETERS.resourceVersion],
  list: LIST,
  post: WRITE,
  put: WRITE,
  patch: [
    PARAMETERS.dryRun,
    PARAMETERS.fieldManager,
    PARAMETERS.fieldValidation,
    PARAMETERS.force,
    PARAMETERS.pretty,
  ],
  delete: DELETE,
  deletecollection: [
    PARAMETERS.continue,
    PARAMETERS.dryRun,
    PARAMETERS.fieldSelector,
    PARAMETERS.gracePeriodSeconds,
    PARAMETERS.labelSelector,
    PARAMETERS.limit,
    PARAMETERS.orphanDependents,
    PARAMETERS.pretty,
    PARAMETERS.propagationPolicy,
    PARAMETERS.resourceVersion,
    PARAMETERS.resourceVersionMatch,
    PARAMETERS.timeoutSeconds,
  ],
};
