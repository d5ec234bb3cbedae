import type { Rules } from './rules.ts';
import type { SurvivalGoal } from './settings.ts';

/** One thing that is done to the planet; times and durations in milliseconds. */
export interface Action {
  readonly atMs: number;
  readonly kind:
    | 'crash'
    | 'wipe'
    | 'cut'
    | 'cut-one-way'
    | 'promote'
    | 'accept-loss'
    | 'move'
    | 'confirm-epoch'
    | 'fence'
    | 'goal'
    | 'remove-voter';
  readonly member: number;
  readonly other: number;
  readonly forMs: number;
}

export interface ModelPlan {
  readonly seed: number;
  readonly members: number;
  readonly goal: SurvivalGoal;
  readonly lose: number;
  readonly duplicate: number;
  readonly actions: readonly Action[];
}

/** What a test plants. */
export interface Faults {
  readonly rules?: Rules;
  /** Promises are said to be on the disk and are not. */
  readonly promisesUnsynced?: boolean;
}

/** While faults happen, and after that until all has to be well. */
export const STORM_MS = 8_000;
