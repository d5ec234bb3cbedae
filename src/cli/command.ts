import type { Terminal } from './terminal.ts';

/** A flag of a command. */
export interface Flag {
  /** A `list` may be given several times, and takes several values with commas between them. */
  readonly type: 'string' | 'boolean' | 'list';
  /** One letter, for `-o`. */
  readonly short?: string;
  /** What stands for the value in help: `DIR`. */
  readonly placeholder?: string;
  readonly default?: string;
  /** The only values that are allowed. */
  readonly values?: readonly string[];
  /** What completion offers as the value, where `values` does not say. */
  readonly completes?: 'directory' | 'workspace';
  /** One line, without a full stop. */
  readonly description: string;
}

export interface Example {
  readonly does: string;
  /** A line that works when it is pasted into a shell. */
  readonly line: string;
}

/** What a command was called with, checked against its flags. */
export interface Invocation {
  /** Values by flag name, defaults filled in; a boolean flag that was given is `true`. */
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** The values of flags of type `list`; a flag that was not given is absent. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly positionals: readonly string[];
  /** What the command was called as: `kubectl ws tree`. */
  readonly title: string;
}

/** What one argument may be: one of some words, or a text that help shows as `placeholder`. */
export type Positional =
  | readonly string[]
  | { readonly placeholder: string; readonly completes?: 'workspace' | 'binding' | 'export' };

export interface Command {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What follows the name: `[flags]`. */
  readonly usage: string;
  /** Paragraphs between usage and flags. */
  readonly details: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
  /** What each positional argument may be, in order; a command without them takes none. */
  readonly positionals: readonly Positional[];
  /** It talks to a server: the flags that say where it is and who asks are taken as well. */
  readonly connects?: true;
  readonly examples: readonly Example[];
  /** Runs to the end and resolves to the exit code. */
  run(invocation: Invocation, terminal: Terminal): Promise<number>;
}

/** The command line itself is wrong. The message is one line; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
