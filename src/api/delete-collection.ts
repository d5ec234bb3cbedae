import type { Authorized } from '../access/mod.ts';
import { limits } from '../base/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { ListedObject } from '../store/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { type DeleteOptions, remove } from './delete.ts';
import type { Format } from './format.ts';
import { list } from './list.ts';
import type { Query } from './query.ts';
import type { Target } from './target.ts';

interface CollectionRequest {
  readonly target: Authorized<Target>;
  readonly query: Query;
  readonly options: DeleteOptions;
  readonly format: Format;
  readonly context: RequestContext;
}

/**
 * DELETE of a collection: exactly the objects that a list with the same parameters shows are deleted, each
 * as if by itself; those that vanish meanwhile are skipped. Answers that list, with the objects as they
 * were. Not atomic, as upstream: what was deleted before an error stays deleted. An error in the first
 * piece is a Status, a later one ends the response early.
 */
export async function removeCollection(
  api: Api,
  request: CollectionRequest,
): Promise<AsyncGenerator<Buffer>> {
  const { target, query, format, context } = request;
  const pieces = await list(api, {
    target,
    query,
    format,
    context,
    onTaken: (objects) => removeAll(api, request, objects),
  });
  return holdHead(pieces);
}

async function removeAll(
  api: Api,
  request: CollectionRequest,
  objects: readonly ListedObject[],
): Promise<void> {
  // Deletes that are under way together share the fsync of a group.
  const rest = objects.values();
  const worker = async () => {
    for (const object of rest) {
      request.context.signal.throwIfAborted();
      await removeIfThere(api, request, object);
    }
  };
  await Promise.all(Array.from({ length: limits.collectionDeletesMax }, worker));
}

async function removeIfThere(
  api: Api,
  request: CollectionRequest,
  { key, row }: ListedObject,
): Promise<void> {
  const { options, context } = request;
  // Whoever may delete a collection may delete what is in it: upstream asks once, for the collection.
  const target = { ...request.target, namespace: key.namespace, name: key.name };
  try {
    await remove(api, { target, options: { ...options, listedUid: row.uid }, context });
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
  }
}

/** Keeps back the head of a list until its first objects are deleted, so that their errors can be answered. */
async function* holdHead(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const head = await pieces.next();
  const first = await pieces.next();
  if (!head.done) yield head.value;
  if (!first.done) yield first.value;
  yield* pieces;
}
