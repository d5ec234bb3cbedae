import { type Clock, type Random, type RegionName, SeededRandom } from '../../../base/mod.ts';
import type { Carrier } from '../carrier.ts';
import type { MemberName } from '../names.ts';
import { MemoryCarrier } from './memory-carrier.ts';
import { type LinkFaults, MemoryLinks } from './memory-links.ts';
import { MemoryServer } from './memory-server.ts';
import type { CheckOrder } from './memory-stream.ts';

export interface MemoryPlanetOptions {
  readonly clock: Clock;
  /** Everything that happens by chance is drawn from it: a seeded one makes the same planet again. */
  readonly random?: Random;
  readonly regions: readonly string[];
  /** One way between two regions, and between a member and its region's server. */
  readonly delayMs?: number;
  readonly localDelayMs?: number;
  readonly payloadBytesMax?: number;
  /** Without this as the oldest servers do that can be used. */
  readonly order?: CheckOrder;
}

/** How long a member waits before it connects again; with jitter. */
const RECONNECT_MS = 100;

/**
 * NATS servers with JetStream, one for each region, all linked with each other, without any network: for tests and
 * simulations. Faults are switched on by its methods; between two regions, or between a member (`region/member`) and
 * the server of its region (`region`).
 */
export class MemoryPlanet {
  readonly clock: Clock;
  readonly random: Random;
  readonly links: MemoryLinks;
  readonly payloadBytesMax: number;
  readonly #servers = new Map<string, MemoryServer>();
  readonly #carriers = new Set<MemoryCarrier>();
  readonly #localDelayMs: number;

  constructor(options: MemoryPlanetOptions) {
    const { clock, regions, delayMs = 20, localDelayMs = 1, order = 'id-first' } = options;
    this.clock = clock;
    this.random = options.random ?? new SeededRandom(1);
    this.links = new MemoryLinks({ clock, random: this.random });
    this.payloadBytesMax = options.payloadBytesMax ?? 8 * 1024 * 1024;
    this.#localDelayMs = localDelayMs;
    for (const region of regions) {
      this.#servers.set(region, new MemoryServer({ clock, region: region as RegionName, order }));
      for (const other of regions) this.links.delay(region, other, delayMs);
    }
  }

  /** A member's connection to its region's server. */
  connect(member: MemberName): Carrier {
    const carrier = new MemoryCarrier({ planet: this, member });
    this.links.delay(carrier.node, member.region, this.#localDelayMs);
    this.links.delay(member.region, carrier.node, this.#localDelayMs);
    this.#carriers.add(carrier);
    carrier.linksChanged();
    return carrier;
  }

  /** No connection between two nodes from now on, and both know it. What is under way is lost. */
  cut(one: string, other: string): void {
    this.links.cut(one, other);
    this.links.cut(other, one);
    this.#changed();
  }

  /** What is sent in one direction vanishes, and nobody is told. */
  silence(from: string, to: string): void {
    this.links.silence(from, to);
  }

  /** All is well again, both ways. */
  heal(one: string, other: string): void {
    this.links.heal(one, other);
    this.links.heal(other, one);
    this.#changed();
  }

  /** One way takes so long. */
  delay(from: string, to: string, delayMs: number): void {
    this.links.delay(from, to, delayMs);
  }

  faults(from: string, to: string, faults: Partial<LinkFaults>): void {
    this.links.faults(from, to, faults);
  }

  /** The acknowledgements of the next messages that a region's streams store get lost. */
  loseAcks(region: string, count: number): void {
    this.server(region).acksToLose += count;
  }

  /** The server of a region ends. What it has acknowledged is on its disk, unless told otherwise. */
  stopServer(region: string): void {
    const server = this.server(region);
    server.isUp = false;
    server.forgetFollowers();
    this.#changed();
  }

  startServer(region: string): void {
    const server = this.server(region);
    server.isUp = true;
    for (const stream of server.streams.values()) stream.restart(this.clock.nowMs());
    this.#changed();
  }

  /** The newest messages of a stream are lost, as by a server that lost power. */
  loseTail(region: string, stream: string, count: number): void {
    const server = this.server(region);
    server.streams.get(stream)?.loseTail(count);
    server.forgetFollowers();
  }

  /** All streams of a region are lost. */
  wipe(region: string): void {
    const server = this.server(region);
    server.streams.clear();
    server.forgetFollowers();
  }

  server(region: string): MemoryServer {
    const server = this.#servers.get(region);
    if (server === undefined) throw new Error(`there is no region ${region} on this planet`);
    return server;
  }

  /** Servers that have a connection with one, itself included. */
  serversAround(region: string): readonly MemoryServer[] {
    return [...this.#servers.values()].filter((server) => this.isLinked(region, server.region));
  }

  /** Whether two servers have a connection, as far as they know. */
  isLinked(one: string, other: string): boolean {
    if (!this.server(one).isUp || this.#servers.get(other)?.isUp !== true) return false;
    return one === other || !(this.links.isCut(one, other) || this.links.isCut(other, one));
  }

  forget(carrier: MemoryCarrier): void {
    this.#carriers.delete(carrier);
  }

  reconnectDelayMs(): number {
    return RECONNECT_MS + this.random.below(RECONNECT_MS);
  }

  #changed(): void {
    for (const carrier of [...this.#carriers]) carrier.linksChanged();
  }
}
