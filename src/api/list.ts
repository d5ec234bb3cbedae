import type { Authorized } from '../access/mod.ts';
import { EVERYWHERE, limits } from '../base/mod.ts';
import { newBadRequest, newExpired, newNotAcceptable } from '../machinery/mod.ts';
import {
  type CollectionScope,
  isOneCollection,
  type ListedObject,
  type ListScope,
  type ObjectKey,
  type ObjectSnapshot,
} from '../store/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { type ContinuePosition, NEWEST } from './continue-token.ts';
import { rowsInVersion } from './conversion.ts';
import { convertedPieces } from './converted-pieces.ts';
import type { Format } from './format.ts';
import { type ListOptions, parseListOptions } from './list-options.ts';
import type { ListPlan } from './list-plan.ts';
import { createListWriter, type ListWriter } from './list-writer.ts';
import type { Query } from './query.ts';
import { goType } from './render.ts';
import { reach } from './revision.ts';
import { parseSelection, type Selection } from './selection.ts';
import { listInSight } from './sight.ts';
import {
  type CollectionResource,
  namespaceOf,
  payerOf,
  resolveCollection,
  stateOf,
  type Target,
} from './target.ts';

const EXPIRED_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
const EXPIRED_LIST = 'The resourceVersion for the provided list is too old.';

/**
 * LIST: the response in pieces, read from the store as the client takes them, so that memory does not
 * grow with the result. Throws `StatusError` before the first piece; afterwards only for a broken store.
 */
