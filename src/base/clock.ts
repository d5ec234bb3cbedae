/** Time as an argument, so that simulations run the real code on virtual time. */
export interface Clock {
  /** Wall clock, milliseconds since 1970, UTC. */
  nowMs(): number;
  /** A clock that never steps, milliseconds since an arbitrary start. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
