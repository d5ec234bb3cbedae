import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isReady } from './readiness.mjs';

const MEMORY_PROBE = fileURLToPath(new URL('./memory-probe.mjs', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const OUTPUT_CHARACTERS_MAX = 64 * 1024;

const children = new Set();
const directories = new Set();

// Whatever ends this process, it leaves neither servers nor hundreds of megabytes behind.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A new directory, removed at the end of this process at the latest. @param {string} parent */
export function temporaryDirectory(parent) {
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'antipode-bench-'));
  directories.add(directory);
  return directory;
}

/** @param {string} directory Made by `temporaryDirectory`. */
export function removeDirectory(directory) {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  directories.delete(directory);
}

/** A port of 127.0.0.1 that nothing listens on. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The built server as a process of its own. */
export class ServerProcess {
  /** `performance.now()` just before the process was started. */
  startedAtMs;
  host = '127.0.0.1';
  port;
  pid;
  rootDirectory;
  #child;
  #output = '';
  #exit;
  #hasExited = false;

  /**
   * Starts it and does not wait for anything.
   *
   * @param {object} options
   * @param {string} options.program
   * @param {string} options.rootDirectory
   * @param {number} options.port
   * @param {string} [options.cpuProfile] The folder that a CPU profile is written to.
   */
  constructor({ program, rootDirectory, port, cpuProfile }) {
    this.rootDirectory = rootDirectory;
    this.port = port;
    const profile = cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`];
    const flags = [
      '--root-directory',
      rootDirectory,
      '--bind-address',
      this.host,
      '--secure-port',
      `${port}`,
    ];
    this.startedAtMs = performance.now();
    const probe = ['--expose-gc', '--import', MEMORY_PROBE];
    const child = spawn(process.execPath, [...probe, ...profile, program, 'start', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    children.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_MAX);
      });
    }
    this.#exit = new Promise((resolve) => {
      const onEnd = () => {
        this.#hasExited = true;
        children.delete(child);
        resolve(undefined);
      };
      child.once('exit', onEnd);
      child.once('error', onEnd);
    });
  }

  /** Starts it and waits until it says that it is ready. @param {ConstructorParameters<typeof ServerProcess>[0]} options */
  static async start(options) {
    const server = new ServerProcess(options);
    await server.ready();
    return server;
  }

  get kubeconfig() {
    return join(this.rootDirectory, 'admin.kubeconfig');
  }

  /** Where and as whom to connect: the administrator of the current context. */
  get endpoint() {
    const text = readFileSync(this.kubeconfig, 'utf8');
    // The server writes the file itself, in one form; no YAML parser is needed for two values.
    const ca = /certificate-authority-data: (\S+)/.exec(text)?.[1];
    const token = /- name: kcp-admin\s+user:\s+token: (\S+)/.exec(text)?.[1];
    if (ca === undefined || token === undefined) throw new Error(`${this.kubeconfig} is not as expected`);
    return { host: this.host, port: this.port, ca: Buffer.from(ca, 'base64').toString(), token };
  }

  /** Milliseconds from the start to the first good answer of /readyz. Throws if there is none in time. */
  async ready() {
    while (performance.now() < this.startedAtMs + READY_TIMEOUT_MS) {
      if (this.#hasExited) throw new Error(`the server ended before it was ready: ${this.#output.trim()}`);
      if (existsSync(this.kubeconfig) && (await isReady(this.host, this.port))) {
        return performance.now() - this.startedAtMs;
      }
      await delay(POLL_MS);
    }
    throw new Error(`the server was not ready within ${READY_TIMEOUT_MS} ms: ${this.#output.trim()}`);
  }

  /** Lets it end by itself, or kills it in the end. */
  async stop() {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exit;
    clearTimeout(timer);
  }

  /**
   * Resident bytes now and at most so far, and of the former what the process itself has allocated and what
   * are pages of mapped files; NaN where there is no /proc.
   */
  memory() {
    try {
      const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
      return {
        residentBytes: bytes('VmRSS'),
        peakBytes: bytes('VmHWM'),
        ownBytes: bytes('RssAnon'),
        mappedBytes: bytes('RssFile'),
      };
    } catch {
      const unknown = Number.NaN;
      return { residentBytes: unknown, peakBytes: unknown, ownBytes: unknown, mappedBytes: unknown };
    }
  }

  /**
   * Bytes in use after a forced collection: of JavaScript's heap, outside of it, and resident.
   *
   * @returns {Promise<{ heapUsed: number, external: number, rss: number }>}
   */
  collectedMemory() {
    return new Promise((resolve, reject) => {
      this.#child.once('message', resolve);
      this.#child.send('memory', (error) => error && reject(error));
    });
  }

  /** Seconds of processor time used so far, all threads together; NaN where there is no /proc. */
  cpuSeconds() {
    try {
      const text = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      // Fields 14 and 15 of the line, in ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return Number.NaN;
    }
  }
}
