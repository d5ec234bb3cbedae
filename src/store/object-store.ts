import { EVERYWHERE, type LogicalCluster, type Revision } from '../base/mod.ts';
import type { ClusterDefaults } from './cluster-defaults.ts';
import type { SequencedCommit } from './commit-pipeline.ts';
import type { FeedGroup, FeedListener, FeedRestart } from './feed.ts';
import type { RevisionRange } from './history.ts';
import type { CollectionKey, CollectionScope, ObjectKey } from './object-key.ts';
import type { LoggedCommit, Outcome } from './outcome.ts';
import type { StoreEvent } from './projection.ts';
import type { Proposal } from './proposal.ts';
import type { Row } from './row.ts';
import type { ListedObject, ListScope } from './snapshot.ts';
import type { WorkKey } from './tables.ts';

/**
 * What the revision of a state counts: `shard`, the revisions of the log that the collection is in; `member`, the order in
 * which this member has applied the changes of all its logs. All logical clusters together have the latter alone. Of a
 * store with one log both are the same.
 */
export type RevisionOrder = 'shard' | 'member';

/** Of what a state is told, and in which order: that of its log, if it does not say. */
export interface StateScope {
  readonly collection: CollectionScope;
  readonly order?: RevisionOrder | undefined;
}

/** The objects that a member has, of one log ({@link Store}) or of several: what everything above the store works with. */
export interface ObjectStore {
  readonly feed: ObjectFeed;
  /** Why the store takes no more commits, if so. */
  readonly failure: Error | undefined;
  /** The revision, in the member's order, up to which everything is durable and visible. */
  readonly revision: Revision;
  /**
   * Whether a revision that this store has reached was never one of a scope's state: some client was shown it by a history
   * that was not adopted. Says nothing about those below the floor.
   */
  isVoid(scope: StateScope, revision: number): boolean;
  /** Milliseconds since 1970 by a clock that ignores steps of the wall clock. */
  nowMs(): number;
  /** When this member has applied a change of one of a collection's objects, in its own order. */
  appliedAt(collection: CollectionKey, revision: number): number;
  /** The durable row of an object. */
  get(key: ObjectKey): Row | undefined;
  /** The object that has taken a name in its logical cluster (`ALIASES_FIELD`), as far as that is durable. */
  aliased(cluster: LogicalCluster, alias: string): ObjectKey | undefined;
  /** What a logical cluster still has by default, for the commit that ends it. */
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined;
  /** The row that the next commit would find; see {@link settled}. `keyText` is that of the key, if it is at hand. */
  newest(key: ObjectKey, keyText?: string): Row | undefined;
  /** What is owed of a debt in the log that it names, by the state that the next commit would find. */
  newestWork(key: WorkKey): Uint8Array | undefined;
  /** Resolves when everything that {@link newest} has shown so far is durable, of all logs or of those besides one. */
  settled(options?: { readonly besides?: string | undefined }): Promise<void>;
  /** The name of the log that a change of an object is in, or would be: one commit is of one log. */
  logOf(key: ObjectKey): string;
  /**
   * Gives a commit its place in its log at once, and throws what {@link commit} rejects with: for those who must look at
   * something and commit within one turn. It counts once `durable` has resolved.
   */
  propose(proposal: Proposal): SequencedCommit;
  /**
   * Commits, and resolves when the commit is durable and visible. Rejects with `ExpectationFailed`, `LogUnavailable` (of
   * which `HomeElsewhere` is one), `SpansLogs` or `CommitTooLarge`, and then nothing was written.
   */
  commit(proposal: Proposal): Promise<Outcome>;
  /**
   * The commit with an id of the last 15 minutes that concerns a logical cluster, once it counts; undefined when there is
   * none. Rejects as {@link commit} does when it never will, or nobody knows.
   */
  committed(cluster: LogicalCluster, commitId: Uint8Array): Promise<LoggedCommit | undefined>;
  /** A consistent state to read; the caller closes it. */
  snapshot(): ObjectSnapshot;
  /** Lets go of history below a revision. */
  compact(floor: Revision): Promise<void>;
  close(): Promise<void>;
}

