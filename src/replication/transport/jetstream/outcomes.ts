import type { StreamFailure } from '../carrier.ts';

/** Codes of JetStream's API that mean something here; the client has names for some of them only. */
const CODES = {
  consumerNotFound: 10014,
  messageNotFound: 10037,
  insufficientResources: 10023,
  storageExceeded: 10047,
  nameInUse: 10058,
  streamNotFound: 10059,
  wrongLastId: 10070,
  wrongLastSequence: 10071,
  wrongLastSequenceUnknown: 10164,
} as const;

export function isNameInUse(error: unknown): boolean {
  return codeOf(error) === CODES.nameInUse;
}

/** The server has promised its disk to other streams: each reserves what it may grow to. */
export function isOutOfStorage(error: unknown): boolean {
  const code = codeOf(error);
  return code === CODES.insufficientResources || code === CODES.storageExceeded;
}

/** An expectation of a publication is not met. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === CODES.wrongLastId || code === CODES.wrongLastSequence || code === CODES.wrongLastSequenceUnknown
  );
}

/** Nobody listens on the subject: no such region, or its JetStream is not there. */
export function isNoResponders(error: unknown): boolean {
  return errorsOf(error).some(({ name }) => name === 'NoResponders');
}

export function isPermissionViolation(error: unknown): boolean {
  return errorsOf(error).some(({ name }) => name === 'PermissionViolationError');
}

export function failureOf(error: unknown): StreamFailure {
  const code = codeOf(error);
  const detail = errorText(error);
  if (code === CODES.streamNotFound || code === CODES.messageNotFound || code === CODES.consumerNotFound) {
    return { kind: 'not-found', detail };
  }
  if (isNoResponders(error)) return { kind: 'unreachable', detail: `nobody answers: ${detail}` };
  if (isPermissionViolation(error)) return { kind: 'denied', detail };
  const names = errorsOf(error).map(({ name }) => name);
  if (names.includes('TimeoutError')) return { kind: 'unknown', detail: 'no answer in time' };
  if (names.includes('ClosedConnectionError') || names.includes('DrainingConnectionError')) {
    return { kind: 'unknown', detail: 'the connection was closed' };
  }
  // A JetStream that is starting, or has no leader, says so with a 5xx.
  return { kind: code === undefined ? 'unknown' : 'failed', detail };
}

export function errorText(error: unknown): string {
  const [first, ...causes] = errorsOf(error);
  const text = first?.message ?? String(error);
  const last = causes.at(-1)?.message;
  return last === undefined || text.includes(last) ? text : `${text}: ${last}`;
}

/** The number that JetStream's API gives an error. */
function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

function errorsOf(error: unknown): readonly Error[] {
  const found: Error[] = [];
  for (let each = error; each instanceof Error && found.length < 8; each = each.cause) found.push(each);
  return found;
}
