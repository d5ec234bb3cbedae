import type { Clock } from './clock.ts';

/**
 * Does something that may take until a time is over, or until a signal says so: `task` is told by a signal of its own.
 * Nothing of that outlives it; a timeout that goes on until its time has come would, with whatever listens to it.
 */
export async function withTimeLimit<Result>(
  limit: { readonly clock: Clock; readonly limitMs: number; readonly signal?: AbortSignal },
  task: (isOver: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { clock, limitMs, signal } = limit;
  const over = new AbortController();
  const end = () => over.abort();
  const cancel = clock.after(limitMs, end);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  try {
    return await task(over.signal);
  } finally {
    cancel();
    signal?.removeEventListener('abort', end);
  }
}

/** Resolves when the signal is aborted, at once if it is already. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
