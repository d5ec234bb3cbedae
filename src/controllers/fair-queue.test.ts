import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

describe('a fair queue', () => {
  it('takes turns between groups, whichever came first', () => {
    const queue = new FairQueue({ runningMax: 10, perGroupMax: 10 });
    for (const text of ['a1', 'a2', 'a3']) queue.push('a', text);
    queue.push('b', 'b1');
    expect([queue.next(), queue.next(), queue.next(), queue.next()]).toEqual(['a1', 'b1', 'a2', 'a3']);
    expect(queue.next()).toBeUndefined();
  });

  it('lets no group run more than its share, and goes on with it when one is done', () => {
    const queue = new FairQueue({ runningMax: 10, perGroupMax: 2 });
    for (const text of ['a1', 'a2', 'a3']) queue.push('a', text);
    expect([queue.next(), queue.next(), queue.next()]).toEqual(['a1', 'a2', undefined]);
    queue.push('b', 'b1');
    queue.push('a', 'a4');
    expect([queue.next(), queue.next()]).toEqual(['b1', undefined]);
    queue.done('a');
    expect([queue.next(), queue.next()]).toEqual(['a3', undefined]);
    queue.done('a');
    queue.done('a');
    expect([queue.next(), queue.next()]).toEqual(['a4', undefined]);
  });

  it('hands out no more than may run in all', () => {
    const queue = new FairQueue({ runningMax: 2, perGroupMax: 2 });
    for (const group of ['a', 'b', 'c']) queue.push(group, group);
    expect([queue.next(), queue.next(), queue.next()]).toEqual(['a', 'b', undefined]);
    queue.done('a');
    expect(queue.next()).toBe('c');
  });
});
