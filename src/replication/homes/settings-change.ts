import type { RegionName } from '../../base/mod.ts';
import type { Command } from './core-types.ts';
import { termOf } from './office.ts';
import {
  type ShardSettings,
  type SURVIVAL_GOALS,
  voterNamed,
  voterOf,
  withGoal,
  withIncarnation,
  withoutVoter,
  withVoter,
} from './settings.ts';
import type { Turn } from './turn.ts';

type Change = Extract<Command, { kind: 'add-voter' | 'remove-voter' | 'set-goal' }>;

/**
 * Changes voters or goal, one thing at a time: the next change waits until the one before has met its goal, in this
 * home's own epoch. So any majority before meets any after.
 */
export function startChange(turn: Turn, command: number, change: Change): void {
  const { state, settings, view } = turn;
  const refuse = (detail: string) => turn.settle(command, { kind: 'refused', detail });
  if (state.role.kind !== 'home' || settings === undefined)
    return refuse('this member is not the home of the shard');
  const { term } = state.role;
  if (term.doubt !== undefined || view.visible.epoch !== term.epoch)
    return refuse('the home has not confirmed its epoch yet: try again in a moment');
  if (term.change !== undefined) return refuse('another change is under way: try again in a moment');
  const changed = settingsAfter(settings, change, state.self.region);
  if (typeof changed === 'string') return refuse(changed);
  if (changed === settings) return turn.settle(command, { kind: 'done', epoch: term.epoch });
  propose(turn, changed, command);
}

/** A home whose directory was lost is a voter again as soon as its epoch has begun. */
export function enrolItself(turn: Turn): void {
  const term = termOf(turn);
  const { settings, view, state } = turn;
  if (term === undefined || settings === undefined || turn.isEnrolled || turn.voter === undefined) return;
  if (view.visible.epoch !== term.epoch || term.change !== undefined || state.role.kind !== 'home') return;
  propose(turn, withIncarnation(settings, state.self), undefined);
}

function propose(turn: Turn, settings: ShardSettings, command: number | undefined): void {
  // Both goals count until it is known which commit it is.
  const strictUntil = Number.MAX_SAFE_INTEGER;
  const untilMs = turn.view.nowMs + turn.timing.campaignMs;
  turn.setTerm({ change: { sequence: undefined, command, untilMs }, strictUntil });
  turn.effects.push({ kind: 'change', settings });
}

export function onChanged(turn: Turn, sequence: number | undefined, problem: string | undefined): void {
  const term = termOf(turn);
  if (term?.change === undefined || term.change.sequence !== undefined) return;
  const { command } = term.change;
  if (sequence === undefined) {
    turn.setTerm({ change: undefined, strictUntil: 0 });
    turn.settle(command, { kind: 'failed', detail: problem ?? 'the change was not taken' });
  } else turn.setTerm({ change: { ...term.change, sequence }, strictUntil: sequence });
}

function settingsAfter(settings: ShardSettings, change: Change, home: RegionName): ShardSettings | string {
  switch (change.kind) {
    case 'set-goal':
      return change.goal === settings.goal ? settings : withGoal(settings, change.goal);
    case 'remove-voter':
      if (change.region === home) return 'the home is a voter: move the shard first';
      if (settings.voters.every(({ region }) => region !== change.region)) return settings;
      return withoutVoter(settings, change.region);
    case 'add-voter': {
      const { voter } = change;
      if (voterOf(settings, voter) !== undefined) return settings;
      if (voterNamed(settings, voter) !== undefined) return withIncarnation(settings, voter);
      const more = withVoter(settings, voter);
      if (more !== undefined) return more;
      const other = settings.voters.find(({ region }) => region === voter.region);
      return other === undefined
        ? 'a shard has eight voters at most'
        : `member ${other.member} is the voter of region ${voter.region}: remove it first`;
    }
  }
}

/** The settings that a log begins with, whose only voter is its founder: its first epoch is 1, and so its slot. */
export function foundingSettings(options: {
  readonly founder: Parameters<typeof withIncarnation>[1];
  readonly goal?: (typeof SURVIVAL_GOALS)[number];
}): ShardSettings {
  const { founder, goal = 'process' } = options;
  return { goal, formerGoal: goal, voters: [{ ...founder, slot: 1 }] };
}
