import { newServiceUnavailable, StatusError } from '../../machinery/mod.ts';
import { ExpectationFailed, LogUnavailable } from '../../store/mod.ts';

export function notFound(message: string): StatusError {
  return new StatusError({ code: 404, reason: 'NotFound', message });
}

export function conflict(message: string): StatusError {
  return new StatusError({ code: 409, reason: 'Conflict', message });
}

/** What a change of the planet's records came to, with failures of the log as operators can act on them. */
export async function translated<Value>(change: Promise<Value>): Promise<Value> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof ExpectationFailed)
      throw conflict('somebody else has changed it at the same time: try again');
    if (error instanceof LogUnavailable) throw newServiceUnavailable(error.message, 1);
    throw error;
  }
}
