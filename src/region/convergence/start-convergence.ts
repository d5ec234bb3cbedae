import {
  type Api,
  DocumentMerger,
  hasDocuments,
  hasLosers,
  type MergeOptions,
  type MergeReport,
  readDocumentRow,
} from '../../api/mod.ts';
import { assert, type Clock, type LogicalCluster, type Random, type RegionName } from '../../base/mod.ts';
import type { FollowReport, Transport } from '../../replication/mod.ts';
import { type KeyValueStore, type ReplicatedLog, Store } from '../../store/mod.ts';
import { convergentLogOf } from '../convergent-log.ts';
import type { HeardRegions } from '../planet/heard-regions.ts';
import type { MemberConvergence } from './create-convergence.ts';
import { DigestRepair } from './digest-repair.ts';
import { documentsOf } from './document-walk.ts';
import { FollowedRegion } from './followed-region.ts';
import { GoneClusters, type KnownClusters } from './gone-clusters.ts';
import { OwnLog } from './own-log.ts';
import { keepUp } from './upkeep.ts';
import { WaitingDocuments } from './waiting-documents.ts';

export interface ConvergenceParts {
  readonly transport: Transport;
  readonly heard: HeardRegions;
  /** With the `convergence` of `createConvergence`, around the store that has this region's convergent log. */
  readonly api: Api;
  readonly convergence: MemberConvergence;
  /** This region's convergent log, opened as its home. */
  readonly log: Store;
  /** All regions that the planet lists, this one included; asked again and again, as regions join. */
  readonly regions: () => readonly RegionName[];
  /** Where the log of another region is kept, by its name: it is made when it is not there, and closed with the rest. */
  readonly openReplica: (log: string) => Promise<KeyValueStore>;
  readonly clock: Clock;
  readonly random: Random;
  /** How it is found out which logical clusters are gone; absent: none ever is. */
  readonly clusters?: KnownClusters;
  readonly isPlaceGone?: MergeOptions['isPlaceGone'];
  readonly regionOf?: MergeOptions['regionOf'];
  readonly report: (report: ConvergenceReport) => void;
}

/** What an operator should hear of. */
export type ConvergenceReport =
  | MergeReport
  /** What happened to the copy of another region's log. */
  | { readonly kind: 'log'; readonly region: RegionName; readonly report: FollowReport }
  /** Somebody else publishes as this region: nothing is acknowledged any more. */
  | { readonly kind: 'fenced'; readonly detail: string }
  /** A comparison found what the stream had not brought. */
  | { readonly kind: 'repaired'; readonly region: RegionName; readonly documents: number }
  /** Something failed, and is tried again. */
  | { readonly kind: 'problem'; readonly region: RegionName; readonly detail: string };

/** How far this region is with the others, for those who ask. */
export interface ConvergenceStatus {
  readonly region: RegionName;
  /** What of the own log is not in its stream yet. */
  readonly unpublished: { readonly commits: number; readonly ms: number };
  readonly regions: readonly {
    readonly region: RegionName;
    /** For how long it has not been proven that all of it is here; undefined before the first time. */
    readonly stalenessMs: number | undefined;
    /** Commits of it that are here and were not merged yet. */
    readonly pending: number;
    /** For how long what both have was not compared; undefined before the first time. */
    readonly comparedMs: number | undefined;
  }[];
}

export interface RunningConvergence {
  status(): ConvergenceStatus;
  /** The logs that are here, by their names: for `serveRefill`. */
  logNamed(name: string): ReplicatedLog | undefined;
  /** Compares with all regions now, and looks after all documents: what else happens every minute. */
  upkeep(): Promise<void>;
  close(): Promise<void>;
}

/** Regions that have joined are noticed after this. */
const LOOK_MS = 2_000;
/** What all regions have is compared so often, in kilobytes, and documents are looked after. */
const UPKEEP_MS = 60_000;

/**
 * Starts to exchange convergent objects with other regions: publishes the own convergent log, follows those of all others
 * and merges what they have, compares now and then, and forgets what all have seen to be gone.
 */
