import { limits, type Revision, type ShardName, systemClock, systemRandom } from '../../base/mod.ts';
import {
  decodeSettings,
  encodeSettings,
  FollowLoop,
  type FollowReport,
  foundingSettings,
  type HomeAway,
  type HomeReport,
  type Homes,
  type LogRetention,
  type PromiseTable,
  PublicationLoop,
  type ShardHome,
  type SurvivalGoal,
  type Transport,
} from '../../replication/mod.ts';
import { type HomePlace, LOG_WINDOW, type ReplicatedLog, type Store } from '../../store/mod.ts';
import type { Cleanup } from '../cleanup.ts';
import type { MemberLog } from '../member.ts';
import type { HeardRegions } from './heard-regions.ts';
import { StreamSink } from './log-sink.ts';
import { StreamSource } from './log-source.ts';
import { readOwnCopy } from './own-copy.ts';
import { refill } from './refill.ts';

/** What its members keep for each other. Followers that were away for longer take over a state. */
export const LOG_RETENTION: LogRetention = {
  ageMsMax: LOG_WINDOW.ageMsMax,
  bytesMax: LOG_WINDOW.bytesMax,
  replicas: 1,
};

export interface ShardLogOptions {
  readonly shard: ShardName;
  readonly transport: Transport;
  readonly homes: Homes;
  readonly promises: PromiseTable;
  readonly regions: HeardRegions;
  readonly log: MemberLog;
  /** Set on the member that makes the shard, until it has, with what commits survive until an operator says otherwise. */
  readonly founds?: SurvivalGoal;
  /** Told when the shard is there for good, on the member that makes it: whatever its directory lacks from then on is lost. */
  readonly onFounded?: () => Promise<void>;
  /** Told when this member has become the shard's home. */
  readonly onHome: () => void;
}

/**
 * One shard on one member of a planet: keeps its log as the home has it, and does what a home does while this member is
 * that. Who is home is for the voters to say (`replication/homes`).
 */
export class ShardLog {
  readonly #options: ShardLogOptions;
  #store: Store | undefined;
  #home: ShardHome | undefined;
  #source: StreamSource | undefined;
  #follow: FollowLoop | undefined;
  #publication: PublicationLoop | undefined;
  #stopBeating = () => {};
  #isClosed = false;
  #warned = '';
  #waits = '';
  /** The last epoch whose stream in this region was read to its end. */
  #copyRead = 0;
  #isReadingCopy = false;
  /** The last epoch whose stream in this region is known to be gone. */
  #removed: number | undefined;
  /** Since when nobody was known to be the home. */
  #quietSinceMs = systemClock.monotonicMs();

  constructor(options: ShardLogOptions) {
    this.#options = options;
  }

  get shard(): ShardName {
    return this.#options.shard;
  }

  get isHome(): boolean {
    return this.#home?.isHome === true;
  }