export async function list(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly query: Query;
    readonly format: Format;
    readonly context: RequestContext;
    /** Gets the objects of each piece before the piece is given out. */
    onTaken?(objects: readonly ListedObject[]): Promise<void>;
  },
): Promise<AsyncGenerator<Buffer>> {
  const { target, query, format } = request;
  const isPartial = format.as === 'PartialObjectMetadataList';
  const resource = resolveCollection(api, target, { isPartial });
  if (format.as === 'PartialObjectMetadata') {
    const type = goType({ definition: resource.definition, version: resource.version.name });
    throw newNotAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (${type}List)`,
    );
  }
  const selection = parseSelection(resource, query);
  const options = parseListOptions(query, resource.revisions);
  const { since } = options;
  // A list of exactly a state that nobody here knows is too old, in the words that upstream has for it.
  if (options.isExact && since?.revision === undefined) throw newExpired(EXPIRED_LIST);
  if (since !== undefined) await reach(api, { ...request, resource, named: since });
  const snapshot = api.store.snapshot();
  try {
    const plan = planList(api, { resource, selection, options, snapshot });
    const { onTaken } = request;
    return stream(api, {
      plan,
      snapshot,
      format,
      signal: request.context.signal,
      ...(onTaken && { onTaken }),
    });
  } catch (error) {
    snapshot.close();
    throw error;
  }
}

function planList(
  api: Api,
  request: {
    readonly resource: CollectionResource;
    readonly selection: Selection;
    readonly options: ListOptions;
    readonly snapshot: ObjectSnapshot;
  },
): ListPlan {
  const { resource, selection, options, snapshot } = request;
  const namespace = namespaceOf(resource) || selection.namespace;
  const scope = { ...stateOf(resource), ...(namespace ? { namespace } : {}) };
  const plan = { resource, selection, limit: options.limit };
  if (options.continueToken !== '') {
    const position = api.tokens.decode(tokenScope(resource), options.continueToken);
    return { ...plan, ...continued(api, { resource, scope, position, snapshot }) };
  }
  const exact = options.isExact ? options.since?.revision : undefined;
  if (exact !== undefined && exact < snapshot.floorOf(scope)) throw newExpired(EXPIRED_LIST);
  const newest = snapshot.revisionOf(scope);
  const revision = exact ?? newest;
  return { ...plan, scope, revision, isCurrent: revision >= newest, remaining: undefined };
}

function continued(
  api: Api,
  request: {
    readonly resource: CollectionResource;
    readonly scope: ListScope;
    readonly position: ContinuePosition;
    readonly snapshot: ObjectSnapshot;
  },
): Pick<ListPlan, 'scope' | 'revision' | 'isCurrent' | 'remaining'> {
  const { resource, position, snapshot } = request;
  const { after, remaining } = position;
  const scope = { ...request.scope, after };
  const newest = snapshot.revisionOf(scope);
  if (position.version === NEWEST) {
    return { scope, revision: newest, isCurrent: true, remaining: undefined };
  }
  const revision = resource.revisions.stateOf(position.version);
  if (revision === undefined || revision < snapshot.floorOf(scope)) {
    const version = NEWEST;
    const inconsistent = api.tokens.encode(tokenScope(resource), { version, after, remaining: undefined });
    throw newExpired(EXPIRED_CONTINUE, inconsistent);
  }
  if (revision > newest)
    throw newBadRequest('invalid continue token: continue key is not valid: it is from the future');
  return { scope, revision, isCurrent: revision === newest, remaining };
}

/** What a continue token is good for: this collection of this workspace (or of all), in this namespace, by this door. */
function tokenScope(resource: CollectionResource): string {
  const { collection } = resource;
  return [
    collection.cluster,
    collection.group,
    collection.resource,
    collection.identity,
    namespaceOf(resource),
    resource.target.view?.name ?? '',
    resource.revisions.name,
  ].join('\0');
}

async function* stream(
  api: Api,
  request: {
    readonly plan: ListPlan;
    readonly snapshot: ObjectSnapshot;
    readonly format: Format;
    readonly signal: AbortSignal;
    onTaken?(objects: readonly ListedObject[]): Promise<void>;
  },
): AsyncGenerator<Buffer> {
  const { plan, snapshot, format, signal } = request;
  const writer = createListWriter({ plan, format, nowMs: api.store.nowMs() });
  try {
    let head = writer.head();
    // A webhook that fails at once is answered with a Status: then nothing must be out yet.
    const isHeld = plan.resource.definition.conversion !== undefined;
    if (!isHeld && head.length > 0) yield head;
    let last: ListedObject | undefined;
    let hasMore = false;
    for await (const stored of batches(plan, snapshot)) {
      signal.throwIfAborted();
      const room = roomOf(plan, writer);
      const batch = isHeld ? await converted(api, { plan, stored, room, signal }) : stored;
      if (isHeld && head.length > 0) {
        yield head;
        head = NOTHING;
      }
      const { taken, isCut } = take(plan, batch, room);
      if (taken.length > 0) {
        last = taken.at(-1);
        await request.onTaken?.(taken);
        for await (const objects of convertedPieces(plan.resource, taken)) {
          signal.throwIfAborted();
          const piece = writer.items(objects);
          if (piece.length > 0) yield piece;
        }
      }
      hasMore = isCut;
      if (hasMore) break;
    }
    if (isHeld && head.length > 0) yield head;
    const next =
      hasMore && last !== undefined ? await nextPage(api, { plan, snapshot, last, count: writer.count }) : {};
    yield* writer.tail(next);
  } finally {
    snapshot.close();
  }
}

const NOTHING = Buffer.alloc(0);

/** The objects of a batch in the version of the list, asked for in one call; no more than can be taken. */
async function converted(
  api: Api,
  step: {
    readonly plan: ListPlan;
    readonly stored: readonly ListedObject[];
    readonly room: number;
    readonly signal: AbortSignal;
  },
): Promise<readonly ListedObject[]> {
  const { plan, stored, room } = step;
  const { definition, version } = plan.resource;
  if (definition.conversion === undefined) return stored;
  // One more than fits stays, unconverted if it must be: it only tells that the page is cut.
  const wanted = plan.selection.isEverything ? stored.slice(0, room) : stored;
  const rows = await rowsInVersion(
    api,
    { cluster: payerOf(plan.resource.target), definition, version: version.name },
    wanted.map(({ row }) => row),
    step,
  );
  const shown = wanted.map(({ key }, index) => ({ key, row: rows[index]! }));
  return wanted.length === stored.length ? shown : [...shown, ...stored.slice(wanted.length)];
}

/** How many objects still fit. Throws 406 when an answer that knows no pages does not. */
function roomOf(plan: ListPlan, writer: ListWriter): number {
  if (plan.limit === 0) {
    if (writer.isFull) throw tooLarge();
    return Number.POSITIVE_INFINITY;
  }
  return writer.isFull ? 0 : plan.limit - writer.count;
}

function tooLarge(): Error {
  return newNotAcceptable(
    `the list is larger than ${limits.pageBytesMax} bytes, which is the limit in application/vnd.kubernetes.protobuf: use limit, or accept application/json`,
  );
}

/**
 * The selected objects of a batch, as many as fit. It is cut when objects follow behind those that fit, selected
 * or not: as upstream, a page ends with a continue token even if nothing of what follows is selected.
 */
function take(
  plan: ListPlan,
  batch: readonly ListedObject[],
  room: number,
): { readonly taken: readonly ListedObject[]; readonly isCut: boolean } {
  const { selection } = plan;
  if (selection.isEverything) {
    return batch.length <= room
      ? { taken: batch, isCut: false }
      : { taken: batch.slice(0, room), isCut: true };
  }
  const taken: ListedObject[] = [];
  for (const object of batch) {
    if (taken.length >= room) return { taken, isCut: true };
    if (selection.matches(object.key, object.row)) taken.push(object);
  }
  return { taken, isCut: false };
}

function batches(plan: ListPlan, snapshot: ObjectSnapshot): AsyncGenerator<ListedObject[]> {
  const { name } = plan.selection;
  const { scope, resource } = plan;
  const { collection } = scope;
  const namespace = resource.definition.scope === 'Cluster' ? '' : scope.namespace;
  const isOne = name !== undefined && namespace !== undefined && scope.after === undefined;
  if (isOne && plan.isCurrent && isOneCollection(collection)) {
    return single(snapshot, { ...collection, namespace, name });
  }
  return listInSight(snapshot, { ...plan, sight: resource.sight });
}

/** A list that can only find one object needs no scan: kubectl wait and watch of one object do this. */
async function* single(snapshot: ObjectSnapshot, key: ObjectKey): AsyncGenerator<ListedObject[]> {
  const row = key.name.includes('\0') ? undefined : snapshot.get(key);
  if (row !== undefined) yield [{ key, row }];
}

/** Continue token and, without selectors, how many objects are left: an estimate by contract, so it is bounded. */
async function nextPage(
  api: Api,
  request: {
    readonly plan: ListPlan;
    readonly snapshot: ObjectSnapshot;
    readonly last: ListedObject;
    readonly count: number;
  },
): Promise<{ readonly continueToken: string; readonly remaining?: number }> {
  const { plan, snapshot, last, count } = request;
  const after = positionOf(last, plan.scope.collection);
  let remaining = plan.remaining === undefined ? undefined : Math.max(0, plan.remaining - count);
  if (remaining === undefined && plan.isCurrent && plan.selection.isEverything) {
    const counted = await snapshot.count({ ...plan.scope, after }, limits.remainingItemsCountedMax);
    if (counted < limits.remainingItemsCountedMax) remaining = counted;
  }
  const version = plan.resource.revisions.ofState(plan.revision);
  const position = { version, after, remaining };
  const continueToken = api.tokens.encode(tokenScope(plan.resource), position);
  return { continueToken, ...(remaining === undefined || remaining === 0 ? {} : { remaining }) };
}

function positionOf({ key }: ListedObject, { cluster }: CollectionScope): string {
  const position = `${key.namespace}\0${key.name}`;
  return cluster === EVERYWHERE ? `${key.cluster}\0${position}` : position;
}
