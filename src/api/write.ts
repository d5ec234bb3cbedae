import { type Authorized, groundsOf, isGround, type RbacAt } from '../access/mod.ts';
import type { AdmissionReads, AdmissionRequest } from '../admission/mod.ts';
import { assert, limits, type Pause, pauseFor, type Revision, Turns } from '../base/mod.ts';
import { collectionOf, type Definition } from '../definitions/mod.ts';
import { type KubeObject, newAlreadyExists, newConflict, OBJECT_MODIFIED } from '../machinery/mod.ts';
import {
  ExpectationFailed,
  LogUnavailable,
  type NewRow,
  type ObjectKey,
  type ObjectStore,
  objectKeyText,
  type Precondition,
  type Row,
  type WorkChange,
  withRemembered,
} from '../store/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { companionsOf, hookedWork, hooksOf, isOwner } from './companions.ts';
import { withDocument } from './convergent/document-write.ts';
import { objectForStorage, rowInVersion } from './conversion.ts';
import { assertConvertible, inDeletableVersion } from './convertible.ts';
import { depart } from './departures.ts';
import { commitIdOf, firstOutcome, statusOfStore } from './first-outcome.ts';
import type { Companions, KindChange } from './kind-hooks.ts';
import { mountWork } from './mount-work.ts';
import { bytesMaxOf } from './object-room.ts';
import { lineOf, untilPlaced } from './object-turns.ts';
import { encodeOwned, isSameRow } from './owned-row.ts';
import { decodeStored, homeOf, inStorageVersion } from './row-codec.ts';
import { isSameKey } from './same-key.ts';
import { assertInSight, assertStaysInSight } from './sight.ts';
import { replaceContent, storedForms } from './stored-forms.ts';
import { groupResource, payerOf, type Resource, resolve, type Target } from './target.ts';
import { workAfterDelete, workAfterPut } from './work.ts';
import type { WriteOptions } from './write-options.ts';

/** The state of the world that one attempt of a write starts from. */
export interface Attempt {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly currentRow: Row | undefined;
  /** The current object in the request's version, without resourceVersion; not to be changed. */
  readonly current: KubeObject | undefined;
  /** Reads of other objects: each becomes a precondition of the commit. */
  readonly reads: Reads;
  /** For between two parts of the work, so that a large object does not hold up others. */
  readonly pause: Pause;
}

export interface Reads extends AdmissionReads {
  /** What was found out about rights: it has to stand at the commit. */
  relyOn(rights: readonly RbacAt[]): void;
}

/** What an attempt wants: an object to store, or none (delete). */
export interface Wish {
  readonly object: KubeObject | undefined;
  /** What an object that goes is shown as, where that is not what it was before. */
  readonly last?: KubeObject;
  /** The caller named the revision or expects absence: losing a race is an answer, not a reason to retry. */
  readonly isFinal: boolean;
  /** The status of a quota as its controller has counted. Stale, it is not written, and the attempt starts over. */
  readonly count?: QuotaCount;
}

export interface QuotaCount {
  /** Asked in the very turn in which the commit gets its place. */
  isStale(): boolean;
}

/** A write that is durable, or (dry run, no-op) would change nothing. */
export interface Written {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly isCreated: boolean;
  /** Absent when the object was deleted, in which case `lastRow` is what was there, or what its last update made of it. */
  readonly row: NewRow | undefined;
  /** Absent in a dry run of a creation. */
  readonly revision: Revision | undefined;
  readonly lastRow: Row | undefined;
}

/**
 * THE write path: whatever changes an object, of whatever kind, through whatever URL, ends here. Calls
 * `attempt` with the newest state, and commits what it wishes under the condition that everything it
 * relied on still stands; when something moved, it starts over with the new state.
 *
 * So does what the writer may do: a right that is taken away meanwhile lets nothing through, and the 403 is that of
 * a request that comes now.
 *
 * Throws `StatusError`: what `attempt` throws, 409 for a race that the caller has to know of, 413, 429,
 * 503, 504.
 */
