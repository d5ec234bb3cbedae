import type { Clock } from './clock.ts';

interface Task {
  readonly dueMs: number;
  readonly run: () => void;
}

/** 2026-01-01T00:00:00Z, where virtual time begins unless told otherwise. */
const START_MS = 1_767_225_600_000;

/**
 * Time that passes only when told: simulations and tests run the real code on it, as fast as the machine can, and
 * the same way each time. Between two points in time everything that awaits something settled gets its turn.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  // By time, then in the order of arrival.
  readonly #tasks: Task[] = [];

  constructor(startMs: number = START_MS) {
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#startMs + Math.floor(this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const task: Task = { dueMs: this.#elapsedMs + Math.max(0, delayMs), run };
    let low = 0;
    let high = this.#tasks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#tasks[middle]!.dueMs <= task.dueMs) low = middle + 1;
      else high = middle;
    }
    this.#tasks.splice(low, 0, task);
    return () => {
      const index = this.#tasks.indexOf(task);
      if (index >= 0) this.#tasks.splice(index, 1);
    };
  }

  /** Lets time pass, and runs what becomes due, each at its time. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#elapsedMs + durationMs;
    await settled();
    for (let task = this.#tasks[0]; task !== undefined && task.dueMs <= endMs; task = this.#tasks[0]) {
      this.#tasks.shift();
      this.#elapsedMs = Math.max(this.#elapsedMs, task.dueMs);
      task.run();
      await settled();
    }
    this.#elapsedMs = endMs;
  }

  /** Lets time pass until a promise settles, and returns what it settles to. Throws when that takes longer than `withinMs`. */
  async until<Value>(promise: Promise<Value>, withinMs: number = 120_000): Promise<Value> {
    const endMs = this.#elapsedMs + withinMs;
    let isSettled = false;
    const watched = promise.finally(() => {
      isSettled = true;
    });
    watched.catch(() => {});
    await settled();
    while (!isSettled) {
      const task = this.#tasks[0];
      if (task === undefined) throw new Error('nothing is left to happen, and the promise has not settled');
      if (task.dueMs > endMs)
        throw new Error(`the promise has not settled within ${withinMs} ms of virtual time`);
      await this.advance(task.dueMs - this.#elapsedMs);
    }
    return watched;
  }
}

/** After all that awaits something settled has run: those are microtasks, which go before any immediate. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
