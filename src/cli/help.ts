import type { Command } from './command.ts';
import { commandEntry, commands } from './commands.ts';
import { exitCode } from './exit-code.ts';
import { commandText, overviewText } from './help-text.ts';

export const helpCommand: Command = {
  name: 'help',
  summary: 'Explain a command',
  usage: '[COMMAND]',
  details: [],
  flags: {},
  positionals: [commands.map((entry) => entry.name)],
  examples: [
    { does: 'All commands', line: 'antipode help' },
    { does: 'One command with its flags', line: 'antipode help start' },
  ],
  async run(invocation, terminal) {
    const command = await commandEntry(invocation.positionals[0] ?? '')?.load();
    terminal.out(command === undefined ? overviewText() : commandText(command));
    return exitCode.done;
  },
};
