import { assert, type RegionName } from '../../base/mod.ts';

/** What a commit of a shard has to survive before it is acknowledged; see `docs/homes.md`. */
export type SurvivalGoal = 'process' | 'zone' | 'region';

/** From the weakest to the strongest. */
export const SURVIVAL_GOALS: readonly SurvivalGoal[] = ['process', 'zone', 'region'];

/**
 * A member as a voter. The incarnation is that of its directory: a member that has lost it has forgotten what it
 * promised, and is nobody's voter until the log names its new one.
 */
export interface VoterName {
  readonly region: RegionName;
  readonly member: string;
  readonly incarnation: string;
}

/** The one voter of a region, and its slot: its epochs are those with the same remainder by eight. */
export interface Voter extends VoterName {
  readonly slot: number;
}

/** How a shard is replicated, as its log says it (`Frame.settings`). */
export interface ShardSettings {
  readonly goal: SurvivalGoal;
  /** The goal before the last change: commits before that one were acknowledged under it. */
  readonly formerGoal: SurvivalGoal;
  /** In the order of their slots; one per region. */
  readonly voters: readonly Voter[];
}

export const EPOCH_SLOTS = 8;

/** The voter that is home in an epoch, also if its directory is another one by now. */
export function holderOf(settings: ShardSettings, epoch: number): Voter | undefined {
  return settings.voters.find(({ slot }) => slot === epoch % EPOCH_SLOTS);
}

/** The voter that a member is, or was before it lost its directory. */
export function voterNamed(
  settings: ShardSettings,
  name: Pick<VoterName, 'region' | 'member'>,
): Voter | undefined {
  return settings.voters.find(({ region, member }) => region === name.region && member === name.member);
}

/** The voter that a member is with the directory that it has. */
export function voterOf(settings: ShardSettings, name: VoterName): Voter | undefined {
  const voter = voterNamed(settings, name);
  return voter?.incarnation === name.incarnation ? voter : undefined;
}

/** The lowest epoch of a slot above another epoch. */
export function nextEpoch(slot: number, above: number): number {
  const base = above - (above % EPOCH_SLOTS) + slot;
  return base > above ? base : base + EPOCH_SLOTS;
}

/** The settings with one more voter. Undefined when all slots are taken, or its region has one. */
export function withVoter(settings: ShardSettings, name: VoterName): ShardSettings | undefined {
  const taken = new Set(settings.voters.map(({ slot }) => slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  const hasRegion = settings.voters.some(({ region }) => region === name.region);
  if (slot >= EPOCH_SLOTS || hasRegion) return undefined;
  const voters = [...settings.voters, { ...name, slot }].sort((a, b) => a.slot - b.slot);
  return { ...settings, formerGoal: settings.goal, voters };
}

/** The settings without a region's voter. */
export function withoutVoter(settings: ShardSettings, region: RegionName): ShardSettings {
  const voters = settings.voters.filter((voter) => voter.region !== region);
  assert(voters.length > 0, 'a shard has voters');
  return { ...settings, formerGoal: settings.goal, voters };
}

/**
 * The settings with a voter's new directory in the place of the one that it has lost. That is one change and not two:
 * nobody can act as the lost one any more, so that any majority that can still be had meets any of the new ones.
 */
export function withIncarnation(settings: ShardSettings, name: VoterName): ShardSettings {
  const voters = settings.voters.map((voter) =>
    voter.region === name.region && voter.member === name.member ? { ...voter, ...name } : voter,
  );
  return { ...settings, formerGoal: settings.goal, voters };
}

export function withGoal(settings: ShardSettings, goal: SurvivalGoal): ShardSettings {
  return { ...settings, goal, formerGoal: settings.goal };
}

/** Whether the settings before a change asked for more than those after it. */
export function wasStronger(settings: ShardSettings): boolean {
  return SURVIVAL_GOALS.indexOf(settings.formerGoal) > SURVIVAL_GOALS.indexOf(settings.goal);
}