  get home(): ShardHome {
    if (this.#home === undefined) throw new Error('the shard was not started');
    return this.#home;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('the shard was not started');
    return this.#store;
  }

  /** Where it is sequenced, for those who are refused here. */
  get place(): HomePlace | undefined {
    const region = this.#source?.home?.member.region ?? this.#home?.lastHome?.region;
    return region === undefined ? undefined : { region };
  }

  /** The member that carries out what is written to the shard; undefined when it is this one. */
  get away(): HomeAway | undefined {
    if (this.isHome) return undefined;
    const target = this.#home?.movingTo;
    if (target !== undefined) return { shard: this.shard, member: target, unreachableMs: 0 };
    const { self } = this.#options.transport;
    const heard = this.#source?.home;
    const member = heard?.member ?? this.#home?.lastHome ?? { region: self.region, member: '' };
    const isSelf = member.region === self.region && member.member === self.member;
    const silenceMs = systemClock.monotonicMs() - (heard?.atMs ?? this.#quietSinceMs);
    // What was this member's own is nobody's until the voters have said so.
    const unreachableMs = isSelf || heard === undefined ? Math.max(1, silenceMs) : silenceMs;
    const isExpected = !isSelf && heard !== undefined && silenceMs <= limits.homeSilenceMs;
    return { shard: this.shard, member, unreachableMs: isExpected ? 0 : unreachableMs };
  }

  /** How old what is shown here may be, milliseconds; undefined at the home. */
  get stalenessMs(): number | undefined {
    if (this.isHome) return undefined;
    return this.#follow?.stalenessMs ?? systemClock.monotonicMs() - this.#quietSinceMs;
  }

  /** How many frames are on the disk and not in the region's stream, at the home. */
  get publicationLag(): PublicationLoop['lag'] | undefined {
    return this.#publication?.lag;
  }

  /** Takes part from now on. What it starts is ended by the cleanups, before the store is closed. */
  async start(store: Store, cleanups: Cleanup[]): Promise<void> {
    this.#store = store;
    const { shard, transport, homes, promises, regions, founds, onFounded, log } = this.#options;
    if (founds !== undefined && store.log.settings === undefined) await this.found(founds);
    if (founds !== undefined) await onFounded?.();
    if (founds === undefined && store.log.end.sequence === 0)
      log.info('this member has nothing of a shard, and gets it from other members', { shard });
    const source = new StreamSource({ transport, log: shard, clock: systemClock, regions });
    this.#source = source;
    const home = homes.add({
      shard,
      store,
      promises,
      clock: systemClock,
      random: systemRandom,
      refill: (from, to) => refill({ transport, log: store.log, name: shard, from, to }),
      report: (report) => this.#onHome(report),
    });
    this.#home = home;
    this.#follow = new FollowLoop({
      log: store.log,
      source,
      clock: systemClock,
      report: (report) => this.#report(report),
      isMetByArrival: () => this.#isMetByArrival(),
    });
    const readCopy = () => void this.#readCopy();
    readCopy();
    const stopReading = store.log.subscribeToWritten(readCopy);
    void this.#enrol();
    const stopFinalizing = this.#finalizeNowAndThen(store.log);
    const stopStatus = transport.onStatus((status) => {
      if (status.kind === 'problem') log.warn('NATS reports a problem', { detail: status.detail });
    });
    cleanups.unshift(async () => {
      this.#isClosed = true;
      stopStatus();
      stopReading();
      stopFinalizing();
      source.close();
      home.close();
      await this.#follow?.close();
      await this.#endPublication();
    });
  }

  /** The log of a planet says from its first moment on who its voter is; a log from before is taken up as it is. */
  async found(goal: SurvivalGoal): Promise<void> {
    const { transport, promises } = this.#options;
    const { log } = this.store;
    const { region, member } = transport.self;
    const founder = { region, member, incarnation: promises.incarnation };
    const origin = { actor: 'system:homes', originRegion: region };
    await log.resume();
    await log.configure(encodeSettings(foundingSettings({ founder, goal })), origin).durable;
    await log.follow('the voters say who is home');
  }

  /**
   * Frees what it would take to go back behind commits that have counted for a while. Whoever has to go back further
   * after all takes over a state.
   */
  #finalizeNowAndThen(log: ReplicatedLog): () => void {
    let cancel = () => {};
    let before = log.visible;
    const run = () => {
      const { epoch, sequence } = before;
      before = log.visible;
      log.finalize(sequence).catch((error: unknown) => this.#warn('a shard keeps too much', String(error)));
      if (before.epoch === epoch) void this.#removeFormerStream(log);
      cancel = systemClock.after(limits.undoKeptMs, run);
    };
    cancel = systemClock.after(limits.undoKeptMs, run);
    return () => cancel();
  }

