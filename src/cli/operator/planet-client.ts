import { ApiFailure } from '../client/api-failure.ts';
import type { ApiRequest } from '../client/client.ts';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';

/** What is asked for below `/planet` of the root, where a planet's operators are heard. */
export async function askPlanet<T>(session: Session, path: string, request: ApiRequest = {}): Promise<T> {
  const client = await session.client();
  try {
    return await client.send<T>(`/clusters/root/planet/${path}`, request);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    // Whoever is to do it cannot be reached from the member that answered.
    const isAway = error.status === 503 || error.status === 504;
    if (isAway) throw new Failure(error.message, { exitCode: exitCode.unreachable, cause: error });
    if (error.status === 404 && error.reason === '') {
      throw new Failure('the server is no member of a planet', {
        exitCode: exitCode.notFound,
        hint: 'Is it Antipode, and new enough? kubectl version says what it is.',
        cause: error,
      });
    }
    throw error;
  }
}
