/** Where a command writes, and what it may know of its surroundings; tests hand in one of their own. */
export interface Terminal {
  /** Results, to standard output. */
  out(text: string): void;
  /** Errors, warnings and progress, to standard error. */
  err(text: string): void;
  /** Whether somebody reads standard error as it is written. */
  readonly isInteractive: boolean;
  /** Whether standard error may carry colours: a terminal, and no NO_COLOR (https://no-color.org). */
  readonly hasColor: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A reader that goes away (`antipode help | head -1`) is no failure, and must not stop a server.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: Error) => {
      if (!('code' in error) || error.code !== 'EPIPE') throw error;
    });
  }
  const isInteractive = process.stderr.isTTY === true;
  const { NO_COLOR: noColor, TERM: term } = process.env;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive,
    hasColor: isInteractive && (noColor === undefined || noColor === '') && term !== 'dumb',
    environment: process.env,
  };
}

/** Resolves when all that was written so far has left this process. */
export async function flushProcessTerminal(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.writable) continue;
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
}

/** The text in red where colours are welcome. */
export function red(text: string, terminal: Terminal): string {
  return terminal.hasColor ? `\u001b[31m${text}\u001b[39m` : text;
}
