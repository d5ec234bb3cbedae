import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, configMap, type KubeList } from '../http/client.ts';
import { clientOf, PlanetProcess, planetDirectory, removeDirectory } from './suite.ts';

export const REGIONS = ['eu', 'us', 'ap'] as const;
export type Region = (typeof REGIONS)[number];
export const MAPS = '/clusters/root/api/v1/namespaces/default/configmaps';

export interface ShownShard {
  readonly name: string;
  readonly home?: string;
  readonly role: string;
  readonly waitsFor?: string;
  readonly voters: readonly { readonly region: string }[];
}

/** A planet of three regions that keeps account of what it has acknowledged. */
export class WrittenPlanet {
  readonly planet: PlanetProcess;
  readonly clients: Readonly<Record<Region, Client>>;
  /** Names of objects that have to be in every region in the end. */
  readonly acknowledged = new Set<string>();
  #names = 0;

  private constructor(planet: PlanetProcess, clients: Readonly<Record<Region, Client>>) {
    this.planet = planet;
    this.clients = clients;
  }

  static async start(
    goal: 'process' | 'zone' | 'region',
    { program }: { readonly program?: string } = {},
  ): Promise<WrittenPlanet> {
    const directory = await planetDirectory();
    const rtts = 'eu-us=40,us-ap=60,eu-ap=80';
    const flags = ['--secure-port', '0', '--rtt', rtts, '--survive', goal];
    const planet = await PlanetProcess.start(directory, flags, program);
    const [eu, us, ap] = await Promise.all(REGIONS.map((region) => clientOf(directory, region)));
    const written = new WrittenPlanet(planet, { eu: eu!, us: us!, ap: ap! });
    while ((await written.shardAt('eu')).voters.length < REGIONS.length) await delay(100);
    return written;
  }

  async stop(): Promise<void> {
    for (const client of Object.values(this.clients)) client.close();
    await this.planet.signal('SIGTERM');
  }

  remove(): Promise<void> {
    return removeDirectory(this.planet.directory);
  }

  memberDirectory(region: Region): string {
    return join(this.planet.directory, region, 'member');
  }

  /** Removes directories of a member that is down. */
  async wipe(region: Region, names: readonly string[]): Promise<void> {
    for (const name of names) await rm(join(this.memberDirectory(region), name), { recursive: true });
  }

  /** Removes what the NATS servers of a region, which are down, keep of streams. */
  removeStreams(region: Region): Promise<void> {
    return rm(join(this.planet.directory, region, 'jetstream'), { recursive: true });
  }

  logOf(region: Region): Promise<string> {
    return readFile(join(this.planet.directory, region, 'member.log'), 'utf8');
  }

  async shardAt(region: Region): Promise<ShownShard> {
    const { text } = await this.clients[region].call('/planet/status');
    const { shards } = JSON.parse(text) as { readonly shards: readonly ShownShard[] };
    return shards.find(({ name }) => name === 'root')!;
  }

  async homeAt(region: Region): Promise<Region> {
    return (await this.shardAt(region)).home as Region;
  }

  /** `antipode shard ACTION SHARD`, as an operator asks for it in a region. */
  async command(
    region: Region,
    action: string,
    body: object,
    shard = 'root',
  ): Promise<{ status: number; text: string }> {
    const path = `/planet/shards/${shard}/${action}`;
    const { status, text } = await this.clients[region].call(path, { method: 'POST', body });
    return { status, text };
  }

  /** Moves the shard, as soon as the voter there has what the move asks for: until then the answer is to try again. */
  async moveTo(to: Region, from: Region): Promise<void> {
    const deadlineMs = Date.now() + 30_000;
    for (;;) {
      const { status, text } = await this.command(from, 'move', { region: to });
      if (status === 200) return;
      if (status !== 409 || Date.now() > deadlineMs) throw new Error(`no move to ${to}: ${status} ${text}`);
      await delay(200);
    }
  }

  /** Writes one object, and notes it if it was acknowledged. */
  async write(region: Region, name = `w-${this.#names++}`): Promise<number> {
    const reply = await this.clients[region]
      .call(MAPS, { method: 'POST', body: configMap(name) })
      .catch(() => undefined);
    if (reply?.status === 201) this.acknowledged.add(name);
    return reply?.status ?? 0;
  }

  /** Writes in all regions until told to stop. */
  writeAll(): { stop(): Promise<void> } {
    let isOver = false;
    const writers = REGIONS.map(async (region) => {
      while (!isOver) if ((await this.write(region)) !== 201) await delay(50);
    });
    return {
      async stop() {
        isOver = true;
        await Promise.all(writers);
      },
    };
  }

  async untilWritable(region: Region): Promise<void> {
    const deadlineMs = Date.now() + 60_000;
    while ((await this.write(region)) !== 201) {
      if (Date.now() > deadlineMs)
        throw new Error(
          `region ${region} takes no writes: ${JSON.stringify(await this.shardAt(region))}\n` +
            `${this.planet.directory}`,
        );
      await delay(100);
    }
  }

  /** All regions come to show the same, and what was acknowledged is among it. */
  async everythingIsEverywhere(): Promise<void> {
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      const lists = await Promise.all(REGIONS.map((region) => this.clients[region].call(MAPS)));
      const items = lists.map(({ text }) => (JSON.parse(text) as KubeList).items);
      const texts = items.map((each) => JSON.stringify(each));
      const there = new Set(items[0]!.map(({ metadata }) => metadata.name));
      const lost = [...this.acknowledged].filter((name) => !there.has(name));
      if (texts.every((text) => text === texts[0]) && lost.length === 0) return;
      if (Date.now() > deadlineMs)
        throw new Error(`lost: ${lost.join(' ')}; lists of ${items.map((each) => each.length)}`);
      await delay(200);
    }
  }
}
