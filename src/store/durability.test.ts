import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogUnavailable } from './commit-errors.ts';
import {
  checkDurability,
  type Lives,
  livesArbitrary,
  type OpenCrashable,
  type Tally,
} from './durability.suite.ts';
import type { WriteOperation } from './key-value.ts';
import { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
import { change, keyOf, openStore, proposalOf, rowOf, textOf, turns } from './store-fixtures.suite.ts';

const honest: OpenCrashable = (disk) => new MemoryKeyValue(disk);

/** Says that it has synced, and has not. */
class LyingMemory extends MemoryKeyValue {
  override async write(operations: readonly WriteOperation[]): Promise<void> {
    await super.write(operations, { sync: false });
  }
  override crash(disk?: MemoryDisk): MemoryKeyValue {
    return reborn(super.crash(disk), LyingMemory);
  }
}

/** Writes batches in two halves, so that a crash can fall in between. */
class TornMemory extends MemoryKeyValue {
  override async write(operations: readonly WriteOperation[], options: { sync: boolean }): Promise<void> {
    const half = operations.length >> 1;
    await super.write(operations.slice(0, half), options);
    await super.write(operations.slice(half), options);
  }
  override crash(disk?: MemoryDisk): MemoryKeyValue {
    return reborn(super.crash(disk), TornMemory);
  }
}

// A crash gives an honest survivor; its next life shall have the same fault again.
function reborn(survivor: MemoryKeyValue, kind: typeof MemoryKeyValue): MemoryKeyValue {
  return Object.setPrototypeOf(survivor, kind.prototype) as MemoryKeyValue;
}

function property(open: OpenCrashable, tally?: Tally): fc.IAsyncProperty<[Lives]> {
  return fc.asyncProperty(livesArbitrary, (lives) => checkDurability(lives, open, tally));
}

describe('durability', () => {
  test('crashes at any point lose nothing acknowledged and keep nothing in part', {
    timeout: 30_000,
  }, async () => {
    const tally: Tally = { acknowledged: 0, survived: 0, lost: 0 };
    await fc.assert(property(honest, tally), { numRuns: 200 });
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(20);
  });

  test('the check notices a disk that only says it has synced', async () => {
    const { failed, errorInstance } = await fc.check(
      property((disk) => new LyingMemory(disk)),
      { numRuns: 200, endOnFailure: true },
    );
    expect(failed).toBe(true);
    expect(String(errorInstance)).toContain('acknowledged and is lost');
  });

  test('the check notices a disk that writes half a batch', { timeout: 30_000 }, async () => {
    const { failed, errorInstance } = await fc.check(
      property((disk) => new TornMemory(disk)),
      { numRuns: 200, endOnFailure: true },
    );
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(/LogDamaged|not the replay|not there whole/);
  });
});

describe('a failing disk', () => {
  /** Fails from the given sync on. */
  function failingAt(sync: number): MemoryDisk {
    let syncs = 0;
    return {
      async beforeSync() {
        syncs += 1;
        await turns(1);
        if (syncs >= sync) throw new Error('no space left on device');
      },
    };
  }

  test('fails everything from there on, and acknowledges nothing false', async () => {
    const keyValue = new MemoryKeyValue(failingAt(3));
    const store = await openStore(keyValue);
    await change(store, keyOf('a'), { text: '1' });
    const groups = [change(store, keyOf('b'), { text: 'x' }), change(store, keyOf('a'), { text: '2' })];
    await turns(1);
    groups.push(change(store, keyOf('c'), { text: 'x' }), change(store, keyOf('d'), { text: 'x' }));
    for (const result of await Promise.allSettled(groups)) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(LogUnavailable) });
    }
    const later = change(store, keyOf('e'), { text: 'x' });
    await expect(later).rejects.toMatchObject({
      isTransient: false,
      message: expect.stringContaining('no space left'),
    });
    await expect(store.settled()).rejects.toThrow(LogUnavailable);
    expect(store.failure).toBeInstanceOf(LogUnavailable);
    expect(textOf(store.get(keyOf('a')))).toBe('1');
    expect(store.get(keyOf('b'))).toBeUndefined();
    const survivor = await openStore(keyValue.crash({}));
    expect(textOf(survivor.get(keyOf('a')))).toBe('1');
    expect(survivor.revision).toBe(store.revision);
    await change(survivor, keyOf('b'), { text: 'again' });
  });

  test('a repeat with the same commit id does not pass for success either', async () => {
    const store = await openStore(new MemoryKeyValue(failingAt(2)));
    const proposal = proposalOf([{ key: keyOf('a'), row: rowOf('x') }], { commitId: Buffer.alloc(16, 1) });
    await expect(store.commit(proposal)).rejects.toThrow(LogUnavailable);
    await expect(store.commit(proposal)).rejects.toThrow(LogUnavailable);
  });

  test('closing a store whose disk has failed ends', async () => {
    const store = await openStore(new MemoryKeyValue(failingAt(2)));
    await expect(change(store, keyOf('a'), { text: 'x' })).rejects.toThrow(LogUnavailable);
    await store.close();
  });

  test('watchers and readers never see what did not reach the disk', async () => {
    const store = await openStore(new MemoryKeyValue(failingAt(3)));
    const seen: string[] = [];
    store.feed.subscribeToGroups(({ events }) => seen.push(...events.map(({ key }) => key.name)));
    await change(store, keyOf('a'), { text: '1' });
    await expect(change(store, keyOf('b'), { text: 'x' })).rejects.toThrow(LogUnavailable);
    await turns(3);
    expect(seen).toEqual(['a']);
  });
});
