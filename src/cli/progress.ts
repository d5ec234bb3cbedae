import type { Terminal } from './terminal.ts';

const PROGRESS_AFTER_MS = 1000;

/** The work's result; says `line` to somebody who watches once it takes longer than a second. */
export async function withProgress<T>(work: Promise<T>, line: string, terminal: Terminal): Promise<T> {
  const timer = setTimeout(() => {
    if (terminal.isInteractive) terminal.err(line);
  }, PROGRESS_AFTER_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