  /**
   * Lets go of what this region's stream has of the epoch before the one that has counted for a while: whoever lacks
   * something of it asks members. A stream has its room reserved also when it is empty, and shards come home many times.
   */
  async #removeFormerStream(log: ReplicatedLog): Promise<void> {
    const former = log.formerEpoch;
    const isOver = log.visible.sequence >= log.firstOfEpoch;
    if (former === undefined || former === this.#removed || !isOver) return;
    const { transport, shard } = this.#options;
    try {
      await transport.removeLog({ log: shard, epoch: former, region: transport.self.region });
      this.#removed = former;
    } catch (error) {
      if (!this.#isClosed) this.#warn("a former epoch's stream cannot be removed now", String(error));
    }
  }

  /** At `process` and `zone` what a stream has is what has met its goal. */
  #isMetByArrival(): boolean {
    const { goal } = this.home.status;
    return goal === 'process' || goal === 'zone';
  }

  #onHome(report: HomeReport): void {
    const { log, shard } = this.#options;
    if (report.kind === 'problem') return log.warn('a shard has a problem', { shard, detail: report.detail });
    if (report.kind === 'waits') {
      if (this.#waits !== report.reason)
        log.error('a shard has no home, and this member cannot be it', { shard, reason: report.reason });
      this.#waits = report.reason;
      return;
    }
    this.#waits = '';
    if (report.kind === 'no-home') {
      log.warn('this member is no home of a shard any more', { shard, reason: report.reason });
      this.#quietSinceMs = systemClock.monotonicMs();
      void this.#endPublication();
      return;
    }
    log.info('this member is the home of a shard', { shard, epoch: report.epoch });
    void this.#begin(report.epoch);
  }

