import type { RegionName } from '../../base/mod.ts';
import type { CoreState, LogView } from './core-types.ts';
import { holderOf, type SurvivalGoal } from './settings.ts';

/** A shard as one member sees it: what is shown by commands and in objects. */
export interface ShardStatus {
  readonly shard: string;
  /** The region that was home last, as this member's log says; undefined without any. */
  readonly home: RegionName | undefined;
  readonly epoch: number;
  readonly sequence: number;
  readonly role: CoreState['role']['kind'];
  readonly goal: SurvivalGoal | undefined;
  /** What is met: `zone (unsynced)` is a copy that may not survive what it is there for. At the home only. */
  readonly met: SurvivalGoal | 'zone (unsynced)' | undefined;
  /** Why nothing can be written at the moment. At the home only. */
  readonly outOfReach: string | undefined;
  readonly voters: readonly VoterStatus[];
  /** Why this member does not go on as the home, if so. */
  readonly waitsFor: string | undefined;
}

export interface VoterStatus {
  readonly region: RegionName;
  readonly member: string;
  readonly slot: number;
  readonly isHome: boolean;
  /** At the home: how many commits the voter is behind, and for how long it was not heard; undefined if never. */
  readonly lagCommits: number | undefined;
  readonly silentMs: number | undefined;
}

/** What a member knows of a shard's homes. */
export function statusOf(options: {
  readonly shard: string;
  readonly state: CoreState;
  readonly view: LogView;
  readonly outOfReach: string | undefined;
}): ShardStatus {
  const { shard, state, view, outOfReach } = options;
  const { role, self } = state;
  const { end, settings } = view;
  const term = role.kind === 'home' || role.kind === 'moving' ? role.term : undefined;
  const home = settings && holderOf(settings, end.epoch);
  const voters = (settings?.voters ?? []).map((voter): VoterStatus => {
    const isSelf = voter.region === self.region && voter.member === self.member;
    const heard = term?.heard.get(voter.slot);
    return {
      region: voter.region,
      member: voter.member,
      slot: voter.slot,
      isHome: voter === home,
      lagCommits: term && (isSelf ? 0 : heard && Math.max(0, end.sequence - heard.sequence)),
      silentMs: term && (isSelf ? 0 : heard && Math.round(view.nowMs - heard.atMs)),
    };
  });
  const goal = settings?.goal;
  const isUnsynced = goal === 'zone' && term?.copy?.isSynced === false;
  return {
    shard,
    home: home?.region,
    epoch: end.epoch,
    sequence: end.sequence,
    role: role.kind,
    goal,
    met: term === undefined || outOfReach !== undefined ? undefined : isUnsynced ? 'zone (unsynced)' : goal,
    outOfReach: term && outOfReach,
    voters,
    waitsFor: role.kind === 'unsettled' ? role.reason : undefined,
  };
}
