import type { Turns } from '../base/mod.ts';
import { type ObjectKey, objectKeyText } from '../store/mod.ts';

/** A line of those who write one object; no logical cluster's own line has such a name. */
export function lineOf(key: ObjectKey): string {
  return `object ${objectKeyText(key)}`;
}

/**
 * Runs a write in its turn among those of one object. The turn is over as soon as the write has its place in the log, or
 * will have none: the next one begins with what this one leaves, and both go to the disk together.
 */
export async function untilPlaced<Result>(
  turns: Turns,
  line: string,
  write: (onPlaced: () => void) => Promise<Result>,
): Promise<Result> {
  let running: Promise<Result> | undefined;
  await turns.take(
    line,
    () =>
      new Promise<void>((resolve) => {
        running = write(resolve);
        running.then(
          () => resolve(),
          () => resolve(),
        );
      }),
  );
  return running!;
}
