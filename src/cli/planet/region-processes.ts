import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { Child } from './child.ts';
import { type MemberPlace, memberStart, readiness } from './member.ts';
import { coreServerConfig, dataServerConfig, memberNats, type NatsPlace } from './nats-config.ts';
import { RotatingLog } from './rotating-log.ts';

/** The processes of a region, from the one that others need first. */
export const roles = ['core', 'nats', 'member'] as const;
export type Role = (typeof roles)[number];

/** What `--only` chooses: the member, or all of NATS in the region. */
export type Part = 'member' | 'nats';
export const parts = ['member', 'nats'] as const;

export interface RoleStatus {
  readonly state: 'up' | 'starting' | 'down';
  readonly pid?: number;
  /** Why it is down. */
  readonly reason?: string;
}

export interface RegionPlace {
  readonly name: string;
  /** Everything of the region is in here. */
  readonly directory: string;
  readonly securePort: number;
  readonly nats: NatsPlace;
}

export interface RegionPrograms {
  readonly natsServer: string;
  /** What to run `antipode` with. */
  readonly antipode: readonly string[];
}

const READY_TIMEOUT_MS = 90_000;
const POLL_MS = 100;

/** The core server, the server with JetStream, and the member of one region. */
export class RegionProcesses {
  readonly place: RegionPlace;
  readonly #programs: RegionPrograms;
  readonly #changed: (change: { readonly role: Role; readonly status: RoleStatus }) => void;
  readonly #children = new Map<Role, Child>();
  readonly #states = new Map<Role, RoleStatus>();
  readonly #logs = new Map<Role, RotatingLog>();
  #entrance: Pick<MemberPlace, 'survive' | 'joinTokenFile'> = {};
  #isEnding = false;

  constructor(
    place: RegionPlace,
    programs: RegionPrograms,
    changed: (change: { readonly role: Role; readonly status: RoleStatus }) => void,
  ) {
    this.place = place;
    this.#programs = programs;
    this.#changed = changed;
  }

  get memberDirectory(): string {
    return join(this.place.directory, 'member');
  }

  status(role: Role): RoleStatus {
    return this.#states.get(role) ?? { state: 'down', reason: 'not started yet' };
  }

  /** Name and number of each process that runs. */
  running(): readonly { readonly name: string; readonly pid: number }[] {
    return roles.flatMap((role) => {
      const child = this.#children.get(role);
      return child?.isRunning === true && child.pid !== undefined
        ? [{ name: `${this.place.name} ${role}`, pid: child.pid }]
        : [];
    });
  }

