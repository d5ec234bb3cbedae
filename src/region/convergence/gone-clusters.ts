import { BoundedCache, type Clock, type LogicalCluster, limits } from '../../base/mod.ts';

/** What a member knows of logical clusters. */
export interface KnownClusters {
  /** Whether there is one of that name in what this member has of the shards, or will be. */
  isKnown(cluster: LogicalCluster): boolean;
  /** Resolves when this member has all that the homes of all shards had when it was called; rejects if one cannot be asked. */
  catchUp(): Promise<void>;
}

export interface GoneClustersOptions {
  readonly clusters: KnownClusters;
  readonly clock: Clock;
  /** Ends what is in them here. May be called again for the same ones. */
  end(gone: ReadonlySet<LogicalCluster>): Promise<void>;
  readonly problem: (detail: string) => void;
}

/**
 * Which logical clusters are gone for good. An object that converges tells that its logical cluster was there once, and not
 * on which shard: where that is not known, it has not come yet, or it is gone. So whoever has caught up with the homes of
 * all shards since, and still does not know it, may say that it is gone, in any region; nobody else may.
 */
export class GoneClusters {
  readonly #options: GoneClustersOptions;
  /** Not known, and not looked for yet. Who finds no room is noted again when all documents are looked after. */
  readonly #suspected = new Set<LogicalCluster>();
  /** A name is never given again. */
  readonly #gone = new BoundedCache<LogicalCluster, true>(limits.goneClustersMax);
  #running: Promise<void> | undefined;
  #cancel: () => void = () => {};
  #failures = 0;
  #isClosed = false;

  constructor(options: GoneClustersOptions) {
    this.#options = options;
  }

  /** Whether it is gone for good. If that is not known, it is found out, and what is in it is ended when it is. */
  isGone(cluster: LogicalCluster): boolean {
    if (this.#options.clusters.isKnown(cluster)) return false;
    if (this.#gone.get(cluster) === true) return true;
    if (this.#suspected.size < limits.goneClustersMax) this.#suspected.add(cluster);
    this.#soon();
    return false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  #soon(): void {
    if (this.#isClosed || this.#running !== undefined) return;
    this.#running = this.#wait().then(() => {
      this.#running = undefined;
      if (this.#suspected.size > 0) this.#soon();
    });
  }

  /** As a rule they come a moment later. */
  async #wait(): Promise<void> {
    const { clock, problem } = this.#options;
    const waitMs = Math.min(limits.goneClusterWaitMs * 2 ** this.#failures, limits.goneClusterRetryMs);
    await new Promise<void>((resolve) => {
      const stop = clock.after(waitMs, resolve);
      this.#cancel = () => {
        stop();
        resolve();
      };
    });
    if (this.#isClosed) return;
    try {
      await this.#look();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const detail = error instanceof Error ? error.message : String(error);
      const { size } = this.#suspected;
      if (!this.#isClosed)
        problem(`whether ${size} logical clusters are gone cannot be found out: ${detail}`);
    }
  }

  async #look(): Promise<void> {
    const { clusters, end } = this.#options;
    for (const cluster of this.#suspected) if (clusters.isKnown(cluster)) this.#suspected.delete(cluster);
    if (this.#suspected.size === 0) return;
    // What is suspected from now on was not necessarily there when the homes were asked.
    const suspected = [...this.#suspected];
    await clusters.catchUp();
    const gone = new Set(suspected.filter((cluster) => !clusters.isKnown(cluster)));
    for (const cluster of gone) this.#gone.set(cluster, true);
    await end(gone);
    for (const cluster of suspected) this.#suspected.delete(cluster);
  }
}
