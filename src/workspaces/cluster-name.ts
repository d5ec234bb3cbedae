import { hash } from 'node:crypto';
import type { LogicalCluster, Random } from '../base/mod.ts';

const RANDOM_BYTES = 32;
const NAME_LENGTH = 16;
const HOME_BYTES = 8;
const SHARD_HASH_LENGTH = 8;

/** A name for a new logical cluster, as kcp draws them: 16 characters of base 36. */
export function randomClusterName(random: Random): LogicalCluster {
  const digest = sha224(random.bytes(RANDOM_BYTES));
  return base36(digest).slice(0, NAME_LENGTH) as LogicalCluster;
}

/** The name of the logical cluster that is a user's home. */
export function homeClusterName(userName: string): LogicalCluster {
  return base36(sha224(userName).subarray(0, HOME_BYTES)) as LogicalCluster;
}

/** The hash by which kcp names a shard in an annotation. */
export function shardHash(shardName: string): string {
  return base36(sha224(shardName)).slice(0, SHARD_HASH_LENGTH);
}

function sha224(data: string | Uint8Array): Buffer {
  return hash('sha224', data, 'buffer');
}

/** Bytes as a number in base 36, in lower case, with a zero in front for each leading zero byte. */
function base36(bytes: Uint8Array): string {
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return '0'.repeat(Math.max(zeros, 0)) + BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString(36);
}
