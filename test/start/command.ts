import { fileURLToPath } from 'node:url';
import { type RunResult, run } from '../support/run.ts';

export const PROGRAM = fileURLToPath(new URL('../../dist/bin/antipode', import.meta.url));

/** Runs `antipode start`, which has to end by itself. */
export function start(args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [PROGRAM, 'start', '--bind-address', '127.0.0.1', ...args]);
}

/** The one line of a failure; throws when there is anything else. */
export function onlyLine({ code, stdout, stderr }: RunResult): string {
  const lines = stderr.split('\n');
  const isOne = stdout === '' && lines.length === 2 && lines[1] === '' && lines[0]?.startsWith('error: ');
  if (!isOne) throw new Error(`not one line of error (exit code ${code}):\n${stdout}${stderr}`);
  return lines[0]!.slice('error: '.length);
}
