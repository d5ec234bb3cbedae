import type { RegionName } from '../../src/base/mod.ts';
import { permissionsOf } from '../../src/replication/transport/mod.ts';
import { type Link, startLink } from '../support/link.ts';
import { type NatsServer, startNatsServer } from '../support/nats-server.ts';
import { freePort } from '../support/server.ts';
import { NatsWorld } from './nats-worlds.ts';

/** Seconds; the smallest that servers of release 2.9 understand. */
const QUICK = `ping_interval: "1s"\nping_max: 2\nmax_payload: 8MB\nwrite_deadline: "5s"`;

/**
 * Two regions as DESIGN has them: each with a server of its own and a JetStream domain, leaf nodes of a core server
 * without JetStream. The second region's way to the core is a link that can be cut. Every connection has the
 * permissions of its region and no more.
 */
class LeafWorld extends NatsWorld {
  readonly regions = ['eu', 'us'] as RegionName[];
  core: NatsServer | undefined;
  #link: Link | undefined;

  async start(): Promise<this> {
    const leafPort = await freePort();
    this.#link = await startLink({ target: leafPort });
    const users = this.regions.map((region) => this.#user(region, 'leaf'));
    const accounts = `accounts { APP { users: [ ${users.join(', ')} ] } }`;
    // Servers tell leaf nodes where they are: it must be the link, or the second connection goes around it.
    const leafnodes = `leafnodes { listen: 127.0.0.1:${leafPort}, advertise: "127.0.0.1:${this.#link.port}" }`;
    this.core = await startNatsServer({ name: 'core', config: `${QUICK}\n${accounts}\n${leafnodes}` });
    for (const [region, port] of [
      [this.regions[0]!, leafPort],
      [this.regions[1]!, this.#link.port],
    ] as const) {
      const config = [
        QUICK,
        `accounts { APP { jetstream: enabled, users: [ ${this.#user(region, 'member')} ] } }`,
        `jetstream { store_dir: STORE, domain: ${region}, max_mem: 64M, max_file: 2G }`,
        `leafnodes { reconnect: 1, remotes: [ { url: "nats://${region}:secret@127.0.0.1:${port}", account: APP } ] }`,
      ];
      this.servers.set(region, await startNatsServer({ name: region, config: config.join('\n') }));
    }
    await this.#linked();
    return this;
  }

  protected domainOf(region: RegionName): string {
    return region;
  }

  protected override credentials(region: RegionName) {
    return { kind: 'password', user: region, password: 'secret' } as const;
  }

  async cut(): Promise<void> {
    this.#link?.cut();
  }

  async silence(): Promise<void> {
    this.#link?.blackHole();
  }

  async heal(): Promise<void> {
    this.#link?.heal();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.core?.stop();
    await this.#link?.close();
  }

  #user(region: RegionName, kind: 'member' | 'leaf'): string {
    const domains = new Map(this.regions.map((each) => [each, this.domainOf(each)]));
    const permissions = JSON.stringify(permissionsOf({ region, domains })[kind]);
    return `{ user: ${region}, password: secret, permissions: ${permissions} }`;
  }

  /** Until each region's members reach the other's. */
  async #linked(): Promise<void> {
    const [one, other] = this.regions as [RegionName, RegionName];
    const { transport: asking } = await this.connect(one, 'probe');
    const { transport: answering } = await this.connect(other, 'probe');
    answering.serve({ topic: 'probe', answer: async ({ body }) => body });
    for (let kind = ''; kind !== 'answered'; ) {
      const to = { region: other, member: 'probe' };
      const body = new Uint8Array(1);
      kind = (await asking.ask({ to, topic: 'probe', body, timeoutMs: 500 })).kind;
      if (kind !== 'answered') await this.pass(50);
    }
    await asking.close();
    await answering.close();
    this.transports.length = 0;
  }
}

export function startTwoRegions(): Promise<NatsWorld> {
  return new LeafWorld().start();
}
