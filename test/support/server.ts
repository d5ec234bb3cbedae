import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface ServerOptions {
  /** Kept when the server stops; without it a new one is made, and removed by `stop()`. */
  readonly rootDirectory?: string;
  readonly port?: number;
  /** Further arguments of `antipode start`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly readyTimeoutMs?: number;
  /** What to run instead of dist/bin/antipode: a script for Node. */
  readonly program?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  /** `https://127.0.0.1:<port>`, without any path. */
  readonly url: string;
  readonly port: number;
  /** Path of admin.kubeconfig. */
  readonly kubeconfig: string;
  /** Of the user of the kubeconfig's current context. */
  readonly token: string;
  /** The certificate authority in PEM. */
  readonly ca: string;
  readonly pid: number;
  readonly rootDirectory: string;
  /** A home for clients of this server alone. */
  readonly homeDirectory: string;
  /** What the process has written so far (the last mebibyte). */
  stdout(): string;
  stderr(): string;
  /** Sends a signal and waits for the end of the process; its directory stays for a restart. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
  /** SIGTERM, waits for the end, removes the temporary directory. May be called again, and after `kill`. */
  stop(): Promise<Exit>;
}

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = join(REPOSITORY, 'dist/bin/antipode');
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 20;
const OUTPUT_BYTES_MAX = 2 ** 20;

/** Starts the built server and waits until it says that it is ready. Throws with its output if it does not. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const program = options.program ?? PROGRAM;
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\` first`);
  const port = options.port ?? (await freePort());
  const temporary = await mkdtemp(join(tmpdir(), 'antipode-test-'));
  temporaryDirectories.add(temporary);
  const homeDirectory = join(temporary, 'home');
  await mkdir(homeDirectory);
  const rootDirectory = options.rootDirectory ?? join(temporary, 'root');
  const listen = ['--bind-address', '127.0.0.1', '--secure-port', String(port)];
  const args = [program, 'start', '--root-directory', rootDirectory, ...listen, ...(options.args ?? [])];
  const running = new RunningProcess(args, options.env ?? {});
  try {
    const kubeconfig = join(rootDirectory, 'admin.kubeconfig');
    const timeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
    const credentials = await waitUntilReady({ running, port, kubeconfig, timeoutMs });
    return {
      url: `https://127.0.0.1:${port}`,
      port,
      kubeconfig,
      ...credentials,
      pid: running.pid,
      rootDirectory,
      homeDirectory,
      stdout: () => running.stdout,
      stderr: () => running.stderr,
      kill: (signal) => running.end(signal),
      async stop() {
        try {
          return await running.end('SIGTERM');
        } finally {
          await removeTemporary(temporary);
        }
      },
    };
  } catch (error) {
    await running.end('SIGKILL');
    await removeTemporary(temporary);
    throw error;
  }
}

/** A port of 127.0.0.1 that nothing listens on. Another process may take it before the caller does. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const temporaryDirectories = new Set<string>();
const children = new Set<ChildProcess>();

// A test that fails before it stops its server must leave neither process nor files behind.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of temporaryDirectories) rmSync(directory, { recursive: true, force: true });
});

async function removeTemporary(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  temporaryDirectories.delete(directory);
}

class RunningProcess {
  stdout = '';
  stderr = '';
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exit: Promise<Exit>;
  #isRunning = true;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, args, {
      cwd: REPOSITORY,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.pid = child.pid ?? -1;
    children.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout = (this.stdout + text).slice(-OUTPUT_BYTES_MAX);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-OUTPUT_BYTES_MAX);
    });
    this.#exit = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.#isRunning = false;
        children.delete(child);
        resolve(exit);
      };
      // Not `close`: a grandchild that holds a pipe must not keep a test waiting.
      child.once('exit', (code, signal) => end({ code, signal }));
      child.once('error', (error) => {
        this.stderr += `${error.message}\n`;
        end({ code: null, signal: null });
      });
    });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Sends a signal unless the process has ended already; throws if it goes on regardless. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#isRunning) this.#child.kill(signal);
    const timeout = new AbortController();
    const late = delay(STOP_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => undefined);
    const exit = await Promise.race([this.#exit, late]);
    timeout.abort();
    if (exit !== undefined) return exit;
    this.#child.kill('SIGKILL');
    await this.#exit;
    throw new Error(
      `server did not stop within ${STOP_TIMEOUT_MS} ms of ${signal}\n${this.stdout}${this.stderr}`,
    );
  }
}

interface Credentials {
  readonly token: string;
  readonly ca: string;
}

async function waitUntilReady({
  running,
  port,
  kubeconfig,
  timeoutMs,
}: {
  readonly running: RunningProcess;
  readonly port: number;
  readonly kubeconfig: string;
  readonly timeoutMs: number;
}): Promise<Credentials> {
  const deadlineMs = Date.now() + timeoutMs;
  let last = 'nothing was tried yet';
  while (Date.now() < deadlineMs) {
    if (!running.isRunning) {
      throw new Error(`server ended before it was ready\n${running.stdout}${running.stderr}`);
    }
    try {
      // With a reused directory the file may be an older one: then the request fails, and both are tried again.
      const credentials = await readCredentials(kubeconfig);
      const status = await readyStatus(port, credentials.ca);
      if (status === 200) return credentials;
      last = `/readyz answered ${status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(POLL_MS);
  }
  throw new Error(`server not ready within ${timeoutMs} ms: ${last}\n${running.stdout}${running.stderr}`);
}

function readyStatus(port: number, ca: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port, path: '/readyz', ca, agent: false, timeout: 2_000 },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.once('error', reject);
      },
    );
    request.once('timeout', () => request.destroy(new Error('/readyz did not answer')));
    request.once('error', reject);
  });
}

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters: readonly { name: string; cluster: { 'certificate-authority-data': string } }[];
  readonly users: readonly { name: string; user: { token: string } }[];
}

async function readCredentials(path: string): Promise<Credentials> {
  const config = parse(await readFile(path, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined) throw new Error(`${path} has no usable current context`);
  return { token: user.token, ca: Buffer.from(cluster['certificate-authority-data'], 'base64').toString() };
}
