import { type RegionName, SeededRandom, VirtualClock } from '../../../base/mod.ts';
import { Transport } from '../transport.ts';
import type { ConnectedMember, TransportWorld } from '../transport-world.suite.ts';
import { MemoryPlanet } from './memory-planet.ts';
import type { CheckOrder } from './memory-stream.ts';

/** Servers in memory, in as many regions, on virtual time. */
export class MemoryWorld implements TransportWorld {
  readonly isVirtual = true;
  readonly clock = new VirtualClock();
  readonly regions: readonly RegionName[];
  readonly planet: MemoryPlanet;
  readonly random: SeededRandom;
  readonly #transports: Transport[] = [];

  constructor(options: {
    readonly regions: readonly string[];
    readonly seed?: number;
    readonly order?: CheckOrder;
  }) {
    const { order } = options;
    this.regions = options.regions as readonly RegionName[];
    this.random = new SeededRandom(options.seed ?? 1);
    this.planet = new MemoryPlanet({
      clock: this.clock,
      random: this.random,
      regions: this.regions,
      ...(order !== undefined && { order }),
    });
  }

  async connect(region: RegionName, member: string): Promise<ConnectedMember> {
    const self = { region, member };
    const carrier = this.planet.connect(self);
    const transport = new Transport({ carrier, clock: this.clock, random: this.random, self });
    this.#transports.push(transport);
    await this.pass(10);
    return { transport, carrier };
  }

  until<Value>(promise: Promise<Value>): Promise<Value> {
    return this.clock.until(promise);
  }

  pass(durationMs: number): Promise<void> {
    return this.clock.advance(durationMs);
  }

  settle(): Promise<void> {
    return this.pass(100);
  }

  async stopServer(region: RegionName): Promise<void> {
    this.planet.stopServer(region);
    await this.pass(1);
  }

  async startServer(region: RegionName): Promise<void> {
    this.planet.startServer(region);
    await this.pass(1);
  }

  async wipe(region: RegionName): Promise<void> {
    this.planet.stopServer(region);
    this.planet.wipe(region);
    await this.pass(50);
    this.planet.startServer(region);
    await this.pass(300);
  }

  async cut(): Promise<void> {
    this.planet.cut(this.regions[0]!, this.regions[1]!);
  }

  async silence(): Promise<void> {
    this.planet.silence(this.regions[0]!, this.regions[1]!);
    this.planet.silence(this.regions[1]!, this.regions[0]!);
  }

  async heal(): Promise<void> {
    this.planet.heal(this.regions[0]!, this.regions[1]!);
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
  }
}
