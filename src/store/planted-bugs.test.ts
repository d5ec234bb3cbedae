import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkDurability, livesArbitrary } from './durability.suite.ts';
import type * as ForeignFrame from './foreign-frame.ts';
import { frameHash } from './frame.ts';
import type { WriteOperation } from './key-value.ts';
import { type MemoryDisk, MemoryKeyValue } from './memory-key-value.ts';
import { checkReplication } from './replication-model.suite.ts';
import { scheduleArbitrary } from './replication-schedules.suite.ts';

/** What is planted at the moment in how a member judges frames that come from elsewhere. */
const planted = vi.hoisted(() => ({ skipsHashes: false }));

vi.mock('./foreign-frame.ts', async (importOriginal) => {
  const original = await importOriginal<typeof ForeignFrame>();
  const judgeFrame: typeof original.judgeFrame = (frame, bytes, log, senderEpoch) => {
    if (!planted.skipsHashes) return original.judgeFrame(frame, bytes, log, senderEpoch);
    // As if every hash were the one that is looked for.
    const { opening, sequence } = frame;
    const previousHash =
      (sequence === log.end.sequence + 1 ? log.end.hash : log.at(sequence - 1)?.hash) ?? frame.previousHash;
    return original.judgeFrame(
      {
        ...frame,
        previousHash,
        ...(opening && { opening: { ...opening, former: { ...opening.former, hash: previousHash } } }),
      },
      bytes,
      {
        ...log,
        at: (place) => {
          const ours = log.at(place);
          return ours && place === sequence ? { ...ours, hash: frameHash(bytes) } : ours;
        },
      },
      senderEpoch,
    );
  };
  return { ...original, judgeFrame };
});

afterEach(() => {
  planted.skipsHashes = false;
});

/** Says that a batch is on the disk when only the one before it is: what is acknowledged by that is so too early. */
class HastyMemory extends MemoryKeyValue {
  override async write(operations: readonly WriteOperation[], options: { sync: boolean }): Promise<void> {
    const synced = options.sync ? super.write([], options) : undefined;
    await Promise.all([synced, super.write(operations, { sync: false })]);
  }
  override crash(disk?: MemoryDisk): MemoryKeyValue {
    // A crash gives an honest survivor; its next life shall have the same fault again.
    return Object.setPrototypeOf(super.crash(disk), HastyMemory.prototype) as MemoryKeyValue;
  }
}

/** Enough to notice what is planted, whose histories end with the first that does. */
const RUNS_MAX = 400;
const RUNS_OF_NOTHING = 60;

async function errorIn<Values>(property: fc.IAsyncProperty<Values>, numRuns = RUNS_MAX): Promise<string> {
  const details = await fc.check(property, { numRuns, seed: 1, endOnFailure: true });
  return details.failed ? String(details.errorInstance) : 'nothing was noticed';
}

function lives(open: (disk: MemoryDisk) => MemoryKeyValue): Promise<string> {
  return errorIn(fc.asyncProperty(livesArbitrary, (each) => checkDurability(each, open)));
}

function schedules(values: () => MemoryKeyValue, numRuns?: number): Promise<string> {
  return errorIn(
    fc.asyncProperty(scheduleArbitrary, (schedule) => checkReplication(schedule, undefined, values)),
    numRuns,
  );
}

describe('the histories that test the store notice', { timeout: 120_000 }, () => {
  test('when commits are acknowledged before they are synced', async () => {
    expect(await lives((disk) => new HastyMemory(disk))).toContain('was acknowledged and is lost');
  });

  test('when a voter says that it has what it has not synced', async () => {
    expect(await schedules(() => new HastyMemory())).toContain('a fork was found where none is');
  });

  test('when a member does not check hashes of frames', async () => {
    planted.skipsHashes = true;
    expect(await schedules(() => new MemoryKeyValue())).toContain('members differ');
  });

  test('nothing where nothing is planted', async () => {
    expect(await schedules(() => new MemoryKeyValue(), RUNS_OF_NOTHING)).toBe('nothing was noticed');
  });
});
