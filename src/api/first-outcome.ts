import type { Authorized } from '../access/mod.ts';
import {
  newRequestEntityTooLarge,
  newServiceUnavailable,
  newTimeout,
  newTooManyRequests,
} from '../machinery/mod.ts';
import { CommitTooLarge, type LoggedCommit, LogUnavailable, OutcomeUnknown } from '../store/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { inDeletableVersion } from './convertible.ts';
import { resolve, type Target } from './target.ts';
import type { Written } from './write.ts';
import type { WriteOptions } from './write-options.ts';

/** What of a request says which commit it makes. */
export interface IdentifiedRequest {
  readonly options: WriteOptions;
  readonly context: RequestContext;
  /** Which of the commits of a request it is, for `RequestCommits`; absent for its only one. */
  readonly part?: string;
}

/** The id of the one commit of a request; undefined for one that is not known when it comes again. */
export function commitIdOf({ options, context, part }: IdentifiedRequest): Uint8Array | undefined {
  return options.isDryRun ? undefined : context.commits?.idOf(part ?? '');
}

/** What a request has committed that came before, from the log: it is answered as it was then, whatever has changed. */
export async function firstOutcome(
  api: Api,
  request: IdentifiedRequest & { readonly target: Authorized<Target> },
): Promise<Written | undefined> {
  const commitId = commitIdOf(request);
  if (commitId === undefined) return undefined;
  const found = resolve(api, request.target);
  let logged: LoggedCommit | undefined;
  try {
    logged = await api.store.committed(found.collection.cluster, commitId);
  } catch (error) {
    throw statusOfStore(error);
  }
  const change = logged?.changes[0];
  if (change === undefined) return undefined;
  const { key, revision } = change;
  const snapshot = api.store.snapshot();
  try {
    const lastRow = await snapshot.getAt(key, revision - 1);
    const row = change.verb === 'delete' ? undefined : change.row;
    const resource = inDeletableVersion(found, lastRow);
    return { resource, key, isCreated: lastRow === undefined, row, revision, lastRow };
  } finally {
    snapshot.close();
  }
}

/** What a client is told when the store does not take a commit; any other error as it is. */
export function statusOfStore(error: unknown): unknown {
  if (error instanceof CommitTooLarge) return newRequestEntityTooLarge(error.message);
  if (error instanceof OutcomeUnknown) return newTimeout(error.message);
  if (!(error instanceof LogUnavailable)) return error;
  // Only the retry hint tells clients apart what passes by itself from what needs an operator.
  if (error.reason === 'full') return newTooManyRequests(error.message, 1);
  return newServiceUnavailable(error.message, error.isTransient ? 1 : undefined);
}
