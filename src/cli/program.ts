import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** A command that has commands of its own. */
export interface Group {
  readonly summary: string;
  readonly entries: readonly ProgramEntry[];
  /** What runs when the first argument names none of them. */
  fallback?(): Promise<Command>;
}

/** One of a group's commands, or a group itself. */
export interface ProgramEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly target: Target;
}

export type Target =
  | { readonly kind: 'command'; load(): Promise<Command> }
  | { readonly kind: 'group'; load(): Promise<Group> };

/** What arguments lead to: a command with the rest of them, or a group that needs another word. */
export type Route =
  | {
      readonly kind: 'command';
      readonly title: string;
      readonly command: Command;
      readonly rest: readonly string[];
      readonly group?: Group;
    }
  | {
      readonly kind: 'group';
      readonly title: string;
      readonly group: Group;
      readonly rest: readonly string[];
    };

/** Follows arguments through groups. Flags may stand before, between and behind the names of commands. */
export async function route(title: string, target: Target, argumentList: readonly string[]): Promise<Route> {
  if (target.kind === 'command')
    return { kind: 'command', title, command: await target.load(), rest: argumentList };
  const group = await target.load();
  const fallback = await group.fallback?.();
  const index = await firstWord(argumentList, fallback);
  const word = argumentList[index];
  const entry = word === undefined ? undefined : entryOf(group, word);
  if (entry !== undefined && word !== undefined) {
    return route(`${title} ${word}`, entry.target, [
      ...argumentList.slice(0, index),
      ...argumentList.slice(index + 1),
    ]);
  }
  if (fallback === undefined) return { kind: 'group', title, group, rest: argumentList };
  return { kind: 'command', title, command: fallback, rest: argumentList, group };
}

export function entryOf(group: Group, word: string): ProgramEntry | undefined {
  return group.entries.find(({ name, aliases }) => name === word || aliases?.includes(word) === true);
}

/** Runs what the arguments lead to. Throws what the command throws. */
export async function runProgram(
  title: string,
  target: Target,
  argumentList: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const reached = await route(title, target, argumentList);
  if (reached.kind === 'group') return explainGroup(reached, terminal);
  const { parseInvocation } = await import('./invocation.ts');
  const invocation = parseInvocation(reached.command, reached.rest, reached.title);
  if (invocation.flags['help'] !== true) return reached.command.run(invocation, terminal);
  const { commandText, entryLines } = await import('./help-text.ts');
  const commands = reached.group === undefined ? [] : ['Commands:', ...entryLines(reached.group.entries), ''];
  terminal.out(commandText(reached.command, reached.title, commands));
  return exitCode.done;
}

async function explainGroup(
  { title, group, rest }: Route & { readonly kind: 'group' },
  terminal: Terminal,
): Promise<number> {
  const word = rest[await firstWord(rest, undefined)];
  const asksForHelp = rest.some((argument) => argument === '-h' || argument === '--help');
  if (word !== undefined && word !== 'help') {
    const { nearestMatch } = await import('./nearest-match.ts');
    const nearest = nearestMatch(
      word,
      group.entries.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
    );
    const hint = nearest === undefined ? `see ${title} --help` : `did you mean "${nearest}"?`;
    throw new UsageError(`${title} has no command "${word}"; ${hint}`);
  }
  const { groupText } = await import('./help-text.ts');
  terminal.out(groupText(title, group));
  return word === 'help' || asksForHelp || rest.length === 0 ? exitCode.done : exitCode.usage;
}

/** The index of the first argument that is neither a flag nor the value of one. */
async function firstWord(argumentList: readonly string[], command: Command | undefined): Promise<number> {
  const [{ connectionFlags, workspaceFlag }] = await Promise.all([import('./client/connection-flags.ts')]);
  const flags = { ...connectionFlags, workspace: workspaceFlag, ...command?.flags };
  const valued = new Set(
    Object.entries(flags).flatMap(([name, flag]) =>
      flag.type === 'boolean' ? [] : [`--${name}`, ...(flag.short === undefined ? [] : [`-${flag.short}`])],
    ),
  );
  for (let index = 0; index < argumentList.length; index++) {
    const argument = argumentList[index] ?? '';
    if (argument === '--') return index + 1;
    if (!argument.startsWith('-') || argument === '-') return index;
    if (valued.has(argument)) index++;
  }
  return argumentList.length;
}
