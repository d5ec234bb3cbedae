import type { Authorized } from '../access/mod.ts';
import { EVERYWHERE, type LogicalCluster, limits, type Revision } from '../base/mod.ts';
import type { Definition } from '../definitions/mod.ts';
import { newExpired, newInternalError, StatusError, statusOf } from '../machinery/mod.ts';
import {
  type FeedGroup,
  type ListScope,
  type Row,
  type StoreEvent,
  WatchSession,
  type WatchSink,
} from '../store/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { convertedPieces } from './converted-pieces.ts';
import type { Format } from './format.ts';
import { learnKindEverywhere } from './kinds-everywhere.ts';
import { parseWatchOptions, type WatchOptions } from './list-options.ts';
import { INACTIVE, LOGICAL_CLUSTERS } from './logical-cluster.ts';
import type { Query } from './query.ts';
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
  UnknownCluster,
  UnknownResource,
} from './target.ts';
import { eventsInVersion, objectsInVersion, type WatchedVersion } from './watch-conversion.ts';
import { WatchCounts } from './watch-counts.ts';
import { WatchEncoder } from './watch-encoder.ts';

/** Where a watch's bytes go: one connection. */
export interface WatchOutput {
  /** False when the client is behind; the bytes are taken either way. */
  write(bytes: Buffer): boolean;
  /** Resolves when the client has caught up or is gone, or the stream has been ended. */
  drained(): Promise<void>;
  /** Ends the stream cleanly. Resolves when the connection holds nothing of it any more, within a bound. */
  end(): Promise<void>;
}

/** A running watch: closing it ends the stream. */
export interface RunningWatch {
  close(): void;
}

/** All watches of a member: their number is bounded, also for each user and workspace; one timer serves them all. */
export class WatchHub {
  readonly #api: Api;
  readonly #watches = new Set<Watch>();
  readonly #counts = new WatchCounts();
  readonly #unsubscribe: () => void;
  #cancelTick: (() => void) | undefined;

  constructor(api: Api) {
    this.#api = api;
    this.#unsubscribe = api.store.feed.subscribeToGroups((group) => this.#onGroup(group));
  }

  /** With those that have ended, but whose clients are still to take the rest. */
  get size(): number {
    return this.#watches.size;
  }

