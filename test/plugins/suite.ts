import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { User } from '../../src/access/mod.ts';
import { runPlugin } from '../../src/cli/plugin-main.ts';
import { recordingTerminal } from '../../src/cli/terminal.suite.ts';
import type { Screen } from '../../src/cli/terminal.ts';
import { Client } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A server, and kubeconfigs of users that plugins run with in this very process. */
export class Plugins {
  readonly server: InProcessServer;
  readonly client: Client;
  readonly #folder: string;

  private constructor(server: InProcessServer, folder: string) {
    this.server = server;
    this.client = new Client(server);
    this.#folder = folder;
  }

  static async start(users: Readonly<Record<string, User>> = {}): Promise<Plugins> {
    const folder = await mkdtemp(join(tmpdir(), 'antipode-plugins-'));
    return new Plugins(await startInProcess({ users }), folder);
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Somebody with a kubeconfig of their own, in `root`; the administrator unless a token is given. */
  async person(name: string, token = this.server.token, url = this.server.url): Promise<Person> {
    const path = join(this.#folder, `${name}.kubeconfig`);
    const cluster = {
      server: `${url}/clusters/root`,
      'certificate-authority-data': Buffer.from(this.server.ca).toString('base64'),
    };
    await writeFile(
      path,
      stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'mine', cluster }],
        contexts: [{ name: 'mine', context: { cluster: 'mine', user: name } }],
        users: [{ name, user: { token } }],
        'current-context': 'mine',
      }),
    );
    return new Person(path);
  }
}

/** Somebody who types commands. */
export class Person {
  readonly kubeconfig: string;

  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
  }

  /** Runs a plugin's line, such as `ws ..`; a list of words may hold spaces. */
  async run(
    line: string | readonly string[],
    options: { readonly input?: string; readonly screen?: Screen } = {},
  ): Promise<Ran> {
    const words = typeof line === 'string' ? line.split(' ') : line;
    const file = FILES.find(({ names }) => names.every((name, index) => words[index] === name));
    if (file === undefined) throw new Error(`no plugin for ${words.join(' ')}`);
    return this.runFile(file.file, words.slice(file.names.length), options);
  }

  async runFile(
    file: string,
    words: readonly string[],
    { input, screen }: { readonly input?: string; readonly screen?: Screen } = {},
  ): Promise<Ran> {
    const terminal = recordingTerminal({
      environment: { KUBECONFIG: this.kubeconfig, HOME: '/people/nobody' },
      ...(input === undefined ? {} : { input }),
      ...(screen === undefined ? {} : { screen: () => screen }),
    });
    const code = await runPlugin(file, words, terminal);
    return { code, out: terminal.outText(), err: terminal.errText() };
  }

  /** Runs a line that must succeed without a warning; returns its output. */
  async ok(line: string | readonly string[], input?: string): Promise<string> {
    const ran = await this.run(line, input === undefined ? {} : { input });
    if (ran.code !== 0 || ran.err !== '') throw new Error(`${String(line)}: ${JSON.stringify(ran)}`);
    return ran.out;
  }

  async config(): Promise<{
    readonly 'current-context': string;
    readonly contexts: readonly {
      readonly name: string;
      readonly context: { readonly cluster: string; readonly user: string };
    }[];
    readonly clusters: readonly { readonly name: string; readonly cluster: { readonly server: string } }[];
  }> {
    return parse(await readFile(this.kubeconfig, 'utf8'));
  }
}

const FILES = [
  { file: 'kubectl-create-workspace', names: ['create', 'workspace'] },
  { file: 'kubectl-bind-apiexport', names: ['bind', 'apiexport'] },
  { file: 'kubectl-ws', names: ['ws'] },
  { file: 'kubectl-kcp', names: ['kcp'] },
];
