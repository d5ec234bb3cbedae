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

  test('are shared by those who can, between those who are alone, in the order in which they come', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const gates = new Map<string, () => void>();
    const work = (name: string) => async () => {
      log.push(`${name}+`);
      await new Promise<void>((resolve) => gates.set(name, resolve));
      log.push(`${name}-`);
    };
    const taken = [
      turns.take('a', work('one'), { isShared: true }),
      turns.take('a', work('two'), { isShared: true }),
      turns.take('a', work('alone')),
      turns.take('a', work('three'), { isShared: true }),
    ];
    expect(turns.isBusy('a')).toBe(true);
    const leave = async (name: string, seen: readonly string[]) => {
      gates.get(name)!();
      await settled();
      expect(log.splice(0)).toEqual(seen);
    };
    await settled();
    expect(log.splice(0)).toEqual(['one+', 'two+']);
    await leave('two', ['two-']);
    await leave('one', ['one-', 'alone+']);
    await leave('alone', ['alone-', 'three+']);
    await leave('three', ['three-']);
    await Promise.all(taken);
    expect(turns.isBusy('a')).toBe(false);
  });
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