export async function write(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly options: WriteOptions;
    readonly context: RequestContext;
    /** How large the body is that asks for it. */
    readonly sizeBytes?: number;
    /** Which of the commits of a request it is, for `RequestCommits`; absent for its only one. */
    readonly part?: string;
    keyOf(resource: Resource): ObjectKey;
    attempt(attempt: Attempt): Promise<Wish> | Wish;
    /** Told in the very turn in which the commit gets its place. */
    onPlaced?: () => void;
  },
): Promise<Written> {
  let { target } = request;
  const repeated = await firstOutcome(api, request);
  if (repeated !== undefined) return repeated;
  const turns = turnsOf(api.store);
  const isOfGround = () => isGround(homeOf(resolve(api, target).definition));
  // As long as somebody waits for them to stand still, those who change roles and APIs take turns from the beginning.
  let isCrowded = turns.isBusy(payerOf(target)) && isOfGround();
  // Many who write one object at once would lose the race again and again.
  let line = turns.size > 0 ? lineOf(request.keyOf(resolve(api, target))) : undefined;
  if (line !== undefined && !turns.isBusy(line)) line = undefined;
  for (let attempts = 1; ; attempts++) {
    const once = async (onPlaced?: () => void): Promise<Written> => {
      // In its turn, not before: whoever came before has changed what it is judged by.
      if (attempts > 1) target = await api.access.authorizeAgain(target);
      return writeOnce(api, { ...request, target, ...(onPlaced && { onPlaced }) });
    };
    try {
      if (isCrowded) return await turns.take(payerOf(target), () => once(), { isShared: !isOfGround() });
      return await (line === undefined ? once() : untilPlaced(turns, line, once));
    } catch (error) {
      // A log that takes nothing has judged nothing, and what waits in it may wait for as long as it does.
      if (error instanceof LogUnavailable) throw statusOfStore(error);
      // What an answer was judged by may still be on its way to the disk: nobody hears of it before it is
      // durable, and the next attempt reads it as durable state.
      await settle(api);
      if (!(error instanceof ExpectationFailed || error instanceof RightsChanged)) throw statusOfStore(error);
      const max = isAboutRights(error) ? limits.rightsAttemptsMax : limits.writeAttemptsMax;
      if (attempts >= max) throw tooManyRaces(target, error);
      // Charts write twenty roles at once, providers a hundred exports: each relies on what the one before it changes,
      // and so does everything else that is written meanwhile.
      isCrowded ||= isAboutRights(error);
      if (error instanceof ExpectationFailed && !error.isPrecondition) line = lineOf(error.key);
      request.context.signal.throwIfAborted();
    }
  }
}

// Of the writes of a logical cluster that have lost a race against changes of its roles and APIs: these go on one by one,
// the others together, in between; whoever has not lost one goes on meanwhile.
const crowds = new WeakMap<ObjectStore, Turns>();

function turnsOf(store: ObjectStore): Turns {
  const turns = crowds.get(store) ?? new Turns();
  crowds.set(store, turns);
  return turns;
}

function isAboutRights(error: ExpectationFailed | RightsChanged): boolean {
  return error instanceof RightsChanged || error.isUnsettled;
}

async function writeOnce(api: Api, request: Parameters<typeof write>[1]): Promise<Written> {
  const found = resolve(api, request.target);
  const key = request.keyOf(found);
  const reads = new RecordedReads(api);
  const currentRow = api.store.newest(key);
  const resource = inDeletableVersion(found, currentRow);
  assertInSight(resource, key, currentRow);
  const current = await currentOf(api, request, { resource, row: currentRow });
  const pause = pauseFor((request.sizeBytes ?? 0) + (currentRow?.json.length ?? 0));
  await pause();
  const attempt = { resource, key, currentRow, current, reads, pause };
  const wish = await request.attempt(attempt);
  if (wish.object !== undefined) assertStaysInSight(resource, key, wish.object);
  await pause();
  try {
    return await commit(api, { request, attempt, wish });
  } catch (error) {
    throw isLost(key, wish, error) ? raceLost(resource, key, error) : error;
  }
}

