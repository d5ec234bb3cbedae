import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findKubectl } from '../support/kubectl.ts';
import { type RunResult, run } from '../support/run.ts';
import type { ServerProcess } from '../support/server.ts';

const PLUGINS = fileURLToPath(new URL('../../dist/bin', import.meta.url));

/** A shell as somebody has it who has pasted what `antipode start` prints: kubectl, the plugins and a kubeconfig. */
export class Shell {
  readonly folder: string;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  private constructor(folder: string, environment: Readonly<Record<string, string | undefined>>) {
    this.folder = folder;
    this.#environment = environment;
  }

  static async open(server: ServerProcess): Promise<Shell> {
    const tools = await findKubectl();
    if ('missing' in tools) throw new Error(tools.missing);
    const folder = await mkdtemp(join(tmpdir(), 'antipode-shell-'));
    await mkdir(join(folder, 'bin'));
    await symlink(tools.kubectl, join(folder, 'bin', 'kubectl'));
    await copyFile(server.kubeconfig, join(folder, 'kubeconfig'));
    return new Shell(folder, {
      PATH: [join(folder, 'bin'), PLUGINS, process.env['PATH']].join(delimiter),
      KUBECONFIG: join(folder, 'kubeconfig'),
      HOME: folder,
      KUBECACHEDIR: undefined,
      HTTPS_PROXY: undefined,
      https_proxy: undefined,
      NO_COLOR: '1',
    });
  }

  /** Runs a line whatever it answers. */
  run(line: string, input = ''): Promise<RunResult> {
    return run('sh', ['-c', line], {
      env: this.#environment,
      input,
      directory: this.folder,
      timeoutMs: 90_000,
    });
  }

  /** Runs a line, which must succeed without a word on standard error; returns what it prints. */
  async ok(line: string, input = ''): Promise<string> {
    const result = await this.run(line, input);
    if (result.code !== 0 || result.stderr !== '') throw unexpected(line, result);
    return result.stdout;
  }

  /** Runs a line, which must fail; returns its exit code and what it complains about. */
  async fail(line: string, input = ''): Promise<readonly [code: number, complaint: string]> {
    const result = await this.run(line, input);
    if (result.code === 0 || result.stdout !== '') throw unexpected(line, result);
    return [result.code, result.stderr];
  }

  async json<T>(line: string): Promise<T> {
    return JSON.parse(await this.ok(`${line} -o json`)) as T;
  }

  /** Plays a transcript: lines after a `$` are typed, the others have to come back. */
  async play(transcript: string): Promise<void> {
    for (const part of transcript.trim().split(/^\$ /m).slice(1)) {
      const [line = '', ...rest] = part.split('\n');
      const expected = rest.join('\n').trimEnd();
      const output = (await this.ok(line)).trimEnd();
      if (output !== expected) throw new Error(`$ ${line}\n${output}\n\nbut it has to be\n\n${expected}`);
    }
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function unexpected(line: string, { code, stdout, stderr }: RunResult): Error {
  return new Error(`$ ${line}\n${stdout}${stderr}(exit code ${code})`);
}
