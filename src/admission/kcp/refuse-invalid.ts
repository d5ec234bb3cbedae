import { type FieldError, fieldErrorText, type StatusError } from '../../machinery/mod.ts';
import type { AdmissionRequest } from '../chain.ts';
import { newAdmissionForbidden } from '../refusal.ts';

/** The 403 for what is wrong with an object, as kcp's plugins print it: one error as it is. */
export function newRefusal(request: AdmissionRequest, error: FieldError): StatusError {
  return newAdmissionForbidden(request, fieldErrorText(error));
}

/** The 403 for a list of errors, as Go prints a slice of them. */
export function refuseInvalid(request: AdmissionRequest, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw newAdmissionForbidden(request, `[${errors.map(fieldErrorText).join(' ')}]`);
}
