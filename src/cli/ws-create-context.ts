import type { Command } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { createContext } from './kubeconfig/workspace-contexts.ts';
import { contextOf, openSession } from './session.ts';

export const createContextCommand: Command = {
  name: 'create-context',
  summary: 'Make a kubeconfig context for the current workspace',
  usage: '[NAME] [--overwrite]',
  details: [
    'The context has the path of the workspace as its name unless another is given, and becomes the current one.',
  ],
  flags: { overwrite: { type: 'boolean', description: 'Replace a context of that name' } },
  positionals: [{ placeholder: 'NAME' }],
  connects: true,
  examples: [
    { does: 'With the path of the workspace as its name', line: 'kubectl ws create-context' },
    { does: 'With a name, again if need be', line: 'kubectl ws create-context staging --overwrite' },
  ],
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const { current, server } = session;
    if (current === undefined)
      throw new Failure(`current URL ${JSON.stringify(server)} does not point to a workspace`);
    const name = invocation.positionals[0] ?? current.path;
    const wasCurrent = session.kubeconfig.currentContext === name;
    const outcome = await createContext(session.places, {
      context: contextOf(session),
      name,
      server,
      overwrites: invocation.flags['overwrite'] === true,
      enters: true,
    });
    terminal.out(contextText({ outcome, name, isEntered: !wasCurrent }));
    return exitCode.done;
  },
};

/** What is said of a context that was made. */
export function contextText(context: {
  readonly outcome: 'created' | 'updated';
  readonly name: string;
  readonly isEntered: boolean;
}): string {
  const verb = context.outcome === 'created' ? 'Created' : 'Updated';
  return `${verb} context ${JSON.stringify(context.name)}${context.isEntered ? ' and switched to it' : ''}.\n`;
}