/** The object that is there, in the request's version. */
async function currentOf(
  api: Api,
  { context }: { readonly context: RequestContext },
  { resource, row }: { readonly resource: Resource; readonly row: Row | undefined },
): Promise<KubeObject | undefined> {
  if (row === undefined) return undefined;
  const { definition, version } = resource;
  const view = { cluster: resource.target.cluster, definition, version: version.name };
  return decodeStored(definition, version.name, await rowInVersion(api, view, row, context));
}

async function commit(
  api: Api,
  step: {
    readonly request: {
      readonly target: Authorized<Target>;
      readonly options: WriteOptions;
      readonly context: RequestContext;
      readonly part?: string;
      onPlaced?(): void;
    };
    readonly attempt: Attempt & { readonly reads: RecordedReads };
    readonly wish: Wish;
  },
): Promise<Written> {
  const { attempt, request, wish } = step;
  const { resource, key, currentRow, current, reads } = attempt;
  const { definition, version } = resource;
  const { context } = request;
  const rowOf = async (
    object: KubeObject | undefined,
    form: { readonly definition: Definition; readonly version: string },
  ): Promise<NewRow | undefined> => {
    if (object === undefined) return undefined;
    const stored = await objectForStorage(api, { cluster: key.cluster, ...form }, object, context);
    const { user, verb } = request.target;
    const bytesMax = bytesMaxOf({ user, verb, object, row: currentRow });
    return encodeOwned(form.definition, stored, { row: currentRow, current, bytesMax });
  };
  const hooked = await completed(api, step);
  const { companions } = hooked;
  const encoded = await rowOf(hooked.object, hooked);
  const wanted = encoded && withRemembered(encoded, companions.remembered, currentRow);
  if (wanted !== undefined) await assertConvertible(hooked.definition, wanted, currentRow);
  const isCreated = currentRow === undefined;
  const lastRow = currentRow && {
    ...currentRow,
    ...(await rowOf(wish.last, { definition, version: version.name })),
  };
  const shared = withDocument(api, { definition, key, row: wanted, oldRow: currentRow, last: lastRow });
  const { row } = shared;
  const outcome = { resource, key, isCreated, row, lastRow };
  const expected = currentRow?.revision ?? 0;
  if (row !== undefined && currentRow !== undefined && isSameRow(row, currentRow)) {
    // Nothing changes: no revision, no event. What was counted must be true all the same.
    assertStillTrue(api, key, { expected, wish });
    await settle(api);
    return { ...outcome, revision: currentRow.revision };
  }
  if (request.options.isDryRun) {
    await settle(api);
    return { ...outcome, revision: currentRow?.revision };
  }
  const others = companions.companions ?? [];
  const commitId = commitIdOf(request);
  const propose = async () => {
    const made = (await companions.before?.()) ?? [];
    const work = await workOf(api, { definition, key, wish, old: current, row: currentRow });
    const reliesOn = [...request.target.reliesOn, ...reads.reliesOn];
    const proposal = {
      mutations: [
        { key, expected, ...(row === undefined ? {} : { row }) },
        ...shared.mutations,
        ...others.map(({ mutation }) => mutation),
      ],
      preconditions: [
        ...resource.preconditions,
        ...reads.preconditions,
        ...(companions.preconditions ?? []),
        ...made,
      ],
      settled: [...groundsOf(reliesOn), ...(companions.settled ?? [])],
      work: [...work, ...hooked.work, ...others.flatMap((other) => other.work), ...(companions.work ?? [])],
      actor: request.target.user.name,
      originRegion: context.commits?.originRegion ?? api.region,
      ...(commitId && { commitId }),
      ...(companions.defaults === undefined ? {} : { defaults: companions.defaults }),
    };
    const assertCurrent = () => {
      // What is durable now was announced, and the sequencer knows of the rest.
      if (!api.access.isCurrent(reliesOn)) throw new RightsChanged();
      if (wish.count?.isStale()) throw new ExpectationFailed({ key, current: 0, isPrecondition: true });
      companions.assertCurrent?.();
      request.onPlaced?.();
    };
    return api.quotas.commit(proposal, { assertCurrent, isCount: wish.count !== undefined });
  };
  const departing = [
    ...(row === undefined && currentRow !== undefined ? [currentRow.uid] : []),
    ...others.flatMap(({ mutation }) => (mutation.row === undefined ? uidOf(api, mutation.key) : [])),
  ];
  const committed = await departing.reduce((run, uid) => () => depart(api, uid, run), propose)();
  // What goes wrong here is made good by whoever owes it: the object is there.
  await companions.after?.().catch(() => {});
  // The same request came twice, and the other one was first: what is there is of that one.
  const first = committed.isRepeat ? await firstOutcome(api, request) : undefined;
  return first ?? { ...outcome, revision: committed.revisions[0] };
}