  /**
   * Opens a watch. Throws `StatusError` for what is answered before the stream begins; what goes wrong
   * later becomes an ERROR event.
   */
  open(request: {
    readonly target: Authorized<Target>;
    readonly query: Query;
    readonly format: Format;
    readonly context: RequestContext;
  }): (output: WatchOutput) => RunningWatch {
    const resource = resolveCollection(this.#api, request.target, { isPartial: isPartial(request.format) });
    const selection = parseSelection(resource, request.query);
    const options = parseWatchOptions(request.query, resource.revisions);
    const watcher = { user: request.target.caller ?? request.target.user, cluster: payerOf(request.target) };
    this.#counts.assertRoom(watcher);
    return (output) => {
      const release = this.#counts.add(watcher);
      const watch = new Watch({
        api: this.#api,
        rights: request.target,
        resource,
        selection,
        options,
        format: request.format,
        context: request.context,
        output,
        onClose: () => {
          this.#watches.delete(watch);
          release();
        },
      });
      this.#watches.add(watch);
      this.#scheduleTick();
      watch.start();
      return watch;
    };
  }

  /**
   * What is switched off is not looked at, from the moment on in which it is; nor, as in kcp, by those who look at all
   * logical clusters, which the system alone does. Views go on: otherwise each tenant could end those of all providers.
   */
  #onGroup({ events }: FeedGroup): void {
    for (const event of events) {
      const { key } = event;
      if (key.group !== LOGICAL_CLUSTERS.group || key.resource !== LOGICAL_CLUSTERS.resource) continue;
      // Only now: the rows of a new logical cluster's default objects are made when somebody asks for them.
      if (!isInactive(event.newRow) || isInactive(event.oldRow)) continue;
      for (const watch of [...this.#watches]) if (watch.isAbout(key.cluster)) watch.close();
    }
  }

  /** Ends all watches, as a member does that stops: clients reconnect elsewhere. */
  close(): void {
    this.#cancelTick?.();
    this.#unsubscribe();
    for (const watch of [...this.#watches]) watch.close();
  }

  #scheduleTick(): void {
    if (this.#cancelTick !== undefined || this.#watches.size === 0) return;
    this.#cancelTick = this.#api.clock.after(1_000, () => {
      this.#cancelTick = undefined;
      const nowMs = this.#api.clock.monotonicMs();
      const kinds = new KindsNow(this.#api);
      for (const watch of [...this.#watches]) watch.tick(nowMs, kinds);
      this.#scheduleTick();
    });
  }
}

/** The definitions of the watched kinds at one tick, each found once for all watches of its kind. */
class KindsNow {
  readonly #api: Api;
  readonly #found = new Map<string, Definition | undefined>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** Undefined when the kind is not served any more. */
  find(target: Target, options: { readonly isPartial: boolean }): Definition | undefined {
    const { cluster, group, version, resource, view } = target;
    const key = [cluster, group, version, resource, view?.name ?? '', options.isPartial].join('\0');
    if (!this.#found.has(key)) this.#found.set(key, this.#resolve(target, options));
    return this.#found.get(key);
  }

  #resolve(target: Target, options: { readonly isPartial: boolean }): Definition | undefined {
    // What a bound kind is by now is known at the next tick.
    learnKindEverywhere(this.#api, target).catch(() => {});
    try {
      return resolveCollection(this.#api, target, options).definition;
    } catch (error) {
      if (error instanceof UnknownResource || error instanceof UnknownCluster) return undefined;
      throw error;
    }
  }
}

class Watch implements RunningWatch, WatchSink {
  readonly #api: Api;
  /** What it was let pass by, which may change while it runs. */
  #rights: Authorized<Target>;
  #isAsking = false;
  readonly #resource: CollectionResource;
  readonly #selection: Selection;
  readonly #options: WatchOptions;
  readonly #context: RequestContext;
  readonly #output: WatchOutput;
  readonly #onClose: () => void;
  readonly #encoder: WatchEncoder;
  readonly #deadlineMs: number;
  readonly #definitionHash: string;
  readonly #isPartial: boolean;
  readonly #converted: WatchedVersion;
  #nextBookmarkMs: number;
  #isLastBookmarkSent = false;
  #session: WatchSession | undefined;
  #conversion: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: {
    readonly api: Api;
    readonly rights: Authorized<Target>;
    readonly resource: CollectionResource;
    readonly selection: Selection;
    readonly options: WatchOptions;
    readonly format: Format;
    readonly context: RequestContext;
    readonly output: WatchOutput;
    onClose(): void;
  }) {
    const { api, resource, selection } = options;
    this.#api = api;
    this.#rights = options.rights;
    this.#resource = resource;
    this.#selection = selection;
    this.#options = options.options;
    this.#context = options.context;
    this.#output = options.output;
    this.#onClose = options.onClose;
    this.#definitionHash = resource.definition.hash;
    this.#isPartial = isPartial(options.format);
    this.#converted = {
      cluster: payerOf(resource.target),
      definition: resource.definition,
      version: resource.version.name,
      needsOldRows: !selection.isEverything,
    };
    const namespace = namespaceOf(resource) || selection.namespace;
    this.#encoder = new WatchEncoder({
      resource,
      selection,
      namespace,
      format: options.format,
      nowMs: () => api.store.nowMs(),
    });
    const nowMs = api.clock.monotonicMs();
    const { watchTimeoutSecondsMin: min, watchTimeoutSecondsMax: max } = limits;
    const timeoutSeconds = options.options.timeoutSeconds ?? min + api.random.below(max - min);
    this.#deadlineMs = nowMs + timeoutSeconds * 1000;
    this.#nextBookmarkMs = nowMs + limits.bookmarkIntervalMs;
  }

  start(): void {
    this.#run().catch((error: unknown) => this.failed(error));
  }

  /** Whether it shows what is in this logical cluster: it alone, or all of them with nothing left out. */
  isAbout(cluster: LogicalCluster): boolean {
    const { target } = this.#resource;
    return target.cluster === cluster || (target.cluster === EVERYWHERE && target.view === undefined);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session?.close();
    // It counts as long as its connection holds what it has sent.
    void this.#output.end().then(this.#onClose);
  }

  /** Once a second: bookmarks, the deadline, and whether the kind is still what it was. Never throws. */
  tick(nowMs: number, kinds: KindsNow): void {
    if (this.#isClosed) return;
    try {
      // Also before the initial events are out: a client that does not read them must not pin a snapshot for ever.
      if (this.#session !== undefined) this.#bookmark(nowMs, this.#session.position);
      if (nowMs >= this.#deadlineMs || this.#hasChangedKind(kinds)) this.close();
      else this.#checkRights();
    } catch (error) {
      this.failed(error);
    }
  }

  deliver(events: readonly StoreEvent[]): boolean {
    if (this.#isClosed) return true;
    const shown = eventsInVersion(this.#api, this.#converted, events);
    if (!(shown instanceof Promise)) return this.#send(shown);
    // Until the webhook has answered this watch takes nothing more: what follows waits in the stored log.
    this.#conversion = shown
      .then((converted) => void this.#send(converted))
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.#conversion = undefined;
      });
    return false;
  }

  async drained(): Promise<void> {
    await this.#conversion;
    return this.#output.drained();
  }

  expired(position: Revision, floor: Revision): void {
    const { revisions } = this.#resource;
    const { since } = this.#options;
    const text = position === since?.revision ? since.text : revisions.ofState(position);
    this.failed(newExpired(`too old resource version: ${text} (${revisions.ofState(floor)})`));
  }

  failed(error: unknown): void {
    if (this.#isClosed) return;
    const status = error instanceof StatusError ? error : newInternalError(String(error), error);
    try {
      this.#output.write(this.#encoder.error(statusOf(status)));
    } catch {
      // The failure may be the output's own. Then the client sees only the end, and starts again.
    }
    this.close();
  }

  #send(events: readonly StoreEvent[]): boolean {
    if (this.#isClosed) return true;
    const bytes = this.#encoder.encode(events);
    return bytes === undefined ? true : this.#output.write(bytes);
  }

  async #run(): Promise<void> {
    const { since, sendsInitialEvents } = this.#options;
    const reached =
      since === undefined
        ? (0 as Revision)
        : await reach(this.#api, {
            resource: this.#resource,
            named: since,
            context: this.#context,
          });
    let position = sendsInitialEvents ? await this.#sendInitialEvents() : reached;
    // Asked for no initial events and no revision: from now on.
    if (!sendsInitialEvents && position === 0)
      position = this.#api.store.feed.revisionOf(stateOf(this.#resource));
    if (this.#isClosed) return;
    const { collection: scope, order } = stateOf(this.#resource);
    this.#session = new WatchSession({ store: this.#api.store, scope, order, sink: this, position });
    this.#session.start();
  }

  async #sendInitialEvents(): Promise<Revision> {
    const snapshot = this.#api.store.snapshot();
    try {
      const namespace = namespaceOf(this.#resource) || this.#selection.namespace;
      const scope: ListScope = { ...stateOf(this.#resource), ...(namespace ? { namespace } : {}) };
      const revision = snapshot.revisionOf(scope);
      const { sight } = this.#resource;
      for await (const batch of listInSight(snapshot, { scope, sight, revision, isCurrent: true })) {
        if (this.#isClosed) break;
        const objects = await objectsInVersion(this.#api, this.#converted, batch);
        for await (const piece of convertedPieces(this.#resource, objects)) {
          if (this.#isClosed) break;
          const bytes = this.#encoder.added(piece);
          if (bytes !== undefined && !this.#output.write(bytes)) await this.#output.drained();
        }
      }
      if (this.#options.marksInitialEnd && !this.#isClosed) {
        this.#output.write(this.#encoder.bookmark(revision, { isInitialEnd: true }));
      }
      return revision;
    } finally {
      snapshot.close();
    }
  }

  #bookmark(nowMs: number, position: Revision): void {
    const isNearEnd = nowMs >= this.#deadlineMs - limits.bookmarkBeforeDeadlineMs;
    const isDue = nowMs >= this.#nextBookmarkMs || (isNearEnd && !this.#isLastBookmarkSent);
    // The position is ahead of what was sent while a webhook is being asked.
    if (!this.#options.allowsBookmarks || !isDue || this.#conversion !== undefined) return;
    this.#nextBookmarkMs = nowMs + limits.bookmarkIntervalMs;
    this.#isLastBookmarkSent = isNearEnd;
    this.#output.write(this.#encoder.bookmark(position, { isInitialEnd: false }));
  }

  // A right that is taken away ends the watch with the 403 that a new one would get. Upstream lets it go on.
  #checkRights(): void {
    const { access } = this.#api;
    if (this.#isAsking || access.isCurrent(this.#rights.reliesOn)) return;
    this.#isAsking = true;
    access
      .authorizeAgain(this.#rights)
      .then((rights) => {
        this.#rights = rights;
      })
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.#isAsking = false;
      });
  }

  // A new schema or the end of a CRD ends its watches cleanly: clients start again and see the new kind.
  #hasChangedKind(kinds: KindsNow): boolean {
    const { definition: watched, target } = this.#resource;
    // A view may lose a kind that all logical clusters have.
    if (watched.origin === 'builtin' && target.view === undefined) return false;
    const definition = kinds.find(this.#resource.target, { isPartial: this.#isPartial });
    return (
      definition === undefined || (definition.hash !== this.#definitionHash && !definition.isTerminating)
    );
  }
}

/** Metadata alone, for which nobody has to know a schema. */
function isPartial({ as }: Format): boolean {
  return as === 'PartialObjectMetadata';
}

function isInactive(logicalCluster: Row | undefined): boolean {
  return logicalCluster?.fields['status.phase'] === INACTIVE;
}
