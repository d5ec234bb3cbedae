import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { aborted, withTimeLimit } from './time-limit.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What waits until it is told that it is over. */
async function patient(isOver: AbortSignal): Promise<string> {
  await aborted(isOver);
  return 'over';
}

test('a task is told when its time is over, and not before', async () => {
  const clock = new VirtualClock();
  let result = '';
  const running = withTimeLimit({ clock, limitMs: 100 }, patient).then((value) => {
    result = value;
  });
  await clock.advance(99);
  expect(result).toBe('');
  await clock.advance(1);
  await running;
  expect(result).toBe('over');
});

test('a task is told at once when a signal says so, also when that was before it began', async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const running = withTimeLimit({ clock, limitMs: 100, signal: stop.signal }, patient);
  stop.abort();
  expect(await running).toBe('over');
  expect(await withTimeLimit({ clock, limitMs: 100, signal: stop.signal }, patient)).toBe('over');
});

test('nothing listens any more when a task has ended, whichever way', async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  let isOver: AbortSignal | undefined;
  const limit = { clock, limitMs: 100, signal };
  const quick = await withTimeLimit(limit, async (over) => {
    isOver = over;
    return 1;
  });
  const failing = withTimeLimit(limit, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(quick).toBe(1);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await clock.advance(1_000);
  expect(isOver?.aborted).toBe(false);
});
