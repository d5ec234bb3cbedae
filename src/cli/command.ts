import type { Terminal } from './terminal.ts';

/** A flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** One letter, for `-o`. */
  readonly short?: string;
  /** What stands for the value in help: `DIR`. */
  readonly placeholder?: string;
  readonly default?: string;
  /** The only values that are allowed. */
  readonly values?: readonly string[];
  /** What completion offers as the value, where `values` does not say. */
  readonly completes?: 'directory';
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
  readonly positionals: readonly string[];
}

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
  readonly positionals: readonly (readonly string[])[];
  readonly examples: readonly Example[];
  /** Runs to the end and resolves to the exit code. */
  run(invocation: Invocation, terminal: Terminal): Promise<number>;
}

/** The command line itself is wrong. The message is one line; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
