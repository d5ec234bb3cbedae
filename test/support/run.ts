import { spawn } from 'node:child_process';
import type { ServerProcess } from './server.ts';

export interface RunOptions {
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to standard input, which is empty otherwise. */
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly directory?: string;
  /** Told whatever is printed, while the command still runs. */
  readonly onStdout?: (text: string) => void;
}

export interface RunResult {
  /** The exit code; 128 for a command that a signal ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Enough for any kubectl command that does what it should; a test that waits longer says so itself. */
const TIMEOUT_MS = 30_000;

/** Runs a command to its end. Rejects if it cannot be started or does not end in time (it is killed then). */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { env, input = '', timeoutMs = TIMEOUT_MS, directory, onStdout } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: directory, env: { ...process.env, ...env } });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      onStdout?.(chunk.toString());
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open; nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      const result = {
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      if (!isLate) return resolve(result);
      const text = [command, ...args].join(' ');
      reject(new Error(`${text} did not end within ${timeoutMs} ms\n${result.stdout}${result.stderr}`));
    });
    // A command that ends without reading its input is no failure of the harness.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

export type Kubectl = (args: readonly string[], input?: string) => Promise<RunResult>;

/**
 * kubectl for one server: with the server's admin.kubeconfig, and with a home of its own, so that cached
 * discovery of another server on the same port is never used.
 */
export function kubectlOf(server: ServerProcess, kubectl: string): Kubectl {
  const env = {
    KUBECONFIG: server.kubeconfig,
    HOME: server.homeDirectory,
    KUBECACHEDIR: undefined,
    HTTPS_PROXY: undefined,
    https_proxy: undefined,
  };
  return (args, input) => run(kubectl, args, { env, ...(input === undefined ? {} : { input }) });
}
