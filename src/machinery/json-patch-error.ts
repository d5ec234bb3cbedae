import { StatusError } from './status-error.ts';

/**
 * A patch that is well-formed but does not fit the object. Upstream does not tell the client what
 * failed (errors.NewGenericServerResponse without a server message); here it is at least the `cause`.
 */
export function newPatchRejected(detail: string): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
    cause: detail,
  });
}
