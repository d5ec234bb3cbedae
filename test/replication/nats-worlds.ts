import { setTimeout as delay } from 'node:timers/promises';
import { type RegionName, systemClock, systemRandom } from '../../src/base/mod.ts';
import { connectCarrier } from '../../src/replication/transport/jetstream/connect.ts';
import { type NatsCredentials, Subjects, Transport } from '../../src/replication/transport/mod.ts';
import type {
  ConnectedMember,
  TransportWorld,
} from '../../src/replication/transport/transport-world.suite.ts';
import { type NatsServer, startNatsServer } from '../support/nats-server.ts';

/** What a promise may take on a busy machine before the test is ended by its own limit. */
const UNTIL_MS = 60_000;

/** Real servers, one for each region, and members on them. */
export abstract class NatsWorld implements TransportWorld {
  readonly isVirtual = false;
  abstract readonly regions: readonly RegionName[];
  readonly servers = new Map<RegionName, NatsServer>();
  protected readonly transports: Transport[] = [];

  async connect(region: RegionName, member: string): Promise<ConnectedMember> {
    const self = { region, member };
    const subjects = new Subjects();
    const carrier = await connectCarrier({
      servers: [this.server(region).url],
      credentials: this.credentials(region),
      self,
      subjects,
      clock: systemClock,
      random: systemRandom,
      domainOf: (of) => this.domainOf(of),
    });
    const transport = new Transport({ carrier, clock: systemClock, random: systemRandom, self, subjects });
    this.transports.push(transport);
    return { transport, carrier };
  }

  async until<Value>(promise: Promise<Value>): Promise<Value> {
    const abort = new AbortController();
    const late = delay(UNTIL_MS, undefined, { signal: abort.signal }).then(
      () => {
        throw new Error(`nothing came within ${UNTIL_MS} ms`);
      },
      () => promise,
    );
    try {
      return await Promise.race([promise, late]);
    } finally {
      abort.abort();
    }
  }

  pass(durationMs: number): Promise<void> {
    return delay(durationMs);
  }

  /** Nothing tells when servers have told each other; on an idle machine it takes milliseconds. */
  settle(): Promise<void> {
    return delay(1_000);
  }

  stopServer(region: RegionName): Promise<void> {
    return this.server(region).kill();
  }

  startServer(region: RegionName): Promise<void> {
    return this.server(region).start();
  }

  async wipe(region: RegionName): Promise<void> {
    await this.server(region).kill();
    await this.server(region).wipe();
    await this.server(region).start();
    await this.reconnected();
  }

  /** All members are connected with their servers. */
  async reconnected(): Promise<void> {
    for (const transport of this.transports) {
      while (!transport.isConnected()) await delay(20);
    }
  }

  abstract cut(): Promise<void>;
  abstract silence(): Promise<void>;
  abstract heal(): Promise<void>;

  async close(): Promise<void> {
    for (const transport of this.transports) await transport.close();
    for (const server of this.servers.values()) await server.stop();
  }

  protected credentials(_region: RegionName): NatsCredentials {
    return { kind: 'none' };
  }

  protected abstract domainOf(region: RegionName): string | undefined;

  server(region: RegionName): NatsServer {
    const server = this.servers.get(region);
    if (server === undefined) throw new Error(`there is no server of region ${region}`);
    return server;
  }
}

class OneServerWorld extends NatsWorld {
  readonly regions = ['eu' as RegionName];

  async start(): Promise<this> {
    const config = 'max_payload: 8MB\njetstream { store_dir: STORE, max_mem: 64M, max_file: 2G }';
    this.servers.set(this.regions[0]!, await startNatsServer({ config }));
    return this;
  }

  protected domainOf(): undefined {
    return undefined;
  }

  async cut(): Promise<void> {
    throw new Error('one server has no link to cut');
  }
  async silence(): Promise<void> {
    throw new Error('one server has no link to silence');
  }
  async heal(): Promise<void> {
    throw new Error('one server has no link to heal');
  }
}

/** One server without a domain: a planet of one region, or of members on one server. */
export function startOneServer(): Promise<NatsWorld> {
  return new OneServerWorld().start();
}
