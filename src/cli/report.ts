import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { red, type Terminal } from './terminal.ts';

/** Tells somebody why a command failed, and gives the exit code for it. */
export function report(error: unknown, terminal: Terminal): number {
  const prefix = red('error:', terminal);
  if (error instanceof UsageError) {
    terminal.err(`${prefix} ${error.message}\n`);
    return exitCode.usage;
  }
  // A failure that somebody can mend carries its exit code, a message of one line, and perhaps another with advice.
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') {
    const hint = 'hint' in error && typeof error.hint === 'string' ? `${error.hint}\n` : '';
    terminal.err(`${prefix} ${error.message}\n${hint}`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(
    `${prefix} unexpected failure, which is a defect of antipode; please report it with this text:\n${text}\n`,
  );
  return exitCode.failed;
}
