import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { Guardian } from './guardian.ts';
import { createJoinToken } from './join-token.ts';
import type { LinkState } from './link.ts';
import { type LinkStatus, Links } from './links.ts';
import type { NatsProgram } from './nats-program.ts';
import type { PlanetPaths } from './planet-directory.ts';
import { writePlanetKubeconfig } from './planet-kubeconfig.ts';
import { freePorts, isFree } from './ports.ts';
import { type ProcessIdentities, ProcessRecord } from './process-record.ts';
import { type Part, RegionProcesses, type RoleStatus, rolesOf } from './region-processes.ts';
import { type Pair, type PlanetSettings, pairsOf } from './settings.ts';

export interface PlanetOptions {
  readonly paths: PlanetPaths;
  readonly settings: PlanetSettings;
  readonly natsServer: NatsProgram;
  /** What the commits of a new planet survive. */
  readonly survive: string;
  /** What `antipode` is run with. */
  readonly antipode: readonly string[];
  readonly identities: ProcessIdentities;
  /** A line for each thing that happens, and a call for each change of `status()`. */
  readonly say: (line: string) => void;
  readonly changed: () => void;
  readonly signal?: AbortSignal;
}

export interface PlanetStatus {
  readonly directory: string;
  readonly kubeconfig: string;
  readonly natsServer: { readonly path: string; readonly version: string };
  readonly regions: readonly RegionStatus[];
  readonly links: readonly LinkStatus[];
}

export interface RegionStatus {
  readonly name: string;
  readonly url: string;
  readonly member: RoleStatus;
  readonly nats: RoleStatus & { readonly url: string };
  readonly core: RoleStatus;
}

const PORTS_PER_REGION = 6;

/** A planet that runs: its links, and the processes of each region. */
export class Planet {
  readonly #options: PlanetOptions;
  readonly #links: Links;
  readonly #regions: readonly RegionProcesses[];
  readonly #guardian = new Guardian();
  readonly #record: ProcessRecord;
  #isClosing = false;

