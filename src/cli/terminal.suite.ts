import type { Terminal } from './terminal.ts';

/** A terminal that remembers what was written to it. */
export interface RecordingTerminal extends Terminal {
  outText(): string;
  errText(): string;
}

export function recordingTerminal(
  changes: Partial<Pick<Terminal, 'isInteractive' | 'hasColor' | 'environment'>> = {},
): RecordingTerminal {
  let out = '';
  let err = '';
  return {
    isInteractive: false,
    hasColor: false,
    environment: {},
    ...changes,
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
    outText: () => out,
    errText: () => err,
  };
}
