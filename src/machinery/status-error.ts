import { aggregateErrors, type FieldError, fieldErrorBody } from './field-error.ts';
import { type JsonObject, objectOf } from './json-value.ts';

/** metav1.StatusReason: what clients decide by, before they look at the code. */
export type StatusReason =
  | ''
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Invalid'
  | 'Forbidden'
  | 'Unauthorized'
  | 'BadRequest'
  | 'Gone'
  | 'Expired'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'TooManyRequests'
  | 'Timeout'
  | 'ServerTimeout'
  | 'ServiceUnavailable'
  | 'InternalError';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** Group and resource as error texts print them: `configmaps`, `foos.example.com`. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}
/** Group and kind as error texts print them: `ConfigMap`, `Foo.example.com`. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** A caller's fault, or a condition the caller must know of: becomes the Kubernetes Status of the response. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: StatusReason;
  readonly details: StatusDetails | undefined;
  /** `metadata.continue`, set on 410 for an expired continue token. */
  readonly continueToken: string | undefined;

  constructor(options: {
    readonly code: number;
    readonly reason: StatusReason;
    readonly message: string;
    readonly details?: StatusDetails | undefined;
    readonly continueToken?: string;
    readonly cause?: unknown;
  }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.reason = options.reason;
    this.details = options.details;
    this.continueToken = options.continueToken;
  }
}

/** The Status object that goes over the wire for an error. */
export function statusOf(error: StatusError): JsonObject {
  const metadata = objectOf(error.continueToken === undefined ? {} : { continue: error.continueToken });
  const details = error.details;
  return objectOf({
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message: error.message,
    reason: error.reason === '' ? undefined : error.reason,
    details: details === undefined ? undefined : detailsObject(details),
    code: error.code,
  });
}

/** The Status that confirms a deletion (apiserver's delete handler). */
export function successStatus(details: StatusDetails): JsonObject {
  return objectOf({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: objectOf({}),
    status: 'Success',
    details: detailsObject(details),
  });
}

export function printGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}
export function printGroupKind({ group, kind }: GroupKind): string {
  return group === '' ? kind : `${kind}.${group}`;
}

export function newNotFound(resource: GroupResource, name: string): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${printGroupResource(resource)} "${name}" not found`,
    details: objectDetails(resource, name),
  });
}

export function newAlreadyExists(
  resource: GroupResource,
  name: string,
  options: { readonly prefix?: string; readonly suffix?: string; readonly retryAfterSeconds?: number } = {},
): StatusError {
  const { prefix = '', suffix = '', retryAfterSeconds } = options;
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${prefix}${printGroupResource(resource)} "${name}" already exists${suffix}`,
    details: {
      ...objectDetails(resource, name),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  });
}

export function newConflict(resource: GroupResource, name: string, detail: string): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${printGroupResource(resource)} "${name}": ${detail}`,
    details: objectDetails(resource, name),
  });
}

/** The detail of a conflict that only a re-read resolves (registry.OptimisticLockErrorMsg). */
export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function newInvalid(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${printGroupKind(kind)} "${name}" is invalid: ${aggregateErrors(errors)}`,
    details: {
      name,
      group: kind.group,
      kind: kind.kind,
      causes: errors.map((error) => ({
        reason: error.type,
        message: fieldErrorBody(error),
        field: error.field,
      })),
    },
  });
}

export function newForbidden(
  resource: GroupResource,
  name: string,
  detail: string,
  causes: readonly StatusCause[] = [],
): StatusError {
  const printed = printGroupResource(resource);
  const subject =
    name === ''
      ? printed === ''
        ? 'forbidden'
        : `${printed} is forbidden`
      : `${printed} "${name}" is forbidden`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${subject}: ${detail}`,
    details: { ...objectDetails(resource, name), ...(causes.length === 0 ? {} : { causes }) },
  });
}

export function newUnauthorized(): StatusError {
  return new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

export function newBadRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

export function newExpired(message: string, continueToken?: string): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message,
    ...(continueToken === undefined ? {} : { continueToken }),
  });
}

export function newMethodNotAllowed(resource: GroupResource, action: string): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `${action} is not supported on resources of kind "${printGroupResource(resource)}"`,
    details: { group: resource.group, kind: resource.resource },
  });
}

export function newNotAcceptable(message: string): StatusError {
  return new StatusError({ code: 406, reason: 'NotAcceptable', message });
}

export function newUnsupportedMediaType(
  message: string,
  options: { readonly details?: StatusDetails } = {},
): StatusError {
  return new StatusError({ code: 415, reason: 'UnsupportedMediaType', message, ...options });
}

export function newRequestEntityTooLarge(detail: string): StatusError {
  return new StatusError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity too large: ${detail}`,
  });
}

export function newTooManyRequests(detail: string, retryAfterSeconds: number): StatusError {
  return new StatusError({
    code: 429,
    reason: 'TooManyRequests',
    message: `Too many requests: ${detail}`,
    details: { retryAfterSeconds },
  });
}

export function newTimeout(detail: string, details: StatusDetails = {}): StatusError {
  return new StatusError({ code: 504, reason: 'Timeout', message: `Timeout: ${detail}`, details });
}

/** A revision from the future: the replica here may be behind (storage.NewTooLargeResourceVersionError). */
export function newTooLargeResourceVersion(wanted: string, current: string): StatusError {
  return newTimeout(`Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function newServiceUnavailable(message: string, retryAfterSeconds?: number): StatusError {
  return new StatusError({
    code: 503,
    reason: 'ServiceUnavailable',
    message,
    details: retryAfterSeconds === undefined ? undefined : { retryAfterSeconds },
  });
}

export function newInternalError(detail: string, cause?: unknown): StatusError {
  return new StatusError({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${detail}`,
    details: { causes: [{ message: detail }] },
    cause,
  });
}

function objectDetails({ group, resource }: GroupResource, name: string): StatusDetails {
  return { name, group, kind: resource };
}

function detailsObject(details: StatusDetails): JsonObject {
  return objectOf({
    name: details.name || undefined,
    group: details.group || undefined,
    kind: details.kind || undefined,
    uid: details.uid || undefined,
    causes: details.causes?.length
      ? details.causes.map((cause) =>
          objectOf({ reason: cause.reason, message: cause.message, field: cause.field }),
        )
      : undefined,
    retryAfterSeconds: details.retryAfterSeconds || undefined,
  });
}
