import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe } from 'vitest';
import { freePort } from './server.ts';

/** What runs: `nats-server` on the PATH (Debian's package of that name), unless the environment names another one. */
const PROGRAM = process.env['ANTIPODE_NATS_SERVER'] ?? 'nats-server';
const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const OUTPUT_BYTES_MAX = 256 * 1024;

export interface NatsServerOptions {
  /** Lines of configuration besides `listen` and `server_name`. */
  readonly config: string;
  readonly name?: string;
  readonly port?: number;
}

export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Where its store and other files may lie; removed by `stop()`. */
  readonly directory: string;
  /** What the process has written (the last 256 KiB). */
  output(): string;
  /** Ends the process without notice; its directory stays. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and directory, with another configuration if one is given. */
  start(config?: string): Promise<void>;
  /** Removes what it has stored; only while it does not run. */
  wipe(): Promise<void>;
  /** Copies what it has stored, or puts a copy back; only while it does not run. */
  copyStore(to: string): Promise<void>;
  restoreStore(from: string): Promise<void>;
  /** Ends the process and removes its directory. May be called again. */
  stop(): Promise<void>;
}

/** Tests that need a NATS server; where there is none they are skipped, by a name that says so. */
export function describeWithNats(name: string, tests: () => void): void {
  const isThere = spawnSync(PROGRAM, ['--version']).status === 0;
  describe.skipIf(!isThere)(isThere ? name : `${name} (needs ${PROGRAM} on the PATH)`, tests);
}

/**
 * Starts a NATS server on 127.0.0.1 and waits until it takes connections. `STORE` in the configuration stands for the
 * folder of its JetStream. Throws with its output if it does not start.
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'antipode-nats-'));
  directories.add(directory);
  const port = options.port ?? (await freePort());
  const server = new RunningNatsServer({ ...options, directory, port });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

const children = new Set<ChildProcess>();
const directories = new Set<string>();

// A test that fails before it stops its server must leave neither process nor files behind.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

class RunningNatsServer implements NatsServer {
  readonly port: number;
  readonly directory: string;
  readonly #name: string;
  readonly #store: string;
  #config: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(options: NatsServerOptions & { readonly directory: string; readonly port: number }) {
    this.port = options.port;
    this.directory = options.directory;
    this.#config = options.config;
    this.#name = options.name ?? 'test';
    this.#store = join(options.directory, 'store');
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  output(): string {
    return this.#output;
  }

  async start(config?: string): Promise<void> {
    this.#config = config ?? this.#config;
    await mkdir(this.#store, { recursive: true });
    const file = join(this.directory, 'nats.conf');
    const text = `server_name: ${this.#name}\nlisten: 127.0.0.1:${this.port}\n${this.#config}\n`;
    await writeFile(file, text.replaceAll('STORE', JSON.stringify(this.#store)));
    const child = spawn(PROGRAM, ['-c', file], { cwd: this.directory, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    children.add(child);
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_BYTES_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const endMs = Date.now() + READY_TIMEOUT_MS;
    while (!(await greets(this.port))) {
      if (failure !== undefined || child.exitCode !== null || Date.now() > endMs) {
        const reason = failure?.message ?? (child.exitCode === null ? 'it is not ready' : 'it has ended');
        throw new Error(`cannot start ${PROGRAM}: ${reason}\n${text}\n${this.#output}`);
      }
      await delay(POLL_MS);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const isOver = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    const ended = isOver()
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
    children.delete(child);
  }

  async wipe(): Promise<void> {
    await rm(this.#store, { recursive: true, force: true });
    mkdirSync(this.#store);
  }

  async copyStore(to: string): Promise<void> {
    await cp(this.#store, to, { recursive: true });
  }

  async restoreStore(from: string): Promise<void> {
    await rm(this.#store, { recursive: true, force: true });
    await cp(from, this.#store, { recursive: true });
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
    directories.delete(this.directory);
  }
}

/** Whether a server answers with its INFO line. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
    socket.once('data', (data) => settle(data.toString('latin1').startsWith('INFO')));
  });
}
