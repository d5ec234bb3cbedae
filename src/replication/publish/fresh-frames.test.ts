import { expect, test } from 'vitest';
import { limits } from '../../base/mod.ts';
import { FreshFrames } from './fresh-frames.ts';

const frame = (sequence: number, sizeBytes = 10) => ({ sequence, bytes: Buffer.alloc(sizeBytes, sequence) });
const sequences = (frames: readonly { readonly sequence: number }[] | undefined) =>
  frames?.map(({ sequence }) => sequence);

test('frames are taken from where they are wanted, each once', () => {
  const fresh = new FreshFrames();
  fresh.push([frame(4), frame(5), frame(6)]);
  expect(fresh.take(3)).toBeUndefined();
  expect(sequences(fresh.take(5))).toEqual([5, 6]);
  expect(fresh.take(7)).toBeUndefined();
  fresh.push([frame(7)]);
  expect(sequences(fresh.take(7))).toEqual([7]);
});

test('what does not fit in one message is left for the next one, and one frame always goes', () => {
  const fresh = new FreshFrames();
  const half = Math.ceil(limits.publishBatchBytes / 2) + 1;
  fresh.push([frame(1, half), frame(2, half), frame(3, 2 * half)]);
  expect(sequences(fresh.take(1))).toEqual([1]);
  expect(sequences(fresh.take(2))).toEqual([2]);
  expect(sequences(fresh.take(3))).toEqual([3]);
});

test('a log that went back, and more than there is room for, are left to the disk', () => {
  const fresh = new FreshFrames();
  fresh.push([frame(1), frame(2)]);
  fresh.push([frame(2, 11)]);
  expect(fresh.take(1)).toBeUndefined();
  expect(fresh.take(2)?.[0]?.bytes).toHaveLength(11);
  fresh.push([frame(3, limits.publishFreshBytesMax), frame(4)]);
  expect(fresh.take(3)).toBeUndefined();
});
