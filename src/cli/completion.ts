import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { commands } from './commands.ts';
import { completionScript, type Shell, shells } from './completion-script.ts';
import { exitCode } from './exit-code.ts';

export const completionCommand: Command = {
  name: 'completion',
  summary: 'Print the completion script of a shell',
  usage: 'bash|zsh|fish',
  details: [],
  flags: {},
  positionals: [shells],
  examples: [
    { does: 'For this bash session', line: 'source <(antipode completion bash)' },
    { does: 'For every zsh session', line: 'antipode completion zsh > "$fpath[1]/_antipode"' },
    {
      does: 'For every fish session',
      line: 'antipode completion fish > ~/.config/fish/completions/antipode.fish',
    },
  ],
  async run(invocation, terminal) {
    const shell = invocation.positionals[0];
    if (shell === undefined) {
      throw new UsageError(`antipode completion needs the name of a shell: one of ${shells.join(', ')}`);
    }
    const loaded = await Promise.all(commands.map((entry) => entry.load()));
    terminal.out(completionScript(shell as Shell, loaded));
    return exitCode.done;
  },
};
