import { decodeFrame, type Frame } from './frame.ts';
import type { KeyValueStore, WriteOperation } from './key-value.ts';
import { NOT_ADOPTED_RANGE, notAdoptedKey } from './tables.ts';

/** A commit that this member had and the shard's history does not. */
export interface NotAdopted {
  readonly frame: Frame;
  /** Whether it had met its goal as this member knew it: readers saw it, and its writer was answered. */
  readonly wasVisible: boolean;
}

/** Keeps a commit that is undone. */
export function keepNotAdopted(frameBytes: Uint8Array, wasVisible: boolean): WriteOperation {
  const { epoch, sequence } = decodeFrame(frameBytes);
  const flag = Buffer.of(wasVisible ? 1 : 0);
  return { key: notAdoptedKey(epoch, sequence), value: Buffer.concat([flag, frameBytes]) };
}

/** All that were undone, in the order of their epochs and sequences, in batches that fit in memory. */
export async function* readNotAdopted(keyValue: KeyValueStore): AsyncGenerator<readonly NotAdopted[]> {
  for await (const entries of keyValue.iterate(NOT_ADOPTED_RANGE)) {
    yield entries.map(([, value]) => ({ frame: decodeFrame(value.subarray(1)), wasVisible: value[0] === 1 }));
  }
}

/** Forgets those of an epoch: somebody has seen to them. */
export async function forgetNotAdopted(keyValue: KeyValueStore, epoch: number): Promise<void> {
  const range = { start: notAdoptedKey(epoch, 0), end: notAdoptedKey(epoch + 1, 0) };
  for await (const entries of keyValue.iterate(range, { keysOnly: true })) {
    await keyValue.write(
      entries.map(([key]) => ({ key })),
      { sync: true },
    );
  }
}