export function startConvergence(parts: ConvergenceParts): RunningConvergence {
  return new Exchange(parts);
}

class Exchange implements RunningConvergence {
  readonly #parts: ConvergenceParts;
  readonly #own: RegionName;
  readonly #log: OwnLog;
  readonly #merger: DocumentMerger;
  readonly #repair: DigestRepair;
  readonly #waiting: WaitingDocuments;
  readonly #gone: GoneClusters | undefined;
  readonly #followed = new Map<RegionName, FollowedRegion>();
  readonly #comparedAtMs = new Map<RegionName, number>();
  readonly #stops: (() => void)[];
  #cancelLook: () => void = () => {};
  #cancelUpkeep: () => void = () => {};
  #looking: Promise<void> = Promise.resolve();
  #upkeep: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: ConvergenceParts) {
    this.#parts = parts;
    const { api, transport, convergence, clock, log, report } = parts;
    assert(api.convergence === convergence, 'writes and merges have the same writer');
    this.#own = api.region;
    this.#merger = new DocumentMerger(api, convergence, {
      regions: parts.regions,
      report,
      isClusterGone: (cluster) => this.#gone?.isGone(cluster) === true,
      ...(parts.isPlaceGone && { isPlaceGone: parts.isPlaceGone }),
      waits: () => this.#waiting.noteOne(),
      ...(parts.regionOf && { regionOf: parts.regionOf }),
    });
    const { clusters } = parts;
    this.#gone =
      clusters &&
      new GoneClusters({
        clusters,
        clock,
        end: (gone) => this.#end(gone),
        problem: (detail) => report({ kind: 'problem', region: this.#own, detail }),
      });
    this.#log = new OwnLog({
      transport,
      log,
      region: this.#own,
      clock,
      fenced: (detail) => report({ kind: 'fenced', detail }),
      problem: (detail) => report({ kind: 'problem', region: this.#own, detail }),
    });
    this.#waiting = new WaitingDocuments({
      api,
      merger: this.#merger,
      clock,
      problem: (detail) => report({ kind: 'problem', region: this.#own, detail }),
    });
    this.#repair = new DigestRepair({ transport, store: api.store, merger: this.#merger });
    this.#stops = [
      transport.hearHeartbeats(undefined, ({ beat, atMs }) => convergence.peers.hear(beat, atMs)),
      this.#watchNames(),
    ];
    this.#look();
    this.#scheduleUpkeep();
  }

  status(): ConvergenceStatus {
    const nowMs = this.#parts.clock.monotonicMs();
    return {
      region: this.#own,
      unpublished: this.#log.lag,
      regions: [...this.#followed.values()].map(({ region, stalenessMs, pending }) => {
        const atMs = this.#comparedAtMs.get(region);
        return { region, stalenessMs, pending, comparedMs: atMs === undefined ? undefined : nowMs - atMs };
      }),
    };
  }

  logNamed(name: string): ReplicatedLog | undefined {
    if (name === convergentLogOf(this.#own)) return this.#parts.log.log;
    return [...this.#followed.values()].find(({ region }) => convergentLogOf(region) === name)?.log;
  }

  upkeep(): Promise<void> {
    const upkeep = this.#upkeep.then(() => this.#keepUp());
    this.#upkeep = upkeep.catch(() => {});
    return upkeep;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    this.#cancelUpkeep();
    for (const stop of this.#stops) stop();
    this.#repair.close();
    await this.#gone?.close();
    await this.#looking;
    await this.#waiting.close();
    await Promise.all([...this.#followed.values()].map((region) => region.close()));
    await this.#upkeep;
    await this.#log.close();
  }

  /** Begins to follow regions that are new. One that has left the list stays followed until the next start. */
  #look(): void {
    this.#looking = this.#followAll().finally(() => {
      if (!this.#isClosed) this.#cancelLook = this.#parts.clock.after(LOOK_MS, () => this.#look());
    });
  }

  async #followAll(): Promise<void> {
    const { transport, heard, api, clock, random, openReplica, report } = this.#parts;
    for (const region of this.#parts.regions()) {
      if (region === this.#own || this.#followed.has(region) || this.#isClosed) continue;
      const name = convergentLogOf(region);
      try {
        const replica = await Store.open({
          keyValue: await openReplica(name),
          shard: name,
          clock,
          random,
          replication: { role: 'follower' },
        });
        const followed = new FollowedRegion({
          transport,
          region,
          heard,
          replica,
          store: api.store,
          merger: this.#merger,
          ownRegion: this.#own,
          clock,
          report: (told) => report({ kind: 'log', region, report: told }),
          problem: (detail) => report({ kind: 'problem', region, detail }),
        });
        this.#followed.set(region, followed);
      } catch (error) {
        report({ kind: 'problem', region, detail: textOf(error) });
      }
    }
  }

  #scheduleUpkeep(): void {
    // Not all regions at once.
    const delayMs = UPKEEP_MS * (0.75 + this.#parts.random.below(500) / 1_000);
    this.#cancelUpkeep = this.#parts.clock.after(delayMs, () => {
      void this.upkeep().finally(() => {
        if (!this.#isClosed) this.#scheduleUpkeep();
      });
    });
  }

  async #keepUp(): Promise<void> {
    const { api, log, report, clock } = this.#parts;
    await this.#attempt(this.#own, () => log.log.finalize(log.log.visible.sequence));
    for (const followed of this.#followed.values()) {
      const { region } = followed;
      await this.#attempt(region, () => followed.tidy());
      await this.#attempt(region, async () => {
        const documents = await this.#repair.repair(region);
        if (documents !== undefined) this.#comparedAtMs.set(region, clock.monotonicMs());
        if (documents !== undefined && documents > 0) report({ kind: 'repaired', region, documents });
      });
    }
    await this.#attempt(this.#own, () =>
      keepUp({
        store: api.store,
        merger: this.#merger,
        followed: () => this.#allFollowed(),
        // What goes with its kind is not made anew for that.
        definitionHashOf(key) {
          const kind = api.registry.findStored(key);
          return kind?.isTerminating === true ? undefined : kind?.hash;
        },
        isGone: (key) => this.#parts.isPlaceGone?.(key) === true,
        noteCluster: (cluster) => void this.#gone?.isGone(cluster),
      }),
    );
  }

  /** Writes the tombstones of what is in logical clusters that are gone. */
  async #end(gone: ReadonlySet<LogicalCluster>): Promise<void> {
    for await (const { key, row } of documentsOf(this.#parts.api.store)) {
      if (this.#isClosed) return;
      const hidden = readDocumentRow(row);
      const of = hidden?.key ?? key;
      if (hidden?.state !== 'tombstone' && gone.has(of.cluster)) await this.#merger.end(of, row.uid);
    }
  }

  #allFollowed(): readonly FollowedRegion[] | undefined {
    const others = this.#parts.regions().filter((region) => region !== this.#own);
    const followed = others.flatMap((region) => this.#followed.get(region) ?? []);
    return followed.length === others.length ? followed : undefined;
  }

  /** Gives a name to the next one when who had it goes. */
  #watchNames(): () => void {
    const { api, report } = this.#parts;
    return api.store.feed.subscribeToGroups(({ events }) => {
      for (const event of events) {
        const { key } = event;
        // Rows of other kinds may have to be made for whoever asks for them.
        if (!hasDocuments(api, key) || event.newRow !== undefined || !hasLosers(event.oldRow)) continue;
        this.#merger.settleName(key).catch((error: unknown) => {
          report({ kind: 'problem', region: this.#own, detail: textOf(error) });
        });
      }
    });
  }

  async #attempt(region: RegionName, task: () => Promise<unknown>): Promise<void> {
    if (this.#isClosed) return;
    try {
      await task();
    } catch (error) {
      if (!this.#isClosed) this.#parts.report({ kind: 'problem', region, detail: textOf(error) });
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
