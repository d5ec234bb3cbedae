import { describe, expect, test } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  test('of one key follow each other, those of others do not wait', async () => {
    const turns = new Turns();
    const seen: string[] = [];
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = turns.take('a', async () => {
      await gate;
      seen.push('first');
    });
    const second = turns.take('a', async () => {
      seen.push('second');
      return 7;
    });
    await turns.take('b', async () => void seen.push('other'));
    expect(seen).toEqual(['other']);
    open();
    await first;
    expect(await second).toBe(7);
    expect(seen).toEqual(['other', 'first', 'second']);
    expect(turns.size).toBe(0);
  });

  test('go on after one that failed', async () => {
    const turns = new Turns();
    const failed = turns.take('a', () => Promise.reject(new Error('no')));
    const next = turns.take('a', async () => 'yes');
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(turns.size).toBe(0);
  });
});
