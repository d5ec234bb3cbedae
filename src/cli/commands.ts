import type { Command } from './command.ts';

/** What the overview shows of a command, and how it is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads the command's file: a command that does not run costs nothing. */
  load(): Promise<Command>;
}

/** All commands, in the order of the overview. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'start',
    summary: 'Start a Kubernetes API server on this machine',
    load: async () => (await import('./start.ts')).startCommand,
  },
  {
    name: 'version',
    summary: 'Print the version',
    load: async () => (await import('./version.ts')).versionCommand,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of a shell',
    load: async () => (await import('./completion.ts')).completionCommand,
  },
  {
    name: 'help',
    summary: 'Explain a command',
    load: async () => (await import('./help.ts')).helpCommand,
  },
];

export function commandEntry(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name);
}
