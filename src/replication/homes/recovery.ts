import type { Role } from './core-types.ts';
import { wait } from './office.ts';
import type { VoterState } from './protocol.ts';
import { EPOCH_SLOTS, voterOf } from './settings.ts';
import { advance, isLastHome, newTerm, onFenced } from './term.ts';
import type { Turn } from './turn.ts';

type Recovering = Extract<Role, { kind: 'recovering' }>;

/**
 * What a member is when it starts. The last home goes on in its epoch if it may; with a sealed epoch, a promise of a
 * higher one, or a directory that is not the one it had, it needs a new epoch.
 */
export function beginRole(turn: Turn): void {
  const { view } = turn;
  if (!isLastHome(turn)) return turn.become({ kind: 'follower' });
  if (!turn.isEnrolled) return wait(turn, 'the directory of the home was lost');
  if (view.isSealed) return wait(turn, 'the home has sealed its epoch');
  if (turn.promised > view.end.epoch) return wait(turn, 'another epoch was promised');
  const { nowMs } = view;
  turn.become({
    kind: 'recovering',
    sinceMs: nowMs,
    askedMs: nowMs,
    answers: [],
    copyRead: false,
    isResuming: false,
    doubt: undefined,
  });
  askAll(turn);
  judge(turn);
}

export function onRecoveryAnswered(turn: Turn, state: VoterState): void {
  const { settings, view } = turn;
  const role = recovering(turn);
  if (role === undefined || settings === undefined || voterOf(settings, state.voter) === undefined) return;
  const { end } = state;
  if (Math.max(state.promised, end.epoch) > view.end.epoch)
    return wait(
      turn,
      `the voter of region ${state.voter.region} has promised epoch ${state.promised} of the shard`,
    );
  if (end.epoch === view.end.epoch && end.sequence > view.end.sequence)
    return wait(turn, `region ${state.voter.region} has commits that the directory of the home has lost`);
  const others = role.answers.filter(({ voter }) => voter.region !== state.voter.region);
  turn.become({ ...role, answers: [...others, state] });
  judge(turn);
}

export function onCopyRead(turn: Turn, epoch: number): void {
  // Of another home's epoch this member's region has no copy.
  if (epoch % EPOCH_SLOTS !== turn.voter?.slot) return;
  // Those that are past are of no use any more.
  const copies = turn.state.copies.filter((each) => each > epoch - EPOCH_SLOTS);
  turn.set({ copies: [...new Set([...copies, epoch])] });
  const role = recovering(turn);
  if (role === undefined || turn.view.end.epoch !== epoch) return;
  turn.become({ ...role, copyRead: true });
  judge(turn);
}

export function tickRecovery(turn: Turn): void {
  const role = recovering(turn);
  if (role === undefined) return;
  if (turn.view.nowMs >= role.askedMs + turn.timing.tellMs) {
    turn.become({ ...role, askedMs: turn.view.nowMs });
    askAll(turn);
  }
  judge(turn);
}

function askAll(turn: Turn): void {
  const token = { kind: 'recovery', number: turn.view.end.epoch } as const;
  for (const voter of turn.otherVoters) turn.ask(voter, { kind: 'state', from: turn.state.self }, token);
}

/** Goes on when so many have said that the epoch is still this home's as the goal asks for. */
function judge(turn: Turn): void {
  const role = recovering(turn);
  const { settings, view, timing } = turn;
  if (role === undefined || role.isResuming || settings === undefined) return;
  const { length } = settings.voters;
  const answers = role.answers.length;
  const isSure = turn.rules.isMajority(answers + 1, length);
  const isEnough =
    settings.goal === 'region'
      ? isSure
      : settings.goal === 'zone'
        ? role.copyRead || answers > 0 || length === 1
        : answers === length - 1 || view.nowMs >= role.sinceMs + timing.recoverMs;
  if (!isEnough) return;
  turn.become({ ...role, isResuming: true });
  turn.effects.push({ kind: 'resume', epoch: view.end.epoch });
}

export function onResumed(turn: Turn, epoch: number, problem: string | undefined): void {
  const role = recovering(turn);
  if (role?.isResuming !== true || turn.view.end.epoch !== epoch) return;
  if (problem !== undefined) return wait(turn, problem);
  turn.become({ kind: 'home', term: newTerm(turn, { epoch }) });
  if (role.doubt !== undefined) onFenced(turn, role.doubt);
  advance(turn);
}

function recovering(turn: Turn): Recovering | undefined {
  const { role } = turn.state;
  return role.kind === 'recovering' ? role : undefined;
}
