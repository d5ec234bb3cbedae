import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from '../support/run.ts';

export const PROGRAM = fileURLToPath(new URL('../../dist/bin/antipode', import.meta.url));

/** Runs `antipode start`, which has to end by itself. */
export function start(args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [PROGRAM, 'start', '--bind-address', '127.0.0.1', ...args]);
}

/** The same as a user without rights, if this one has all of them; undefined when that user cannot run it. */
export async function startWithoutRights(args: readonly string[]): Promise<RunResult | undefined> {
  if (process.getuid?.() !== 0) return start(args);
  const runAsNobody = (line: readonly string[]): Promise<RunResult> =>
    new Promise((resolve) => {
      const command = [PROGRAM, ...line];
      execFile(process.execPath, command, { uid: NOBODY, gid: NOBODY, cwd: '/' }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 128;
        resolve({ code, stdout, stderr });
      });
    });
  const canRun = (await runAsNobody(['version'])).code === 0;
  return canRun ? runAsNobody(['start', '--bind-address', '127.0.0.1', ...args]) : undefined;
}

const NOBODY = 65_534;

/** The one line of a failure; throws when there is anything else. */
export function onlyLine({ code, stdout, stderr }: RunResult): string {
  const lines = stderr.split('\n');
  const isOne = stdout === '' && lines.length === 2 && lines[1] === '' && lines[0]?.startsWith('error: ');
  if (!isOne) throw new Error(`not one line of error (exit code ${code}):\n${stdout}${stderr}`);
  return lines[0]!.slice('error: '.length);
}
