import { Failure } from './failure.ts';

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
  /** All of standard input. */
  input(): Promise<string>;
  /** For programs that fill the screen; undefined where input or output is no terminal. */
  screen(): Screen | undefined;
}

/** A terminal that one program has for itself. */
export interface Screen {
  size(): { readonly columns: number; readonly rows: number };
  /** Writes text with control sequences. */
  write(text: string): void;
  /** Keys are given as they are pressed, unseen, until the returned function is called. */
  listen(listener: { key(sequence: string): void; resize(): void }): () => void;
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
    input: readInput,
    screen: processScreen,
  };
}

/** A manifest; whoever pipes more than this into a command has made a mistake. */
const INPUT_BYTES_MAX = 64 * 1024 * 1024;

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > INPUT_BYTES_MAX) throw new Failure('there is too much on standard input');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function processScreen(): Screen | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    write: (text) => void stdout.write(text),
    listen(listener) {
      const onKey = (text: string): void => listener.key(text);
      const onResize = (): void => listener.resize();
      stdin.setRawMode(true);
      stdin.setEncoding('utf8').on('data', onKey).resume();
      stdout.on('resize', onResize);
      return () => {
        stdin.off('data', onKey).pause();
        stdin.setRawMode(false);
        stdout.off('resize', onResize);
      };
    },
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
