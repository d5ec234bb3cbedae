import { CelError, type CelResult } from '../values.ts';

type ErrorClass = abstract new (...args: never[]) => Error;

/** What the function gives, or the message of an error of this class as the fault that stands in its place. */
export function faultOf(errorClass: ErrorClass, run: () => CelResult, prefix = ''): CelResult {
  try {
    return run();
  } catch (error) {
    if (error instanceof errorClass) return new CelError(prefix + error.message);
    throw error;
  }
}

/** Does the function come to an end without an error of this class. */
export function succeeds(errorClass: ErrorClass, run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof errorClass) return false;
    throw error;
  }
}
