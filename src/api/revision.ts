import { aborted, limits, type Revision, withTimeLimit } from '../base/mod.ts';
import { newBadRequest, newExpired, newTooLargeResourceVersion, type StatusError } from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import type { RevisionForm } from './revision-form.ts';
import { type CollectionResource, stateOf } from './target.ts';

/** What a resourceVersion parameter says. */
export interface NamedRevision {
  readonly text: string;
  readonly form: RevisionForm;
  /** The state that it means, 0 for any. Undefined when only another member could tell. */
  readonly revision: Revision | undefined;
}

/** Reads a resourceVersion parameter, undefined when absent; 400 for what is no number of 64 bits, told behind `prefix`. */
export function parseResourceVersion(
  form: RevisionForm,
  text: string,
  prefix = '',
): NamedRevision | undefined {
  if (text === '') return undefined;
  if (!isUint64(text)) {
    throw newBadRequest(
      `${prefix}resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  return { text, form, revision: form.stateOf(text) };
}

function isUint64(text: string): boolean {
  return /^(0|[1-9][0-9]{0,19})$/.test(text) && (text.length < UINT64_DIGITS || BigInt(text) < 2n ** 64n);
}

const UINT64_DIGITS = 20;

/** The answer to somebody who goes on with a position of another member: clients list again on it. */
export function newForeignPosition({ text }: NamedRevision): StatusError {
  return newExpired(
    `The resourceVersion ${text} was given out by another member, or before this one was rebuilt.`,
  );
}

/**
 * Waits until this member has what is named, and returns which state this is. Throws 504 (ResourceVersionTooLarge)
 * when it does not come in time, and 410 when it is another member's.
 */
export async function reach(
  api: Api,
  wanted: {
    readonly resource: CollectionResource;
    readonly named: NamedRevision;
    readonly context: RequestContext;
  },
): Promise<Revision> {
  const { named, context } = wanted;
  const { revision, form, text } = named;
  const { feed } = api.store;
  const scope = stateOf(wanted.resource);
  if (revision === undefined) throw newForeignPosition(named);
  if (revision <= feed.revisionOf(scope)) return adopted(api, wanted, revision);
  const limit = { clock: api.clock, limitMs: limits.futureRevisionWaitMs, signal: context.signal };
  await withTimeLimit(limit, (isOver) =>
    Promise.race([feed.reachedIn(scope, revision, isOver), aborted(isOver)]),
  );
  context.signal.throwIfAborted();
  if (revision > feed.revisionOf(scope)) {
    throw newTooLargeResourceVersion(text, form.ofState(feed.revisionOf(scope)));
  }
  return adopted(api, wanted, revision);
}

/** A home that was lost may have shown what its successor does not have: nobody goes on from there. */
function adopted(
  api: Api,
  { resource, named }: { readonly resource: CollectionResource; readonly named: NamedRevision },
  revision: Revision,
): Revision {
  if (!api.store.isVoid(stateOf(resource), revision)) return revision;
  throw newExpired(
    `The resourceVersion ${named.text} was given out by a home of this shard whose last commits were not adopted.`,
  );
}
