import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { PlanetStatus } from '../../src/cli/planet/planet.ts';
import { Client } from '../http/client.ts';
import { type RunResult, run } from '../support/run.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/antipode', import.meta.url));
/** Three members and six servers on a machine that does something else. */
const READY_TIMEOUT_MS = 240_000;
const POLL_MS = 50;

const running = new Set<ChildProcess>();
const directories = new Set<string>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `antipode planet` as a process. */
export class PlanetProcess {
  readonly directory: string;
  readonly exited: Promise<Exit>;
  output = '';
  readonly #child: ChildProcess;

  private constructor(directory: string, args: readonly string[], program: string) {
    this.directory = directory;
    const child = spawn(process.execPath, [program, 'planet', '--root-directory', directory, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    this.exited = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        running.delete(child);
        resolve({ code, signal });
      }),
    );
  }

  static spawn(directory: string, args: readonly string[] = [], program = PROGRAM): PlanetProcess {
    if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);
    return new PlanetProcess(directory, args, program);
  }

  /** Starts a planet and waits until it says that it runs. */
  static async start(
    directory: string,
    args: readonly string[] = [],
    program = PROGRAM,
  ): Promise<PlanetProcess> {
    const planet = PlanetProcess.spawn(directory, args, program);
    await planet.untilItSays('Ctrl-C stops it.');
    return planet;
  }

  async untilItSays(text: string): Promise<void> {
    const deadlineMs = Date.now() + READY_TIMEOUT_MS;
    const exit = this.exited.then(() => true);
    while (!this.output.includes(text)) {
      const hasEnded = await Promise.race([exit, delay(POLL_MS).then(() => false)]);
      if ((hasEnded || Date.now() > deadlineMs) && !this.output.includes(text))
        throw new Error(`the planet never said ${JSON.stringify(text)}:\n${this.output}`);
    }
  }

  signal(name: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(name);
    return this.exited;
  }

  /** `antipode planet ACTION …` for this planet. */
  act(...args: readonly string[]): Promise<RunResult> {
    return run(process.execPath, [PROGRAM, 'planet', ...args, '--root-directory', this.directory], {
      timeoutMs: READY_TIMEOUT_MS,
    });
  }

  async status(): Promise<PlanetStatus> {
    const { code, stdout, stderr } = await this.act('status', '-o', 'json');
    if (code !== 0) throw new Error(`status ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as PlanetStatus;
  }
}

export async function planetDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-planet-test-'));
  directories.add(directory);
  return directory;
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  directories.delete(directory);
}

export function pidsOf(status: PlanetStatus): readonly number[] {
  return status.regions.flatMap(({ member, nats, core }) =>
    [member, nats, core].flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A client of a region's member, as the administrator; paths begin at the server. */
export async function clientOf(directory: string, region: string): Promise<Client> {
  const { server, ca, token } = await placeOf(directory, region);
  return new Client({ port: Number(new URL(server).port), ca, token });
}

/** A request as somebody with the planet's kubeconfig, in a region. */
export async function ask(
  directory: string,
  region: string,
  request: { readonly path: string; readonly method?: string; readonly body?: unknown },
): Promise<number> {
  const { server, ca, token } = await placeOf(directory, region);
  const options = {
    method: request.method ?? 'GET',
    agent: false as const,
    ca,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  };
  return new Promise((resolve, reject) => {
    const sent = https.request(`${server}${request.path}`, options, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(request.body === undefined ? undefined : JSON.stringify(request.body));
  });
}

async function placeOf(
  directory: string,
  region: string,
): Promise<{ readonly server: string; readonly ca: string; readonly token: string }> {
  const config = parse(await readFile(join(directory, 'admin.kubeconfig'), 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === region)?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const token = config.users.find(({ name }) => name === context?.user)?.user.token;
  if (cluster === undefined || token === undefined) throw new Error(`the kubeconfig has no region ${region}`);
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString();
  return { server: cluster.server, ca, token };
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters: readonly {
    name: string;
    cluster: { server: string; 'certificate-authority-data': string };
  }[];
  readonly users: readonly { name: string; user: { token: string } }[];
}
