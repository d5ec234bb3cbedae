import type { RegionName } from '../../base/mod.ts';
import type { Position } from '../../store/mod.ts';
import { startCampaign } from './campaign.ts';
import type { Role } from './core-types.ts';
import { leaveOffice, settleTerm, wait } from './office.ts';
import type { Answer, Question } from './protocol.ts';
import { holderOf } from './settings.ts';
import type { Turn } from './turn.ts';

type Moving = Extract<Role, { kind: 'moving' }>;

/** Hands the shard over to the voter of another region, if that is nearly as far. */
export function startMove(turn: Turn, command: number, region: RegionName): void {
  const { state, settings, view, timing } = turn;
  const refuse = (detail: string) => turn.settle(command, { kind: 'refused', detail });
  if (state.role.kind !== 'home' || settings === undefined)
    return refuse('this member is not the home of the shard');
  const { term } = state.role;
  if (region === state.self.region) return turn.settle(command, { kind: 'done', epoch: term.epoch });
  const target = settings.voters.find((voter) => voter.region === region);
  if (target === undefined) return refuse(`region ${region} has no voter of the shard`);
  if (term.doubt !== undefined || view.visible.epoch !== term.epoch)
    return refuse('the home has not confirmed its epoch yet: try again in a moment');
  if (term.change !== undefined) return refuse('a change of the voters is under way: try again in a moment');
  const heard = term.heard.get(target.slot);
  const late = view.nowMs - timing.reachMs;
  const wanted = term.ends.findLast(({ atMs }) => atMs <= late)?.sequence ?? 0;
  if (heard === undefined || heard.atMs < late)
    return refuse(`the voter of region ${region} is out of reach`);
  // It has to read all this while nobody can write.
  if (heard.sequence < wanted)
    return refuse(
      `region ${region} is ${view.end.sequence - heard.sequence} commits behind: try again later`,
    );
  turn.become({
    kind: 'moving',
    term,
    target,
    command,
    deadlineMs: view.nowMs + timing.moveMs,
    sealed: undefined,
    askedMs: 0,
  });
  turn.effects.push({ kind: 'seal' });
}

/** The epoch is over, and all of it has met its goal; or it could not be ended. */
export function onSealed(turn: Turn, position: Position | undefined, problem: string | undefined): void {
  const role = moving(turn);
  if (role === undefined || role.sealed !== undefined) return;
  if (position === undefined) {
    const detail = `the epoch could not be sealed: ${problem ?? ''}`;
    turn.effects.push({ kind: 'step-down', reason: detail });
    return leaveOffice(turn, detail);
  }
  settleTerm(turn, role.term, `the shard moves to region ${role.target.region}`);
  turn.become({ ...role, sealed: position });
  askTarget(turn);
}

function askTarget(turn: Turn): void {
  const role = moving(turn);
  if (role?.sealed === undefined) return;
  turn.become({ ...role, askedMs: turn.view.nowMs });
  const { sealed, target } = role;
  const question: Question = {
    kind: 'take-over',
    from: turn.state.self,
    sealed,
    revision: turn.view.revision,
  };
  turn.ask(target, question, { kind: 'take-over', number: sealed.epoch });
}

/** The old home has sealed its epoch: this member opens the next one. */
export function onTakeOver(turn: Turn, id: number, question: Extract<Question, { kind: 'take-over' }>): void {
  const { role } = turn.state;
  const { sealed, revision, from } = question;
  const { settings, view } = turn;
  const holder = settings && holderOf(settings, sealed.epoch);
  const isNews = sealed.epoch >= view.end.epoch && turn.promised <= sealed.epoch;
  const canBegin = role.kind === 'follower' && isNews && turn.voter !== undefined;
  // Asked again, while it is under way or done.
  const isKnown = role.kind === 'campaign' ? role.campaign.sealed !== undefined : role.kind === 'home';
  const isGranted = holder?.region === from.region && (canBegin || isKnown);
  turn.answer(id, { isGranted });
  if (isGranted && canBegin) startCampaign(turn, { handedOver: { sealed, above: revision } });
}

/** Whoever was asked to take over will not: the shard stays here, in a new epoch. */
export function onTakeOverAnswered(turn: Turn, epoch: number, answer: Answer): void {
  const role = moving(turn);
  if (role?.sealed?.epoch !== epoch || answer.isGranted) return;
  endMove(turn, role, `region ${role.target.region} did not take the shard over`);
}

export function tickMove(turn: Turn): void {
  const role = moving(turn);
  if (role === undefined) return;
  if (turn.view.nowMs >= role.deadlineMs) {
    if (role.sealed === undefined) {
      const reason = 'the epoch could not be sealed in time';
      settleTerm(turn, role.term, reason);
      turn.effects.push({ kind: 'step-down', reason });
    }
    return endMove(turn, role, `region ${role.target.region} did not open the next epoch in time`);
  }
  if (role.sealed !== undefined && turn.view.nowMs >= role.askedMs + turn.timing.tellMs) askTarget(turn);
}

function endMove(turn: Turn, role: Moving, detail: string): void {
  turn.settle(role.command, { kind: 'failed', detail });
  wait(turn, detail);
}

function moving(turn: Turn): Moving | undefined {
  const { role } = turn.state;
  return role.kind === 'moving' ? role : undefined;
}
