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
    name: 'planet',
    summary: 'Run a planet of several regions on this machine',
    load: async () => (await import('./planet.ts')).planetCommand,
  },
  {
    name: 'kubeconfig',
    summary: 'Write a kubeconfig context for each region of a planet',
    load: async () => (await import('./region-kubeconfig.ts')).kubeconfigCommand,
  },
  {
    name: 'use',
    summary: 'Go to another region of a planet, or to the nearest one',
    load: async () => (await import('./use-region.ts')).useRegionCommand,
  },
  {
    name: 'status',
    summary: 'Show the regions and shards of a planet',
    load: async () => (await import('./operator/status.ts')).statusCommand,
  },
  {
    name: 'shard',
    summary: 'Show the shards of a planet, and move them between regions',
    load: async () => (await import('./operator/shard.ts')).shardCommand,
  },
  {
    name: 'member',
    summary: 'List and remove the members of a planet',
    load: async () => (await import('./operator/member.ts')).memberCommand,
  },
  {
    name: 'join-token',
    summary: 'Make, list and revoke the tokens by which members join a planet',
    load: async () => (await import('./operator/join-token.ts')).joinTokenCommand,
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
