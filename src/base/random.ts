import { randomFillSync, randomInt, randomUUID } from 'node:crypto';

/** Randomness as an argument: real in a member, drawn from a seed in simulations. */
export interface Random {
  /** A lower-case version 4 UUID. */
  uuid(): string;
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
  /** An integer in [0, bound). */
  below(bound: number): number;
}

/** Asked for at once, since a call of the system takes longer than the few bytes of a name. */
const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  bytes(count) {
    if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count));
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = Buffer.from(pool.subarray(used, used + count));
    // Nobody finds in the pool what somebody has as a secret.
    pool.fill(0, used, used + count);
    used += count;
    return bytes;
  },
  below: (bound) => randomInt(bound),
};
