import type { Command } from './command.ts';
import { exitCode } from './exit-code.ts';
import { outputFlag } from './output.ts';
import { openSession } from './session.ts';
import { printCurrent } from './ws-texts.ts';

export const currentCommand: Command = {
  name: 'current',
  summary: 'Print the current workspace, like kubectl ws .',
  usage: '[--short]',
  details: [],
  flags: {
    short: {
      type: 'boolean',
      description: 'Print only the path of the workspace, for a shell prompt for example',
    },
    output: outputFlag,
  },
  positionals: [],
  connects: true,
  examples: [
    { does: 'In a sentence', line: 'kubectl ws current' },
    { does: 'For a script', line: 'kubectl ws current --short' },
  ],
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    await printCurrent({ server: session.server }, invocation, terminal);
    return exitCode.done;
  },
};
