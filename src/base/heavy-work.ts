import { limits } from './limits.ts';

/** Between two parts of a work: resolves when it is its turn to go on. */
export type Pause = () => Promise<void> | undefined;

/**
 * What is done between the parts of work on so many bytes: nothing for the usual, which is done at once. Who writes
 * a megabyte lets everybody else go first between parts, and of several who do, one goes on in each turn of the
 * event loop, so that small requests wait for one part at most.
 */
export function pauseFor(sizeBytes: number): Pause {
  return sizeBytes < limits.heavyWorkBytesMin ? goOn : takeTurn;
}

function goOn(): undefined {}

// All members of a process share its event loop. As long as something waits, one immediate is under way.
const waiting: (() => void)[] = [];

function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(serveNext);
  });
}

function serveNext(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(serveNext);
}