  /** Does what a home does. A stream has one epoch, and whoever publishes to it has begun it on its disk. */
  async #begin(epoch: number): Promise<void> {
    const { shard, transport, log, onHome } = this.#options;
    const { log: replicated } = this.store;
    await this.#endPublication();
    await onDisk(replicated, epoch);
    if (this.#isClosed || replicated.role !== 'home' || replicated.end.epoch !== epoch) return;
    const region = transport.self.region;
    const publication = new PublicationLoop({
      log: replicated,
      sink: new StreamSink({ transport, log: shard, region, retention: LOG_RETENTION }),
      clock: systemClock,
      published: ({ sequence }) => this.home.copied({ epoch, sequence, isSynced: false }),
      fenced: (detail) => {
        log.error('somebody else publishes a shard: nothing is acknowledged', { shard, detail });
        this.home.fenced(detail);
        void this.#goOn(epoch);
      },
      problem: (detail) => this.#warn('a shard cannot be published now', detail),
    });
    this.#publication = publication;
    this.#stopBeating = transport.startHeartbeats(shard, () =>
      replicated.role === 'home' ? { ...replicated.announce(), publishedEpoch: epoch } : undefined,
    );
    onHome();
  }

  /** Publishes again once the voters have said that the epoch is still this home's. */
  async #goOn(epoch: number): Promise<void> {
    while (!this.#isClosed && this.isHome && this.home.status.epoch === epoch) {
      const isConfirmed = await this.home.confirmEpoch();
      await new Promise<void>((resolve) => void systemClock.after(limits.retryMsMax, resolve));
      if (isConfirmed && this.isHome && !this.#isClosed) return this.#begin(epoch);
    }
  }

  /** The one member of a region is its voter: it asks to be that until the log says so. */
  async #enrol(): Promise<void> {
    const { transport, promises, homes, shard, log } = this.#options;
    const { region, member } = transport.self;
    const voter = { region, member, incarnation: promises.incarnation };
    let told = '';
    while (!this.#isClosed) {
      const bytes = this.store.log.settings;
      const settings = bytes && decodeSettings(bytes);
      const known = settings?.voters.find((each) => each.region === region && each.member === member);
      if (known?.incarnation === promises.incarnation) return;
      if (settings !== undefined && !this.isHome) {
        const outcome = await homes.command(shard, { kind: 'add-voter', voter });
        if (outcome.kind === 'done') return;
        if (outcome.detail !== told)
          log.info('this member is no voter of a shard yet', { shard, detail: outcome.detail });
        told = outcome.detail;
      }
      await new Promise<void>((resolve) => void systemClock.after(limits.retryMsMax, resolve));
    }
  }

  async #endPublication(): Promise<void> {
    this.#stopBeating();
    this.#stopBeating = () => {};
    const publication = this.#publication;
    this.#publication = undefined;
    await publication?.close();
  }

  /**
   * Reads what this region's stream has of the epoch at the end of the log, once for each epoch of this member's own that
   * it is not home in (any more): after a restart, and where its directory was lost, as soon as others have given the log.
   */
  async #readCopy(): Promise<void> {
    if (this.#isReadingCopy || !this.#hasCopyToRead()) return;
    this.#isReadingCopy = true;
    try {
      for (;;) {
        await this.#readCopyNow();
        if (!this.#hasCopyToRead()) return;
        await new Promise<void>((resolve) => void systemClock.after(limits.retryMsMax, resolve));
      }
    } finally {
      this.#isReadingCopy = false;
    }
  }

  /** Asked with each batch that comes to the disk, so that what costs nothing is looked at first. */
  #hasCopyToRead(): boolean {
    if (this.#isClosed || this.isHome || this.store.log.end.epoch === this.#copyRead) return false;
    const { region, member } = this.#options.transport.self;
    const last = this.home.lastHome;
    return last?.region === region && last.member === member;
  }

  async #readCopyNow(): Promise<void> {
    const { transport, shard, log } = this.#options;
    const { log: replicated } = this.store;
    const { epoch } = replicated.end;
    try {
      const copy = await readOwnCopy({ transport, log: replicated, name: shard, retention: LOG_RETENTION });
      if (this.#isClosed || replicated.end.epoch !== epoch) return;
      this.#copyRead = epoch;
      // A directory that is the one it was has all that was ever published, whatever the stream has lost.
      if (copy === 'whole' || !this.home.hasLostDirectory) return this.home.copyRead(epoch);
      log.warn("this region's stream of a shard is no copy of what the directory has lost", { shard, epoch });
    } catch (error) {
      if (this.#isClosed) return;
      const detail = error instanceof Error ? error.message : String(error);
      this.#warn("what this region's stream has of a shard cannot be read now", detail);
    }
  }

  #report(report: FollowReport): void {
    const { log, shard } = this.#options;
    switch (report.kind) {
      case 'state':
        log.info('a shard was taken over as a state', { shard, sequence: report.head.sequence });
        void this.#readCopy();
        return;
      case 'problem':
        return this.#warn('a shard cannot be followed now', report.detail);
      case 'undone': {
        const { from, to, commits, visible } = report.undone;
        return log.error('commits of a shard were not adopted by its new home', {
          shard,
          commits,
          visible,
          epoch: from.epoch,
          after: to.sequence,
        });
      }
      case 'quarantined':
        return log.error("a shard's history and this member's exclude each other: it stays as it is here", {
          shard,
          ...report.quarantine,
        });
    }
  }

  /** What is tried again and again is said once, until it changes. */
  #warn(message: string, detail: string): void {
    if (this.#warned === `${message} ${detail}`) return;
    this.#warned = `${message} ${detail}`;
    this.#options.log.warn(message, { shard: this.shard, detail });
  }

  /** Up to where all that counts is visible here. */
  get revision(): Revision {
    return this.store.revision;
  }
}

/** Resolves when the end of the log on the disk is of an epoch, or of a later one. */
function onDisk(log: ReplicatedLog, epoch: number): Promise<void> {
  if (log.end.epoch >= epoch) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = log.subscribeToWritten(() => {
      if (log.end.epoch < epoch) return;
      stop();
      resolve();
    });
  });
}
