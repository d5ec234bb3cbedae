import type { ShardName } from '../base/mod.ts';

/** Beside that of the shard, in the directory of a member. */
export const CONVERGENT_DIRECTORY = 'convergent';

/** What is written in any region is in the log of the region where it was written, and so in one of this name. */
export function convergentLogOf(region: string): ShardName {
  return `convergent-${region}` as ShardName;
}
