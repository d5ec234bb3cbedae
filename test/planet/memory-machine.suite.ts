import type {
  MemoryDisk,
  MemoryKeyValue,
  Position,
  ReplicatedLog,
  SurvivalGate,
} from '../../src/store/mod.ts';

/** The parent of a workspace is on the first one, the workspace on the other. */
export const SHARDS = ['root', 'us'] as const;
export type Shard = (typeof SHARDS)[number];

/** The power of one machine: it goes in the middle of a write, and nothing is durable any more. */
export class Power implements MemoryDisk {
  syncs = 0;
  failsAt = Number.POSITIVE_INFINITY;
  isOff = false;

  async beforeSync(): Promise<void> {
    if (!this.isOff) this.syncs += 1;
    if (this.syncs >= this.failsAt) this.isOff = true;
    if (this.isOff) throw new Error('the power has gone');
  }
}

export type Disks = Readonly<Record<Shard, MemoryKeyValue>>;

/** What is left of a machine's disks when it stops; they may be copied any number of times. */
export function left(disks: Disks, power: MemoryDisk): Disks {
  return { root: disks.root.crash(power), us: disks.us.crash(power) };
}

/** Counts a commit once the other region has it on its disk. */
export class OtherRegion implements SurvivalGate {
  outOfReach(): string | undefined {
    return undefined;
  }
  written(_position: Position): void {}
}

/** What a log has on its disk, from a frame on. */
export async function framesFrom(log: ReplicatedLog, from: number): Promise<Buffer[]> {
  const replayed = log.replay(from);
  if (replayed.kind === 'below') throw new Error(`frames are kept from ${replayed.first} on`);
  const frames: Buffer[] = [];
  for await (const batch of replayed.batches) frames.push(...batch.map(({ bytes }) => bytes));
  return frames;
}
