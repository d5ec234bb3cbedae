import { UsageError } from './command.ts';
import { parseDurationMs } from './duration.ts';

/** What somebody said by `--timeout`, in milliseconds. */
export function timeoutMsOf(value: unknown): number {
  const ms = parseDurationMs(String(value));
  if (ms !== undefined) return ms;
  throw new UsageError(`--timeout takes a duration, such as 30s or 2m, but "${String(value)}" is none`);
}
