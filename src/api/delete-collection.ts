import { type Authorized, authorize } from '../access/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { type DeleteOptions, remove } from './delete.ts';
import type { Format } from './format.ts';
import { list } from './list.ts';
import { parseListOptions } from './list-options.ts';
import type { Query } from './query.ts';
import { parseSelection } from './selection.ts';
import { namespaceOf, resolve, type Target } from './target.ts';

/**
 * DELETE of a collection: each selected object is deleted as if by itself, those that vanish meanwhile are
 * skipped. Answers the list as it was before.
 */
export async function removeCollection(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly query: Query;
    readonly options: DeleteOptions;
    readonly format: Format;
    readonly context: RequestContext;
  },
): Promise<AsyncGenerator<Buffer>> {
  const { target, query, options, context } = request;
  const resource = resolve(api, target);
  const selection = parseSelection(resource, query);
  const { limit } = parseListOptions(query);
  const before = await list(api, request);
  const pieces: Buffer[] = [];
  for await (const piece of before) pieces.push(piece);
  const namespace = namespaceOf(resource) || selection.namespace;
  const snapshot = api.store.snapshot();
  try {
    let count = 0;
    const scope = { collection: resource.collection, ...(namespace ? { namespace } : {}) };
    for await (const batch of snapshot.list(scope)) {
      for (const { key, row } of batch) {
        if (!selection.matches(key, row)) continue;
        if (limit > 0 && count >= limit) return replay(pieces);
        count += 1;
        context.signal.throwIfAborted();
        const item = authorize({ ...target, verb: 'delete', namespace: key.namespace, name: key.name });
        await removeIfThere(api, { target: item, options: { ...options, uid: row.uid }, context });
      }
    }
  } finally {
    snapshot.close();
  }
  return replay(pieces);
}

async function removeIfThere(api: Api, request: Parameters<typeof remove>[1]): Promise<void> {
  try {
    await remove(api, request);
  } catch (error) {
    // Gone, or gone and made again, since it was listed: not the object that was meant.
    const isGone =
      error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Conflict');
    if (!isGone) throw error;
  }
}

async function* replay(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}
