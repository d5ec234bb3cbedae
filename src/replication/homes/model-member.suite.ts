import type { RegionName } from '../../base/mod.ts';
import type { CoreState, PromiseRecord } from './core-types.ts';
import { ModelCopy } from './model-copy.suite.ts';
import { type ModelFrame, ModelLog } from './model-log.suite.ts';
import type { SurvivalGoal, VoterName } from './settings.ts';

/** A commit that somebody was told of. */
export interface Acknowledged {
  readonly frame: ModelFrame;
  readonly goal: SurvivalGoal;
  readonly atMs: number;
}

/** A member of a model planet: what it has on its disk, and what it is at the moment. */
export class Member {
  readonly index: number;
  self: VoterName;
  log = new ModelLog();
  readonly copy = new ModelCopy();
  core: CoreState | undefined;
  promise: PromiseRecord | undefined;
  isUp = true;
  /** Counts its lives: what an earlier one has begun is over. */
  life = 0;
  readonly rate: number;

  constructor(index: number, rate: number) {
    this.index = index;
    this.rate = rate;
    this.self = { region: `r${index}` as RegionName, member: 'm', incarnation: `${index}.0` };
  }
}