  /** Starts what is down, in order, and waits until it answers. */
  async start(part?: Part): Promise<void> {
    await mkdir(this.place.directory, { recursive: true, mode: 0o700 });
    for (const role of rolesOf(part)) {
      if (this.#children.get(role)?.isRunning === true) continue;
      await this.#startRole(role);
    }
  }

  /** Whether its member is one of a planet's already. */
  get isMember(): boolean {
    return existsSync(join(this.memberDirectory, 'planet.json'));
  }

  /** Starts the member for the first time: as the planet's founder, or with a token of the founder's. */
  async enter(how: { readonly survive: string } | { readonly joinToken: string }): Promise<void> {
    if ('survive' in how) {
      this.#entrance = { survive: how.survive };
      await this.start('member');
    } else {
      const joinTokenFile = join(this.place.directory, 'join-token');
      await writeFile(joinTokenFile, how.joinToken, { mode: 0o600 });
      this.#entrance = { joinTokenFile };
      await this.start('member');
      await rm(joinTokenFile);
    }
    this.#entrance = {};
  }

  /** SIGKILL to all at once. */
  async kill(part?: Part): Promise<void> {
    await Promise.all(rolesOf(part).map((role) => this.#children.get(role)?.kill()));
  }

  /** Stops in reverse order, so that nothing loses what it needs before it has ended. */
  async stop(part?: Part): Promise<void> {
    for (const role of [...rolesOf(part)].reverse()) await this.#children.get(role)?.stop();
  }

  /** Nothing is started any more, by a restart that is under way for example. */
  refuseStarts(): void {
    this.#isEnding = true;
  }

  close(): void {
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
  }

  async #startRole(role: Role): Promise<void> {
    const log = this.#log(role);
    const program = role === 'member' ? await this.#memberProgram() : await this.#natsProgram(role);
    if (this.#isEnding) throw new Failure('the planet is stopping');
    const child = new Child({ ...program, log });
    this.#children.set(role, child);
    this.#set(role, { state: 'starting', ...(child.pid === undefined ? {} : { pid: child.pid }) });
    void child.exited.then(({ reason, isExpected }) => {
      const said = isExpected ? undefined : child.lastLine;
      const text = said === undefined || said === '' ? reason : `${reason}: ${said}`;
      this.#set(role, { state: 'down', reason: text });
    });
    await this.#untilReady(role, child);
    if (child.pid !== undefined) this.#set(role, { state: 'up', pid: child.pid });
  }

  async #memberProgram(): Promise<{
    readonly command: string;
    readonly arguments: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  }> {
    const [command = process.execPath, ...first] = this.#programs.antipode;
    const nats = memberNats(this.place.nats);
    const passwordFile = join(this.place.directory, 'nats-password');
    await writeFile(passwordFile, nats.password, { mode: 0o600 });
    const start = memberStart({
      region: this.place.name,
      rootDirectory: this.memberDirectory,
      securePort: this.place.securePort,
      nats,
      passwordFile,
      ...this.#entrance,
    });
    return { command, arguments: [...first, ...start.arguments], environment: start.environment };
  }

  async #natsProgram(role: 'core' | 'nats'): Promise<{ command: string; arguments: readonly string[] }> {
    const path = join(this.place.directory, `${role}.conf`);
    const text = role === 'core' ? coreServerConfig(this.place.nats) : dataServerConfig(this.place.nats);
    await writeFile(path, text, { mode: 0o600 });
    return { command: this.#programs.natsServer, arguments: ['-c', path] };
  }

  async #untilReady(role: Role, child: Child): Promise<void> {
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    while (child.isRunning) {
      if (await this.#isReady(role)) return;
      if (performance.now() > deadlineMs) {
        await child.kill();
        break;
      }
      await Promise.race([delay(POLL_MS), child.exited]);
    }
    const exit = await child.exited;
    const why = exit.isExpected ? 'it was not ready in time' : exit.reason;
    throw new Failure(`${role} of region ${this.place.name} could not be started: ${why}`, {
      hint: [child.lastLine, `Its log is ${this.#logPath(role)}.`].filter((line) => line !== '').join('\n'),
    });
  }

  async #isReady(role: Role): Promise<boolean> {
    if (role === 'member') {
      const place = { rootDirectory: this.memberDirectory, securePort: this.place.securePort };
      return (await readiness(place)) === 200;
    }
    const { ports } = this.place.nats;
    return (await statusOf(role === 'core' ? ports.coreMonitor : ports.monitor, '/healthz')) === 200;
  }

  #set(role: Role, status: RoleStatus): void {
    this.#states.set(role, status);
    this.#changed({ role, status });
  }

  #log(role: Role): RotatingLog {
    const existing = this.#logs.get(role);
    if (existing !== undefined) return existing;
    const log = new RotatingLog(this.#logPath(role));
    this.#logs.set(role, log);
    return log;
  }

  #logPath(role: Role): string {
    return join(this.place.directory, `${role}.log`);
  }
}

export function rolesOf(part: Part | undefined): readonly Role[] {
  if (part === undefined) return roles;
  return part === 'member' ? ['member'] : ['core', 'nats'];
}

function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
    request.once('close', () => resolve(undefined));
  });
}
