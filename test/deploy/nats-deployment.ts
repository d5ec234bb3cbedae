import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findNatsServer } from '../../src/cli/planet/nats-program.ts';
import { freePorts } from '../../src/cli/planet/ports.ts';
import { createAuthority, issueCertificate } from '../../src/region/certificate-issuance.ts';

export const NATS_FOLDER = fileURLToPath(new URL('../../deploy/nats', import.meta.url));
export const REGIONS = ['eu', 'us', 'ap'] as const;
export type RegionName = (typeof REGIONS)[number];

const READY_TIMEOUT_MS = 30_000;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface DeployedRegion {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly clientPort: number;
  readonly memberPassword: string;
  readonly leafPassword: string;
  readonly leafPort: number;
  readonly certificates: { readonly ca: string; readonly certificate: string; readonly key: string };
}

/**
 * The configurations of deploy/nats for three regions, as they stand there but for host names, ports and folders,
 * with certificates of a throw-away authority; and the servers that run with them.
 */
export class NatsDeployment {
  readonly directory: string;
  readonly regions: Readonly<Record<RegionName, DeployedRegion>>;
  readonly #processes: ChildProcess[] = [];
  #log = '';

  private constructor(directory: string, regions: Readonly<Record<RegionName, DeployedRegion>>) {
    this.directory = directory;
    this.regions = regions;
  }

  /** Makes the files; nothing runs yet. */
  static async prepare(): Promise<NatsDeployment> {
    const directory = await mkdtemp(join(tmpdir(), 'antipode-nats-'));
    const ports = await freePorts(REGIONS.length * PORTS_PER_REGION, Math.random);
    const lifetime = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
    const authority = await createAuthority(lifetime);
    const hosts = (region: RegionName) => [`core.${region}.planet.example`, `data.${region}.planet.example`];
    const entries: [RegionName, DeployedRegion][] = [];
    for (const [index, region] of REGIONS.entries()) {
      const folder = join(directory, region);
      await mkdir(join(folder, 'tls'), { recursive: true });
      const certificates: Record<string, { readonly certificate: string; readonly key: string }> = {};
      for (const name of ['core', 'data', 'member']) {
        const issued = await issueCertificate({
          authority,
          subject: { commonName: `${name}.${region}`, organizations: ['antipode'] },
          usage: name === 'member' ? 'client' : 'peer',
          hostnames: hosts(region),
          addresses: ['127.0.0.1'],
          ...lifetime,
        });
        certificates[name] = issued;
        await writeFile(join(folder, 'tls', `${name}.crt`), issued.certificate);
        await writeFile(join(folder, 'tls', `${name}.key`), issued.key);
      }
      await writeFile(join(folder, 'tls', 'ca.crt'), authority.certificate);
      const at = (offset: number, of = index): number => ports[of * PORTS_PER_REGION + offset] ?? 0;
      const place = (text: string): string => {
        let placed = text
          .replaceAll('/etc/antipode/nats', folder)
          .replaceAll('/var/lib/antipode-nats', join(folder, 'jetstream'))
          .replace('127.0.0.1:4322', `127.0.0.1:${at(0)}`)
          .replace('127.0.0.1:8322', `127.0.0.1:${at(1)}`)
          .replace('0.0.0.0:7222', `127.0.0.1:${at(2)}`)
          .replace('0.0.0.0:7422', `127.0.0.1:${at(3)}`)
          .replace('0.0.0.0:4222', `127.0.0.1:${at(4)}`)
          .replace('127.0.0.1:8222', `127.0.0.1:${at(5)}`);
        for (const [other, name] of REGIONS.entries()) {
          placed = placed
            .replaceAll(`core.${name}.planet.example:7222`, `127.0.0.1:${at(2, other)}`)
            .replaceAll(`core.${name}.planet.example:7422`, `127.0.0.1:${at(3, other)}`);
        }
        return placed;
      };
      for (const [from, to] of [
        ['core.conf', 'core.conf'],
        ['data.conf', 'data.conf'],
        ['gateways.conf', 'gateways.conf'],
        [`regions/${region}/leaf-permissions.conf`, 'leaf-permissions.conf'],
        [`regions/${region}/member-permissions.conf`, 'member-permissions.conf'],
      ] as const) {
        await writeFile(join(folder, to), place(await readFile(join(NATS_FOLDER, from), 'utf8')));
      }
      const secrets = await readFile(join(NATS_FOLDER, 'secrets.env.example'), 'utf8');
      const regionEnvironment = await readFile(join(NATS_FOLDER, 'regions', region, 'region.env'), 'utf8');
      const [memberPassword, leafPassword] = [`member-of-${region}`, `leaf-of-${region}`];
      const environment = {
        ...variablesOf(place(`${regionEnvironment}\n${secrets}`)),
        GATEWAY_PASSWORD: '"gateways"',
        MEMBER_PASSWORD: `"${memberPassword}"`,
        LEAF_PASSWORD: `"${leafPassword}"`,
        CORE_LEAF_URL: `"tls://leaf:${leafPassword}@127.0.0.1:${at(3)}"`,
      };
      entries.push([
        region,
        {
          directory: folder,
          environment,
          clientPort: at(4),
          leafPort: at(3),
          memberPassword,
          leafPassword,
          certificates: {
            ca: authority.certificate,
            certificate: certificates['member']?.certificate ?? '',
            key: certificates['member']?.key ?? '',
          },
        },
      ]);
    }
    return new NatsDeployment(directory, Object.fromEntries(entries) as Record<RegionName, DeployedRegion>);
  }

