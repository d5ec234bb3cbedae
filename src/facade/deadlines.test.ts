import { expect, it } from 'vitest';
import type { Clock } from '../base/mod.ts';
import { Deadlines } from './deadlines.ts';

it('tells of what is overdue, again and again, with one timer and only while something is open', () => {
  const clock = new ManualClock();
  const overdue: string[] = [];
  const deadlines = new Deadlines<{ name: string; deadlineMs: number }>(clock, ({ name }) =>
    overdue.push(name),
  );
  const early = { name: 'early', deadlineMs: 400 };
  const late = { name: 'late', deadlineMs: 900 };
  const endless = { name: 'endless', deadlineMs: Number.POSITIVE_INFINITY };
  const quick = { name: 'quick', deadlineMs: 100 };
  for (const item of [early, late, endless, quick]) deadlines.begin(item);
  deadlines.end(quick);
  expect(clock.timers).toBe(1);
  clock.advance(500);
  expect(overdue).toEqual(['early']);
  clock.advance(250);
  expect(overdue).toEqual(['early', 'early']);
  deadlines.end(early);
  clock.advance(250);
  expect(overdue).toEqual(['early', 'early', 'late']);
  deadlines.end(late);
  clock.advance(250);
  expect(clock.timers).toBe(0);
  // What begins later starts the timer again.
  deadlines.begin(early);
  clock.advance(250);
  expect(overdue.at(-1)).toBe('early');
});

class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly task: () => void }[] = [];

  get timers(): number {
    return this.#timers.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.find(({ atMs }) => atMs <= endMs);
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.task();
    }
    this.#nowMs = endMs;
  }
}