/** What is to be stored of a wish once higher rooms have had their say, and what comes with it. */
interface Hooked {
  readonly object: KubeObject | undefined;
  /** What the object is of, and the version that it is in. */
  readonly definition: Definition;
  readonly version: string;
  readonly companions: Companions;
  readonly work: readonly WorkChange[];
}

async function completed(api: Api, step: Parameters<typeof commit>[1]): Promise<Hooked> {
  const { attempt, request, wish } = step;
  const { resource, key, currentRow, current } = attempt;
  const version = resource.version.name;
  const definition = homeOf(resource.definition);
  if (hooksOf(api, collectionOf(key.cluster, definition)).length === 0) {
    return { object: wish.object, definition: resource.definition, version, companions: {}, work: [] };
  }
  const stored = (object: KubeObject | undefined) =>
    object && inStorageVersion(resource.definition, version, object);
  const old = stored(current);
  const object = stored(wish.object);
  const shown = object ?? stored(wish.last) ?? old;
  assert(shown !== undefined, 'a write is of something that is there, or is to be');
  const operation = object === undefined ? 'delete' : currentRow === undefined ? 'create' : 'update';
  const change: KindChange = {
    operation,
    definition,
    key,
    object: shown,
    old,
    oldRow: currentRow,
    user: resource.target.user,
    isDryRun: request.options.isDryRun,
    nowMs: api.store.nowMs(),
  };
  const companions = (await companionsOf(api, attempt, change)) ?? {};
  const work = hookedWork(api, change);
  return { object, definition, version: definition.storageVersion, companions, work };
}

function uidOf(api: Api, key: ObjectKey): readonly string[] {
  const row = api.store.newest(key);
  return row === undefined ? [] : [row.uid];
}

function assertStillTrue(
  api: Api,
  key: ObjectKey,
  { expected, wish }: { readonly expected: number; readonly wish: Wish },
): void {
  if (wish.count === undefined) return;
  const current = api.store.newest(key)?.revision ?? 0;
  if (current !== expected || wish.count.isStale()) {
    throw new ExpectationFailed({ key, current, isPrecondition: true });
  }
}

async function workOf(
  api: Api,
  change: {
    readonly definition: Resource['definition'];
    readonly key: ObjectKey;
    readonly wish: Wish;
    readonly old: KubeObject | undefined;
    readonly row: Row | undefined;
  },
): Promise<WorkChange[]> {
  const { definition, key, wish, old, row } = change;
  const { object } = wish;
  if (object !== undefined) {
    const isCounted = wish.count !== undefined;
    const put = workAfterPut(api, { definition, key, object, old, isCounted });
    return [...put, ...mountWork(api, { definition, key, object, old })];
  }
  if (row === undefined) return [];
  // A dependent that is on its way right now has its owners checked once it has arrived.
  const hasDependents = await isOwner(api, key, row.uid);
  return [
    ...workAfterDelete(api, { key, uid: row.uid, hasDependents }),
    ...mountWork(api, { definition, key, old }),
  ];
}

/** The roles and bindings that a write was allowed by are not those of now: nothing was proposed. */
class RightsChanged extends Error {
  override readonly name = 'RightsChanged';
}