  /** Starts both servers of each region and waits until they are healthy and all joined. */
  async start(): Promise<void> {
    for (const region of REGIONS) for (const role of ['core', 'data']) await this.run(region, `${role}.conf`);
    for (const region of REGIONS) {
      const core = this.#monitorOf(region, 'CORE_MONITOR');
      const data = this.#monitorOf(region, 'DATA_MONITOR');
      await this.#until(async () => (await json(data, '/healthz'))?.['status'] === 'ok');
      await this.#until(async () => Number((await json(core, '/leafz'))?.['leafnodes']) === 1);
      await this.#until(async () => {
        const gateways = await json(core, '/gatewayz');
        const count = (name: string): number => Object.keys(gateways?.[name] ?? {}).length;
        return count('outbound_gateways') === 2 && count('inbound_gateways') === 2;
      });
    }
  }

  /** Starts one server with a configuration of a region. */
  async run(region: RegionName, file: string): Promise<ChildProcess> {
    const { path } = await findNatsServer({ environment: process.env });
    const child = spawn(path, ['-c', join(this.regions[region].directory, file)], {
      env: { ...process.env, ...this.regions[region].environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#processes.push(child);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-100_000);
    });
    return child;
  }

  get log(): string {
    return this.#log;
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A copy of a region's folder, to run something else with. */
  async copyOf(region: RegionName, name: string): Promise<string> {
    const folder = join(this.directory, name);
    await cp(this.regions[region].directory, folder, { recursive: true });
    return folder;
  }

  #monitorOf(region: RegionName, variable: string): number {
    return Number(/:(\d+)/.exec(this.regions[region].environment[variable] ?? '')?.[1]);
  }

  async #until(isDone: () => Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + READY_TIMEOUT_MS;
    while (!(await isDone())) {
      if (Date.now() > deadlineMs) throw new Error(`the servers are not joined in time:\n${this.#log}`);
      await delay(50);
    }
  }
}

const PORTS_PER_REGION = 6;

/** The lines of an environment file, as systemd reads them: single quotes around a value go. */
export function variablesOf(text: string): Readonly<Record<string, string>> {
  const lines = text.matchAll(/^([A-Z_]+)=(?:'([^']*)'|(\S*))$/gm);
  return Object.fromEntries([...lines].map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']));
}

function json(port: number, path: string): Promise<Record<string, object | string | number> | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(JSON.parse(text)));
    });
    request.once('error', () => resolve(undefined));
  });
}
