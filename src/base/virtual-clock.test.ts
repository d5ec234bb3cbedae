import { describe, expect, it } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  it('runs tasks at their times, those of one time in the order of their arrival', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name}@${clock.monotonicMs()}`);
    clock.after(20, note('late'));
    clock.after(10, note('first'));
    clock.after(10, note('second'));
    const cancel = clock.after(10, note('cancelled'));
    cancel();
    await clock.advance(15);
    expect(ran).toEqual(['first@10', 'second@10']);
    await clock.advance(5);
    expect(ran).toEqual(['first@10', 'second@10', 'late@20']);
  });

  it('lets what awaits a task run before the next one, and new tasks at their own time', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const sleep = (delayMs: number) => new Promise<void>((resolve) => clock.after(delayMs, resolve));
    clock.after(11, () => ran.push('other@11'));
    const walk = async () => {
      await sleep(10);
      await Promise.resolve();
      ran.push(`woken@${clock.monotonicMs()}`);
      await sleep(5);
      ran.push(`again@${clock.monotonicMs()}`);
    };
    await clock.until(walk());
    expect(ran).toEqual(['woken@10', 'other@11', 'again@15']);
  });

  it('says that a promise can no longer settle, or not in time', async () => {
    const clock = new VirtualClock();
    const never = new Promise<void>(() => {});
    await expect(clock.until(never)).rejects.toThrow('nothing is left to happen');
    clock.after(500, () => {});
    await expect(clock.until(never, 100)).rejects.toThrow('within 100 ms');
  });
});

describe('randomness from a seed', () => {
  it('is the same for the same seed, and another for another', () => {
    const draw = (seed: number) => {
      const random = new SeededRandom(seed);
      return [random.uuid(), random.below(1000), Buffer.from(random.bytes(4)).toString('hex')];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(3)[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('stays below its bound', () => {
    const random = new SeededRandom(7);
    const drawn = Array.from({ length: 1000 }, () => random.below(3));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]));
  });
});
