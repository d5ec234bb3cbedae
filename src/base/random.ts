import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/** Randomness as an argument: real in a member, drawn from a seed in simulations. */
export interface Random {
  /** A lower-case version 4 UUID. */
  uuid(): string;
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
  /** An integer in [0, bound). */
  below(bound: number): number;
}

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  bytes: (count) => randomBytes(count),
  below: (bound) => randomInt(bound),
};
