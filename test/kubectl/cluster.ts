import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from 'vitest';
import { Client, seedNamespace } from '../http/client.ts';
import { findKubectl } from '../support/kubectl.ts';
import { type RunResult, run } from '../support/run.ts';
import { type ServerProcess, startServer } from '../support/server.ts';

const tools = await findKubectl();
const missing = 'missing' in tools ? tools.missing : undefined;

/** A command line as one would type it (no quotes: an argument with spaces goes into a list). */
export type Line = string | readonly string[];

/** One server with a kubectl of its own. */
export class Cluster {
  #server: ServerProcess | undefined;
  #client: Client | undefined;
  #namespaces = 0;

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error('the server runs inside of tests only');
    return this.#server;
  }

  /** Requests without kubectl: quick, for what a test needs but does not test. */
  get client(): Client {
    if (this.#client === undefined) throw new Error('the server runs inside of tests only');
    return this.#client;
  }

  async start(): Promise<void> {
    this.#server = await startServer();
    this.#client = new Client(this.#server);
    await seedNamespace(this.#client, 'kube-system');
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#server?.stop();
  }

  /** Runs kubectl whatever it answers. */
  run(line: Line, options: { readonly input?: string; readonly env?: Environment } = {}): Promise<RunResult> {
    return run(kubectlPath(), argumentsOf(line), {
      env: { ...this.#environment(), ...options.env },
      ...(options.input === undefined ? {} : { input: options.input }),
    });
  }

  /** Runs kubectl, which must succeed; returns its output without the last newline. */
  async ok(line: Line, input?: string, env?: Environment): Promise<string> {
    const result = await this.run(line, {
      ...(input === undefined ? {} : { input }),
      ...(env === undefined ? {} : { env }),
    });
    if (result.code !== 0) throw unexpected(line, result);
    return result.stdout.replace(/\n$/, '');
  }

  /** Runs kubectl, which must fail; returns what it complains about. */
  async fail(line: Line, input?: string): Promise<string> {
    const result = await this.run(line, input === undefined ? {} : { input });
    if (result.code === 0) throw unexpected(line, result);
    return result.stderr.replace(/\n$/, '');
  }

  async json<T = Readonly<Record<string, unknown>>>(line: Line): Promise<T> {
    return JSON.parse(await this.ok([...argumentsOf(line), '-o', 'json'])) as T;
  }

  /** Starts a kubectl that goes on, such as `get --watch`. */
  follow(line: Line): Following {
    return new Following(argumentsOf(line), this.#environment());
  }

  /** A new namespace for one test. */
  async namespace(): Promise<string> {
    this.#namespaces += 1;
    const name = `test-${this.#namespaces}`;
    await this.client.create('/api/v1/namespaces', { metadata: { name } });
    await seedNamespace(this.client, name);
    return name;
  }

  #environment(): Environment {
    const { kubeconfig, homeDirectory } = this.server;
    return {
      KUBECONFIG: kubeconfig,
      HOME: homeDirectory,
      KUBECACHEDIR: undefined,
      KUBE_EDITOR: undefined,
      EDITOR: undefined,
      KUBECTL_EXTERNAL_DIFF: undefined,
      HTTPS_PROXY: undefined,
      https_proxy: undefined,
    };
  }
}

/** The tests that need a kubectl, with one server for all of them; skipped, and said so, without one. */
export function describeKubectl(name: string, tests: (cluster: Cluster) => void): void {
  if (missing !== undefined) console.log(`skipped: ${name}: ${missing}`);
  describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, () => {
    const cluster = new Cluster();
    beforeAll(() => cluster.start());
    afterAll(() => cluster.stop());
    tests(cluster);
  });
}

/** A kubectl that has not ended. */
export class Following {
  readonly #child: ReturnType<typeof spawn>;
  #text = '';
  #isOver = false;

  constructor(args: readonly string[], env: Environment) {
    this.#child = spawn(kubectlPath(), args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const accept = (chunk: Buffer): void => {
      this.#text += chunk.toString();
    };
    this.#child.stdout?.on('data', accept);
    this.#child.stderr?.on('data', accept);
    this.#child.once('close', () => {
      this.#isOver = true;
    });
  }

  /** What it has written so far, as soon as that matches. */
  async until(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    const deadlineMs = Date.now() + timeoutMs;
    while (!pattern.test(this.#text)) {
      if (Date.now() > deadlineMs || this.#isOver) throw new Error(`no ${pattern} in: ${this.#text}`);
      await delay(10);
    }
    return this.#text;
  }

  /** Waits until it ends by itself. */
  async ended(timeoutMs = 15_000): Promise<string> {
    const deadlineMs = Date.now() + timeoutMs;
    while (!this.#isOver) {
      if (Date.now() > deadlineMs) throw new Error(`kubectl goes on: ${this.#text}`);
      await delay(10);
    }
    return this.#text;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** A manifest for standard input. */
export function manifest(...objects: readonly unknown[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

/** The cells of a table that kubectl has printed, without its header. */
export function rowsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trimEnd().split(/ {2,}/));
}

type Environment = Readonly<Record<string, string | undefined>>;

function kubectlPath(): string {
  if ('missing' in tools) throw new Error(tools.missing);
  return tools.kubectl;
}

function argumentsOf(line: Line): readonly string[] {
  return typeof line === 'string' ? line.split(' ') : line;
}

function unexpected(line: Line, { code, stdout, stderr }: RunResult): Error {
  return new Error(`kubectl ${argumentsOf(line).join(' ')} ended with ${code}\n${stdout}${stderr}`);
}
