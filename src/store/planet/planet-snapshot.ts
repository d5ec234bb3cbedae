import { EVERYWHERE, type LogicalCluster, type Revision } from '../../base/mod.ts';
import type { ClusterDefaults } from '../cluster-defaults.ts';
import type { RevisionRange } from '../history.ts';
import type { CollectionKey, CollectionScope, ObjectKey } from '../object-key.ts';
import {
  isInMemberOrder,
  type ObjectSnapshot,
  type RevisionOrder,
  revisionOfEvent,
  type StateScope,
} from '../object-store.ts';
import type { StoreEvent } from '../projection.ts';
import type { Row } from '../row.ts';
import type { ListedObject, ListScope, StoreSnapshot } from '../snapshot.ts';
import type { WorkKey } from '../tables.ts';
import { AppliedEvent } from './applied-event.ts';
import type { LogRouter } from './log-router.ts';
import { isWorkBefore, mergeAll, mergeObjects } from './merged.ts';
import { appliedOf, type PlanetLog } from './planet-log.ts';

interface OwedWork {
  readonly key: WorkKey;
  readonly payload: Buffer;
}

/** Behind every revision: as the log's own snapshot has it. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/**
 * A state of several logs: of each the snapshot of when something of it was first read, and in the order of the member all
 * of them as they were when it was taken.
 */
export class PlanetSnapshot implements ObjectSnapshot {
  readonly #router: LogRouter;
  /** The place up to which it goes. */
  readonly #published: Revision;
  readonly #isOwedToAll: (controller: string) => boolean;
  readonly #opened = new Map<PlanetLog, StoreSnapshot>();
  #isClosed = false;

  constructor(options: {
    readonly router: LogRouter;
    readonly published: Revision;
    readonly isOwedToAll?: ((controller: string) => boolean) | undefined;
  }) {
    this.#router = options.router;
    this.#published = options.published;
    this.#isOwedToAll = options.isOwedToAll ?? (() => false);
  }

