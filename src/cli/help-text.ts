import type { Command, Flag } from './command.ts';
import { commands } from './commands.ts';
import { helpFlag } from './invocation.ts';

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

/** The help of one command. */
export function commandText(command: Command): string {
  const flags = Object.entries({ ...command.flags, help: helpFlag });
  const forms = flags.map(([name, flag]) => flagForm(name, flag));
  const width = Math.max(...forms.map((form) => form.length));
  return [
    `${command.summary}.`,
    '',
    `Usage: antipode ${command.name} ${command.usage}`,
    '',
    ...command.details.flatMap((paragraph) => [paragraph, '']),
    'Flags:',
    ...flags.map(([, flag], index) => `  ${(forms[index] ?? '').padEnd(width)}  ${flagDescription(flag)}`),
    '',
    'Examples:',
    ...command.examples.flatMap((example) => [`  # ${example.does}`, `  ${example.line}`]),
    '',
  ].join('\n');
}

function flagForm(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${name}${flag.type === 'boolean' ? '' : ` ${flag.placeholder ?? 'VALUE'}`}`;
}

function flagDescription(flag: Flag): string {
  const values = flag.values === undefined ? '' : `: ${flag.values.join(', ')}`;
  return `${flag.description}${values}${flag.default === undefined ? '' : ` (default ${flag.default})`}`;
}
