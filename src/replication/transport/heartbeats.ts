import { type Clock, limits, type RegionName } from '../../base/mod.ts';
import type { CarriedMessage, Carrier } from './carrier.ts';
import { TransportError } from './errors.ts';
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat } from './messages.ts';
import type { MemberName } from './names.ts';
import type { Subjects } from './subjects.ts';

/** What the home of a log says of it; who says it, and when, is added. */
export type HeartbeatContent = Pick<Heartbeat, 'epoch' | 'sequence' | 'hash' | 'revision' | 'publishedEpoch'>;

/** A heartbeat, and when it came by this member's monotonic clock: staleness is measured by that, never by wall clocks. */
export interface HeardBeat {
  readonly beat: Heartbeat;
  readonly atMs: number;
}

export interface HeartbeatsOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly self: MemberName;
  readonly subjects: Subjects;
}

/** Says how far the logs are that this member is home of. */
export class HeartbeatSender {
  readonly #options: HeartbeatsOptions & { readonly hears: () => readonly RegionName[] };
  readonly #logs = new Set<{ readonly say: () => void }>();

  /** `hears`: the other regions that are heard here. */
  constructor(options: HeartbeatsOptions & { readonly hears: () => readonly RegionName[] }) {
    this.#options = options;
  }

  /** Says how far a log is, now and every second, until the returned function is called; nothing when `content` says nothing. */
  start(log: string, content: () => HeartbeatContent | undefined): () => void {
    const { carrier, clock, self, subjects, hears } = this.#options;
    let cancel = () => {};
    const say = () => {
      cancel();
      cancel = clock.after(limits.heartbeatMs, say);
      const now = content();
      if (now === undefined) return;
      const { region, member } = self;
      const beat = { ...now, log, region, member, timeMs: clock.nowMs(), hears: hears() };
      carrier.publish(subjects.beat(region, log), encodeHeartbeat(beat));
    };
    const entry = { say };
    this.#logs.add(entry);
    say();
    return () => {
      this.#logs.delete(entry);
      cancel();
    };
  }

  /** Says it of all logs now; the next time is a second later. */
  sayNow(): void {
    for (const { say } of [...this.#logs]) say();
  }
}

/**
 * Hears the heartbeats of all logs of all regions over one subscription: a core server tells a leaf node of nothing
 * narrower, and a member hears no more than some hundred a second.
 */
export class HeartbeatReceiver {
  readonly #options: HeartbeatsOptions & { readonly onUnreadable: (detail: string) => void };
  readonly #listeners = new Map<string | undefined, Set<(heard: HeardBeat) => void>>();
  // As many as the planet has regions.
  readonly #heardAtMs = new Map<RegionName, number>();
  #stop: (() => void) | undefined;

  /** One that cannot be read is told to `onUnreadable`. */
  constructor(options: HeartbeatsOptions & { readonly onUnreadable: (detail: string) => void }) {
    this.#options = options;
  }

  /** Calls `hear` for each heartbeat of one log, or of all, until the returned function is called. */
  hear(log: string | undefined, hear: (heard: HeardBeat) => void): () => void {
    const { carrier, subjects } = this.#options;
    this.#stop ??= carrier.subscribe({ subject: subjects.beats() }, (message) => this.#receive(message));
    const listeners = this.#listeners.get(log) ?? new Set();
    this.#listeners.set(log, listeners.add(hear));
    return () => {
      listeners.delete(hear);
      if (listeners.size === 0 && this.#listeners.get(log) === listeners) this.#listeners.delete(log);
      if (this.#listeners.size === 0) {
        this.#stop?.();
        this.#stop = undefined;
      }
    };
  }

  /** Other regions that were heard lately. */
  get regions(): readonly RegionName[] {
    const sinceMs = this.#options.clock.monotonicMs() - limits.voterReachMs;
    return [...this.#heardAtMs].flatMap(([region, atMs]) => (atMs >= sinceMs ? [region] : []));
  }

  #receive({ subject, payload }: CarriedMessage): void {
    const { clock, self, subjects, onUnreadable } = this.#options;
    let beat: Heartbeat;
    try {
      beat = decodeHeartbeat(payload);
      // Permissions bind a region to its subject, so that nobody can speak for others.
      if (subjects.beat(beat.region, beat.log) !== subject) {
        throw new TransportError('failed', `a heartbeat of ${beat.region}/${beat.log} came on ${subject}`);
      }
    } catch (error) {
      onUnreadable(error instanceof Error ? error.message : String(error));
      return;
    }
    const heard = { beat, atMs: clock.monotonicMs() };
    // Before anybody is told, who may have something to say to that region.
    if (beat.region !== self.region) this.#heardAtMs.set(beat.region, heard.atMs);
    for (const log of [beat.log, undefined]) {
      for (const hear of [...(this.#listeners.get(log) ?? [])]) hear(heard);
    }
  }
}