class RecordedReads implements Reads {
  readonly preconditions: Precondition[] = [];
  /** The last one of each object, by its key as text. */
  readonly #known = new Map<string, Precondition & { readonly keyText: string }>();
  /** What was found out about rights on the way, besides the right to make the request. */
  readonly reliesOn: RbacAt[] = [];
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  relyOn(rights: readonly RbacAt[]): void {
    this.reliesOn.push(...rights);
  }

  read(key: ObjectKey): Row | undefined {
    // Plugins look at the same few objects; what has changed in between has to be found out.
    const text = objectKeyText(key);
    const known = this.#known.get(text);
    const keyText = known?.keyText ?? text;
    const row = this.#api.store.newest(key, keyText);
    const revision = row?.revision ?? 0;
    if (known?.revision === revision) return row;
    const precondition = { key, revision, keyText };
    this.#known.set(keyText, precondition);
    this.preconditions.push(precondition);
    return row;
  }
}

/** Runs the mutating half of admission, or (`validate`) the other one. */
export async function admit(
  api: Api,
  attempt: Pick<Attempt, 'resource' | 'reads'>,
  request: Omit<AdmissionRequest, 'user' | 'cluster' | 'definition' | 'version' | 'subresource'> & {
    readonly phase: 'mutate' | 'validate';
  },
): Promise<void> {
  const { target, definition, version } = attempt.resource;
  const { phase } = request;
  const stored = storedForms(attempt.resource, request);
  const attributes: AdmissionRequest = {
    operation: request.operation,
    user: target.user,
    cluster: target.cluster,
    definition,
    version: version.name,
    subresource: target.subresource,
    namespace: request.namespace,
    name: request.name,
    object: request.object,
    oldObject: request.oldObject,
    isDryRun: request.isDryRun,
    ...stored,
  };
  if (phase === 'validate') return api.admission.validate(attributes, attempt.reads);
  await api.admission.mutate(attributes, attempt.reads);
  if (stored?.object !== undefined && request.object !== undefined) {
    replaceContent(
      request.object,
      definition.family!.convert(stored.object, request.object.apiVersion ?? ''),
    );
  }
}

/** The same for a creation that is answered and stored nowhere: of a review, or of a token. */
export async function admitAnswered(
  api: Api,
  resource: Resource,
  request: {
    readonly phase: 'mutate' | 'validate';
    readonly object: KubeObject;
    readonly options: Pick<WriteOptions, 'isDryRun'>;
  },
): Promise<void> {
  const { phase, object, options } = request;
  const { namespace, name } = resource.target;
  await admit(
    api,
    { resource, reads: new RecordedReads(api) },
    {
      operation: 'CREATE',
      namespace,
      name: name || object.metadata.name || '',
      object,
      oldObject: undefined,
      isDryRun: options.isDryRun,
      phase,
    },
  );
}

/** Whether somebody else was quicker with the very object, and the writer has to know of it. */
function isLost(key: ObjectKey, wish: Wish, error: unknown): error is ExpectationFailed {
  if (!(error instanceof ExpectationFailed) || error.isPrecondition || !wish.isFinal) return false;
  return isSameKey(error.key, key);
}

function raceLost(resource: Resource, key: ObjectKey, error: ExpectationFailed): Error {
  const gr = groupResource(resource);
  if (resource.target.verb === 'create' && error.current !== 0) return newAlreadyExists(gr, key.name);
  return newConflict(gr, key.name, OBJECT_MODIFIED);
}

function tooManyRaces(target: Target, error: ExpectationFailed | RightsChanged): Error {
  const name = error instanceof ExpectationFailed && !error.isUnsettled ? error.key.name : target.name;
  return newConflict({ group: target.group, resource: target.resource }, name, OBJECT_MODIFIED);
}

/** Waits until everything that this request may have read is durable. */
async function settle(api: Api): Promise<void> {
  try {
    await api.store.settled();
  } catch (error) {
    throw statusOfStore(error);
  }
}
