export type { Command, CommandOutcome } from './core-types.ts';
export { Homes } from './homes.ts';
export { decodeSettings, encodeSettings } from './messages.ts';
export { PromiseTable } from './promises.ts';
export {
  holderOf,
  type ShardSettings,
  SURVIVAL_GOALS,
  type SurvivalGoal,
  type Voter,
  type VoterName,
} from './settings.ts';
export { foundingSettings } from './settings-change.ts';
export { type HomeReport, ShardHome, type ShardHomeOptions } from './shard-home.ts';
export type { ShardStatus, VoterStatus } from './status.ts';