  private constructor(options: PlanetOptions, links: Links, ports: readonly number[], record: ProcessRecord) {
    this.#options = options;
    this.#links = links;
    this.#record = record;
    const secrets = { member: newSecret(), server: newSecret() };
    this.#regions = options.settings.regions.map(({ name, securePort }, index) => {
      const directory = join(options.paths.directory, name);
      return new RegionProcesses(
        {
          name,
          securePort,
          directory,
          nats: {
            region: name,
            ports: portsOf(ports, index),
            storeDirectory: join(directory, 'jetstream'),
            links: links.portsFrom(name),
            secrets,
          },
        },
        { natsServer: options.natsServer.path, antipode: options.antipode },
        ({ role, status }) => this.#changed(name, role, status),
      );
    });
  }

  /** Starts all of it; when that fails, nothing of it is left running. */
  static async start(options: PlanetOptions): Promise<Planet> {
    const { settings, paths } = options;
    const record = new ProcessRecord(paths.processes, options.identities);
    for (const left of await record.endLeftovers())
      options.say(`ended ${left.name} (process ${left.pid}), which an earlier run has left behind`);
    await checkPorts(settings);
    const ports = await freePorts(settings.regions.length * PORTS_PER_REGION, Math.random);
    const portOf = (region: string): number =>
      portsOf(
        ports,
        settings.regions.findIndex(({ name }) => name === region),
      ).gateway;
    const links = await Links.open(settings, portOf);
    const planet = new Planet(options, links, ports, record);
    // Whatever is being waited for ends then, and the start with it.
    options.signal?.addEventListener('abort', () => void planet.#stopProcesses(), { once: true });
    try {
      await planet.#startAll();
      await writePlanetKubeconfig(
        paths.kubeconfig,
        planet.#regions.map(({ place, memberDirectory }) => ({
          name: place.name,
          url: urlOf(place.securePort),
          kubeconfig: join(memberDirectory, 'admin.kubeconfig'),
        })),
      );
    } catch (error) {
      await planet.close();
      throw error;
    }
    return planet;
  }

  status(): PlanetStatus {
    const { paths, natsServer } = this.#options;
    return {
      directory: paths.directory,
      kubeconfig: paths.kubeconfig,
      natsServer: { path: natsServer.path, version: natsServer.version },
      regions: this.#regions.map((region) => ({
        name: region.place.name,
        url: urlOf(region.place.securePort),
        member: region.status('member'),
        nats: { ...region.status('nats'), url: `nats://127.0.0.1:${region.place.nats.ports.client}` },
        core: region.status('core'),
      })),
      links: this.#links.status(),
    };
  }

  /** The link between two regions, or all links of one, or all that there are. */
  pairs(names: readonly string[]): readonly Pair[] {
    const all = pairsOf(this.#options.settings.regions.map(({ name }) => name));
    for (const name of names) this.#region(name);
    if (names.length === 2 && names[0] === names[1]) {
      throw new Failure('a link is between two different regions', {
        exitCode: exitCode.usage,
        hint: `Name another one, or ${names[0]} once for all of its links.`,
      });
    }
    return all.filter((pair) => names.every((name) => pair.includes(name)));
  }

  setLinks(pairs: readonly Pair[], state: LinkState): void {
    this.#links.setState(pairs, state);
    for (const pair of pairs) this.#options.say(`link ${pair.join('-')} is ${state}`);
    this.#options.changed();
  }

  /** kill -9. */
  async kill(name: string, part?: Part): Promise<void> {
    await this.#region(name).kill(part);
  }

  /** Starts what is down of a region; what runs is stopped first, if nothing of it is down. */
  async restart(name: string, part?: Part): Promise<void> {
    const region = this.#region(name);
    if (rolesOf(part).every((role) => region.status(role).state !== 'down')) await region.stop(part);
    await region.start(part);
  }

  /** Stops everything: members first, then NATS. Never fails for what has ended already. */
  async close(): Promise<void> {
    await this.#stopProcesses();
    await this.#links.close();
    for (const region of this.#regions) region.close();
    this.#guardian.dismiss();
    this.#record.remove();
  }

  async #stopProcesses(): Promise<void> {
    this.#isClosing = true;
    for (const region of this.#regions) region.refuseStarts();
    await Promise.all(this.#regions.map((region) => region.stop('member')));
    await Promise.all(this.#regions.map((region) => region.stop('nats')));
  }

  async #startAll(): Promise<void> {
    const { signal } = this.#options;
    await mkdir(this.#options.paths.directory, { recursive: true, mode: 0o700 });
    // All servers between the regions first, so that none waits for another; members are the heavy part.
    const started = await Promise.allSettled(this.#regions.map((region) => region.start('nats')));
    throwFirst(started);
    // The founder first: it makes what all others are given when they join.
    const [founder, ...others] = this.#regions;
    signal?.throwIfAborted();
    if (founder?.isMember === false) await founder.enter({ survive: this.#options.survive });
    else await founder?.start('member');
    for (const region of others) {
      signal?.throwIfAborted();
      if (region.isMember) await region.start('member');
      else await region.enter({ joinToken: await this.#joinToken(founder!, region.place.name) });
    }
    signal?.throwIfAborted();
  }

  async #joinToken(founder: RegionProcesses, region: string): Promise<string> {
    const kubeconfig = join(founder.memberDirectory, 'admin.kubeconfig');
    return createJoinToken({ kubeconfig, url: urlOf(founder.place.securePort), region });
  }

  #region(name: string): RegionProcesses {
    const found = this.#regions.find(({ place }) => place.name === name);
    if (found !== undefined) return found;
    const names = this.#regions.map(({ place }) => place.name);
    throw new Failure(`this planet has no region "${name}"`, {
      exitCode: exitCode.notFound,
      hint: `Its regions are ${names.join(', ')}.`,
    });
  }

  #changed(region: string, role: string, status: RoleStatus): void {
    const running = this.#regions.flatMap((each) => each.running());
    this.#guardian.watch(running.map(({ pid }) => pid));
    this.#record.write(running);
    if (!this.#isClosing && status.state !== 'starting') {
      const why = status.reason === undefined ? '' : ` (${status.reason})`;
      this.#options.say(`${region}: ${role} is ${status.state}${why}`);
    }
    this.#options.changed();
  }
}

function portsOf(ports: readonly number[], region: number): RegionProcesses['place']['nats']['ports'] {
  const at = (offset: number): number => ports[region * PORTS_PER_REGION + offset] ?? 0;
  return {
    client: at(0),
    monitor: at(1),
    coreClient: at(2),
    coreMonitor: at(3),
    leaf: at(4),
    gateway: at(5),
  };
}

async function checkPorts(settings: PlanetSettings): Promise<void> {
  for (const { name, securePort } of settings.regions) {
    if (await isFree(securePort)) continue;
    throw new Failure(`port ${securePort} of region ${name} is in use by another program`, {
      exitCode: exitCode.conflict,
      hint: 'Stop that program; a new planet can take other ports with --secure-port PORT.',
    });
  }
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function urlOf(port: number): string {
  return `https://127.0.0.1:${port}`;
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
