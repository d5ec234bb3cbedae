import { UsageError } from './command.ts';
import { commandEntry, commands } from './commands.ts';
import { exitCode } from './exit-code.ts';
import { report } from './report.ts';
import { flushProcessTerminal, processTerminal, type Terminal } from './terminal.ts';

/**
 * The whole program: runs one command and ends the process with its exit code. Command files are loaded
 * one at a time, because the time from start to the first answer counts.
 */
export async function main(argumentList: readonly string[]): Promise<never> {
  const terminal = processTerminal();
  const code = await runCommandLine(argumentList, terminal);
  await flushProcessTerminal();
  // Explicit, so that nothing a command left open can keep the process alive.
  process.exit(code);
}

/** Runs one command line and resolves to its exit code. Never rejects: errors are printed. */
export async function runCommandLine(argumentList: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [name, ...rest] = argumentList;
    if (name === undefined || name === '-h' || name === '--help') return await runNamed('help', [], terminal);
    if (name === '-v' || name === '--version') return await runNamed('version', rest, terminal);
    return await runNamed(name, rest, terminal);
  } catch (error) {
    return report(error, terminal);
  }
}

async function runNamed(name: string, rest: readonly string[], terminal: Terminal): Promise<number> {
  const entry = commandEntry(name);
  if (entry === undefined) throw await unknownCommand(name);
  const [command, { parseInvocation }] = await Promise.all([entry.load(), import('./invocation.ts')]);
  const invocation = parseInvocation(command, rest);
  if (invocation.flags['help'] === true) {
    const { commandText } = await import('./help-text.ts');
    terminal.out(commandText(command));
    return exitCode.done;
  }
  return command.run(invocation, terminal);
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { nearestMatch } = await import('./nearest-match.ts');
  const isFlag = name.startsWith('-');
  const nearest = nearestMatch(
    name,
    commands.map((entry) => entry.name),
  );
  const hint = nearest === undefined ? 'see antipode help' : `did you mean "${nearest}"?`;
  return new UsageError(
    isFlag
      ? `flag ${name} stands before the command; write antipode COMMAND ${name}`
      : `there is no command "${name}"; ${hint}`,
  );
}
