import { describe, expect, it } from 'vitest';
import { limits } from '../base/mod.ts';
import { newConflict, newServiceUnavailable } from '../machinery/mod.ts';
import type { ListedObject } from '../store/mod.ts';
import { changeAll, isLeaving } from './objects.ts';

const RESOURCE = { group: '', resource: 'configmaps' };

describe('an object', () => {
  it.each<[boolean, object]>([
    [false, { name: 'a' }],
    [false, { name: 'a', finalizers: ['x/y'] }],
    [true, { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y'] }],
    // Another deletion would take these away.
    [false, { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] }],
    [false, { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x/y', 'orphan'] }],
    [false, { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' }],
  ])('is leaving: %s, with %o', (expected, metadata) => {
    // What looks like the field elsewhere is none.
    const json = Buffer.from(JSON.stringify({ metadata, spec: { deletionTimestamp: 'x' } }));
    expect(isLeaving({ json } as ListedObject['row'])).toBe(expected);
  });
});

describe('changeAll', () => {
  it('changes many objects at once, but no more than the limit', async () => {
    let running = 0;
    let runningMax = 0;
    const changed: string[] = [];
    await changeAll(batches(300, 150), new AbortController().signal, async ({ key }) => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise(setImmediate);
      running -= 1;
      changed.push(key.name);
    });
    expect(runningMax).toBe(limits.controllerChangesMax);
    expect(new Set(changed).size).toBe(450);
  });

  it('goes on after a refusal of one object, and throws it at the end', async () => {
    const changed: string[] = [];
    const change = async ({ key }: ListedObject) => {
      if (key.name === '0-1') throw newConflict(RESOURCE, key.name, 'for a reason of its own');
      changed.push(key.name);
    };
    const all = changeAll(batches(3, 3), new AbortController().signal, change);
    await expect(all).rejects.toThrow('for a reason of its own');
    expect(changed).toEqual(['0-0', '0-2', '1-0', '1-1', '1-2']);
  });

  it.each([newServiceUnavailable('the disk is full'), new TypeError('a mistake')])(
    'stops soon after a failure that is not the object alone: %s',
    async (failure) => {
      let changes = 0;
      const change = async () => {
        changes += 1;
        await Promise.resolve();
        throw failure;
      };
      const all = changeAll(batches(1_000, 1_000), new AbortController().signal, change);
      await expect(all).rejects.toBe(failure);
      expect(changes).toBeLessThanOrEqual(limits.controllerChangesMax);
    },
  );

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    let changes = 0;
    const change = async () => {
      changes += 1;
      abort.abort(new Error('stopping'));
    };
    await expect(changeAll(batches(1_000, 1_000), abort.signal, change)).rejects.toThrow('stopping');
    expect(changes).toBe(1);
  });
});

async function* batches(...sizes: readonly number[]): AsyncGenerator<ListedObject[]> {
  for (const [batch, size] of sizes.entries()) {
    yield Array.from(
      { length: size },
      (_, index) => ({ key: { name: `${batch}-${index}` } }) as ListedObject,
    );
  }
}