  close(): void {
    this.#isClosed = true;
    for (const snapshot of this.#opened.values()) snapshot.close();
    this.#opened.clear();
  }

  revisionOf(scope: StateScope): Revision {
    return isInMemberOrder(scope) ? this.#published : this.#only(scope.collection).revision;
  }

  floorOf(scope: StateScope): Revision {
    if (!isInMemberOrder(scope)) return this.#only(scope.collection).floor;
    const floors = this.#router.ofScope(scope.collection).map((log) => this.#floorIn(log));
    return Math.max(...floors) as Revision;
  }

  has(change: { readonly key: ObjectKey; readonly revision: number }): boolean {
    return this.#of(this.#router.ofObject(change.key)).has(change);
  }

  get(key: ObjectKey): Row | undefined {
    return this.#of(this.#router.ofObject(key)).get(key);
  }

  getAt(key: ObjectKey, revision: number): Promise<Row | undefined> {
    return this.#of(this.#router.ofObject(key)).getAt(key, revision);
  }

  async *list(scope: ListScope): AsyncGenerator<ListedObject[]> {
    if (isInMemberOrder(scope)) yield* this.listAt(scope, this.#published);
    else yield* this.#only(scope.collection).list(scope);
  }

  async *listRows(scope: ListScope & { readonly collection: CollectionKey }): AsyncGenerator<Row[]> {
    if (!isInMemberOrder(scope)) yield* this.#only(scope.collection).listRows(scope);
    else for await (const batch of this.list(scope)) yield batch.map(({ row }) => row);
  }

  async *listAt(scope: ListScope, revision: number): AsyncGenerator<ListedObject[]> {
    if (!isInMemberOrder(scope)) {
      yield* this.#only(scope.collection).listAt(scope, revision);
      return;
    }
    const logs = this.#router.ofScope(scope.collection);
    const streams = logs.map((log) => this.#of(log).listAt(scope, this.#boundIn(log, revision)));
    yield* mergeObjects(streams, 'kind');
  }

  listWildcard(group: string, resource: string, after?: string): AsyncGenerator<ListedObject[]> {
    return this.list({ collection: { cluster: EVERYWHERE, group, resource, identity: '' }, after });
  }

  referring(reference: string, after?: ObjectKey): AsyncGenerator<ListedObject[]> {
    return mergeObjects(
      this.#all().map((snapshot) => snapshot.referring(reference, after)),
      'cluster',
    );
  }

  referringIn(cluster: LogicalCluster, reference: string, after?: ObjectKey): AsyncGenerator<ListedObject[]> {
    const parts = this.#inCluster(cluster);
    return mergeObjects(
      parts.map((part) => part.referringIn(cluster, reference, after)),
      'cluster',
    );
  }

  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined {
    return this.#of(this.#router.shardOf(cluster)).defaultsOf(cluster);
  }

  rowsOfCluster(cluster: LogicalCluster, after?: ObjectKey): AsyncGenerator<ListedObject[]> {
    const parts = this.#inCluster(cluster);
    return mergeObjects(
      parts.map((part) => part.rowsOfCluster(cluster, after)),
      'cluster',
    );
  }

  countOfCluster(cluster: LogicalCluster, countMax: number): Promise<number> {
    return sumOf(this.#inCluster(cluster), countMax, (part, max) => part.countOfCluster(cluster, max));
  }

  count(scope: ListScope, countMax: number): Promise<number> {
    const parts = this.#router.ofScope(scope.collection).map((log) => this.#of(log));
    return sumOf(parts, countMax, (part, max) => part.count(scope, max));
  }

  history(
    collection: CollectionScope,
    range: RevisionRange & { readonly order?: RevisionOrder | undefined },
  ): AsyncGenerator<readonly StoreEvent[]> {
    const { order, after, upTo } = range;
    if (!isInMemberOrder({ collection, order })) return this.#only(collection).history(collection, range);
    const streams = this.#router
      .ofScope(collection)
      .map((log) => this.#historyIn(log, { collection, after, upTo }));
    return mergeAll(streams, (a, b) => revisionOfEvent(a) < revisionOfEvent(b));
  }

  dependents(cluster: LogicalCluster, ownerUid: string): AsyncGenerator<ListedObject[]> {
    const parts = this.#inCluster(cluster);
    return mergeObjects(
      parts.map((part) => part.dependents(cluster, ownerUid)),
      'cluster',
    );
  }

  async hasDependents(cluster: LogicalCluster, ownerUid: string): Promise<boolean> {
    for (const part of this.#inCluster(cluster)) {
      if (await part.hasDependents(cluster, ownerUid)) return true;
    }
    return false;
  }

  async firstWork(
    prefix: string,
    options: { readonly limit: number; readonly after?: WorkKey | undefined },
  ): Promise<OwedWork[]> {
    const parts = this.#owing(prefix).map(async ([log, snapshot]) =>
      (await snapshot.firstWork(prefix, options)).map((owed) => heldBy(log, owed)),
    );
    const found = (await Promise.all(parts)).flat();
    return found.sort((a, b) => (isWorkBefore(a, b) ? -1 : 1)).slice(0, options.limit);
  }

  async *work(controller: string): AsyncGenerator<OwedWork[]> {
    const streams = this.#owing(controller).map(([log, snapshot]) => workIn(log, snapshot.work(controller)));
    for await (const batch of mergeAll<OwedWork>(streams, isWorkBefore)) yield [...batch];
  }

  /** The events of a log in the order of the member. */
  async *#historyIn(
    log: PlanetLog,
    wanted: RevisionRange & { readonly collection: CollectionScope },
  ): AsyncGenerator<readonly StoreEvent[]> {
    const snapshot = this.#of(log);
    const applied = appliedOf(log);
    const upTo = Math.min(this.#boundIn(log, wanted.upTo), snapshot.revision);
    const range = { after: this.#boundIn(log, wanted.after), upTo };
    if (range.upTo <= range.after) return;
    for await (const events of snapshot.history(wanted.collection, range)) {
      yield events.map((event) => new AppliedEvent(event, applied.placeOf(event.revision)));
    }
  }

  /** The revision of a log up to which this member had applied it at a place. */
  #boundIn(log: PlanetLog, place: number): number {
    const applied = appliedOf(log);
    const snapshot = this.#of(log);
    if (applied.placeOf(snapshot.revision) <= place) return NEWEST;
    if (!applied.hasShifts) return place;
    const { first } = snapshot.around((revision) => applied.placeOf(revision) > place);
    if (first === undefined) return NEWEST;
    const firstPlace = applied.placeOf(first);
    return place >= firstPlace ? first + (place - firstPlace) : first - 1;
  }

  /** The place from which on nothing of a log is missing. */
  #floorIn(log: PlanetLog): Revision {
    const snapshot = this.#of(log);
    const { floor } = snapshot;
    const applied = appliedOf(log);
    if (floor <= applied.start || !applied.hasShifts) return Math.max(floor, applied.start) as Revision;
    // A commit has its changes at one distance from their revisions, also where the floor is among them.
    const { first, before } = snapshot.around((revision) => revision > floor);
    const place =
      first !== undefined && first <= floor
        ? applied.placeOf(first) + (floor - first)
        : applied.placeOf(before);
    return Math.max(place, applied.start) as Revision;
  }

  #only(collection: CollectionScope): StoreSnapshot {
    const [log] = this.#router.ofScope(collection);
    return this.#of(log!);
  }

  #all(): readonly StoreSnapshot[] {
    return this.#router.logs.map((log) => this.#of(log));
  }

  #inCluster(cluster: LogicalCluster): readonly StoreSnapshot[] {
    return this.#router.ofCluster(cluster).map((log) => this.#of(log));
  }

  /** The logs whose debts to a controller are carried out here. */
  #owing(controller: string): readonly (readonly [PlanetLog, StoreSnapshot])[] {
    const isAll = this.#isOwedToAll(controller);
    return this.#router.logs
      .filter(({ store }) => isAll || store.isHome)
      .map((log) => [log, this.#of(log)] as const);
  }

  #of(log: PlanetLog): StoreSnapshot {
    const known = this.#opened.get(log);
    if (known !== undefined) return known;
    if (this.#isClosed) throw new Error('the snapshot is closed');
    const snapshot = log.store.snapshot();
    this.#opened.set(log, snapshot);
    return snapshot;
  }
}

function heldBy({ name }: PlanetLog, { key, payload }: OwedWork): OwedWork {
  return { key: { ...key, log: name }, payload };
}

async function* workIn(
  log: PlanetLog,
  batches: AsyncGenerator<OwedWork[]>,
): AsyncGenerator<readonly OwedWork[]> {
  for await (const batch of batches) yield batch.map((owed) => heldBy(log, owed));
}

async function sumOf(
  parts: readonly StoreSnapshot[],
  countMax: number,
  countIn: (part: StoreSnapshot, max: number) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (const part of parts) {
    if (sum >= countMax) break;
    sum += await countIn(part, countMax - sum);
  }
  return sum;
}