/** A consistent state of the objects. */
export interface ObjectSnapshot {
  /** The last change that a scope's part of it has, or may have. */
  revisionOf(scope: StateScope): Revision;
  /** Nothing of the scope can be read that is older: lists at and watches from below this have expired. */
  floorOf(scope: StateScope): Revision;
  /** Whether a change is in it. */
  has(change: { readonly key: ObjectKey; readonly revision: number }): boolean;
  get(key: ObjectKey): Row | undefined;
  /** The object as it was at a revision of its log, not below the floor. */
  getAt(key: ObjectKey, revision: number): Promise<Row | undefined>;
  list(scope: ListScope): AsyncGenerator<ListedObject[]>;
  listRows(scope: ListScope & { readonly collection: CollectionKey }): AsyncGenerator<Row[]>;
  /** The objects of a scope as they were at a revision in the scope's order, which is not below the floor. */
  listAt(scope: ListScope, revision: number): AsyncGenerator<ListedObject[]>;
  listWildcard(group: string, resource: string, after?: string): AsyncGenerator<ListedObject[]>;
  referring(reference: string, after?: ObjectKey): AsyncGenerator<ListedObject[]>;
  referringIn(cluster: LogicalCluster, reference: string, after?: ObjectKey): AsyncGenerator<ListedObject[]>;
  defaultsOf(cluster: LogicalCluster): ClusterDefaults | undefined;
  rowsOfCluster(cluster: LogicalCluster, after?: ObjectKey): AsyncGenerator<ListedObject[]>;
  countOfCluster(cluster: LogicalCluster, countMax: number): Promise<number>;
  count(scope: ListScope, countMax: number): Promise<number>;
  /** The events of a scope after one revision up to another (inclusive), oldest first, in batches. */
  history(
    scope: CollectionScope,
    range: RevisionRange & { readonly order?: RevisionOrder | undefined },
  ): AsyncGenerator<readonly StoreEvent[]>;
  dependents(cluster: LogicalCluster, ownerUid: string): AsyncGenerator<ListedObject[]>;
  hasDependents(cluster: LogicalCluster, ownerUid: string): Promise<boolean>;
  firstWork(
    prefix: string,
    options: { readonly limit: number; readonly after?: WorkKey | undefined },
  ): Promise<{ readonly key: WorkKey; readonly payload: Buffer }[]>;
  work(controller: string): AsyncGenerator<{ readonly key: WorkKey; readonly payload: Buffer }[]>;
  close(): void;
}

/** What happens to the objects. */
export interface ObjectFeed {
  /** Everything of the scope up to here is durable and visible. */
  revisionOf(scope: StateScope): Revision;
  /** Everything of the scope up to here has been handed to those who watch it. */
  deliveredRevisionOf(scope: StateScope): Revision;
  /** Every group as it becomes durable, in the order of its own log. */
  subscribeToGroups(listener: (group: FeedGroup) => void): () => void;
  /** Events of one scope, in its order. Listeners must not throw. */
  subscribe(scope: CollectionScope, listener: FeedListener, order?: RevisionOrder): () => void;
  /** Told when what is stored of a scope was replaced, with revisions in the scope's order. */
  subscribeToRestarts(listener: (restart: FeedRestart) => void, scope?: StateScope): () => void;
  /** Told when this member has begun or ceased to run what the controllers of a log owe. */
  subscribeToHomes(listener: () => void): () => void;
  /** Resolves when everything of the scope up to a revision was published; never, if that does not happen. */
  reachedIn(scope: StateScope, revision: number, signal: AbortSignal): Promise<void>;
}

/** Whether states of a scope are told in the order of the member. */
export function isInMemberOrder({ collection, order }: StateScope): boolean {
  return order === 'member' || collection.cluster === EVERYWHERE;
}

/** An event's revision in the order in which its reader counts. */
export function revisionOfEvent(event: StoreEvent): Revision {
  return event.applied ?? event.revision;
}
