import { expect, test } from 'vitest';
import { MemoryKeyValue } from './memory-key-value.ts';
import { framesOf, openFollower, openHome, ship } from './replication-fixtures.suite.ts';
import { change, keyOf, turns } from './store-fixtures.suite.ts';

const LARGE = 'x'.repeat(16 * 1024);

test('a member that follows takes thousands of frames in many turns, and writes while it takes', async () => {
  const home = await openHome(new MemoryKeyValue());
  for (let index = 0; index < 64; index++) await change(home, keyOf(`n${index}`), { text: LARGE });
  let written = 0;
  const follower = await openFollower();
  follower.log.subscribeToWritten(() => {
    written += 1;
  });
  const frames = await framesOf(home, 1);
  let isTaken = false;
  const taken = follower.log.apply({ frames, mark: 64 }).then((result) => {
    isTaken = true;
    return result;
  });
  let passed = 0;
  for (; !isTaken; passed++) await turns(1);
  expect(await taken).toMatchObject({ kind: 'applied', applied: 64 });
  expect(passed).toBeGreaterThan(12);
  expect(written).toBeGreaterThan(4);
  expect(follower.revision).toBe(home.revision);
});

test('a member that follows takes nothing more when the disk fails in the middle of many frames', async () => {
  const home = await openHome(new MemoryKeyValue());
  for (let index = 0; index < 64; index++) await change(home, keyOf(`n${index}`), { text: LARGE });
  let isFull = false;
  const values = new MemoryKeyValue({
    beforeSync: async () => {
      if (isFull) throw new Error('the disk is full');
    },
  });
  const follower = await openFollower(values);
  follower.log.subscribeToWritten(() => {
    isFull = true;
    // Once: what would come after the gap must not be written either.
    setImmediate(() =>
      setImmediate(() => {
        isFull = false;
      }),
    );
  });
  const taken = follower.log.apply({ frames: await framesOf(home, 1), mark: 64 });
  await expect(taken).rejects.toThrow('the disk is full');
  const again = await openFollower(values.crash({}));
  const { end } = again.log;
  expect(end.sequence).toBeGreaterThan(0);
  expect(end.sequence).toBeLessThan(64);
  expect(await ship(home, again)).toMatchObject({ kind: 'applied' });
  expect(again.revision).toBe(home.revision);
});
