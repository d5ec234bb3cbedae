/** The signals that ask a server to stop. Not SIGHUP: `nohup antipode start` must outlive its terminal. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** The process, as far as stopping goes. */
export interface StoppableProcess {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
  /** Ends the process at once. */
  exit(code: number): unknown;
}

export interface StopRequest {
  /** Resolves at the first signal. */
  readonly requested: Promise<StopSignal>;
  /** Whether there was a signal already. */
  isRequested(): boolean;
  /** Stops listening; after a signal it goes on until the process ends, for the echo may still come. */
  close(): void;
}

/**
 * Waits for the first signal; a second one ends the process at once with 128 + its number, as a shell
 * would report it.
 */
export function listenForStop(stoppable: StoppableProcess, nowMs: () => number): StopRequest {
  let firstAtMs: number | undefined;
  let resolveRequested: (signal: StopSignal) => void = () => undefined;
  const requested = new Promise<StopSignal>((resolve) => {
    resolveRequested = resolve;
  });
  const listenerOf = (signal: StopSignal) => (): void => {
    if (firstAtMs === undefined) {
      firstAtMs = nowMs();
      resolveRequested(signal);
    } else if (nowMs() - firstAtMs >= ECHO_MS) {
      stoppable.exit(128 + SIGNAL_NUMBERS[signal]);
    }
  };
  const listeners = { SIGINT: listenerOf('SIGINT'), SIGTERM: listenerOf('SIGTERM') };
  stoppable.on('SIGINT', listeners.SIGINT);
  stoppable.on('SIGTERM', listeners.SIGTERM);
  return {
    requested,
    isRequested: () => firstAtMs !== undefined,
    close() {
      if (firstAtMs !== undefined) return;
      stoppable.off('SIGINT', listeners.SIGINT);
      stoppable.off('SIGTERM', listeners.SIGTERM);
    },
  };
}

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
// Ctrl-C under `npm start` arrives twice, from the terminal and passed on by npm; a person is slower.
const ECHO_MS = 500;
