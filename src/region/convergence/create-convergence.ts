import { type Convergence, recordRow, writerKey } from '../../api/mod.ts';
import type { Clock, LogicalCluster, RegionName } from '../../base/mod.ts';
import { clientIdOf, type Writer } from '../../convergent/mod.ts';
import type { CollectionKey, ObjectStore, Store } from '../../store/mod.ts';
import { convergentLogOf } from '../convergent-log.ts';

export interface ConvergenceOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly region: RegionName;
  /** This member's number. */
  readonly member: number;
  /** This region's convergent log, where it is published; absent for a member of no planet. */
  readonly log?: Store | undefined;
  /** Whether objects of a kind converge: what `PlanetStore` is told, too. Records of documents have to be among them. */
  isConvergent(kind: Omit<CollectionKey, 'cluster'>): boolean;
  /** Whether this region is home of a logical cluster. */
  isHome(cluster: LogicalCluster): boolean;
  /** Whether another region is. */
  isElsewhere?(cluster: LogicalCluster): boolean;
}

/** What `Api.convergence` is of a member, with the clocks that it has heard of others. */
export interface MemberConvergence extends Convergence {
  readonly peers: PeerClocks;
  /** Whether the log of the region has begun with this process: it is new, or its directory was lost. */
  readonly hasBegun: boolean;
}

const ACTOR = 'system:convergence';
const STARTED_FIELD = '.started';
/** A region that was not heard for so long is not reachable. */
const HEARD_WITHIN_MS = 10_000;

/**
 * Prepares a member to write convergent objects, when its store is open and before anything is written. It writes as a
 * client that no earlier process has been, whatever clocks say: when a writer began is written down, and the next one
 * begins after it.
 */
export async function createConvergence(options: ConvergenceOptions): Promise<MemberConvergence> {
  const { store, region, clock, member, log } = options;
  const hasBegun = log?.log.end.sequence === 0;
  if (log !== undefined && hasBegun) await beginLog(log, { clock, region });
  const key = writerKey(region);
  const last = Number(store.newest(key)?.fields[STARTED_FIELD] ?? 0);
  const startMs = Math.max(Math.floor(clock.nowMs()), last + 1);
  await store.commit({
    mutations: [{ key, row: recordRow(region, { [STARTED_FIELD]: String(startMs) }) }],
    actor: ACTOR,
    originRegion: region,
  });
  const writer: Writer = { client: clientIdOf({ startMs, member }), region };
  const peers = new PeerClocks({ clock, region });
  return {
    isConvergent: (kind) => options.isConvergent(kind),
    isHome: (cluster) => options.isHome(cluster),
    isElsewhere: (cluster) => options.isElsewhere?.(cluster) === true,
    log: convergentLogOf(region),
    writer,
    peers,
    hasBegun,
    peersMs: () => peers.now(),
  };
}

/**
 * Begins a log in an epoch that no log of the region had before: where the one before is lost, others are past it, and
 * find back by the newer epoch. Seconds, since the times of two such losses differ by more.
 */
async function beginLog(
  { log }: Store,
  { clock, region }: { readonly clock: Clock; readonly region: RegionName },
): Promise<void> {
  const epoch = Math.floor(clock.nowMs() / 1_000);
  const opening = await log.openEpoch({ epoch, actor: ACTOR, originRegion: region });
  await opening.durable;
}

/** What the clocks of other regions say, by their heartbeats: a little less than the truth, by the way they came. */
export class PeerClocks {
  readonly #clock: Clock;
  readonly #own: RegionName;
  readonly #heard = new Map<string, { readonly timeMs: number; readonly atMs: number }>();

  constructor(options: { readonly clock: Clock; readonly region: RegionName }) {
    this.#clock = options.clock;
    this.#own = options.region;
  }

  /** One for each region: of several members the one that was heard last. */
  hear(beat: { readonly region: RegionName; readonly timeMs: number }, atMs: number): void {
    if (beat.region !== this.#own) this.#heard.set(beat.region, { timeMs: beat.timeMs, atMs });
  }

  now(): readonly number[] {
    const nowMs = this.#clock.monotonicMs();
    const reachable = [...this.#heard.values()].filter(({ atMs }) => nowMs - atMs <= HEARD_WITHIN_MS);
    return reachable.map(({ timeMs, atMs }) => timeMs + (nowMs - atMs));
  }
}
