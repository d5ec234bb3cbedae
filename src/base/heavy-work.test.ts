import { expect, test } from 'vitest';
import { pauseFor } from './heavy-work.ts';
import { limits } from './limits.ts';

test('the usual work is never paused', () => {
  expect(pauseFor(limits.heavyWorkBytesMin - 1)()).toBeUndefined();
});

test('of several heavy works one goes on in each turn of the event loop, in the order in which they paused', async () => {
  const log: string[] = [];
  const work = async (name: string): Promise<void> => {
    const pause = pauseFor(limits.heavyWorkBytesMin);
    for (let part = 0; part < 2; part++) {
      await pause();
      log.push(`${name}${part}`);
    }
  };
  const all = Promise.all(['a', 'b', 'c'].map(work));
  let isOver = false;
  const turns = (): void => {
    if (isOver) return;
    log.push('|');
    setImmediate(turns);
  };
  setImmediate(turns);
  await all;
  isOver = true;
  const parts = log.filter((entry) => entry !== '|');
  expect(parts).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1']);
  // Others had their turn between any two parts.
  expect(log.join('')).not.toMatch(/\d[abc]/);
});
