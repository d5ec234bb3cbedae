import type { Position } from '../../store/mod.ts';

/** The three comparisons that everything about homes rests upon. Tests plant faults here, and see them found. */
export interface Rules {
  /** Whether a voter that has promised an epoch may promise another one. */
  mayPromise(epoch: number, promised: number): boolean;
  /** Negative if the first history is the more advanced one, which has all that was acknowledged in the other. */
  compareHistories(a: Place, b: Place): number;
  isMajority(count: number, voters: number): boolean;
}

/** How far a history is. */
export type Place = Pick<Position, 'epoch' | 'sequence'>;

export const RULES: Rules = {
  mayPromise: (epoch, promised) => epoch > promised,
  compareHistories: (a, b) => b.epoch - a.epoch || b.sequence - a.sequence,
  isMajority: (count, voters) => count * 2 > voters,
};
