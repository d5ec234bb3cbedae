import type { Terminal } from './terminal.ts';

/** A terminal that remembers what was written to it. */
export interface RecordingTerminal extends Terminal {
  outText(): string;
  errText(): string;
}

export function recordingTerminal(
  changes: Partial<Pick<Terminal, 'isInteractive' | 'hasColor' | 'environment' | 'screen'>> & {
    readonly input?: string;
  } = {},
): RecordingTerminal {
  let out = '';
  let err = '';
  return {
    isInteractive: false,
    hasColor: false,
    environment: {},
    screen: () => undefined,
    ...changes,
    input: async () => changes.input ?? '',
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
