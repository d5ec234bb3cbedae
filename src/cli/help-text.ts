import { connectionFlags } from './client/connection-flags.ts';
import type { Command, Flag } from './command.ts';
import { commands } from './commands.ts';
import { helpFlag } from './invocation.ts';
import type { Group, ProgramEntry } from './program.ts';

/** The overview of all commands. */
export function overviewText(): string {
  const width = Math.max(...commands.map((entry) => entry.name.length));
  return [
    'Antipode is a planet-scale store of Kubernetes objects: an API server for plain kubectl.',
    '',
    'Usage: antipode COMMAND [flags]',
    '',
    'Commands:',
    ...commands.map((entry) => `  ${entry.name.padEnd(width)}  ${entry.summary}`),
    '',
    'Examples:',
    '  antipode start              # serve on https://127.0.0.1:6443, data in .antipode',
    '  antipode start --help       # all flags of a command',
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 forbidden, 5 conflict, 6 unreachable.',
    '',
  ].join('\n');
}

/** The help of a command that needs the name of one of its own. */
export function groupText(title: string, group: Group): string {
  return [
    `${group.summary}.`,
    '',
    `Usage: ${title} COMMAND [flags]`,
    '',
    'Commands:',
    ...entryLines(group.entries),
    '',
    `See ${title} COMMAND --help for the flags of a command.`,
    '',
  ].join('\n');
}

/** Lines that name commands, in columns. */
export function entryLines(entries: readonly ProgramEntry[]): readonly string[] {
  const names = entries.map(({ name, aliases = [] }) => [name, ...aliases].join(', '));
  const width = Math.max(...names.map((name) => name.length));
  return entries.map(({ summary }, index) => `  ${(names[index] ?? '').padEnd(width)}  ${summary}`);
}

/** The help of one command that is called as `title`; `commands` are lines about commands of its own. */
export function commandText(
  command: Command,
  title = `antipode ${command.name}`,
  commands: readonly string[] = [],
): string {
  return [
    `${command.summary}.`,
    '',
    `Usage: ${title} ${command.usage}`.trimEnd(),
    '',
    ...command.details.flatMap((paragraph) => [paragraph, '']),
    ...commands,
    'Flags:',
    ...flagLines({ ...command.flags, help: helpFlag }),
    '',
    ...(command.connects === true ? ['Connection, as with kubectl:', ...flagLines(connectionFlags), ''] : []),
    'Examples:',
    ...command.examples.flatMap((example) => [
      `  # ${example.does}`,
      `  ${exampleLine(example.line, title)}`,
    ]),
    '',
  ].join('\n');
}

/** An example as it reads where the command has another name: `kubectl kcp ws` for `kubectl ws`. */
function exampleLine(line: string, title: string): string {
  return title.startsWith('kubectl kcp ') ? line.replace(/^kubectl (ws|bind)\b/, 'kubectl kcp $1') : line;
}

/** Lines that explain flags, in columns. */
export function flagLines(table: Readonly<Record<string, Flag>>): readonly string[] {
  const flags = Object.entries(table);
  const forms = flags.map(([name, flag]) => flagForm(name, flag));
  const width = Math.max(...forms.map((form) => form.length));
  return flags.map(([, flag], index) => `  ${(forms[index] ?? '').padEnd(width)}  ${flagDescription(flag)}`);
}

function flagForm(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${name}${flag.type === 'boolean' ? '' : ` ${flag.placeholder ?? 'VALUE'}`}`;
}

function flagDescription(flag: Flag): string {
  const values = flag.values === undefined ? '' : `: ${flag.values.join(', ')}`;
  return `${flag.description}${values}${flag.default === undefined ? '' : ` (default ${flag.default})`}`;
}
