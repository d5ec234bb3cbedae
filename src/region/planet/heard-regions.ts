import { type Clock, limits, type RegionName } from '../../base/mod.ts';
import type { HeardBeat, MemberName, Transport } from '../../replication/mod.ts';

interface Heard {
  readonly member: string;
  readonly atMs: number;
  /** Whether it hears this region, too, as far as it said last. */
  readonly hearsUs: boolean;
  /** When both last heard each other; before they did, when it was first heard. */
  readonly inTouchMs: number;
}

/**
 * Which regions can be heard, by the heartbeats of whatever logs they are home of, and which of them hear this one. A link
 * comes back one way first, and what is asked before the other is there gets no answer: only those that hear each other
 * are in touch. Until they are, this member says more often how far its own logs are, and at once when somebody is heard
 * again, so that both sides know of each other as soon as there is a way.
 */
export class HeardRegions {
  readonly #clock: Clock;
  readonly #transport: Pick<Transport, 'self' | 'sayHeads'>;
  // As many as the planet has regions.
  readonly #heard = new Map<RegionName, Heard>();
  readonly #returnListeners = new Set<(region: RegionName) => void>();
  readonly #stop: () => void;
  #cancelLook: () => void = () => {};

  constructor(options: {
    readonly transport: Pick<Transport, 'self' | 'hearHeartbeats' | 'sayHeads'>;
    readonly clock: Clock;
  }) {
    this.#clock = options.clock;
    this.#transport = options.transport;
    this.#stop = options.transport.hearHeartbeats(undefined, (heard) => this.#hear(heard));
  }

  /** Tells of each region that is in touch again, by whatever it says first. */
  onReturn(listener: (region: RegionName) => void): () => void {
    this.#returnListeners.add(listener);
    return () => this.#returnListeners.delete(listener);
  }

  /** Other regions' members, the one that was heard last first. */
  get members(): readonly MemberName[] {
    const heard = [...this.#heard].sort(([, a], [, b]) => b.atMs - a.atMs);
    return heard.map(([region, { member }]) => ({ region, member }));
  }

  /** For how long nothing was heard of a region, milliseconds; undefined if nothing ever was. */
  silenceMs(region: RegionName): number | undefined {
    const heard = this.#heard.get(region);
    return heard === undefined ? undefined : this.#clock.monotonicMs() - heard.atMs;
  }

  close(): void {
    this.#cancelLook();
    this.#stop();
  }

  #hear({ beat, atMs }: HeardBeat): void {
    const { region, member, hears } = beat;
    const { self } = this.#transport;
    if (region === self.region) return;
    const before = this.#heard.get(region);
    const wasSilent = before === undefined || atMs - before.atMs > limits.voterReachMs;
    const hearsUs = hears === undefined || hears.includes(self.region);
    const inTouchMs = hearsUs ? atMs : (before?.inTouchMs ?? atMs);
    this.#heard.set(region, { member, atMs, hearsUs, inTouchMs });
    if (before === undefined) this.#lookAfter(limits.returnBeatMs);
    if (wasSilent) this.#transport.sayHeads();
    const isBack = hearsUs && (wasSilent || !before.hearsUs);
    if (isBack && before !== undefined) for (const listen of this.#returnListeners) listen(region);
  }

  #lookAfter(delayMs: number): void {
    this.#cancelLook();
    this.#cancelLook = this.#clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const isAwaited = ({ atMs, hearsUs, inTouchMs }: Heard) =>
      (!hearsUs || nowMs - atMs > limits.voterReachMs) && nowMs - inTouchMs <= limits.returnAwaitedMs;
    if (![...this.#heard.values()].some(isAwaited)) return this.#lookAfter(limits.heartbeatMs);
    this.#transport.sayHeads();
    this.#lookAfter(limits.returnBeatMs);
  }
}
